//! How many requests of each kind may be in flight. Each kind has places of its own, so that slow reads and
//! writes that wait take none from the others. Of heavy questions and of tails each tenant has places of its own too.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::Tenant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Config;
use crate::error::ApiError;

mod per_tenant;

use per_tenant::{PerTenant, TenantPermit};

/// What a request is to the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Writes.
    Ingest,
    /// Questions to the table with an answer of one piece.
    Read,
    /// Questions about many events: reads too, and few at once for each tenant.
    Heavy,
    /// Answers that are made while the client reads them.
    Stream,
    /// The same with what is read off the topic for it: of no route as a whole.
    History,
    /// Answers that go on for as long as their client listens: few at once, and few for each tenant.
    Tail,
    /// A file of the page.
    File,
    /// What is answered however many requests are in flight: to those who watch.
    Watch,
}

/// The places of each class.
pub(crate) struct Places {
    ingest: Arc<Semaphore>,
    read: Arc<Semaphore>,
    stream: Arc<Semaphore>,
    history: Arc<Semaphore>,
    tail: Arc<Semaphore>,
    file: Arc<Semaphore>,
    questions: PerTenant,
    watchers: PerTenant,
}

/// The place of one request, until the last clone is dropped or it is given back.
#[derive(Clone)]
pub(crate) struct Place(Arc<Mutex<Option<Permit>>>);

/// One of its class, and of its tenant where that has few.
struct Permit(
    #[expect(dead_code, reason = "held")] OwnedSemaphorePermit,
    #[expect(dead_code, reason = "held")] Option<TenantPermit>,
);

impl Places {
    pub(crate) fn new(config: &Config) -> Self {
        let places = |most: usize| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Self {
            ingest: places(config.max_in_flight),
            read: places(config.max_reads),
            stream: places(config.max_streams),
            history: places(config.max_histories),
            tail: places(config.max_watchers),
            file: places(config.max_files),
            questions: PerTenant::new(config.max_questions),
            watchers: PerTenant::new(config.max_tenant_watchers),
        }
    }

    /// A place of this class for a tenant; the error is a 503, or a 429 if the tenant alone has none, or if it is
    /// one among those of tails.
    pub(crate) fn take(&self, class: Class, tenant: &Tenant) -> Result<Place, ApiError> {
        Ok(Place(Arc::new(Mutex::new(self.permit(class, tenant)?))))
    }

    /// Moves a request that goes on as one of another class there; the error is a 503.
    pub(crate) fn exchange(&self, place: &Place, class: Class, tenant: &Tenant) -> Result<(), ApiError> {
        let permit = self.permit(class, tenant)?;
        *place.locked() = permit;
        Ok(())
    }

    fn permit(&self, class: Class, tenant: &Tenant) -> Result<Option<Permit>, ApiError> {
        let places = match class {
            Class::Ingest => &self.ingest,
            Class::Read | Class::Heavy => &self.read,
            Class::Stream => &self.stream,
            Class::History => &self.history,
            Class::Tail => &self.tail,
            Class::File => &self.file,
            Class::Watch => return Ok(None),
        };
        let busy = |_| match class {
            Class::Tail => ApiError::TooManyWatchers("all places of tails are taken: please retry".into()),
            _ => ApiError::Unavailable("too many requests are in flight, please retry".into()),
        };
        let permit = Arc::clone(places).try_acquire_owned().map_err(busy)?;
        Ok(Some(Permit(permit, self.tenant_permit(class, tenant)?)))
    }

    /// One of the tenant, where it has few.
    fn tenant_permit(&self, class: Class, tenant: &Tenant) -> Result<Option<TenantPermit>, ApiError> {
        let (places, refused): (_, fn(String) -> ApiError) = match class {
            Class::Heavy => (&self.questions, ApiError::TooMany),
            Class::Tail => (&self.watchers, ApiError::TooManyWatchers),
            _ => return Ok(None),
        };
        let what = if class == Class::Tail { "tails" } else { "questions" };
        let busy =
            || refused(format!("{} {what} of this tenant are being answered: please retry", places.most()));
        places.take(tenant).map(Some).ok_or_else(busy)
    }
}

impl Place {
    /// For a request that goes on under another limit.
    pub(crate) fn give_back(&self) {
        drop(self.locked().take());
    }

    /// For an answer that is still being made when its handler has returned: nobody else gives this one back.
    #[must_use]
    pub(crate) fn keep(&self) -> Self {
        Self(Arc::new(Mutex::new(self.locked().take())))
    }

    fn locked(&self) -> MutexGuard<'_, Option<Permit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_places_of_its_own() {
        let config = Config { max_in_flight: 1, max_reads: 1, max_streams: 0, ..Config::default() };
        let places = Places::new(&config);
        let tenant = Tenant::default();
        let take = |class| places.take(class, &tenant);
        let write = take(Class::Ingest).unwrap();
        assert!(take(Class::Ingest).is_err() && take(Class::Stream).is_err());
        assert!(take(Class::Read).is_ok());
        places.exchange(&write, Class::Read, &tenant).unwrap();
        assert!(take(Class::Ingest).is_ok() && take(Class::Read).is_err());
        let kept = write.keep();
        write.give_back();
        assert!(take(Class::Read).is_err());
        drop(kept);
        assert!(take(Class::Read).is_ok() && take(Class::Watch).is_ok());
        assert!(take(Class::File).is_ok());
    }
}
