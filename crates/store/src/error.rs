//! What can go wrong between a caller and the table.

use clickhouse::error::Error;

/// Why ClickHouse gave no answer, or a bad one.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No connection, no answer in time, or a broken one.
    #[error("ClickHouse is away: {0}")]
    Away(String),
    /// The server answered with an error.
    #[error("ClickHouse: {text}")]
    Server {
        /// ClickHouse's error code; 0 if it gave none.
        code: u32,
        /// What it said.
        text: String,
    },
    /// A migration's file and the database don't fit together.
    #[error("{0}")]
    Migration(String),
}

/// Codes of ClickHouse's `ErrorCodes.cpp` that say a value can't be stored as it is.
const REFUSALS: [u32; 17] = [
    6,   // CANNOT_PARSE_TEXT
    25,  // CANNOT_PARSE_ESCAPE_SEQUENCE
    26,  // CANNOT_PARSE_QUOTED_STRING
    27,  // CANNOT_PARSE_INPUT_ASSERTION_FAILED
    33,  // CANNOT_READ_ALL_DATA
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
    469, // VIOLATED_CONSTRAINT
];

impl StoreError {
    /// Whether a row is at fault, so that the same rows will never be taken.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Server { code, .. } if REFUSALS.contains(code))
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        !self.is_refusal() && !matches!(self, Self::Migration(_))
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::BadResponse(text) => Self::Server { code: code_of(&text), text: first_line(&text) },
            Error::Network(_) | Error::TimedOut | Error::NotEnoughData => Self::Away(with_sources(&error)),
            other => Self::Server { code: 0, text: with_sources(&other) },
        }
    }
}

/// The number of `Code: 241. DB::Exception: …`.
fn code_of(text: &str) -> u32 {
    let digits = text.split("Code: ").nth(1).unwrap_or_default();
    digits.split(|c: char| !c.is_ascii_digit()).next().and_then(|code| code.parse().ok()).unwrap_or_default()
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
