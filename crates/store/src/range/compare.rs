//! The range that another one is compared with.

use clickhouse::Row;
use model::Timestamp;
use serde::Deserialize;
use time::{Date, Duration, Month};

use super::{Range, ResolveError};
use crate::zone::Zone;
use crate::{Store, within};

const WEEK_MS: i64 = 7 * 24 * 3_600_000;

/// The local days of times, when those begin, and the same local times so many weeks before.
const ENDS: &str = "
    WITH fromUnixTimestamp64Milli(arrayJoin({times:Array(Int64)}), 'UTC') AS at, toDate32(at, {zone:String}) AS local
    SELECT toString(local) AS day, toUnixTimestamp64Milli(toDateTime64(local, 3, {zone:String})) AS midnight,
        toUnixTimestamp64Milli(addWeeks(toTimezone(at, {zone:String}), -{weeks:Int64})) AS before";

/// What a range is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    /// The calendar units before: before 7 days 7 days, before a month a month; the same duration where the range
    /// does not begin and end with local days.
    PreviousPeriod,
    /// The same weekdays, by the fewest whole weeks before that are not less than the range.
    SameWeekday,
}

#[derive(Row, Deserialize)]
struct End {
    day: String,
    midnight: i64,
    before: i64,
}

impl Store {
    /// The range to compare with. While the range goes on, both are cut behind the same milliseconds.
    pub async fn compared(
        &self,
        range: &Range,
        zone: &Zone,
        compare: Compare,
    ) -> Result<Range, ResolveError> {
        let (from, to) = (range.from().millis(), range.to().millis());
        let weeks = (to - from + WEEK_MS - 1) / WEEK_MS;
        let query = self.reader.query_raw(ENDS).param("times", &[from, to][..]).param("zone", zone.as_str());
        let ends: Vec<End> = within(self.timeout(), query.param("weeks", weeks).fetch_all()).await?;
        let days = match &*ends {
            [first, last] if first.midnight == from && last.midnight == to => {
                Date::parse(&first.day, DAY).ok().zip(Date::parse(&last.day, DAY).ok())
            }
            _ => None,
        };
        let (from, to) = match (days, compare, &*ends) {
            (Some((first, last)), _, _) => {
                let (first, last) = days_before(first, last, compare);
                let starts = self.starts(&[first.to_string(), last.to_string()], zone).await?;
                (starts.first().copied(), starts.last().copied())
            }
            (None, Compare::PreviousPeriod, _) => {
                (Timestamp::from_millis(from - (to - from)), Some(range.from()))
            }
            (None, Compare::SameWeekday, [first, last]) => {
                (Timestamp::from_millis(first.before), Timestamp::from_millis(last.before))
            }
            _ => (None, None),
        };
        let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
        Ok(Range::new(from, to, range.elapsed_since(from))?)
    }
}

const DAY: &[time::format_description::BorrowedFormatItem<'_>] =
    time::macros::format_description!("[year]-[month]-[day]");

/// The local days before the range of days from one up to another.
fn days_before(first: Date, last: Date, compare: Compare) -> (Date, Date) {
    let days = (last - first).whole_days();
    match compare {
        Compare::PreviousPeriod if first.day() == 1 && last.day() == 1 => {
            let months = month_number(last) - month_number(first);
            (month_before(first, months), first)
        }
        Compare::PreviousPeriod => (first.saturating_sub(Duration::days(days)), first),
        Compare::SameWeekday => {
            let shift = Duration::days((days + 6) / 7 * 7);
            (first.saturating_sub(shift), last.saturating_sub(shift))
        }
    }
}

fn month_number(day: Date) -> i32 {
    day.year() * 12 + i32::from(u8::from(day.month())) - 1
}

/// The first day of the month so many months before.
fn month_before(day: Date, months: i32) -> Date {
    let number = month_number(day) - months;
    let month = u8::try_from(number.rem_euclid(12) + 1).ok().and_then(|month| Month::try_from(month).ok());
    month.and_then(|month| Date::from_calendar_date(number.div_euclid(12), month, 1).ok()).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn the_calendar_units_before() {
        let before = |first, last| days_before(first, last, Compare::PreviousPeriod);
        assert_eq!(
            before(date!(2026 - 11 - 20), date!(2026 - 11 - 27)),
            (date!(2026 - 11 - 13), date!(2026 - 11 - 20))
        );
        assert_eq!(before(date!(2026 - 03 - 01), date!(2026 - 04 - 01)).0, date!(2026 - 02 - 01));
        assert_eq!(before(date!(2026 - 01 - 01), date!(2026 - 04 - 01)).0, date!(2025 - 10 - 01));
        assert_eq!(before(date!(2026 - 01 - 01), date!(2027 - 01 - 01)).0, date!(2025 - 01 - 01));
        // No whole months.
        assert_eq!(before(date!(2026 - 03 - 02), date!(2026 - 04 - 02)).0, date!(2026 - 01 - 30));
    }

    #[test]
    fn the_fewest_weeks_that_are_not_less() {
        let before = |first, last| days_before(first, last, Compare::SameWeekday);
        let friday = date!(2026 - 11 - 20);
        for (days, weeks) in [(1, 1), (7, 1), (8, 2), (30, 5)] {
            let (first, last) = before(friday, friday + Duration::days(days));
            assert_eq!((friday - first).whole_days(), 7 * weeks, "{days}");
            assert_eq!((last - first).whole_days(), days);
        }
    }
}
