//! The buckets of a range. Where one ends and the next begins is for the server to say alone, which also sorts
//! the events into them: days of 23 and 25 hours, missing midnights and hours that come twice are its business.

use clickhouse::Row;
use model::Timestamp;
use serde::Deserialize;

use super::interval::{Interval, WeekStart, steps};
use super::{Range, ResolveError};
use crate::zone::Zone;
use crate::{Store, within};

/// Milliseconds at which the bucket that a column `bucket` names begins. By way of the day's number, as in
/// `resolve.rs`.
pub(crate) const START: &str = "toUnixTimestamp64Milli(toDateTime64(bucket, 3, {zone:String}))";

/// Every bucket that some of the times lie in, and how far local time is ahead of UTC where it begins.
const BUCKETS: &str = "
    SELECT toUnixTimestamp64Milli(begin) AS start, timeZoneOffset(toTimezone(begin, {zone:String})) AS ahead
    FROM (
        SELECT DISTINCT toDateTime64(/* bucket */, 3, {zone:String}) AS begin
        FROM (
            SELECT fromUnixTimestamp64Milli({first:Int64} + toInt64(number) * {step:Int64}, 'UTC') AS created_at
            FROM numbers({times:UInt64})))
    ORDER BY start";

/// The buckets of a range in a zone, oldest first: those that a part of it lies in, also empty and future ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    interval: Interval,
    week_start: WeekStart,
    buckets: Vec<Bucket>,
}

/// One calendar period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// When it begins, in milliseconds; it may be before the range does.
    pub start_ms: i64,
    /// By how many seconds local time is ahead of UTC then.
    pub ahead_s: i32,
    /// Whether the whole period lies in the range and has ended.
    pub complete: bool,
}

#[derive(Clone, Copy, Row, Deserialize)]
struct Start {
    start: i64,
    ahead: i32,
}

impl Store {
    /// The buckets of the range; where no interval is given it decides.
    pub async fn grid(
        &self,
        range: &Range,
        zone: &Zone,
        interval: Option<Interval>,
        week_start: WeekStart,
    ) -> Result<Grid, ResolveError> {
        let interval = interval.unwrap_or_else(|| Interval::of(range));
        interval.check(range)?;
        // As far as the period behind the last one.
        let step_ms = interval.step_ms();
        let times = steps(range.from(), range.to().millis() + interval.longest_ms() + step_ms, step_ms);
        let query = self
            .reader
            .query_raw(&BUCKETS.replace("/* bucket */", &bucket_of(interval, week_start)))
            .with_setting(EXTENDED.0, EXTENDED.1)
            .param("zone", zone.as_str())
            .param("first", range.from().millis())
            .param("step", step_ms)
            .param("times", times);
        let starts: Vec<Start> = within(self.timeout(), query.fetch_all()).await?;
        Ok(Grid { interval, week_start, buckets: buckets(&starts, range) })
    }
}

/// Lets dates and hours go as far as events do.
pub(crate) const EXTENDED: (&str, &str) = ("enable_extended_results_for_datetime_functions", "1");

/// The bucket of an event, as SQL over its `created_at`.
fn bucket_of(interval: Interval, week_start: WeekStart) -> String {
    match interval {
        Interval::Minute => "toStartOfMinute(created_at, {zone:String})".to_owned(),
        Interval::Hour => "toStartOfHour(created_at, {zone:String})".to_owned(),
        Interval::Day => "toDate32(created_at, {zone:String})".to_owned(),
        Interval::Week => format!("toStartOfWeek(created_at, {}, {{zone:String}})", week_start.mode()),
        Interval::Month => "toStartOfMonth(created_at, {zone:String})".to_owned(),
    }
}

fn buckets(starts: &[Start], range: &Range) -> Vec<Bucket> {
    let pairs = starts.windows(2).filter_map(|pair| if let [a, b] = pair { Some((a, b)) } else { None });
    let inside =
        pairs.filter(|(start, next)| start.start < range.to().millis() && next.start > range.from().millis());
    let bucket = |(start, next): (&Start, &Start)| Bucket {
        start_ms: start.start,
        ahead_s: start.ahead,
        complete: start.start >= range.from().millis()
            && next.start <= range.to().millis()
            && next.start <= range.now().millis(),
    };
    inside.map(bucket).collect()
}

impl Grid {
    /// Oldest first.
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// The width of its buckets.
    pub fn interval(&self) -> Interval {
        self.interval
    }

    /// The day on which its weeks begin.
    pub fn week_start(&self) -> WeekStart {
        self.week_start
    }

    /// The bucket of an event as SQL over its `created_at`, to be grouped by. A column of it that is called
    /// `bucket` begins at [`START`].
    pub(crate) fn bucket(&self) -> String {
        bucket_of(self.interval, self.week_start)
    }

    /// The place of the bucket that begins then.
    pub fn place(&self, start_ms: i64) -> Option<usize> {
        self.buckets.binary_search_by_key(&start_ms, |bucket| bucket.start_ms).ok()
    }
}

impl Bucket {
    /// When it begins.
    pub fn start(&self) -> Timestamp {
        Timestamp::from_millis(self.start_ms).unwrap_or_default()
    }
}
