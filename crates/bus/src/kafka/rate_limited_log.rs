//! The rate-limited log of what librdkafka reports by itself: each error at most once in [`SILENCE`], instead of
//! several times a second from each client for as long as a broker is away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// For how long an error is not logged again.
const SILENCE: Duration = Duration::from_secs(30);

/// The log that all clients of a cluster share. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct RateLimitedLog {
    said: Arc<Mutex<HashMap<String, Instant>>>,
}

impl RateLimitedLog {
    fn is_due(&self, error: &KafkaError) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let due = said.get(&error.to_string()).is_none_or(|before| now.duration_since(*before) >= SILENCE);
        if due {
            said.insert(error.to_string(), now);
        }
        due
    }
}

impl ClientContext for RateLimitedLog {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        use RDKafkaLogLevel::{Alert, Critical, Emerg, Error, Warning};
        match level {
            Emerg | Alert | Critical => tracing::error!(facility, "librdkafka: {text}"),
            // What fails comes as an error too.
            Error | Warning if !matches!(facility, "FAIL" | "ERROR") => {
                tracing::warn!(facility, "librdkafka: {text}");
            }
            _ => tracing::debug!(facility, "librdkafka: {text}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if self.is_due(&error) {
            tracing::warn!(reason, "trouble with Kafka");
        } else {
            tracing::debug!(reason, "trouble with Kafka");
        }
    }
}

impl ConsumerContext for RateLimitedLog {}

/// Whether this is about one connection, which librdkafka mends by itself.
pub(super) fn is_passing(error: &KafkaError) -> bool {
    use RDKafkaErrorCode::{BrokerTransportFailure, Resolve};
    matches!(error.rdkafka_error_code(), Some(BrokerTransportFailure | Resolve))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_said_once_in_a_while() {
        let rate_limited_log = RateLimitedLog::default();
        let [down, refused] = [RDKafkaErrorCode::AllBrokersDown, RDKafkaErrorCode::Authentication];
        let due = |code| rate_limited_log.clone().is_due(&KafkaError::Global(code));
        assert!(due(down) && !due(down) && due(refused));
    }
}
