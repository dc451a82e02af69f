//! What a question is about, and how it is answered.

use std::sync::Arc;
use std::time::Duration;

use model::Timestamp;
use store::{Filters, Grid, Interval, Range, Reading, Rolled, Scope, Store, StoreError, WeekStart, Zone};
use tokio::time::timeout;

use crate::app::App;
use crate::auth::Caller;
use crate::call::Call;
use crate::error::ApiError;
use crate::history::History;
use crate::parameters::Period;
use crate::reply::{Meta, Reply};
use crate::request::RequestId;

/// What a question that is too large may do about it.
pub(crate) const NARROW: &str = "ask for fewer days";

/// Days that a question is about which names no period.
pub(crate) const DEFAULT_DAYS: u32 = 7;

/// How long an answer waits to learn how complete it is.
const POSITIONS_WITHIN: Duration = Duration::from_millis(500);

/// A question that is about to be asked: who asks, and about which events of which times, in which zone.
pub(crate) struct Asked {
    app: Arc<App>,
    caller: Caller,
    range: Range,
    zone: Zone,
    filters: Filters,
    reading: Reading,
    complete_until: Option<Timestamp>,
}

impl Asked {
    /// Asks the server when local days begin, where the period names some.
    pub(crate) async fn about(
        Call { app, caller, .. }: Call,
        period: &Period,
        default_days: Option<u32>,
        filters: Filters,
    ) -> Result<Self, ApiError> {
        let spec = period.spec(default_days)?;
        // Before the table is asked: what was visible then is in the answer.
        let (found, complete_until) =
            tokio::join!(app.store.range(&spec, caller.received_at), complete_until(&app));
        let ((range, zone), reading) = (found?, period.reading());
        Ok(Self { app, caller, range, zone, filters, reading, complete_until })
    }

    /// The buckets of its range; where no interval is given that decides.
    pub(crate) async fn grid(
        &self,
        interval: Option<Interval>,
        week_start: WeekStart,
    ) -> Result<Grid, ApiError> {
        Ok(self.app.store.grid(&self.range, &self.zone, interval, week_start).await?)
    }

    /// The same about other times.
    pub(crate) fn within(self, range: Range) -> Self {
        Self { range, ..self }
    }

    /// Where the answer is.
    pub(crate) fn store(&self) -> &Store {
        &self.app.store
    }

    /// Where what was done to events is found.
    pub(crate) fn history(&self) -> &History {
        &self.app.history
    }

    /// Who asks, about what, and within which limits.
    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope {
            tenant: &self.caller.tenant,
            range: self.range,
            zone: &self.zone,
            filters: &self.filters,
            limits: self.app.store.limits(),
            reading: self.reading,
            query_id: Some(self.caller.request_id.as_str()),
        }
    }

    /// What was found, or what is the matter.
    pub(crate) fn tell<T>(
        &self,
        found: Result<impl Into<Rolled<T>>, StoreError>,
    ) -> Result<Reply<T>, ApiError> {
        let found = found.map_err(|error| ApiError::question(error, NARROW))?;
        let Rolled { data, read, relative_error } = found.into();
        let mut meta = self.meta();
        meta.read_from(read, relative_error);
        Ok(Reply::ok(data).about(meta))
    }

    /// What was found in buckets.
    pub(crate) fn tell_in<T>(
        &self,
        grid: &Grid,
        found: Result<impl Into<Rolled<T>>, StoreError>,
    ) -> Result<Reply<T>, ApiError> {
        let mut reply = self.tell(found)?;
        if let Some(meta) = &mut reply.meta {
            meta.interval = Some(grid.interval().as_str());
        }
        Ok(reply)
    }

    /// What is said of the question beside its answer.
    pub(crate) fn meta(&self) -> Meta {
        let (from, to) = (self.range.from(), self.range.to());
        Meta {
            from,
            to,
            timezone: self.zone.as_str().to_owned(),
            interval: None,
            complete_until: self.complete_until.map(|until| until.min(to)),
            approximate: false,
            relative_error: None,
            rolled_hours: None,
            live_hours: None,
            stale_hours: None,
            as_of: None,
        }
    }

    /// The zone of its local days.
    pub(crate) fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The times that it is about.
    pub(crate) fn range(&self) -> Range {
        self.range
    }

    /// The request that asks.
    pub(crate) fn request_id(&self) -> &RequestId {
        &self.caller.request_id
    }
}

/// Up to when all that was taken in is visible; `None` if that can't be seen just now.
async fn complete_until(app: &App) -> Option<Timestamp> {
    let seen = timeout(POSITIONS_WITHIN, app.lag.recent()).await.ok()?.ok()?;
    seen.complete_until(seen.asked_at)
}
