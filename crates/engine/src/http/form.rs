//! Statement and parameters as the fields of a form, which is how ClickHouse's Rust client sends
//! parameters.

use std::convert::Infallible;
use std::fmt::Display;
use std::future;

use bytes::Bytes;
use futures_util::stream;
use multer::Multipart;

use crate::exception::{Exception, code};

/// The boundary of a `multipart/form-data` content type.
pub(super) fn boundary(content_type: &str) -> Option<String> {
    multer::parse_boundary(content_type).ok()
}

/// The names and values of a form's fields. A field that is a file would be a table of the client's,
/// which is not supported.
pub(super) async fn fields(body: Bytes, boundary: String) -> Result<Vec<(String, String)>, Exception> {
    let whole = stream::once(future::ready(Ok::<_, Infallible>(body)));
    let (mut form, mut fields) = (Multipart::new(whole, boundary), Vec::new());
    while let Some(field) = form.next_field().await.map_err(malformed)? {
        if field.file_name().is_some() {
            return Err(Exception::not_implemented("A table sent as a file"));
        }
        let name = field.name().ok_or_else(|| malformed("a field has no name"))?.to_owned();
        let value = field.bytes().await.map_err(malformed)?;
        fields.push((name, String::from_utf8_lossy(&value).into_owned()));
    }
    Ok(fields)
}

fn malformed(reason: impl Display) -> Exception {
    Exception::new(
        code::BAD_ARGUMENTS,
        "BAD_ARGUMENTS",
        format_args!("The request's form is malformed or broke off: {reason}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--b\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nSELECT {a:String}\r\n\
        --b\r\nContent-Disposition: form-data; name=\"param_a\"\r\n\r\nx\r\n\r\ny\r\n--b--\r\n";

    async fn read(form: &str) -> Result<Vec<(String, String)>, Exception> {
        fields(Bytes::copy_from_slice(form.as_bytes()), "b".to_owned()).await
    }

    #[tokio::test]
    async fn a_form_is_read_field_by_field() {
        assert_eq!(boundary("multipart/form-data; boundary=b").as_deref(), Some("b"));
        assert_eq!(boundary("Multipart/Form-Data; charset=x; Boundary=\"b\"").as_deref(), Some("b"));
        assert_eq!(boundary("text/plain; boundary=b"), None);
        let fields = read(FORM).await.unwrap();
        let expected = [("query", "SELECT {a:String}"), ("param_a", "x\r\n\r\ny")];
        assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[tokio::test]
    async fn a_form_that_breaks_off_is_refused() {
        for length in 0..FORM.len() - "--\r\n".len() {
            assert!(read(&FORM[..length]).await.is_err(), "{length}");
        }
    }

    #[tokio::test]
    async fn a_file_is_refused() {
        let form =
            "--b\r\ncontent-disposition: form-data; name=\"t\"; filename=\"t.csv\"\r\n\r\n1\r\n--b--\r\n";
        assert_eq!(read(form).await.unwrap_err().code, code::NOT_IMPLEMENTED);
    }
}
