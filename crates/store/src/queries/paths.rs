//! Where sessions go from a start.

use clickhouse::Row;
use model::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Role, in_order, sql_time};
use crate::ask::Besides;
use crate::filter::USER;
use crate::fold::MAX_EVENTS;
use crate::fold::paths::{Event, sessions_of, trail};
use crate::fold::trails::{Link, Node, Trails};
use crate::paths::Paths;
use crate::{Range, Scope, Store, StoreError};

/// The events of each conversation with a start, and of each user with one the events of none.
const PATHS: &str = "
    SELECT conversation_id != '' AS is_conversation, /* columns */
    FROM {events}
    WHERE conversation_id != '' OR user != ''
    GROUP BY conversation_id, if(conversation_id != '', '', user)
    HAVING countIf(starts) > 0";

/// Where sessions go.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PathsAnswer {
    /// Those that have a start in the range.
    pub sessions: u64,
    /// Step by step, the most frequent names first and then those beyond the top.
    pub nodes: Vec<PathNode>,
    /// Between the nodes of one step and the next; what leads nowhere is `drop_off`.
    pub links: Vec<PathLink>,
}

/// The sessions that have events of one name at one step.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PathNode {
    /// From 0, the start.
    pub step: usize,
    /// The name of their events; null for all that are beyond the top.
    pub name: Option<String>,
    /// `value`, or `other` beyond the top.
    pub role: Role,
    /// How many sessions.
    pub sessions: u64,
    /// How many of them end there; null at the last step, behind which nothing is told.
    pub drop_off: Option<u64>,
}

/// The sessions that go from a node to one of the next step.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PathLink {
    /// That of the node that it leads from.
    pub step: usize,
    /// The name at that step; null beyond the top.
    pub from: Option<String>,
    /// The name at the next step; null beyond the top.
    pub to: Option<String>,
    /// How many sessions.
    pub sessions: u64,
}

#[derive(Row, Deserialize)]
struct Events {
    is_conversation: bool,
    /// Marked where they are starts.
    events: Vec<Event>,
    /// Their names.
    labels: Vec<String>,
    hashes: Vec<u64>,
}

impl Store {
    /// Where the sessions go that have a start in the scope's range, from the first one there. They may go on behind
    /// the range, up to its now.
    pub async fn paths(&self, scope: &Scope<'_>, paths: &Paths) -> Result<PathsAnswer, StoreError> {
        let range = scope.range;
        let read = Range::between(range.from().millis(), Timestamp::MAX.millis(), range.now());
        let sql = PATHS.replace("/* columns */", &in_order::columns());
        let mut rows =
            self.rows::<Events>(&Scope { range: read, ..scope.clone() }, &sql, besides(paths), |question| {
                question.param("start_before", sql_time(range.to()))
            })?;
        let mut trails = Trails::default();
        while let Some(Events { is_conversation, events, labels, hashes }) = rows.next().await? {
            if events.len() > MAX_EVENTS || labels.is_empty() {
                return Err(StoreError::TooMuch);
            }
            let name = |hash: u64| {
                let (_, name) = hashes.iter().zip(&labels).find(|(known, _)| **known == hash)?;
                Some(name.as_str())
            };
            for session in sessions_of(&events, is_conversation) {
                trails.add(trail(session, paths.steps).filter_map(name))?;
            }
        }
        let map = trails.map(paths.top);
        let node = |Node { step, name, sessions, ended }| PathNode {
            step,
            role: if name.is_some() { Role::Value } else { Role::Other },
            name,
            sessions,
            drop_off: (step < paths.steps).then_some(ended),
        };
        let link = |Link { step, from, to, sessions }| PathLink { step, from, to, sessions };
        Ok(PathsAnswer {
            sessions: map.sessions,
            nodes: map.nodes.into_iter().map(node).collect(),
            links: map.links.into_iter().map(link).collect(),
        })
    }
}

/// Whether an event is a start, its name, and whose it is.
fn besides(paths: &Paths) -> Besides {
    let mut besides = Besides::default();
    let starts = besides.holds("start", &paths.start);
    besides.columns = format!(
        ", {USER} AS user, ({starts}) AND created_at < {{start_before:DateTime64(3, 'UTC')}} AS starts"
    );
    in_order::pack(&mut besides, "starts", "toString(event_name)");
    besides
}
