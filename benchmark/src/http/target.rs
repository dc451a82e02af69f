//! Where requests go, and the heads of requests.

use std::io::Write;

use anyhow::{Context, ensure};
use http::Uri;

/// An HTTP server, and what all requests to it have in common.
#[derive(Clone, Debug)]
pub struct Target {
    address: String,
    /// The path of the base URL, without a slash behind it.
    prefix: String,
    /// Header lines.
    headers: String,
}

impl Target {
    /// Reads a URL such as `http://localhost:8080` and further headers such as `X-Tenant: acme`.
    pub fn parse(url: &str, headers: &[String]) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("{url:?} is no URL"))?;
        ensure!(uri.scheme_str() == Some("http"), "{url:?} does not begin with http://; TLS is not spoken");
        let host = uri.host().with_context(|| format!("{url:?} names no host"))?;
        let address = format!("{host}:{}", uri.port_u16().unwrap_or(80));
        let mut lines = format!("host: {address}\r\ncontent-type: application/json\r\n");
        for header in headers {
            let (name, value) =
                header.split_once(':').with_context(|| format!("header {header:?} has no colon"))?;
            let plain = |text: &str| !text.contains(['\r', '\n']);
            ensure!(!name.trim().is_empty() && plain(header), "{header:?} is no header");
            lines += &format!("{}: {}\r\n", name.trim(), value.trim());
        }
        Ok(Self { address, prefix: uri.path().trim_end_matches('/').to_owned(), headers: lines })
    }

    /// `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What requests of this method to paths that begin so have in common.
    pub fn head(&self, method: &str, path: &str) -> Head {
        Head {
            before: format!("{method} {}{path}", self.prefix).into_bytes(),
            after: format!("{}content-length: ", self.headers).into_bytes(),
        }
    }
}

/// A request's head, but for the end of the path and the length of the body.
#[derive(Clone, Debug)]
pub struct Head {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Head {
    /// Puts a whole request in the place of what is in `request`.
    pub fn write(&self, end_of_path: &str, body: &[u8], request: &mut Vec<u8>) {
        self.write_with("", end_of_path, body, request);
    }

    /// The same with further header lines, each with its end.
    pub fn write_with(&self, headers: &str, end_of_path: &str, body: &[u8], request: &mut Vec<u8>) {
        request.clear();
        request.extend_from_slice(&self.before);
        request.extend_from_slice(end_of_path.as_bytes());
        request.extend_from_slice(b" HTTP/1.1\r\n");
        request.extend_from_slice(headers.as_bytes());
        request.extend_from_slice(&self.after);
        // Writing to memory can't fail.
        let _ = write!(request, "{}\r\n\r\n", body.len());
        request.extend_from_slice(body);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_the_prefix_of_the_base_url_and_the_further_headers() {
        let target = Target::parse("http://example.test/api/", &["X-Tenant: acme".into()]).unwrap();
        let mut request = b"an older one".to_vec();
        target.head("PUT", "/event/").write_with("a: b\r\n", "1", b"{}", &mut request);
        assert_eq!(
            String::from_utf8(request).unwrap(),
            "PUT /api/event/1 HTTP/1.1\r\na: b\r\nhost: example.test:80\r\ncontent-type: application/json\r\n\
             X-Tenant: acme\r\ncontent-length: 2\r\n\r\n{}"
        );
    }

    #[test]
    fn what_is_no_http_url_or_no_header_is_refused() {
        for url in ["", "localhost:8080", "https://localhost", "http://"] {
            assert!(Target::parse(url, &[]).is_err(), "{url:?}");
        }
        for header in ["no colon", ": x", "a: b\r\nc: d"] {
            assert!(Target::parse("http://localhost", &[header.into()]).is_err(), "{header:?}");
        }
    }
}
