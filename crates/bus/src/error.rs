//! What can go wrong between a caller and the log.

/// Why the log could not be asked or set up.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// It is away or too slow; the same call may succeed later.
    #[error("{what}: {reason}")]
    Unavailable {
        /// What was being done.
        what: &'static str,
        /// What the log's client said.
        reason: String,
    },
    /// A topic or a setting can't be used as it is; someone has to change it.
    #[error("{0}")]
    Refused(String),
}

impl BusError {
    pub(crate) fn unavailable(what: &'static str, reason: impl ToString) -> Self {
        Self::Unavailable { what, reason: reason.to_string() }
    }

    pub(crate) fn no_partition(topic: &str, partition: i32) -> Self {
        Self::Refused(format!("topic {topic} has no partition {partition}"))
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

/// Why a record was not acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Too much waits to be written; nothing was.
    #[error("the queue to the log is full")]
    Full,
    /// Larger than the topic takes; nothing was written.
    #[error("a record of {bytes} bytes is larger than the topic takes")]
    TooLarge {
        /// Key, value and headers.
        bytes: usize,
    },
    /// No acknowledgement in time: the record may or may not have been written.
    #[error("the log did not acknowledge: {0}")]
    Unavailable(String),
}

/// Why the records of one call are not all on their topics.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransactError {
    /// One of them is larger than its topic takes; none was written.
    #[error("a record of {bytes} bytes is larger than the topic takes")]
    TooLarge {
        /// Key, value and headers.
        bytes: usize,
    },
    /// Another producer has begun to work under the same id; this one is to end.
    #[error("another process has taken over")]
    Fenced,
    /// No acknowledgement: either all or none were written.
    #[error("the log did not acknowledge: {0}")]
    Unavailable(String),
}

impl SendError {
    /// Whether the same record may be acknowledged later.
    pub fn is_retryable(&self) -> bool {
        !matches!(self, Self::TooLarge { .. })
    }
}
