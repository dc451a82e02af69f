//! What can go wrong between a caller and the table.

use std::time::Duration;

use clickhouse::error::Error;

use crate::fold::TooMuch;

/// Why ClickHouse gave no answer, or a bad one.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// No connection, no answer in time, or a broken one.
    #[error("ClickHouse is away: {0}")]
    Away(String),
    /// The server answered with an error. What it said may quote an event, so only code and name are shown.
    #[error("ClickHouse: error {code} ({name})")]
    Server {
        /// ClickHouse's error code; 0 if it gave none.
        code: u32,
        /// ClickHouse's name of the code, such as `MEMORY_LIMIT_EXCEEDED`.
        name: String,
        /// What it said, see [`StoreError::detail`].
        text: String,
    },
    /// The server is there, but what it was asked takes longer than it may.
    #[error("ClickHouse has no answer to this within {0:?}")]
    TooSlow(Duration),
    /// The answer is more than is held in memory here.
    #[error("the answer takes more memory than it may")]
    TooMuch,
    /// The table holds a row that this program never writes; only that row can't be read.
    #[error("the table holds a row that Millrace did not write: {0}")]
    Foreign(String),
    /// A migration's file and the database don't fit together.
    #[error("{0}")]
    Migration(String),
    /// The database is of a newer version than this program, whose rows would lack what that one adds. What
    /// is to be written has to wait for a newer program.
    #[error("{0}")]
    Newer(String),
}

/// Codes of ClickHouse's `ErrorCodes.cpp` that say a value can't be stored as it is.
const REFUSALS: [u32; 16] = [
    6,   // CANNOT_PARSE_TEXT
    25,  // CANNOT_PARSE_ESCAPE_SEQUENCE
    26,  // CANNOT_PARSE_QUOTED_STRING
    27,  // CANNOT_PARSE_INPUT_ASSERTION_FAILED
    38,  // CANNOT_PARSE_DATE
    41,  // CANNOT_PARSE_DATETIME
    53,  // TYPE_MISMATCH
    69,  // ARGUMENT_OUT_OF_BOUND
    70,  // CANNOT_CONVERT_TYPE
    72,  // CANNOT_PARSE_NUMBER
    117, // INCORRECT_DATA
    128, // TOO_LARGE_ARRAY_SIZE
    130, // CANNOT_READ_ARRAY_FROM_TEXT
    131, // TOO_LARGE_STRING_SIZE
    321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
    VIOLATED_CONSTRAINT,
];

const VIOLATED_CONSTRAINT: u32 = 469;
const MEMORY_LIMIT_EXCEEDED: u32 = 241;

/// Codes that say a read needs more time, memory or rows than it may take.
const TOO_LARGE: [u32; 6] = [
    158, // TOO_MANY_ROWS
    159, // TIMEOUT_EXCEEDED
    160, // TOO_SLOW: it would take longer than it may
    MEMORY_LIMIT_EXCEEDED,
    307, // TOO_MANY_BYTES
    396, // TOO_MANY_ROWS_OR_BYTES
];

impl StoreError {
    /// The server did not answer in time.
    pub(crate) fn no_answer(within: Duration) -> Self {
        Self::Away(format!("no answer within {within:?}"))
    }

    /// The rows are in the table, but their hours could not be marked.
    pub(crate) fn of_marks(self) -> Self {
        match self {
            Self::Newer(_) => self,
            other => Self::Away(format!("the hours of rows could not be marked: {other}")),
        }
    }

    /// A failure of this side of the connection.
    pub(crate) fn client(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::Server { code: 0, name: text.clone(), text }
    }

    /// The same, shown in full: of a statement that holds no event.
    pub(crate) fn in_full(self) -> Self {
        match self {
            Self::Server { code, text, .. } => Self::Server { code, name: text.clone(), text },
            other => other,
        }
    }

    /// All that is known, for a dead letter or for whoever asked: it may quote an event, so it is never logged.
    pub fn detail(&self) -> String {
        match self {
            Self::Server { text, .. } => format!("ClickHouse: {text}"),
            other => other.to_string(),
        }
    }

    /// Whether a read asked for more than it may take, so that a smaller one may succeed.
    pub fn is_too_large(&self) -> bool {
        match self {
            Self::TooSlow(_) | Self::TooMuch => true,
            Self::Server { code, .. } => TOO_LARGE.contains(code),
            _ => false,
        }
    }

    /// Whether a read would have taken more memory than it may.
    pub(crate) fn is_out_of_memory(&self) -> bool {
        matches!(self, Self::Server { code: MEMORY_LIMIT_EXCEEDED, .. })
    }

