//! Users by what their events say: a list of them, and one.

use clickhouse::Row;
use model::{EventId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::filter::{USER, distinct};
use crate::{Scope, Store, StoreError};

const USERS: &str = "
    SELECT /* user */ AS one, max(user_id) AS signed_in_as,
        argMaxIf(anonymous_id, toUInt128(id), anonymous_id != '') AS last_anonymous_id,
        count() AS events, countIf(error != '') AS errors,
        /* distinct conversations */ AS conversations,
        toUnixTimestamp64Milli(min(created_at)) AS first_seen_ms, toUnixTimestamp64Milli(max(created_at)) AS last_seen_ms,
        argMaxIf(id, toUInt128(id), kind = 'identify') AS identified
    FROM {events}
    WHERE one != ''
    GROUP BY one
    HAVING /* weight */ < {weight:Int64} OR /* weight */ = {weight:Int64} AND one > {after:String}
    ORDER BY /* weight */ DESC, one
    LIMIT {limit:UInt64}";

/// A user, of the events in the scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct User {
    /// The user id, else `anon:` and the anonymous id.
    pub user: String,
    /// Empty if there is none.
    pub user_id: String,
    /// The last one; empty if there is none.
    pub anonymous_id: String,
    /// Events.
    pub events: u64,
    /// Those with an error.
    pub errors: u64,
    /// Conversations.
    pub conversations: u64,
    /// When the first event was.
    #[schema(value_type = String, format = DateTime)]
    pub first_seen: Timestamp,
    /// When the last event was.
    #[schema(value_type = String, format = DateTime)]
    pub last_seen: Timestamp,
}

/// The order of a list; of equals the least text comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserOrder {
    /// Who was seen last.
    #[default]
    LastSeen,
    /// Who has most events.
    Events,
}

/// Where a page ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserMark {
    /// What the last one is sorted by: milliseconds, or events.
    pub weight: i64,
    /// Who it is.
    pub user: String,
}

/// Some users of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Users {
    /// In their order.
    pub users: Vec<User>,
    /// Where the next page goes on, if there are more.
    pub next: Option<UserMark>,
}

#[derive(Row, Deserialize)]
struct Line {
    one: String,
    signed_in_as: String,
    last_anonymous_id: String,
    events: u64,
    errors: u64,
    conversations: u64,
    first_seen_ms: i64,
    last_seen_ms: i64,
    #[serde(with = "clickhouse::serde::uuid")]
    identified: Uuid,
}

impl Store {
    /// The scope's users behind a mark, so many at most.
    pub async fn users(
        &self,
        scope: &Scope<'_>,
        order: UserOrder,
        after: Option<&UserMark>,
        limit: usize,
    ) -> Result<Users, StoreError> {
        let lines = self.user_lines(scope, order, after, limit as u64 + 1).await?;
        let has_more = lines.len() > limit;
        let users: Vec<_> = lines.into_iter().take(limit).map(Line::user).collect();
        let next = users.last().filter(|_| has_more).map(|user| order.mark(user));
        Ok(Users { users, next })
    }

    /// The one user that the scope is about, if there is one, and the event that last told the traits.
    pub async fn user(&self, scope: &Scope<'_>) -> Result<Option<(User, Option<EventId>)>, StoreError> {
        let lines = self.user_lines(scope, UserOrder::default(), None, 1).await?;
        Ok(lines.into_iter().next().map(|line| {
            // The id of nothing is none of an event.
            let identified = EventId::from_uuid(line.identified).ok();
            (line.user(), identified)
        }))
    }

    async fn user_lines(
        &self,
        scope: &Scope<'_>,
        order: UserOrder,
        after: Option<&UserMark>,
        limit: u64,
    ) -> Result<Vec<Line>, StoreError> {
        let (weight, user) = after.map_or((i64::MAX, ""), |mark| (mark.weight, &mark.user));
        let sql = USERS
            .replace("/* distinct conversations */", &distinct("conversation_id"))
            .replace("/* user */", USER)
            .replace("/* weight */", order.weight());
        let question = self.ask(scope, &sql).param("weight", weight).param("after", user);
        question.param("limit", limit).fetch_all().await
    }
}

impl UserOrder {
    fn weight(self) -> &'static str {
        match self {
            Self::LastSeen => "last_seen_ms",
            Self::Events => "toInt64(events)",
        }
    }

    fn mark(self, user: &User) -> UserMark {
        let weight = match self {
            Self::LastSeen => user.last_seen.millis(),
            Self::Events => i64::try_from(user.events).unwrap_or(i64::MAX),
        };
        UserMark { weight, user: user.user.clone() }
    }
}

impl Line {
    fn user(self) -> User {
        let time = |millis| Timestamp::from_millis(millis).unwrap_or_default();
        User {
            user: self.one,
            user_id: self.signed_in_as,
            anonymous_id: self.last_anonymous_id,
            events: self.events,
            errors: self.errors,
            conversations: self.conversations,
            first_seen: time(self.first_seen_ms),
            last_seen: time(self.last_seen_ms),
        }
    }
}
