//! What a request says besides its statement: database, settings, parameters, format.

use axum::http::HeaderMap;
use uuid::Uuid;

use crate::{
    exception::{Exception, code},
    library::Parameters,
    sql::{Shape, quote_name, quote_text},
};

/// The format a result has if nobody names one.
const DEFAULT_FORMAT: &str = "TabSeparated";

/// A request, less its statement and its rows.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter of the interface")]
pub(crate) struct Request {
    /// The statement's text, as far as it is in the URL.
    pub(crate) query: String,
    pub(crate) query_id: String,
    /// Whose share of the engine the request uses.
    pub(crate) quota_key: String,
    /// The format of a result whose statement names none.
    pub(crate) default_format: String,
    pub(crate) parameters: Parameters,
    /// The request may not change anything, as `GET` may not.
    pub(crate) readonly: bool,
    /// The response is to be compressed in ClickHouse's own blocks.
    pub(crate) compress: bool,
    /// The body is compressed in ClickHouse's own blocks.
    pub(crate) decompress: bool,
    wait_end_of_query: bool,
    /// The query id is the client's.
    names_itself: bool,
    database: Option<String>,
    settings: Vec<(String, String)>,
}

impl Request {
    /// Reads the URL's parameters and the headers. Whatever ClickHouse does not know as a parameter of
    /// its interface is a setting.
    pub(crate) fn read(
        readonly: bool,
        url: Vec<(String, String)>,
        headers: &HeaderMap,
    ) -> Result<Self, Exception> {
        let mut request = Self { readonly, ..Self::default() };
        for (name, value) in url {
            request.set(&name, value)?;
        }
        let header = |name: &str| {
            headers.get(name)?.to_str().ok().filter(|value| !value.is_empty()).map(str::to_owned)
        };
        if let Some(database) = header("X-ClickHouse-Database") {
            request.database = Some(database);
        }
        if request.default_format.is_empty() {
            request.default_format =
                header("X-ClickHouse-Format").unwrap_or_else(|| DEFAULT_FORMAT.to_owned());
        }
        if request.query_id.is_empty() {
            request.query_id = header("X-ClickHouse-Query-Id").unwrap_or_default();
        }
        if request.quota_key.is_empty() {
            request.quota_key = header("X-ClickHouse-Quota").unwrap_or_default();
        }
        request.names_itself = !request.query_id.is_empty();
        if !request.names_itself {
            request.query_id = Uuid::now_v7().to_string();
        }
        Ok(request)
    }

    /// Takes in a parameter of the URL, or a field of a form.
    pub(crate) fn set(&mut self, name: &str, value: String) -> Result<(), Exception> {
        match name {
            "query" => self.query.push_str(&value),
            "query_id" => self.query_id = value,
            "quota_key" => self.quota_key = value,
            "default_format" => self.default_format = value,
            "database" => self.database = Some(value).filter(|database| !database.is_empty()),
            "compress" => self.compress = is_true(&value),
            "decompress" => self.decompress = is_true(&value),
            "wait_end_of_query" => self.wait_end_of_query = is_true(&value),
            "role" => return Err(Exception::not_implemented("A role")),
            // Whoever gets this far is the one user there is.
            "user"
            | "password"
            | "buffer_size"
            // Some clients make up a session for each of their connections. None is kept.
            | "session_id"
            | "session_check"
            | "session_timeout"
            | "close_session"
            | "stacktrace"
            | "client_protocol_version" => {}
            _ => match name.strip_prefix("param_") {
                Some(parameter) => self.parameters.0.push((parameter.to_owned(), value)),
                None => self.settings.push((setting_name(name)?, value)),
            },
        }
        Ok(())
    }

    /// The format of the result.
    pub(crate) fn format<'a>(&'a self, shape: &'a Shape) -> &'a str {
        shape.format.as_deref().unwrap_or(&self.default_format)
    }

    /// Whether the result may be cut into pieces that are formatted one by one.
    pub(crate) fn may_stream(&self, sql: &[u8]) -> bool {
        // As an array, rows have a bracket before and behind them.
        let array = b"output_format_json_array_of_rows";
        !self.wait_end_of_query
            && !self.settings.iter().any(|(name, _)| name.as_bytes() == array)
            && !sql.windows(array.len()).any(|window| window.eq_ignore_ascii_case(array))
    }

