//! How many requests of each kind may be in flight. Each kind has places of its own, so that slow reads and
//! writes that wait take none from the others.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Config;
use crate::error::ApiError;

/// What a request is to the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Writes.
    Ingest,
    /// Questions to the table with an answer of one piece.
    Read,
    /// Answers that are made while the client reads them.
    Stream,
    /// The same with what is read off the topic for it: of no route as a whole.
    History,
    /// What is answered however many requests are in flight: to those who watch.
    Watch,
}

/// The places of each class.
pub(crate) struct Places {
    ingest: Arc<Semaphore>,
    read: Arc<Semaphore>,
    stream: Arc<Semaphore>,
    history: Arc<Semaphore>,
}

/// The place of one request, until the last clone is dropped or it is given back.
#[derive(Clone)]
pub(crate) struct Place(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl Places {
    pub(crate) fn new(config: &Config) -> Self {
        let places = |most: usize| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Self {
            ingest: places(config.max_in_flight),
            read: places(config.max_reads),
            stream: places(config.max_streams),
            history: places(config.max_histories),
        }
    }

    /// A place of this class; the error is a 503.
    pub(crate) fn take(&self, class: Class) -> Result<Place, ApiError> {
        Ok(Place(Arc::new(Mutex::new(self.permit(class)?))))
    }

    /// Moves a request that goes on as one of another class there; the error is a 503.
    pub(crate) fn exchange(&self, place: &Place, class: Class) -> Result<(), ApiError> {
        let permit = self.permit(class)?;
        *place.locked() = permit;
        Ok(())
    }

    fn permit(&self, class: Class) -> Result<Option<OwnedSemaphorePermit>, ApiError> {
        let places = match class {
            Class::Ingest => &self.ingest,
            Class::Read => &self.read,
            Class::Stream => &self.stream,
            Class::History => &self.history,
            Class::Watch => return Ok(None),
        };
        let busy = |_| ApiError::Unavailable("too many requests are in flight, please retry".into());
        Arc::clone(places).try_acquire_owned().map(Some).map_err(busy)
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

    fn locked(&self) -> MutexGuard<'_, Option<OwnedSemaphorePermit>> {
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
        let write = places.take(Class::Ingest).unwrap();
        assert!(places.take(Class::Ingest).is_err() && places.take(Class::Stream).is_err());
        assert!(places.take(Class::Read).is_ok());
        places.exchange(&write, Class::Read).unwrap();
        assert!(places.take(Class::Ingest).is_ok() && places.take(Class::Read).is_err());
        let kept = write.keep();
        write.give_back();
        assert!(places.take(Class::Read).is_err());
        drop(kept);
        assert!(places.take(Class::Read).is_ok() && places.take(Class::Watch).is_ok());
    }
}
