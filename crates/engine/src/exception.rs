//! ClickHouse's errors: a code, a text of a fixed shape, and the HTTP status that goes with the code.

use axum::http::StatusCode;

/// Codes this crate raises or looks for itself, by the names ClickHouse gives them.
pub(crate) mod code {
    pub(crate) const CANNOT_READ_ALL_DATA: u32 = 33;
    pub(crate) const BAD_ARGUMENTS: u32 = 36;
    pub(crate) const CHECKSUM_DOESNT_MATCH: u32 = 40;
    pub(crate) const NOT_IMPLEMENTED: u32 = 48;
    pub(crate) const LOGICAL_ERROR: u32 = 49;
    pub(crate) const SYNTAX_ERROR: u32 = 62;
    pub(crate) const UNKNOWN_TYPE_OF_QUERY: u32 = 78;
    pub(crate) const UNKNOWN_COMPRESSION_METHOD: u32 = 89;
    pub(crate) const UNKNOWN_SETTING: u32 = 115;
    pub(crate) const READONLY: u32 = 164;
    pub(crate) const TOO_MANY_SIMULTANEOUS_QUERIES: u32 = 202;
    pub(crate) const SOCKET_TIMEOUT: u32 = 209;
    pub(crate) const QUERY_IS_TOO_LARGE: u32 = 229;
    pub(crate) const CANNOT_DECOMPRESS: u32 = 271;
    pub(crate) const INTO_OUTFILE_NOT_ALLOWED: u32 = 358;
    pub(crate) const ACCESS_DENIED: u32 = 497;
    pub(crate) const AUTHENTICATION_FAILED: u32 = 516;
    pub(crate) const CANNOT_SCHEDULE_TASK: u32 = 439;
    pub(crate) const UNKNOWN_EXCEPTION: u32 = 1002;
}

/// A failed query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exception {
    /// ClickHouse's number for the kind of error.
    pub(crate) code: u32,
    /// `Code: 60. DB::Exception: … (UNKNOWN_TABLE)`, without a newline at the end.
    pub(crate) text: String,
}

impl Exception {
    /// An error of this crate's own. `name` is ClickHouse's name for `code`.
    pub(crate) fn new(code: u32, name: &str, message: impl std::fmt::Display) -> Self {
        Self { code, text: format!("Code: {code}. DB::Exception: {message}. ({name})") }
    }

    /// What the engine said. It says `Code: N. DB::Exception: …` of a failed query, and a plain
    /// sentence where it was called wrongly.
    pub(crate) fn from_engine(text: &str) -> Self {
        let text = text.trim_end();
        let code = text
            .strip_prefix("Code: ")
            .and_then(|rest| rest.split_once('.'))
            .and_then(|(code, _)| code.parse().ok());
        match code {
            Some(code) => Self { code, text: text.to_owned() },
            None => Self::new(code::UNKNOWN_EXCEPTION, "UNKNOWN_EXCEPTION", text.trim_end_matches('.')),
        }
    }

    pub(crate) fn not_implemented(what: &str) -> Self {
        Self::new(
            code::NOT_IMPLEMENTED,
            "NOT_IMPLEMENTED",
            format_args!("{what} is not supported by this engine"),
        )
    }

    /// The engine is closing, or a thread or connection for the query could not be had.
    pub(crate) fn unavailable(message: &str) -> Self {
        Self::new(code::CANNOT_SCHEDULE_TASK, "CANNOT_SCHEDULE_TASK", message)
    }

    /// The status ClickHouse answers with for this code
    /// (its `src/Server/HTTP/exceptionCodeToHTTPStatus.cpp`).
    pub(crate) fn status(&self) -> StatusCode {
        match self.code {
            // CANNOT_PARSE_…, THERE_IS_NO_COLUMN, DUPLICATE_COLUMN, BAD_ARGUMENTS, ILLEGAL_COLUMN,
            // TYPE_MISMATCH, SYNTAX_ERROR, INCORRECT_DATA, …_AST, VALUE_IS_OUT_OF_RANGE_…
            6
            | 8
            | 15
            | 25..=27
            | 36..=38
            | 41
            | 44
            | 53
            | 62
            | 72
            | 117
            | 123
            | 167
            | 168
            | 223
            | 321
            | 376
            | 427
            | 441
            | 675
            | 676 => StatusCode::BAD_REQUEST,
            194 => StatusCode::UNAUTHORIZED,
            // UNKNOWN_USER, WRONG_PASSWORD, ACCESS_DENIED, SET_NON_GRANTED_ROLE, AUTHENTICATION_FAILED
            192 | 193 | 497 | 512 | 516 => StatusCode::FORBIDDEN,
            // UNKNOWN_FUNCTION, …_IDENTIFIER, …_TYPE, …_STORAGE, …_TABLE, …_AGGREGATE_FUNCTION, …_FORMAT,
            // …_TYPE_OF_QUERY, …_DATABASE, …_SETTING, …_DIRECTION_OF_SORTING, …_DATABASE_ENGINE, …_ROLE
            46 | 47 | 50 | 56 | 60 | 63 | 73 | 78 | 81 | 115 | 152 | 336 | 511 => StatusCode::NOT_FOUND,
            code::QUERY_IS_TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
            code::NOT_IMPLEMENTED => StatusCode::NOT_IMPLEMENTED,
            // CANNOT_OPEN_FILE
            76 | code::SOCKET_TIMEOUT | code::CANNOT_SCHEDULE_TASK => StatusCode::SERVICE_UNAVAILABLE,
            381 => StatusCode::LENGTH_REQUIRED,
            // TIMEOUT_EXCEEDED
            159 => StatusCode::REQUEST_TIMEOUT,
            779 => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_code_decides_the_status() {
        let exception = Exception::from_engine("Code: 60. DB::Exception: Unknown table. (UNKNOWN_TABLE)\n");
        assert_eq!((exception.code, exception.status()), (60, StatusCode::NOT_FOUND));
        assert!(exception.text.ends_with("(UNKNOWN_TABLE)"));
    }

    #[test]
    fn a_plain_sentence_of_the_engine_gets_the_shape_of_an_exception() {
        let exception = Exception::from_engine("No active streaming query");
        assert_eq!(
            exception.text,
            "Code: 1002. DB::Exception: No active streaming query. (UNKNOWN_EXCEPTION)"
        );
        assert_eq!(exception.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
