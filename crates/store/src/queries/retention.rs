//! Who comes back, by when they began.

mod cells;
mod users;

use clickhouse::Row;
use model::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::sql_time;
use crate::ask::{Besides, Question};
use crate::filter::USER;
use crate::range::{Grid, Interval, Range};
use crate::rollup::{Parts, Plan};
use crate::{Filters, Rolled, Scope, Store, StoreError, Zone};

pub use cells::{Cohort, Retained};
pub use users::{Cell, RetainedPage, RetainedUser};

/// Rows of one cohort: how many of its users came back in the n-th period, and as the period -1 how many there are.
const RETENTION: &str = "
    SELECT toString(first_day) AS cohort, arrayJoin(arrayPushFront(came, -1)) AS n, count() AS users,
        toInt64(max(age)) AS begun,
        if({open:Bool} AND first_day = /* bucket of now */, 0, toInt64(min(age))) AS ended
    FROM (/* beginners */)
    GROUP BY first_day, n
    ORDER BY first_day, n";

/// Each of the cohorts that each user is of, and in which periods the user came back. `start` and the elements of
/// `returned` are ids as numbers, which tells times and the order of events. Level by level: the events of a user in a
/// period, the user, each of the user's cohorts.
const BEGINNERS: &str = "
    SELECT one, start, /* bucket of start */ AS first_day, /* age */ AS age,
        arrayFilter(at -> at >= start, returned) AS later, /* cells */ AS came
    FROM (
        SELECT one, arrayJoin(/* starts */) AS start, groupArrayArray(returned) AS returned
        FROM (
            SELECT /* user */ AS one, minIf(toUInt128(id), starts) AS first, /* returned */ AS returned
            FROM {events}
            WHERE one != '' AND (starts OR returns)
            GROUP BY one, /* bucket */)
        GROUP BY one)
    WHERE start != 0 AND bitShiftRight(start, 80) >= {cohorts_from_ms:Int64} /* not known */";

/// That whole hours before the range tell nothing of the user.
const NOT_KNOWN: &str = "AND sipHash64(one) NOT IN (SELECT arrayJoin(hashes) FROM {known people})";

/// What makes a user one of a cohort, and what a return.
#[derive(Clone, Debug)]
pub struct Retention {
    /// Events by which users begin.
    pub start: Filters,
    /// Events by which they come back.
    pub returning: Filters,
    /// How many periods are looked at behind the one with the start.
    pub periods: u16,
    /// Whether a user begins once.
    pub mode: Mode,
    /// Which returns count for a period.
    pub count: Count,
    /// Where periods begin.
    pub kind: Kind,
}

/// Whether a user begins once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RetentionMode)]
pub enum Mode {
    /// With the first start event of all time, which must lie in the range.
    #[default]
    First,
    /// In each period of the range with the first start event there.
    Recurring,
}

/// Which returns count for a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RetentionCount)]
pub enum Count {
    /// Those in it.
    #[default]
    On,
    /// Those in it and later.
    OnOrAfter,
}

/// Where periods begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RetentionKind)]
pub enum Kind {
    /// With local days, weeks and months.
    #[default]
    Calendar,
    /// With each user's start: every 24 hours, 7 days or 30 days behind it.
    Rolling,
}

/// A line of the answer.
#[derive(Debug, Row, Deserialize)]
struct Line {
    cohort: String,
    /// The period, or -1 for the cohort itself, whose users and ages are those of all.
    n: i64,
    users: u64,
    /// The last period that has begun for somebody.
    begun: i64,
    /// The first period that has not ended for everybody.
    ended: i64,
}

impl Store {
    /// Who of those that began in the scope's range came back, up to its now. The buckets are cohorts, and the periods
    /// behind them as wide: days, weeks or months.
    pub async fn retention(
        &self,
        scope: &Scope<'_>,
        grid: &Grid,
        retention: &Retention,
    ) -> Result<Rolled<Retained>, StoreError> {
        let read = retention.read(scope);
        let plan = self.plan_of_beginners(scope, retention).await?;
        let question = self.ask_of_beginners(&read, plan.as_ref(), scope.range, grid, retention, RETENTION);
        // Users may still begin in the cohort of now.
        let question = question.param("open", scope.range.to() > scope.range.now());
        let retained = cells::retained(&question.fetch_all().await?, retention.periods);
        Ok(Rolled::of(plan, retained))
    }

