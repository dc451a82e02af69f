//! Where sessions go from a start.

use std::collections::HashMap;

use clickhouse::Row;
use model::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Role, SESSION_GAP_MS, in_order, sql_time};
use crate::ask::Besides;
use crate::filter::USER;
use crate::fold::trails::{Link, Node, Trails};
use crate::paths::Paths;
use crate::{Range, Scope, Store, StoreError};

/// How many sessions took each trail: from the first start of a session on the hashes of its names, of equal ones in a
/// row one. A conversation is one session, a user's events of none are as many as there are runs. Level by level: the
/// conversation or user, the session, the trail.
const TRAILS: &str = "
    SELECT count() AS sessions,
        arraySlice(arrayCompact(arrayMap(event -> /* hash */, arraySlice(session, start))), 1, {most:UInt64}) AS trail
    FROM (
        SELECT arrayJoin(if(is_conversation, [events], arraySplit((event, gap) -> gap >= {session_gap:Int64}, events,
                arrayDifference(arrayMap(event -> /* time */, events))))) AS session,
            arrayFirstIndex(event -> /* marks */ != 0, session) AS start
        FROM (
            SELECT startsWith(one, 'c') AS is_conversation, arraySort(groupArray(packed)) AS events
            FROM {events}
            WHERE conversation_id != '' OR user != ''
            GROUP BY if(conversation_id != '', concat('c', conversation_id), concat('u', user)) AS one
            HAVING countIf(starts) > 0))
    WHERE start > 0
    GROUP BY trail";

/// What the hashes stand for.
const NAMES: &str = "
    SELECT toString(event_name) AS name, cityHash64(event_name) AS hash
    FROM {versions} AND created_at >= {from:DateTime64(3, 'UTC')}
    GROUP BY event_name";

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

/// A line of the answer.
#[derive(Row, Deserialize)]
struct Taken {
    sessions: u64,
    trail: Vec<u64>,
}

#[derive(Row, Deserialize)]
struct Name {
    name: String,
    hash: u64,
}

impl Store {
    /// Where the sessions go that have a start in the scope's range, from the first one there. They may go on behind
    /// the range, up to its now.
    pub async fn paths(&self, scope: &Scope<'_>, paths: &Paths) -> Result<PathsAnswer, StoreError> {
        let range = scope.range;
        let range_read = Range::between(range.from().millis(), Timestamp::MAX.millis(), range.now());
        let read = Scope { range: range_read, ..scope.clone() };
        let mut rows = self
            .ask_besides(&read, &in_order::unpacked(TRAILS), besides(paths))
            .param("start_before", sql_time(range.to()))
            .param("most", paths.steps + 1)
            .param("session_gap", SESSION_GAP_MS)
            .rows::<Taken>()?;
        let mut trails = Trails::default();
        while let Some(Taken { sessions, trail }) = rows.next().await? {
            trails.add(trail, sessions)?;
        }
        // Last, so that none of them is missing.
        let names = self.ask(&read, NAMES).fetch_all::<Name>().await?;
        let names: HashMap<_, _> = names.into_iter().map(|Name { name, hash }| (hash, name)).collect();
        let map = trails.map(paths.top, &names);
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
    in_order::pack(&mut besides, "starts", "event_name");
    besides
}
