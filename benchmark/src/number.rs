//! Conversions between counts, times and rates, for which a float's 53 bits are enough.

use std::time::Duration;

/// A count as a float.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub fn float(count: u64) -> f64 {
    count as f64
}

/// How many there are, as a float.
pub fn length<T>(all: &[T]) -> f64 {
    float(u64::try_from(all.len()).unwrap_or(u64::MAX))
}

/// So many a second; 0 if no time has passed.
pub fn rate(count: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { float(count) / time.as_secs_f64() }
}

/// The time in milliseconds.
pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// The time in microseconds, as a histogram takes it.
pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_count_by_seconds() {
        assert!((rate(500, Duration::from_millis(250)) - 2_000.0).abs() < 1e-9);
        assert!(rate(5, Duration::ZERO).abs() < 1e-9);
    }
}