    /// From where it is read who was there before the range. Rollups tell of users that they were there, not with what.
    async fn plan_of_beginners(
        &self,
        scope: &Scope<'_>,
        retention: &Retention,
    ) -> Result<Option<Plan>, StoreError> {
        if retention.mode != Mode::First || !retention.start.is_empty() || !scope.filters.is_empty() {
            return Ok(None);
        }
        let before =
            Range::between(Timestamp::default().millis(), scope.range.from().millis(), scope.range.now());
        // No bucket of theirs is looked at.
        self.plan(&Scope { range: before, zone: &Zone::UTC, ..scope.clone() }).await
    }

    /// Asks something of those who begin in a range, of which all is read that tells who they are.
    fn ask_of_beginners<'a>(
        &self,
        read: &'a Scope<'a>,
        plan: Option<&Plan>,
        range: Range,
        grid: &Grid,
        retention: &Retention,
        sql: &str,
    ) -> Question<'a> {
        let mut besides = Besides::default();
        let start = besides.holds("start", &retention.start);
        let returning = besides.holds("return", &retention.returning);
        besides.columns = format!(
            ", ({start}) AND created_at < {{cohorts_to:DateTime64(3, 'UTC')}} AS starts,
            ({returning}) AND created_at >= {{cohorts_from:DateTime64(3, 'UTC')}} AS returns"
        );
        let sql = retention.sql(grid, sql);
        let question = match plan {
            Some(plan) => {
                let sql = sql.replace("/* not known */", NOT_KNOWN);
                self.ask_rolled_besides(read, plan, Parts::Days, &sql, besides)
            }
            None => self.ask_besides(read, &sql, besides),
        };
        question
            .param("cohorts_from", sql_time(range.from()))
            .param("cohorts_from_ms", range.from().millis())
            .param("cohorts_to", sql_time(range.to()))
            .param("now", range.now().millis())
            .param("periods", retention.periods)
    }
}

impl Retention {
    /// What has to be read to answer for a scope.
    fn read<'a>(&self, scope: &Scope<'a>) -> Scope<'a> {
        let from = match self.mode {
            Mode::First => Timestamp::default(),
            Mode::Recurring => scope.range.from(),
        };
        Scope { range: Range::between(from.millis(), i64::MAX, scope.range.now()), ..scope.clone() }
    }

    /// The question in SQL; of what a caller says only the choices between known words stand in it.
    fn sql(&self, grid: &Grid, sql: &str) -> String {
        const NOW: &str = "fromUnixTimestamp64Milli({now:Int64}, 'UTC')";
        let starts = match self.mode {
            Mode::First => "[minIf(first, first != 0)]",
            Mode::Recurring => "groupArrayIf(first, first != 0)",
        };
        // The last one of a calendar period, or of all, tells as much as all of them.
        let returned = match (self.kind, self.count) {
            (Kind::Rolling, Count::On) => "groupArrayIf(toUInt128(id), returns)",
            _ => "[maxIf(toUInt128(id), returns)]",
        };
        let age_at = self.age(grid, &time_of("at"));
        let cells = match self.count {
            Count::On => {
                format!("arrayDistinct(arrayFilter(n -> n <= {{periods:UInt16}}, arrayMap(at -> toInt64({age_at}), later)))")
            }
            Count::OnOrAfter => format!(
                "if(empty(later), [], arrayMap(n -> toInt64(n),
                    range(toUInt64(least(arrayMax(at -> toInt64({age_at}), later), {{periods:UInt16}}) + 1))))"
            ),
        };
        sql.replace("/* beginners */", BEGINNERS)
            .replace("/* bucket of now */", &grid.bucket_of(NOW))
            .replace("/* bucket of start */", &grid.bucket_of(&time_of("start")))
            .replace("/* age */", &self.age(grid, NOW))
            .replace("/* cells */", &cells)
            .replace("/* starts */", starts)
            .replace("/* user */", USER)
            .replace("/* returned */", returned)
            .replace("/* bucket */", &grid.bucket_of("created_at"))
    }

    /// How many periods a time lies behind the start.
    fn age(&self, grid: &Grid, time: &str) -> String {
        let (unit, days) = match grid.interval() {
            Interval::Week => ("week", 7),
            Interval::Month => ("month", 30),
            _ => ("day", 1),
        };
        let start = time_of("start");
        match self.kind {
            Kind::Calendar => {
                format!("dateDiff('{unit}', {}, {})", grid.bucket_of(&start), grid.bucket_of(time))
            }
            Kind::Rolling => format!(
                "intDiv(toUnixTimestamp64Milli({time}) - toUnixTimestamp64Milli({start}), {})",
                days * 86_400_000_u64
            ),
        }
    }
}

/// When the event of an id, as a number, was created.
fn time_of(id: &str) -> String {
    format!("fromUnixTimestamp64Milli(toInt64(bitShiftRight({id}, 80)), 'UTC')")
}
