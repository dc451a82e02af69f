//! What is sent, one thing after the other.

use std::fmt::Write;

use uuid::Uuid;

/// A create, in Millrace's dialect or Segment's, or what is done to an event later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// When it is sent, in Unix milliseconds: never before the event happened.
    pub at: i64,
    /// The event.
    pub id: Uuid,
    /// What is done.
    pub action: Action,
}

/// What is done to an event; the texts are JSON objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A native create, with its id.
    Create(String),
    /// A `track` call of Segment's, whose message id and time the id is derived from.
    Track(String),
    /// The fields that change.
    Update(String),
    /// Nothing is left.
    Delete,
}

impl Operation {
    /// Puts it behind what is in `to`, as a line.
    pub fn line(&self, to: &mut String) {
        // Writing to memory can't fail.
        let _ = match &self.action {
            Action::Create(event) => writeln!(to, r#"{{"op":"create","event":{event}}}"#),
            Action::Track(message) => writeln!(to, r#"{{"op":"track","message":{message}}}"#),
            Action::Update(changes) => {
                writeln!(to, r#"{{"op":"update","id":"{}","changes":{changes}}}"#, self.id)
            }
            Action::Delete => writeln!(to, r#"{{"op":"delete","id":"{}"}}"#, self.id),
        };
    }

    /// How many bytes its JSON takes.
    pub fn bytes(&self) -> usize {
        match &self.action {
            Action::Create(json) | Action::Track(json) | Action::Update(json) => json.len(),
            Action::Delete => 0,
        }
    }
}
