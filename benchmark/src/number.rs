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

/// A place in something of this length that a number decides; 0 if it is empty.
pub fn place(number: u64, length: usize) -> usize {
    usize::try_from(number % (length as u64).max(1)).unwrap_or_default()
}

/// Well-mixed bits of a number: the output function of `SplitMix64` (Steele, Lea and Flood, 2014).
pub fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_count_by_seconds() {
        assert!((rate(500, Duration::from_millis(250)) - 2_000.0).abs() < 1e-9);
        assert!(rate(5, Duration::ZERO).abs() < 1e-9);
    }

    #[test]
    fn mixing_is_the_published_function() {
        // The first outputs of the generator seeded with 0 and with the golden ratio.
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(mix(0x9e37_79b9_7f4a_7c15), 0x6e78_9e6a_a1b9_65f4);
    }
}
