//! A question to the events of one tenant: the only place that says which rows those are.

mod rows;

use std::time::Duration;

use clickhouse::query::{BytesCursor, Query, RowCursor};
use clickhouse::{Row, RowOwned, RowRead};
use model::Tenant;
use serde::Serialize;

use crate::filter::{Condition, Filters, Params};
use crate::queries::{in_hours, sql_time};
use crate::range::{EXTENDED, Range};
use crate::rollup::Reading;
use crate::zone::Zone;
use crate::{Store, StoreError, within};

pub(crate) use rows::Rows;

/// What stands in a question's SQL for the events that it is about.
const PLACE: &str = "{events}";

/// What it stands for. All columns, also the computed one; the server reads those that the question names. Here
/// alone it can read a single path of the properties, so the filters stand here too.
const EVENTS: &str = "(
    SELECT *, attributes /* columns */ FROM events FINAL
    WHERE tenant = {tenant:String}
        AND (created_at >= {from:DateTime64(3, 'UTC')} AND created_at < {to:DateTime64(3, 'UTC')} /* elsewhere */) /* filters */)";

/// What stands for all versions of the tenant's events, whenever they happened up to now: to find out the times of
/// some events, which are then to be read, since it tells nothing of what they are; or what hashes stand for. The SQL
/// goes on with `AND`.
const VERSIONS_PLACE: &str = "{versions}";

const VERSIONS: &str = "events
    WHERE tenant = {tenant:String} AND created_at < {after_now:DateTime64(3, 'UTC')}";

/// Rows of one answer, which are held in memory here. Whoever wants more than that reads it page by page.
const MAX_ROWS: u64 = 1_000_000;

/// Whose events a question is about, which of them, and what the answer may cost.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// Whose.
    pub tenant: &'a Tenant,
    /// From when to when.
    pub range: Range,
    /// The zone of local days; in SQL `{zone:String}`.
    pub zone: &'a Zone,
    /// Which of them.
    pub filters: &'a Filters,
    /// What the server may spend.
    pub limits: Limits,
    /// How rollups may be used.
    pub reading: Reading,
    /// By what name the server logs the question: the id of the request, which a client may have sent before.
    pub query_id: Option<&'a str>,
}

/// What the server may spend on one answer; beyond it there is none, but an error that
/// [is too large](StoreError::is_too_large). 0 rows or bytes are any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Counted in whole seconds; none is any time.
    pub time: Duration,
    /// Of memory.
    pub memory_bytes: u64,
    /// Rows that are read.
    pub rows_read: u64,
    /// Rows of the answer.
    pub rows: u64,
}

impl Limits {
    /// The server looks at whole seconds.
    fn seconds(&self) -> u64 {
        self.time.as_secs() + u64::from(self.time.subsec_nanos() > 0)
    }
}

/// What a question wants of the events besides their columns, where a path of the properties can be read by itself.
#[derive(Clone, Default)]
pub(crate) struct Besides {
    /// Columns to compute, with a comma before each.
    pub(crate) columns: String,
    /// What must hold of them beside the filters, with an `AND` before each.
    pub(crate) conditions: String,
    /// What stands for values in both.
    pub(crate) params: Params,
    /// The times of events that are read beside those of the range, in SQL that reads `FROM {versions}`; or nothing.
    pub(crate) elsewhere: String,
}

impl Besides {
    /// Whether all of the filters hold of an event, as SQL; the names of its parameters begin with `prefix`.
    pub(crate) fn holds(&mut self, prefix: &str, filters: &Filters) -> String {
        let condition = Condition::new(prefix, filters);
        self.params.extend(condition.params);
        if condition.sql.is_empty() { "true".to_owned() } else { condition.sql }
    }
}

/// A question that was not asked yet. The server stops working on it when its future is dropped.
#[must_use]
pub struct Question<'a> {
    scope: &'a Scope<'a>,
    query: Query,
}

