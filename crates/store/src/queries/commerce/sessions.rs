//! How often, and how long, people are there.

use std::collections::HashMap;

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::at_times;
use crate::ask::Besides;
use crate::filter::{USER, distinct, hash};
use crate::metric::Function;
use crate::queries::SESSION_GAP_MS;
use crate::range::{BucketStart, START};
use crate::{Bucket, Field, Grid, Metric, Scope, Store, StoreError};

/// Conversations whole, and the runs of users' events without one, by the bucket of their first event. Of the events
/// that are read beside the range those of other conversations and runs begin outside of it too. `cut` are runs that
/// may go on behind what was read.
const SESSIONS: &str = "
    WITH /* bucket */ AS bucket, last - first AS duration
    SELECT /* start */ AS start, count() AS sessions, uniqExactArray(people) AS users,
        quantileExact(0.5)(duration) AS p50, quantileExact(0.95)(duration) AS p95, sum(duration) AS total,
        countIf(is_run AND last + {gap:Int64} > {end:Int64}) AS cut
    FROM (
        SELECT false AS is_run, toUnixTimestamp64Milli(min(created_at)) AS first,
            toUnixTimestamp64Milli(max(created_at)) AS last, groupUniqArrayIf(/* hash */, user != '') AS people
        FROM (SELECT created_at, conversation_id, /* user */ AS user FROM {events})
        WHERE conversation_id != ''
        GROUP BY conversation_id
        UNION ALL
        SELECT true AS is_run, run[1] AS first, run[-1] AS last, [/* hash */] AS people
        FROM (
            SELECT user, arraySort(groupArray(toUnixTimestamp64Milli(created_at))) AS times
            FROM (SELECT created_at, conversation_id, /* user */ AS user FROM {events})
            WHERE conversation_id = '' AND user != ''
            GROUP BY user)
        ARRAY JOIN arraySplit((at, gap) -> gap >= {gap:Int64}, times, arrayDifference(times)) AS run)
    WHERE first >= {since:Int64} AND first < {until:Int64}
    GROUP BY start";

/// When else the conversations of the range have events.
const ELSEWHERE: &str = "
    SELECT created_at FROM {versions}
        AND (created_at < {from:DateTime64(3, 'UTC')} OR created_at >= {to:DateTime64(3, 'UTC')})
        AND conversation_id != '' AND cityHash64(conversation_id) IN (
            SELECT cityHash64(conversation_id) FROM {versions}
                AND created_at >= {from:DateTime64(3, 'UTC')} AND created_at < {to:DateTime64(3, 'UTC')} AND conversation_id != '')";

const LOGINS: &str = "
    SELECT /* start */ AS start, count() AS logins, countIf(user != '') AS of_users,
        /* distinct users */ AS users
    FROM (SELECT /* bucket */ AS bucket, /* user */ AS user FROM {events} WHERE event_name = 'user.logged_in')
    GROUP BY start";

const REPORTED: &str = "
    SELECT /* start */ AS start, /* mean */ AS mean
    FROM (SELECT /* bucket */ AS bucket, reported FROM {events} WHERE event_name = 'user.logged_out')
    GROUP BY start";

/// How far behind the range is looked for the ends of its sessions at first.
const LOOK_AHEAD_MS: i64 = 24 * 3_600_000;

/// The sessions that began in one bucket.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct SessionsBucket {
    /// When the bucket begins.
    #[schema(value_type = String, format = DateTime)]
    pub start: BucketStart,
    /// How many.
    pub sessions: u64,
    /// Different users who took part.
    pub users: u64,
    /// The median from the first to the last event; null without sessions, like the others.
    pub duration_p50_seconds: Option<f64>,
    /// The 95th percentile.
    pub duration_p95_seconds: Option<f64>,
    /// The mean.
    pub duration_mean_seconds: Option<f64>,
    /// `user.logged_in` events of the bucket.
    pub logins: u64,
    /// How many of them each user has who logged in; null if nobody did.
    pub logins_per_user: Option<f64>,
    /// The mean of the durations that `user.logged_out` events of the bucket say; null if none does.
    pub reported_duration_mean_seconds: Option<f64>,
}

#[derive(Row, Deserialize)]
struct SessionsRow {
    start: i64,
    sessions: u64,
    users: u64,
    /// Milliseconds, like the others.
    p50: i64,
    p95: i64,
    total: i64,
    cut: u64,
}

#[derive(Row, Deserialize)]
struct LoginsRow {
    start: i64,
    logins: u64,
    /// Without those of nobody.
    of_users: u64,
    users: u64,
}

