//! How often, and how long, people are there.

use std::collections::{HashMap, HashSet};

use clickhouse::Row;
use model::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::at_times;
use crate::ask::Besides;
use crate::filter::USER;
use crate::fold::sessions::{GAP_MS, sessions};
use crate::fold::{TooMuch, bounded, percentile};
use crate::metric::Function;
use crate::range::{BucketStart, START};
use crate::{Bucket, Field, Grid, Metric, Scope, Store, StoreError};

/// Conversations with an event in the range, from their first to their last event of all times, and who took part.
const CONVERSATIONS: &str = "
    SELECT toUnixTimestamp64Milli(min(created_at)) AS first, toUnixTimestamp64Milli(max(created_at)) AS last,
        groupUniqArrayIf(/* user */ AS one, one != '') AS users
    FROM {events}
    WHERE conversation_id IN (
        SELECT conversation_id FROM {events}
        WHERE created_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
            AND created_at < fromUnixTimestamp64Milli({until:Int64}, 'UTC') AND conversation_id != '')
    GROUP BY conversation_id";

/// When events without a conversation happened, by user.
const RUNS: &str = "
    SELECT /* user */ AS user, arraySort(groupArray(toUnixTimestamp64Milli(created_at))) AS times
    FROM {events}
    WHERE conversation_id = '' AND user != ''
    GROUP BY user";

const LOGINS: &str = "
    SELECT /* start */ AS start, count() AS logins, countIf(user != '') AS of_users,
        uniqExactIf(user, user != '') AS users
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
    pub sessions: usize,
    /// Different users who took part.
    pub users: usize,
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
struct ConversationRow {
    first: i64,
    last: i64,
    users: Vec<String>,
}

#[derive(Row, Deserialize)]
struct RunsRow {
    user: String,
    times: Vec<i64>,
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

/// What is known of the sessions of a grid's buckets, by their places.
struct Buckets<'a> {
    grid: &'a Grid,
    scope: &'a Scope<'a>,
    /// Milliseconds.
    durations: Vec<Vec<i64>>,
    users: Vec<HashSet<usize>>,
    names: HashMap<String, usize>,
    /// Sessions and users of all buckets.
    entries: usize,
}

impl Buckets<'_> {
    /// Adds a session, if it begins in the range.
    fn add(&mut self, first: i64, last: i64, users: &[String]) -> Result<(), TooMuch> {
        let range = &self.scope.range;
        if first < range.from().millis() || first >= range.to().millis() {
            return Ok(());
        }
        let Some(place) = self.grid.place_at(first) else { return Ok(()) };
        if let Some(durations) = self.durations.get_mut(place) {
            durations.push(last - first);
        }
        for user in users {
            let next = self.names.len();
            let number = self.names.get(user).copied().unwrap_or(next);
            if number == next {
                self.names.insert(user.clone(), next);
            }
            if let Some(users) = self.users.get_mut(place) {
                users.insert(number);
            }
        }
        self.entries += 1 + users.len();
        bounded(self.entries)
    }
}

impl Store {
    /// By bucket, oldest first, those without any too. A session belongs to the bucket of its first event and is
    /// measured whole, also where it goes on behind the range.
    pub async fn sessions(&self, scope: &Scope<'_>, grid: &Grid) -> Result<Vec<SessionsBucket>, StoreError> {
        let count = grid.buckets().len();
        let mut buckets = Buckets {
            grid,
            scope,
            durations: vec![Vec::new(); count],
            users: vec![HashSet::new(); count],
            names: HashMap::new(),
            entries: 0,
        };
        self.conversations(scope, &mut buckets).await?;
        self.runs(scope, &mut buckets).await?;
        let (logins, reported) = (self.logins(scope, grid).await?, self.reported(scope, grid).await?);
        #[expect(clippy::cast_precision_loss, reason = "logins are fewer than 2^52")]
        let per_user = |row: &LoginsRow| row.of_users as f64 / row.users as f64;
        let bucket = |(place, bucket): (usize, &Bucket)| {
            let mut durations = buckets.durations.get(place).cloned().unwrap_or_default();
            let logins = logins.get(&bucket.start.millis);
            SessionsBucket {
                start: bucket.start,
                sessions: durations.len(),
                users: buckets.users.get(place).map_or(0, HashSet::len),
                duration_p50_seconds: percentile(&mut durations, 50).map(seconds),
                duration_p95_seconds: percentile(&mut durations, 95).map(seconds),
                duration_mean_seconds: mean(&durations),
                logins: logins.map_or(0, |row| row.logins),
                logins_per_user: logins.filter(|row| row.users > 0).map(per_user),
                reported_duration_mean_seconds: reported.get(&bucket.start.millis).copied().flatten(),
            }
        };
        Ok(grid.buckets().iter().enumerate().map(bucket).collect())
    }

    async fn conversations(&self, scope: &Scope<'_>, buckets: &mut Buckets<'_>) -> Result<(), StoreError> {
        let (since, until) = (scope.range.from().millis(), scope.range.to().millis());
        let ever = at_times(scope, 0, Timestamp::MAX.millis());
        let sql = CONVERSATIONS.replace("/* user */", USER);
        let mut rows = self.rows::<ConversationRow>(&ever, &sql, Besides::default(), |question| {
            question.param("since", since).param("until", until)
        })?;
        while let Some(ConversationRow { first, last, users }) = rows.next().await? {
            buckets.add(first, last, &users)?;
        }
        Ok(())
    }

    /// Users' sessions without a conversation. One that an event less than a gap before the range belongs to began
    /// before it; how far one goes on behind the range is found out by looking further.
    async fn runs(&self, scope: &Scope<'_>, buckets: &mut Buckets<'_>) -> Result<(), StoreError> {
        let (from, to, now) =
            (scope.range.from().millis(), scope.range.to().millis(), scope.range.now().millis());
        let mut ahead = LOOK_AHEAD_MS;
        loop {
            let end = to + ahead;
            let wider = at_times(scope, from - GAP_MS, end);
            let sql = RUNS.replace("/* user */", USER);
            let mut rows = self.rows::<RunsRow>(&wider, &sql, Besides::default(), |question| question)?;
            let (mut found, mut cut) = (Vec::new(), false);
            while let Some(RunsRow { user, times }) = rows.next().await? {
                let counts = |run: &&[i64]| run.first().is_some_and(|first| (from..to).contains(first));
                let runs = sessions(&times, |at| *at).filter(counts);
                let runs = runs.filter_map(|run| run.first().copied().zip(run.last().copied()));
                let runs: Vec<_> = runs.collect();
                cut |= end <= now && runs.iter().any(|(_, last)| last + GAP_MS > end);
                if !runs.is_empty() {
                    found.push((user, runs));
                }
            }
            if !cut {
                for (user, runs) in found {
                    let user = [user];
                    for (first, last) in runs {
                        buckets.add(first, last, &user)?;
                    }
                }
                return Ok(());
            }
            ahead *= 4;
        }
    }

    async fn logins(&self, scope: &Scope<'_>, grid: &Grid) -> Result<HashMap<i64, LoginsRow>, StoreError> {
        let sql = in_buckets(LOGINS, grid).replace("/* user */", USER);
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

#[expect(clippy::cast_precision_loss, reason = "sessions are fewer than 2^52")]
fn mean(durations: &[i64]) -> Option<f64> {
    (!durations.is_empty()).then(|| seconds(durations.iter().sum()) / durations.len() as f64)
}