    /// The comment by which the request's queries are found among the running ones: a query id that the
    /// client gave. `None` if it gave none, or a comment of its own.
    pub(crate) fn comment(&self) -> Option<&str> {
        let commented = self.settings.iter().any(|(name, _)| name == "log_comment");
        (self.names_itself && !commented).then_some(self.query_id.as_str())
    }

    /// The statements that make a fresh connection one for this request: its database and its settings.
    /// Empty if the request needs neither. A result of more than `max_result_bytes` fails, unless the request
    /// has a limit of its own.
    pub(crate) fn preamble(&self, max_result_bytes: Option<usize>) -> String {
        let database = self.database.as_ref().map(|database| format!("USE {}", quote_name(database)));
        let readonly =
            self.settings.iter().rfind(|(name, _)| name == "readonly").map(|(_, value)| value.as_str());
        let readonly = match (self.readonly, readonly) {
            (true, Some("1")) => Some("1"),
            (true, _) => Some("2"),
            (false, value) => value,
        };
        let limited = self.settings.iter().any(|(name, _)| name == "max_result_bytes");
        let limit = max_result_bytes.filter(|_| !limited).map(|limit| limit.to_string());
        let settings = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let settings: Vec<_> = settings
            .filter(|(name, _)| *name != "readonly")
            .chain(self.comment().map(|comment| ("log_comment", comment)))
            .chain(limit.iter().map(|limit| ("max_result_bytes", limit.as_str())))
            // Last, since under it the others might not be set.
            .chain(readonly.map(|value| ("readonly", value)))
            .map(|(name, value)| format!("{name} = {}", quote_text(value)))
            .collect();
        let settings = (!settings.is_empty()).then(|| format!("SET {}", settings.join(", ")));
        [database, settings].into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

fn is_true(value: &str) -> bool {
    matches!(value, "1" | "true")
}

/// A setting's name can't be quoted, so one that would have to be is refused here.
fn setting_name(name: &str) -> Result<String, Exception> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.bytes().all(plain) && name.bytes().next().is_some_and(|first| !first.is_ascii_digit()) {
        return Ok(name.to_owned());
    }
    Err(Exception::new(code::UNKNOWN_SETTING, "UNKNOWN_SETTING", format_args!("Unknown setting '{name}'")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preamble(readonly: bool, url: &[(&str, &str)]) -> String {
        let url = url.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Request::read(readonly, url, &HeaderMap::new()).unwrap().preamble(None)
    }

    #[test]
    fn a_request_without_database_and_settings_needs_no_preparation() {
        assert_eq!(preamble(false, &[("query", "SELECT 1"), ("user", "x"), ("param_a", "1")]), "");
    }

    #[test]
    fn database_and_settings_are_quoted() {
        assert_eq!(
            preamble(false, &[("database", "a`b"), ("max_threads", "2"), ("log_comment", "it's")]),
            r"USE `a\`b`; SET max_threads = '2', log_comment = 'it\'s'"
        );
        assert!(Request::default().set("a = 1, b", "2".to_owned()).is_err());
    }

    #[test]
    fn a_query_id_is_the_comment_unless_there_is_another() {
        assert_eq!(preamble(false, &[("query_id", "a")]), "SET log_comment = 'a'");
        assert_eq!(preamble(false, &[("query_id", "a"), ("log_comment", "b")]), "SET log_comment = 'b'");
    }

    #[test]
    fn a_get_request_can_not_make_itself_writing() {
        assert_eq!(
            preamble(true, &[("readonly", "0"), ("max_threads", "2")]),
            "SET max_threads = '2', readonly = '2'"
        );
        assert_eq!(preamble(true, &[("readonly", "1")]), "SET readonly = '1'");
        assert_eq!(preamble(false, &[("readonly", "2")]), "SET readonly = '2'");
    }

    #[test]
    fn a_request_may_have_its_own_limit_of_the_result() {
        let mut request = Request::default();
        assert_eq!(request.preamble(Some(9)), "SET max_result_bytes = '9'");
        request.set("max_result_bytes", "10".to_owned()).unwrap();
        assert_eq!(request.preamble(Some(9)), "SET max_result_bytes = '10'");
    }

    #[test]
    fn roles_are_refused_and_sessions_make_no_difference() {
        let mut request = Request::default();
        assert_eq!(request.set("role", "x".to_owned()).unwrap_err().code, code::NOT_IMPLEMENTED);
        request.set("session_id", "x".to_owned()).unwrap();
        assert_eq!(request.preamble(None), Request::default().preamble(None));
    }
}