impl Store {
    /// What the configuration lets a read cost.
    pub fn limits(&self) -> Limits {
        Limits {
            time: self.timeout(),
            memory_bytes: self.config.read_max_memory_bytes,
            rows_read: self.config.read_max_rows,
            rows: MAX_ROWS,
        }
    }

    /// A question in SQL that reads `FROM {events}`. That stands for the events of the scope, each as its last
    /// change left it; none that lies later than the range's now, whose clock may be ahead.
    pub fn ask<'a>(&self, scope: &'a Scope<'a>, sql: &str) -> Question<'a> {
        self.ask_besides(scope, sql, Besides::default())
    }

    /// The same where the events have more columns.
    pub(crate) fn ask_besides<'a>(&self, scope: &'a Scope<'a>, sql: &str, besides: Besides) -> Question<'a> {
        let (limits, condition) = (scope.limits, Condition::new("filter", scope.filters));
        let mut and = if condition.sql.is_empty() { String::new() } else { format!("AND {}", condition.sql) };
        if let Some(conversations) = &condition.conversations {
            and += &format!(" AND {}", in_hours(conversations));
        }
        let elsewhere = match &*besides.elsewhere {
            "" => String::new(),
            times => format!("OR created_at IN ({times})"),
        };
        let events = EVENTS.replace("/* columns */", &besides.columns).replace("/* elsewhere */", &elsewhere);
        let events = events.replace("/* filters */", &format!("{and} {}", besides.conditions));
        let query = self
            .reader
            .query_raw(&sql.replace(PLACE, &events).replace(VERSIONS_PLACE, VERSIONS))
            // As rows are inserted: the other parser refuses large integers.
            .with_setting("allow_simdjson", "0")
            .with_setting(EXTENDED.0, EXTENDED.1)
            .with_setting("max_execution_time", limits.seconds().to_string())
            .with_setting("max_memory_usage", limits.memory_bytes.to_string())
            .with_setting("max_rows_to_read", limits.rows_read.to_string())
            .with_setting("max_result_rows", limits.rows.to_string());
        let mut query = besides.params.bind(condition.bind(query));
        if let Some(id) = scope.query_id {
            query = query.with_setting("query_id", query_id(id));
        }
        Question { scope, query }
    }
}

impl Question<'_> {
    /// The value of `{name:Type}` in the SQL.
    pub fn param(mut self, name: &str, value: impl Serialize) -> Self {
        self.query = self.query.param(name, value);
        self
    }

    /// The same with a setting of the server.
    pub(crate) fn setting(mut self, name: &str, value: &str) -> Self {
        self.query = self.query.with_setting(name, value);
        self
    }

    /// All rows of the answer.
    pub async fn fetch_all<T: RowOwned + RowRead>(self) -> Result<Vec<T>, StoreError> {
        // The server gives up before.
        let patience = Duration::from_secs(self.scope.limits.seconds() + 1);
        within(patience, self.ready().fetch_all()).await
    }

    /// The answer as it comes.
    pub(crate) fn fetch<T: Row>(self) -> Result<RowCursor<T>, StoreError> {
        Ok(self.ready().fetch::<T>()?)
    }

    /// The answer as the server writes it in one of its formats.
    pub(crate) fn fetch_bytes(self, format: &str) -> Result<BytesCursor, StoreError> {
        Ok(self.ready().fetch_bytes(format)?)
    }

    /// With the values of the scope.
    fn ready(self) -> Query {
        let Scope { tenant, range, zone, .. } = self.scope;
        // Last, so that no value of the question's own takes their place.
        self.query
            .param("tenant", tenant.as_str())
            .param("from", sql_time(range.from()))
            .param("to", sql_time(range.counted_to()))
            .param("after_now", sql_time(range.after_now()))
            .param("zone", zone.as_str())
    }
}

/// A name for one question alone: the server refuses one while another question has it, and clients send the id of a
/// request as often as they like.
pub(crate) fn query_id(id: &str) -> String {
    format!("{id}-{:08x}", rand::random::<u32>())
}

#[cfg(test)]
mod tests;
