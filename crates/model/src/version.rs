//! Versions: where in the log an operation stands decides which of two rows wins.
//!
//! ```text
//! create  2^62 - 1 - position    of two creates of one id the first wins
//! update  2^62 + position        beats any create; the later one wins
//! delete  2^63 + position        beats everything, for good
//! ```

use crate::Timestamp;

/// 2025-01-01T00:00:00Z in seconds since the Unix epoch.
const EPOCH_SECONDS: i64 = 1_735_689_600;
const SECONDS_BITS: u32 = 31;
const OFFSET_MASK: u64 = (1 << 31) - 1;
const UPDATE_BASE: u64 = 1 << 62;
const DELETE_BASE: u64 = 1 << 63;

/// Where the log put an operation: 62 bits, `(append seconds since 2025) << 31 | offset mod 2^31`.
/// Grows with the offset within a partition as long as the append time does not step back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(u64);

/// The append time is before 2025 or more than 2^31 seconds after it, or the offset is negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("append time {append_ms} ms with offset {offset} is no position")]
pub struct PositionError {
    append_ms: i64,
    offset: i64,
}

impl Position {
    /// The position of the message at `offset`, appended `append_ms` milliseconds after the Unix epoch.
    pub fn new(append_ms: i64, offset: i64) -> Result<Self, PositionError> {
        let seconds = u64::try_from(append_ms.div_euclid(1_000) - EPOCH_SECONDS).ok();
        match (seconds, u64::try_from(offset)) {
            (Some(seconds), Ok(offset)) if seconds >> SECONDS_BITS == 0 => {
                Ok(Self(seconds << 31 | offset & OFFSET_MASK))
            }
            _ => Err(PositionError { append_ms, offset }),
        }
    }

    /// The position of an offset appended at a known time.
    pub fn at(append_time: Timestamp, offset: i64) -> Result<Self, PositionError> {
        Self::new(append_time.millis(), offset)
    }

    /// When the log took it, in whole seconds since 2025.
    pub fn seconds(self) -> u64 {
        self.0 >> SECONDS_BITS
    }

    /// The time that many whole seconds after the beginning of 2025.
    pub fn time_of(seconds: u64) -> Timestamp {
        let millis = i64::try_from(seconds).ok().and_then(|seconds| seconds.checked_add(EPOCH_SECONDS));
        let millis = millis.and_then(|seconds| seconds.checked_mul(1_000));
        millis.and_then(Timestamp::from_millis).unwrap_or(Timestamp::MAX)
    }
}

/// What kind of operation wrote a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// A blind insert.
    Create,
    /// A stored row with some fields replaced.
    Update,
    /// A tombstone.
    Delete,
}

/// The version of a row; the greatest of a key is the one that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    /// The version of what `write` at `position` leaves behind.
    pub fn new(write: Write, position: Position) -> Self {
        Self(match write {
            Write::Create => UPDATE_BASE - 1 - position.0,
            Write::Update => UPDATE_BASE + position.0,
            Write::Delete => DELETE_BASE + position.0,
        })
    }

    /// The version a table's row holds.
    pub fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// The number stored in the table.
    pub fn raw(self) -> u64 {
        self.0
    }

    /// What kind of operation wrote the row.
    pub fn write(self) -> Write {
        match self.0 {
            DELETE_BASE.. => Write::Delete,
            UPDATE_BASE.. => Write::Update,
            _ => Write::Create,
        }
    }

    /// The position of the operation that wrote the row.
    pub fn position(self) -> Position {
        Position(match self.0 {
            raw @ DELETE_BASE.. => raw - DELETE_BASE,
            raw @ UPDATE_BASE.. => raw - UPDATE_BASE,
            raw => UPDATE_BASE - 1 - raw,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_position() -> impl Strategy<Value = Position> {
        (0..1_u64 << 62).prop_map(Position)
    }

    #[test]
    fn times_before_2025_beyond_31_bits_and_negative_offsets_are_no_positions() {
        let epoch_ms = EPOCH_SECONDS * 1_000;
        assert_eq!(Position::new(epoch_ms, 0), Ok(Position(0)));
        assert!(Position::new(epoch_ms - 1, 0).is_err());
        assert!(Position::new(epoch_ms + (1_i64 << 31) * 1_000 - 1, i64::MAX).is_ok());
        assert!(Position::new(epoch_ms + (1_i64 << 31) * 1_000, 0).is_err());
        assert!(Position::new(epoch_ms, -1).is_err());
        assert!(Position::new(i64::MIN, 0).is_err());
        assert!(Position::new(i64::MAX, 0).is_err());
    }

    proptest! {
        #[test]
        fn a_version_tells_its_position_and_what_wrote_it(position in any_position()) {
            for write in [Write::Create, Write::Update, Write::Delete] {
                let version = Version::new(write, position);
                prop_assert_eq!((version.write(), version.position()), (write, position));
            }
        }

        #[test]
        fn a_position_tells_the_second_in_which_it_was_appended(ms in EPOCH_SECONDS * 1_000..3_800_000_000_000_i64) {
            let seconds = Position::new(ms, 7).unwrap().seconds();
            prop_assert_eq!(Position::time_of(seconds).millis(), ms / 1_000 * 1_000);
        }

        #[test]
        fn kinds_rank_before_positions(a in any_position(), b in any_position()) {
            prop_assert!(Version::new(Write::Create, a) < Version::new(Write::Update, b));
            prop_assert!(Version::new(Write::Update, a) < Version::new(Write::Delete, b));
        }

        #[test]
        fn the_first_create_and_the_last_update_win(a in any_position(), b in any_position()) {
            prop_assume!(a < b);
            prop_assert!(Version::new(Write::Create, a) > Version::new(Write::Create, b));
            prop_assert!(Version::new(Write::Update, a) < Version::new(Write::Update, b));
        }

        #[test]
        fn a_later_offset_is_a_later_position(ms in EPOCH_SECONDS * 1_000..3_800_000_000_000_i64, step in 0..10_000_i64, offset in 0..1_i64 << 30) {
            prop_assert!(Position::new(ms, offset).unwrap() < Position::new(ms + step, offset + 1).unwrap());
        }
    }
}
