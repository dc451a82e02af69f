//! `/analytics`: questions about many events.

mod errors;
mod latency;
mod parameters;
mod sessions;

use model::{Content, Event, Operation, Source, Tenant};

use crate::harness::App;
use crate::harness::events::{ago, id_at};

/// Puts an event of no conversation on its way: no native write can be one, other ways in can.
async fn publish_without_conversation(app: &App, event_name: &str) {
    let (now, event_name) = (ago(0), event_name.to_owned());
    let event = Event {
        tenant: Tenant::default(),
        id: id_at(now),
        received_at: now,
        updated_at: now,
        source: Source::Segment,
        content: Content { event_name: event_name.into(), error: "timeout".into(), ..Content::default() },
    };
    app.publish(&Operation::Create(Box::new(event))).await;
    app.settled().await;
}
