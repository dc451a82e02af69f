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

/// The days on which each user was there, numbered from 1970 on.
const DAYS: &str = "
    SELECT arraySort(groupUniqArray(toInt32(toDate32(created_at, {zone:String})))) AS days
    FROM {events}
    WHERE user_id != '' OR anonymous_id != ''
    GROUP BY /* user */ AS user";

const DAYS_OF_PEOPLE: &str = "
    SELECT arraySort(groupUniqArray(toInt32(toDate32(created_at, {zone:String})))) AS days
    FROM {people}
    ARRAY JOIN hashes AS user
    GROUP BY user";

const HOUR_MS: i64 = 3_600_000;

/// The day of number 0, by its Julian number.
const EPOCH: i32 = 2_440_588;

/// No day of the calendar is longer.
const LONGEST_DAY_MS: i64 = 48 * HOUR_MS;

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
    days: Vec<i32>,
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
        let question = match &plan {
            Some(plan) => self.ask_rolled(&whole, plan, Parts::of(&whole, Interval::Day), DAYS_OF_PEOPLE),
            None => self.ask(&whole, &DAYS.replace("/* user */", USER)),
        };
        let mut rows = question.rows::<DaysRow>()?;
        while let Some(DaysRow { days }) = rows.next().await? {
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
        Ok(match plan {
            Some(plan) => Rolled::by(&plan, days),
            None => Rolled::live(days),
        })
    }
}
