//! What the table holds of an event that was written.

use bus::Written;
use model::{AppliedKeys, EventKey, Timestamp, Version};
use store::Standing;

use crate::app::App;
use crate::error::ApiError;
use crate::wait::Wait;

/// What the table holds of an event.
pub(super) enum Seen {
    Live { updated_at: Timestamp, version: Version, applied: AppliedKeys },
    Deleted,
    Absent,
}

/// What became of a write; `None` if nobody wants to wait, the time ran out, or the table can't be
/// asked: the write is kept all the same.
pub(super) async fn seen(
    app: &App,
    key: &EventKey,
    written: Written,
    wait: Option<&Wait<'_>>,
) -> Option<Seen> {
    let wait = wait?;
    if !wait.visible(&[written]).await {
        return None;
    }
    wait.in_time(look(app, key)).await?.ok()
}

/// What the table holds now.
pub(super) async fn look(app: &App, key: &EventKey) -> Result<Seen, ApiError> {
    let standings = app.store.standings(std::slice::from_ref(key)).await?;
    Ok(match standings.get(key) {
        Some(Standing { is_deleted: true, .. }) => Seen::Deleted,
        Some(Standing { version, updated_at, applied, .. }) => {
            Seen::Live { updated_at: *updated_at, version: *version, applied: applied.clone() }
        }
        None => Seen::Absent,
    })
}
