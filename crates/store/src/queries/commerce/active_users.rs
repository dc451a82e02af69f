//! How many different users there are by day, week and month.

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::ToSchema;

use super::at_times;
use crate::filter::USER;
use crate::fold::active_users::{ActiveUsers as Fold, Day, MONTH};
use crate::rollup::Parts;
use crate::{Grid, Interval, Rolled, Scope, Store, StoreError};

/// The days on which each user was there: a bit of each, from the first one on, in words.
const DAYS: &str = "
    SELECT [/* words */] AS words
    FROM (SELECT /* user */ AS user, /* day */ AS day FROM {events} WHERE user_id != '' OR anonymous_id != '')
    GROUP BY user";

const DAYS_OF_PEOPLE: &str = "
    SELECT [/* words */] AS words
    FROM (SELECT hashes, /* day */ AS day FROM {people})
    ARRAY JOIN hashes AS user
    GROUP BY user";

/// The number of a day, the first one's being 0.
const DAY: &str = "toUInt16(toInt32(toDate32(created_at, {zone:String})) - {first:Int32})";

/// One of the words of 64 days.
const WORD: &str = "groupBitOr(if(intDiv(day, 64) = /* n */, bitShiftLeft(toUInt64(1), modulo(day, 64)), 0))";

const HOUR_MS: i64 = 3_600_000;

/// The day of number 0, by its Julian number.
const EPOCH: i32 = 2_440_588;

/// No day of the calendar is longer.
const LONGEST_DAY_MS: i64 = 48 * HOUR_MS;

const WORD_DAYS: i32 = 64;

/// Users of one local day.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct ActiveUsers {
    /// The day.
    #[schema(example = "2026-11-20")]
    pub date: String,
    /// Different users of the day.
    pub dau: i64,
    /// Of the 7 days that end with it.
    pub wau: i64,
    /// Of the 30 days that end with it.
    pub mau: i64,
    /// The mean of the 30 days' users by day, over `mau`; null without users.
    pub stickiness: Option<f64>,
}

#[derive(Row, Deserialize)]
struct DaysRow {
    words: Vec<u64>,
}

impl DaysRow {
    /// Their numbers, ascending.
    fn days(&self, first: i32) -> impl Iterator<Item = i32> {
        let bits = self.words.iter().flat_map(|word| (0..WORD_DAYS).map(move |bit| word >> bit & 1 == 1));
        (first..).zip(bits).filter_map(|(day, is_set)| is_set.then_some(day))
    }
}

impl Store {
    /// By day of a grid of days, each from its beginning on, also where the range begins later.
    pub async fn active_users(
        &self,
        scope: &Scope<'_>,
        days: &Grid,
    ) -> Result<Rolled<Vec<ActiveUsers>>, StoreError> {
        let (Some(first), Some(last)) = (days.buckets().first(), days.buckets().last()) else {
            return Ok(Rolled::live(Vec::new()));
        };
        let numbers = first.start.day()..=last.start.day();
        let mut users = Fold::new(&numbers);
        let before = i64::try_from(MONTH).unwrap_or_default() * 24 * HOUR_MS + LONGEST_DAY_MS;
        let whole = at_times(scope, first.start.millis - before, scope.range.to().millis());
        let plan = if scope.filters.is_empty() { self.plan(&whole).await? } else { None };
        // No day of the whole is before this one.
        let first_day = numbers.start() - i32::try_from(MONTH).unwrap_or_default() - 3;
        let words = 0..=(numbers.end() - first_day) / WORD_DAYS;
        let words: Vec<_> = words.map(|n| WORD.replace("/* n */", &n.to_string())).collect();
        let sql = if plan.is_some() { DAYS_OF_PEOPLE } else { DAYS };
        let sql = sql
            .replace("/* words */", &words.join(", "))
            .replace("/* day */", DAY)
            .replace("/* user */", USER);
        let question = match &plan {
            Some(plan) => self.ask_rolled(&whole, plan, Parts::of(&whole, Interval::Day), &sql),
            None => self.ask(&whole, &sql),
        };
        let mut rows = question.param("first", first_day).rows::<DaysRow>()?;
        let mut days = Vec::new();
        while let Some(row) = rows.next().await? {
            days.clear();
            days.extend(row.days(first_day));
            users.add(&days);
        }
        let row = |day: Day| {
            Some(ActiveUsers {
                date: Date::from_julian_day(day.number + EPOCH).ok()?.to_string(),
                dau: day.dau,
                wau: day.wau,
                mau: day.mau,
                stickiness: day.stickiness,
            })
        };
        let days = users.days().into_iter().filter_map(row).collect();
        Ok(Rolled::of(plan, days))
    }
}