#[derive(Row, Deserialize)]
struct ReportedRow {
    start: i64,
    mean: Option<f64>,
}

impl Store {
    /// By bucket, oldest first, those without any too. A session belongs to the bucket of its first event and is
    /// measured whole, also where it goes on behind the range.
    pub async fn sessions(&self, scope: &Scope<'_>, grid: &Grid) -> Result<Vec<SessionsBucket>, StoreError> {
        let sessions = self.begun(scope, grid).await?;
        let (logins, reported) = (self.logins(scope, grid).await?, self.reported(scope, grid).await?);
        #[expect(clippy::cast_precision_loss, reason = "logins are fewer than 2^52")]
        let per_user = |row: &LoginsRow| row.of_users as f64 / row.users as f64;
        #[expect(clippy::cast_precision_loss, reason = "sessions are fewer than 2^52")]
        let mean = |row: &SessionsRow| seconds(row.total) / row.sessions as f64;
        let bucket = |bucket: &Bucket| {
            let start = &bucket.start.millis;
            let (sessions, logins) = (sessions.get(start), logins.get(start));
            SessionsBucket {
                start: bucket.start,
                sessions: sessions.map_or(0, |row| row.sessions),
                users: sessions.map_or(0, |row| row.users),
                duration_p50_seconds: sessions.map(|row| seconds(row.p50)),
                duration_p95_seconds: sessions.map(|row| seconds(row.p95)),
                duration_mean_seconds: sessions.map(mean),
                logins: logins.map_or(0, |row| row.logins),
                logins_per_user: logins.filter(|row| row.users > 0).map(per_user),
                reported_duration_mean_seconds: reported.get(start).copied().flatten(),
            }
        };
        Ok(grid.buckets().iter().map(bucket).collect())
    }

    /// The sessions that begin in the range. One that an event less than a gap before the range belongs to began before
    /// it; how far one goes on behind the range is found out by looking further.
    async fn begun(&self, scope: &Scope<'_>, grid: &Grid) -> Result<HashMap<i64, SessionsRow>, StoreError> {
        let (from, to, now) =
            (scope.range.from().millis(), scope.range.to().millis(), scope.range.now().millis());
        let sql = SESSIONS
            .replace("/* start */", START)
            .replace("/* bucket */", &grid.bucket_of("fromUnixTimestamp64Milli(first, 'UTC')"))
            .replace("/* hash */", &hash("user"))
            .replace("/* user */", USER);
        let mut ahead = LOOK_AHEAD_MS;
        loop {
            let end = to + ahead;
            let wider = at_times(scope, from - SESSION_GAP_MS, end);
            let besides = Besides { elsewhere: ELSEWHERE.to_owned(), ..Besides::default() };
            let mut rows = self.rows::<SessionsRow>(&wider, &sql, besides, |question| {
                let question = question.param("since", from).param("until", to);
                question.param("gap", SESSION_GAP_MS).param("end", end)
            })?;
            let mut found = HashMap::new();
            while let Some(row) = rows.next().await? {
                found.insert(row.start, row);
            }
            if end > now || found.values().all(|row| row.cut == 0) {
                return Ok(found);
            }
            ahead *= 4;
        }
    }

    async fn logins(&self, scope: &Scope<'_>, grid: &Grid) -> Result<HashMap<i64, LoginsRow>, StoreError> {
        let sql = in_buckets(LOGINS, grid)
            .replace("/* distinct users */", &distinct("user"))
            .replace("/* user */", USER);
        let rows: Vec<LoginsRow> = self.ask(scope, &sql).fetch_all().await?;
        Ok(rows.into_iter().map(|row| (row.start, row)).collect())
    }

    async fn reported(
        &self,
        scope: &Scope<'_>,
        grid: &Grid,
    ) -> Result<HashMap<i64, Option<f64>>, StoreError> {
        let metric = Metric::Of(Function::Avg, Field::property("session_duration_seconds"));
        let mut besides = Besides::default();
        besides.columns = metric.column("reported", &mut besides.params);
        let sql = in_buckets(REPORTED, grid).replace("/* mean */", &metric.value("reported"));
        let rows: Vec<ReportedRow> = self.ask_besides(scope, &sql, besides).fetch_all().await?;
        Ok(rows.into_iter().map(|row| (row.start, row.mean)).collect())
    }
}

/// With the buckets of the grid.
fn in_buckets(sql: &str, grid: &Grid) -> String {
    sql.replace("/* start */", START).replace("/* bucket */", &grid.bucket())
}

#[expect(clippy::cast_precision_loss, reason = "times are less than 2^52 milliseconds apart")]
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1_000.0
}
