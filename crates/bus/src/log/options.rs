//! How a log is to behave.

use std::time::Duration;

use model::Timestamp;

const DAY: Duration = Duration::from_hours(24);

/// Settings of a [`Log`](super::Log).
#[derive(Clone, Debug)]
pub struct Options {
    /// How long a record stays at least, also when every group has read it.
    pub retention: Duration,
    /// How often the log looks for records to remove.
    pub retention_interval: Duration,
    /// How much may wait to be written, in bytes.
    pub max_queued_bytes: usize,
    /// How long a record may wait for its acknowledgement.
    pub delivery_timeout: Duration,
    /// The host's clock, in milliseconds since the Unix epoch.
    pub clock: fn() -> i64,
}

impl Default for Options {
    /// Keeps records for seven days and looks for old ones every minute; 32 MiB may wait to be written; a record
    /// may wait two seconds for its acknowledgement; the host's clock.
    fn default() -> Self {
        Self {
            retention: 7 * DAY,
            retention_interval: Duration::from_mins(1),
            max_queued_bytes: 32 << 20,
            delivery_timeout: Duration::from_secs(2),
            clock: || Timestamp::now().millis(),
        }
    }
}
