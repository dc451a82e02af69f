//! All events of a conversation, page by page.

use std::collections::BTreeMap;

use anyhow::Context;
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::compare::difference;
use super::{Verification, Verifier};
use crate::http::Client;
use crate::plan::Fate;

/// Events per page.
const PAGE: usize = 500;

#[derive(Deserialize)]
struct Page {
    data: Vec<Map<String, Value>>,
    next_cursor: Option<String>,
}

impl Verifier {
    pub(super) async fn read_conversation(
        &self,
        client: &mut Client,
        conversation: u64,
    ) -> anyhow::Result<()> {
        let id = self.plan.conversation_id(conversation);
        let first = format!("/events/conversation/{id}?limit={PAGE}");
        let mut reading = Reading::new(self, conversation);
        let mut cursor = None;
        loop {
            let path = cursor.map_or_else(|| first.clone(), |cursor| format!("{first}&cursor={cursor}"));
            let page: Page = client.read(&path).await?.with_context(|| format!("GET {path}: not found"))?;
            self.note(|found| page.data.iter().for_each(|event| reading.take_in(event, found)));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        self.note(|found| reading.end(found));
        Ok(())
    }
}

/// A conversation while it is read.
struct Reading<'a> {
    verifier: &'a Verifier,
    id: String,
    /// The events that have not come yet, in the order in which they must.
    members: BTreeMap<Uuid, u64>,
    last: Option<Uuid>,
}

impl<'a> Reading<'a> {
    fn new(verifier: &'a Verifier, conversation: u64) -> Self {
        let plan = &verifier.plan;
        let members = plan.members(conversation).map(|index| (plan.id(index), index)).collect();
        Self { verifier, id: plan.conversation_id(conversation), members, last: None }
    }

    fn take_in(&mut self, event: &Map<String, Value>, found: &mut Verification) {
        found.events += 1;
        let Some(id) = event.get("id").and_then(Value::as_str).and_then(|id| Uuid::try_parse(id).ok()) else {
            return found.mismatch(format!("conversation {}: an event without an id", self.id));
        };
        if self.last.is_some_and(|last| id <= last) {
            found.mismatch(format!("conversation {}: event {id} is out of order", self.id));
        }
        self.last = Some(id);
        let Some(index) = self.members.remove(&id) else {
            return found
                .mismatch(format!("conversation {}: event {id} came twice or was never sent", self.id));
        };
        if self.verifier.unknown.contains(&index) {
            return;
        }
        match self.verifier.plan.fate(index) {
            Fate::Deleted => found.mismatch(format!("event {id} is still there, though it was deleted")),
            Fate::Live(sent) => {
                if let Some(difference) = difference(&sent, event) {
                    found.mismatch(format!("event {id}: {difference}"));
                }
            }
        }
    }

    /// Those that did not come.
    fn end(self, found: &mut Verification) {
        found.conversations += 1;
        for (id, index) in self.members {
            if !self.verifier.plan.is_deleted(index) && !self.verifier.unknown.contains(&index) {
                found.mismatch(format!("event {id} is missing in conversation {}", self.id));
            }
        }
    }
}
