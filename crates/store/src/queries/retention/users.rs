//! Who the users are that a cell of retention counts.

use clickhouse::Row;
use model::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Retention;
use crate::queries::UserMark;
use crate::{Grid, Rolled, Scope, Store, StoreError};

const USERS: &str = "
    SELECT one, toInt64(bitShiftRight(start, 80)) AS started
    FROM (/* beginners */)
    WHERE toString(first_day) = {cohort:String} AND ({cell:Int64} < 0 OR has(came, {cell:Int64}))
        AND (started < {weight:Int64} OR started = {weight:Int64} AND one > {after:String})
    ORDER BY started DESC, one
    LIMIT {limit:UInt64}";

/// Which users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Their cohort's first local day, `2026-11-20`.
    pub cohort: String,
    /// Only those who came back in this period, from 0, that with the start; else all.
    pub period: Option<u16>,
}

/// A user of a cohort.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RetainedUser {
    /// The user id, else `anon:` and the anonymous id.
    pub user: String,
    /// When the event was with which the user began.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
}

/// Some users of a cohort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetainedPage {
    /// Those who began last come first, and of equals the least text.
    pub users: Vec<RetainedUser>,
    /// Where the next page goes on, if there are more.
    pub next: Option<UserMark>,
}

#[derive(Row, Deserialize)]
struct Line {
    one: String,
    started: i64,
}

impl Store {
    /// The users behind a mark whom the cell counts, so many at most.
    pub async fn retention_users(
        &self,
        scope: &Scope<'_>,
        grid: &Grid,
        retention: &Retention,
        cell: &Cell,
        after: Option<&UserMark>,
        limit: usize,
    ) -> Result<Rolled<RetainedPage>, StoreError> {
        let (weight, user) = after.map_or((i64::MAX, ""), |mark| (mark.weight, &mark.user));
        let read = retention.read(scope);
        let plan = self.plan_of_beginners(scope, retention).await?;
        let question = self
            .ask_of_beginners(&read, plan.as_ref(), scope.range, grid, retention, USERS)
            .param("cohort", &cell.cohort)
            .param("cell", cell.period.map_or(-1, i64::from))
            .param("weight", weight)
            .param("after", user)
            .param("limit", limit as u64 + 1);
        let lines: Vec<Line> = question.fetch_all().await?;
        let next = lines.get(limit).and(limit.checked_sub(1)).and_then(|last| lines.get(last));
        let next = next.map(|line| UserMark { weight: line.started, user: line.one.clone() });
        let user = |line: Line| RetainedUser {
            user: line.one,
            started_at: Timestamp::from_millis(line.started).unwrap_or_default(),
        };
        Ok(Rolled::of(plan, RetainedPage { users: lines.into_iter().take(limit).map(user).collect(), next }))
    }
}
