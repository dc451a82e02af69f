//! Statement and parameters as the fields of a form, which is how ClickHouse's Rust client sends
//! parameters.

use crate::exception::{Exception, code};

/// The boundary of a `multipart/form-data` content type.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let (media_type, parameters) = content_type.split_once(';')?;
    if !media_type.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let mut parameters = parameters.split(';').filter_map(|parameter| parameter.trim().split_once('='));
    let (_, boundary) = parameters.find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?;
    Some(boundary.trim_matches('"'))
}

/// The names and values of a form's fields. A field that is a file would be a table of the client's,
/// which is not supported.
pub(super) fn fields(body: &[u8], boundary: &str) -> Result<Vec<(String, String)>, Exception> {
    let malformed = || {
        Exception::new(code::BAD_ARGUMENTS, "BAD_ARGUMENTS", "The request's form is malformed or broke off")
    };
    let delimiter = format!("\r\n--{boundary}");
    // The first delimiter has no line break before it.
    let mut rest = body.strip_prefix(delimiter.trim_start().as_bytes()).ok_or_else(malformed)?;
    let mut fields = Vec::new();
    while !rest.starts_with(b"--") {
        let (field, next) = split(rest, delimiter.as_bytes()).ok_or_else(malformed)?;
        let (headers, value) = split(field, b"\r\n\r\n").ok_or_else(malformed)?;
        let headers = String::from_utf8_lossy(headers);
        if attribute(&headers, "filename").is_some() {
            return Err(Exception::not_implemented("A table sent as a file"));
        }
        let name = attribute(&headers, "name").ok_or_else(malformed)?;
        fields.push((name.to_owned(), String::from_utf8_lossy(value).into_owned()));
        rest = next;
    }
    Ok(fields)
}

/// The value of `name="…"` in a field's `Content-Disposition`.
fn attribute<'a>(headers: &'a str, name: &str) -> Option<&'a str> {
    let is_disposition = |line: &&str| line.to_ascii_lowercase().starts_with("content-disposition:");
    let attributes =
        headers.lines().find(is_disposition)?.split(';').filter_map(|part| part.trim().split_once('='));
    attributes
        .filter(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim_matches('"'))
        .next()
}

fn split<'a>(text: &'a [u8], by: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let position = text.windows(by.len()).position(|window| window == by)?;
    Some((text.get(..position)?, text.get(position + by.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--b\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nSELECT {a:String}\r\n\
        --b\r\nContent-Disposition: form-data; name=\"param_a\"\r\n\r\nx\r\n\r\ny\r\n--b--\r\n";

    #[test]
    fn a_form_is_read_field_by_field() {
        assert_eq!(boundary("multipart/form-data; boundary=b"), Some("b"));
        assert_eq!(boundary("Multipart/Form-Data; charset=x; Boundary=\"b\""), Some("b"));
        assert_eq!(boundary("text/plain; boundary=b"), None);
        let fields = fields(FORM.as_bytes(), "b").unwrap();
        let expected = [("query", "SELECT {a:String}"), ("param_a", "x\r\n\r\ny")];
        assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_form_that_breaks_off_is_refused() {
        for length in 0..FORM.len() - "--\r\n".len() {
            assert!(fields(&FORM.as_bytes()[..length], "b").is_err(), "{length}");
        }
    }

    #[test]
    fn a_file_is_refused() {
        let form =
            "--b\r\ncontent-disposition: form-data; name=\"t\"; filename=\"t.csv\"\r\n\r\n1\r\n--b--\r\n";
        assert_eq!(fields(form.as_bytes(), "b").unwrap_err().code, code::NOT_IMPLEMENTED);
    }
}