    /// Whether a row is at fault, so that the same rows will never be taken.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Server { code, .. } if REFUSALS.contains(code))
    }

    /// Whether a row may be at fault, which the code alone does not tell: it is if another row goes in
    /// ([`crate::Store::takes_another`]).
    pub fn may_be_of_a_row(&self) -> bool {
        matches!(self, Self::Server { .. })
    }

    /// Whether a look-up of fewer keys may succeed where this one did not.
    pub fn may_want_less(&self) -> bool {
        self.is_too_large() || matches!(self, Self::Away(_))
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        !self.is_refusal() && !matches!(self, Self::Migration(_) | Self::Foreign(_))
    }
}

impl From<TooMuch> for StoreError {
    fn from(TooMuch: TooMuch) -> Self {
        Self::TooMuch
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            // Of an insert; it has limits of its own.
            Error::TimedOut => Self::Away("no answer within the time that it has".to_owned()),
            Error::BadResponse(text) if is_of_older_writer(&text) => Self::Newer(
                "the database takes no rows of this version any more: run the version that shut it, or a newer one"
                    .to_owned(),
            ),
            // A 502 of a gateway, say. Its 413 is of the rows: fewer of them may pass.
            Error::BadResponse(text) if code_of(&text) == 0 && !text.contains("413") => {
                Self::Away("something else answers in its place".to_owned())
            }
            Error::BadResponse(text) => Self::Server {
                code: code_of(&text),
                name: name_of(&text).to_owned(),
                text: first_line(&text),
            },
            Error::Network(_) | Error::NotEnoughData => Self::Away(with_sources(&error)),
            Error::InvalidUtf8Encoding(_) => Self::Foreign("a text is not UTF-8".to_owned()),
            other => Self::client(with_sources(&other)),
        }
    }
}

/// Whether a newer migration's constraint refuses rows for who wrote them. The constraint's name comes before
/// any value that is quoted.
fn is_of_older_writer(text: &str) -> bool {
    let constraint = text.split_once("Constraint `").map_or("", |(_, rest)| rest);
    code_of(text) == VIOLATED_CONSTRAINT && constraint.starts_with("schema_")
}

/// The number of `Code: 241. DB::Exception: …`.
fn code_of(text: &str) -> u32 {
    let digits = text.split("Code: ").nth(1).unwrap_or_default();
    digits.split(|c: char| !c.is_ascii_digit()).next().and_then(|code| code.parse().ok()).unwrap_or_default()
}

/// The last word in parentheses that can be a code's name: `… (MEMORY_LIMIT_EXCEEDED) (version 26.7)`.
fn name_of(text: &str) -> &str {
    let name = |word: &&str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let words = text.rsplit('(').filter_map(|rest| Some(rest.split_once(')')?.0));
    words.take(8).find(name).unwrap_or("no code of ClickHouse's")
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(500).collect()
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> StoreError {
        StoreError::from(Error::BadResponse(text.into()))
    }

    #[test]
    fn an_error_is_shown_by_code_and_name_and_told_in_full_to_a_letter() {
        let said =
            "Code: 117. DB::Exception: Cannot parse 'a secret (OF_MINE)'. (INCORRECT_DATA) (version 26.7.3)";
        let refused = server(said);
        assert_eq!(refused.to_string(), "ClickHouse: error 117 (INCORRECT_DATA)");
        assert_eq!(refused.detail(), format!("ClickHouse: {said}"));
        let gateway = server("<html>413 (large)");
        assert_eq!(gateway.to_string(), "ClickHouse: error 0 (no code of ClickHouse's)");
        assert!(gateway.may_be_of_a_row() && !server("<html>502 (bad)").may_be_of_a_row());
    }

    #[test]
    fn a_read_that_is_too_large_is_told() {
        for said in [
            "Code: 241. DB::Exception: Memory limit exceeded",
            "Code: 160. DB::Exception: Estimated query execution time (90 seconds) is too long. (TOO_SLOW)",
        ] {
            assert!(server(said).is_too_large(), "{said}");
        }
        assert!(!server("Code: 252. DB::Exception: Too many parts").is_too_large());
    }

    #[test]
    fn a_refused_value_is_told_from_a_server_in_trouble() {
        let refused = server("Code: 117. DB::Exception: Cannot parse JSON object: … (INCORRECT_DATA)");
        assert!(refused.is_refusal() && !refused.is_retryable());
        for trouble in [
            "Code: 241. DB::Exception: Memory limit exceeded",
            "Code: 252. DB::Exception: Too many parts",
            "<html>502",
        ] {
            assert!(!server(trouble).is_refusal() && server(trouble).is_retryable(), "{trouble}");
        }
        assert!(StoreError::from(Error::TimedOut).is_retryable());
    }
}
