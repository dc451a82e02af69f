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

/// Codes that say the server, its disks or its settings are in trouble, whatever the rows are.
const TROUBLES: [u32; 59] = [
    3,    // UNEXPECTED_END_OF_FILE
    16,   // NO_SUCH_COLUMN_IN_TABLE
    47,   // UNKNOWN_IDENTIFIER
    60,   // UNKNOWN_TABLE
    74,   // CANNOT_READ_FROM_FILE_DESCRIPTOR
    75,   // CANNOT_WRITE_TO_FILE_DESCRIPTOR
    76,   // CANNOT_OPEN_FILE
    77,   // CANNOT_CLOSE_FILE
    81,   // UNKNOWN_DATABASE
    95,   // CANNOT_READ_FROM_SOCKET
    96,   // CANNOT_WRITE_TO_SOCKET
    115,  // UNKNOWN_SETTING
    158,  // TOO_MANY_ROWS
    159,  // TIMEOUT_EXCEEDED
    160,  // TOO_SLOW
    164,  // READONLY
    172,  // CANNOT_CREATE_DIRECTORY
    173,  // CANNOT_ALLOCATE_MEMORY
    192,  // UNKNOWN_USER
    193,  // WRONG_PASSWORD
    194,  // REQUIRED_PASSWORD
    195,  // IP_ADDRESS_NOT_ALLOWED
    198,  // DNS_ERROR
    201,  // QUOTA_EXCEEDED
    202,  // TOO_MANY_SIMULTANEOUS_QUERIES
    203,  // NO_FREE_CONNECTION
    204,  // CANNOT_FSYNC
    209,  // SOCKET_TIMEOUT
    210,  // NETWORK_ERROR
    218,  // TABLE_IS_DROPPED
    225,  // NO_ZOOKEEPER
    236,  // ABORTED
    241,  // MEMORY_LIMIT_EXCEEDED
    242,  // TABLE_IS_READ_ONLY
    243,  // NOT_ENOUGH_SPACE
    244,  // UNEXPECTED_ZOOKEEPER_ERROR
    252,  // TOO_MANY_PARTS
    254,  // NO_ACTIVE_REPLICAS
    279,  // ALL_CONNECTION_TRIES_FAILED
    285,  // TOO_FEW_LIVE_REPLICAS
    286,  // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
    298,  // CANNOT_PIPE
    319,  // UNKNOWN_STATUS_OF_INSERT
    341,  // UNFINISHED
    364,  // TOO_MANY_REQUESTS
    373,  // SESSION_IS_LOCKED
    394,  // QUERY_WAS_CANCELLED
    416,  // REPLICA_STATUS_CHANGED
    425,  // SYSTEM_ERROR
    439,  // CANNOT_SCHEDULE_TASK
    473,  // DEADLOCK_AVOIDED
    492,  // ACCESS_ENTITY_NOT_FOUND
    497,  // ACCESS_DENIED
    499,  // S3_ERROR
    516,  // AUTHENTICATION_FAILED
    999,  // KEEPER_EXCEPTION
    1000, // POCO_EXCEPTION
    1001, // STD_EXCEPTION
    1002, // UNKNOWN_EXCEPTION
];

impl StoreError {
    /// Whether a row is at fault, so that the same rows will never be taken.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Server { code, .. } if REFUSALS.contains(code))
    }

    /// Whether a row may be at fault: ClickHouse's error names neither values nor trouble of its own.
    pub fn is_suspect(&self) -> bool {
        matches!(self, Self::Server { code, .. } if *code != 0 && !REFUSALS.contains(code) && !TROUBLES.contains(code))
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        !self.is_refusal() && !matches!(self, Self::Migration(_))
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            // Of an insert; it has limits of its own.
            Error::TimedOut => Self::Away("no answer within the time that it has".to_owned()),
            Error::BadResponse(text) => Self::Server { code: code_of(&text), text: first_line(&text) },
            Error::Network(_) | Error::NotEnoughData => Self::Away(with_sources(&error)),
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
            assert!(!server(trouble).is_suspect(), "{trouble}");
        }
        assert!(StoreError::from(Error::TimedOut).is_retryable());
        let unknown = server("Code: 36. DB::Exception: … (BAD_ARGUMENTS)");
        assert!(unknown.is_suspect() && unknown.is_retryable() && !unknown.is_refusal());
    }
}
