//! What was done to the events of a trail, told beside their records.

use std::time::Duration;
use std::vec;

use model::{EventKey, State, Stored, Timestamp};
use serde::Serialize;

use crate::asked::Asked;
use crate::history::{Allowance, EventHistory, Histories, PastOperation, Wanted};

/// The histories of a trail's events, page by page as these are read.
pub(super) struct Told {
    allowance: Allowance,
    /// Those of the next events.
    next: vec::IntoIter<EventHistory>,
    from: Option<Timestamp>,
}

/// The members that a record gets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Beside<'a> {
    history: &'a [PastOperation],
    history_complete: bool,
}

impl Told {
    /// All readings together may take so long.
    pub(super) fn new(time: Duration) -> Self {
        Self { allowance: Allowance::new(time), next: Vec::new().into_iter(), from: None }
    }

    /// The history of the next event of a trail. `behind` are those that were read with it.
    pub(super) async fn next(
        &mut self,
        asked: &Asked,
        event: &(EventKey, Stored<'_>),
        behind: &[(EventKey, Stored<'_>)],
    ) -> EventHistory {
        if self.next.as_slice().is_empty() {
            let wanted: Vec<_> = std::iter::once(event).chain(behind).map(wanted).collect();
            let read = asked.history().read(asked.scope().tenant, &wanted, &mut self.allowance).await;
            let Histories { from, events } = read;
            self.from = self.from.max(from);
            self.next = events.into_iter();
        }
        self.next.next().unwrap_or_default()
    }

    /// Where the topic has lost records of a time at which events may have been there: from when on it has all.
    pub(super) fn from(&self) -> Option<Timestamp> {
        self.from
    }
}

fn wanted((key, stored): &(EventKey, Stored<'_>)) -> Wanted {
    match &stored.state {
        State::Live(event) => Wanted::live(event),
        State::Deleted { .. } => Wanted::deleted(key.id),
    }
}

/// A record, which is a JSON object, with the history of its event.
pub(super) fn with_history(
    mut record: String,
    EventHistory { operations, is_complete }: &EventHistory,
) -> Result<String, serde_json::Error> {
    let beside = Beside { history: operations, history_complete: *is_complete };
    let beside = serde_json::to_string(&beside)?;
    record.pop();
    record.push(',');
    record.extend(beside.strip_prefix('{'));
    Ok(record)
}
