//! What the events of each hour come to, computed once and read by questions in place of the events.
//!
//! Whoever inserts rows marks their hours when the rows are visible, and commits behind that. Marks are counted: an hour
//! is clean if its rollup covers as many as there are. A rollup is computed by counting the marks first and reading the
//! events then, so it holds the rows of all marks that it covers. A question finds out which hours are dirty first, in
//! a statement of its own, and then reads the rollups of the clean ones and the events of the others. What it counts of
//! an hour is thus a state that the hour had meanwhile, with all that was acknowledged before.

mod compute;
mod days;
mod dirty;
mod mark;
mod money;
mod plan;
mod scrub;
mod slowest;
mod sources;

use model::Timestamp;

use crate::queries::sql_time;

pub use dirty::{Dirty, Hour};
pub(crate) use plan::Plan;
pub use plan::{Read, Reading, Rolled};
pub(crate) use sources::{MERGED, Parts, ROLLED, can_hold, is_told_apart};

/// By what part of themselves percentiles of [`MERGED`] may be off.
pub(crate) const RELATIVE_ERROR: f64 = 0.01;

/// Events of a range whose percentiles are worked out exactly.
const EXACT_EVENTS: u64 = if cfg!(test) { 3 } else { 1_000_000 };

const HOUR_S: u32 = 3_600;
const HOUR_MS: i64 = 3_600_000;
const DAY_S: u32 = 86_400;

/// The first second that no hour has: ClickHouse's `DateTime` ends soon behind it, and no event that counts is so late.
/// 2106-01-01.
const END_S: u32 = 4_291_747_200;

/// The hour in which a time lies, by its first second since 1970; none behind [`END_S`].
fn hour_of(at: Timestamp) -> Option<u32> {
    let hour = u32::try_from(at.millis().div_euclid(HOUR_MS)).ok()?.checked_mul(HOUR_S)?;
    (hour < END_S).then_some(hour)
}

/// A second as text that ClickHouse reads as `DateTime64(3, 'UTC')`.
fn sql_second(second: u32) -> String {
    sql_time(Timestamp::from_millis(i64::from(second) * 1_000).unwrap_or_default())
}

#[cfg(test)]
mod tests;
