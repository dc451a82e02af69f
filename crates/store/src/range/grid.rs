//! The buckets of a range. Where one ends and the next begins is for the server to say alone, which also sorts
//! the events into them: days of 23 and 25 hours, missing midnights and hours that come twice are its business.

use std::fmt;

use clickhouse::Row;
use serde::{Deserialize, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use utoipa::ToSchema;

use super::interval::{Interval, WeekStart, steps};
use super::{Range, ResolveError};
use crate::zone::Zone;
use crate::{Store, within};

/// Milliseconds at which the bucket that a column `bucket` names begins. By way of the day's number, as in
/// `resolve.rs`.
pub(crate) const START: &str = "toUnixTimestamp64Milli(toDateTime64(bucket, 3, {zone:String}))";

/// Every bucket that some of the times lie in, and how far local time is ahead of UTC where it begins.
const BUCKETS: &str = "
    SELECT toUnixTimestamp64Milli(begin) AS start, timeZoneOffset(begin) AS ahead
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Bucket {
    /// When it begins, with the offset of local time then; it may be before the range does.
    #[schema(value_type = String, format = DateTime)]
    pub start: BucketStart,
    /// Whether the whole period lies in the range and has ended.
    pub complete: bool,
}

/// When a bucket begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BucketStart {
    /// In milliseconds since the Unix epoch.
    pub millis: i64,
    /// By how many seconds local time is ahead of UTC then.
    pub ahead_s: i32,
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
            .query_raw(&BUCKETS.replace("/* bucket */", &bucket_of(interval, week_start, "created_at")))
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

/// The bucket of a time in SQL, as SQL.
fn bucket_of(interval: Interval, week_start: WeekStart, time: &str) -> String {
    match interval {
        Interval::Minute => format!("toStartOfMinute({time}, {{zone:String}})"),
        Interval::Hour => format!("toStartOfHour({time}, {{zone:String}})"),
        Interval::Day => format!("toDate32({time}, {{zone:String}})"),
        Interval::Week => format!("toStartOfWeek({time}, {}, {{zone:String}})", week_start.mode()),
        Interval::Month => format!("toStartOfMonth({time}, {{zone:String}})"),
    }
}

fn buckets(starts: &[Start], range: &Range) -> Vec<Bucket> {
    let pairs = starts.windows(2).filter_map(|pair| if let [a, b] = pair { Some((a, b)) } else { None });
    let inside =
        pairs.filter(|(start, next)| start.start < range.to().millis() && next.start > range.from().millis());
    let bucket = |(start, next): (&Start, &Start)| Bucket {
        start: BucketStart { millis: start.start, ahead_s: start.ahead },
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
        self.bucket_of("created_at")
    }

    /// The same of another time in SQL.
    pub(crate) fn bucket_of(&self, time: &str) -> String {
        bucket_of(self.interval, self.week_start, time)
    }

    /// The place of the bucket in which a time of the range lies.
    pub(crate) fn place_at(&self, at_ms: i64) -> Option<usize> {
        self.buckets.partition_point(|bucket| bucket.start.millis <= at_ms).checked_sub(1)
    }

    /// When that bucket begins.
    pub(crate) fn start_of(&self, at_ms: i64) -> Option<BucketStart> {
        self.buckets.get(self.place_at(at_ms)?).map(|bucket| bucket.start)
    }

    /// The place of the bucket that begins then.
    pub fn place(&self, start_ms: i64) -> Option<usize> {
        self.buckets.binary_search_by_key(&start_ms, |bucket| bucket.start.millis).ok()
    }
}

impl BucketStart {
    /// Its local day, by its number since 1970.
    pub(crate) fn day(self) -> i32 {
        let days = (self.millis.div_euclid(1_000) + i64::from(self.ahead_s)).div_euclid(86_400);
        i32::try_from(days).unwrap_or_default()
    }
}

/// RFC 3339 in local time.
impl fmt::Display for BucketStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SECONDS: &[BorrowedFormatItem<'_>] =
            format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
        // Its offsets have no seconds, as those of some zones in their first years had.
        let ahead_s = if self.ahead_s % 60 == 0 { self.ahead_s } else { 0 };
        let local = OffsetDateTime::from_unix_timestamp(self.millis.div_euclid(1_000) + i64::from(ahead_s));
        f.write_str(&local.ok().and_then(|local| local.format(SECONDS).ok()).unwrap_or_default())?;
        let (sign, minutes) = (if ahead_s < 0 { '-' } else { '+' }, ahead_s.unsigned_abs() / 60);
        if minutes == 0 {
            f.write_str("Z")
        } else {
            write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
        }
    }
}

impl Serialize for BucketStart {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_has_its_local_time_and_offset() {
        let text = |millis, ahead_s| BucketStart { millis, ahead_s }.to_string();
        // As Python's zoneinfo has Berlin's two hours at 2 o'clock, Kolkata and Santiago.
        assert_eq!(text(1_792_886_400_000, 7_200), "2026-10-25T02:00:00+02:00");
        assert_eq!(text(1_792_890_000_000, 3_600), "2026-10-25T02:00:00+01:00");
        assert_eq!(text(1_792_866_600_000, 19_800), "2026-10-25T00:00:00+05:30");
        assert_eq!(text(1_788_667_200_000, -10_800), "2026-09-06T01:00:00-03:00");
        assert_eq!(text(0, 0), "1970-01-01T00:00:00Z");
        assert_eq!(text(0, -2_670), "1970-01-01T00:00:00Z", "Monrovia's");
    }
}
