//! How many requests of each kind may be in flight. Each kind has places of its own, so that slow reads and
//! writes that wait take none from the others.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::Method;
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
}

/// The places of each class.
pub(crate) struct Places {
    ingest: Arc<Semaphore>,
    read: Arc<Semaphore>,
    stream: Arc<Semaphore>,
}

/// The place of one request, until the last clone is dropped or it is given back.
#[derive(Clone)]
pub(crate) struct Place(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl Class {
    /// `None` for what is answered however many requests are in flight: by those who watch, and to a path or
    /// method that is not served.
    pub(crate) fn of(method: &Method, path: &str) -> Option<Self> {
        let mut rest = path.strip_suffix('/').unwrap_or(path).split('/').skip(1);
        let segments = [(); 4].map(|()| rest.next());
        let write = *method == Method::PUT || *method == Method::DELETE;
        let read = *method == Method::GET || *method == Method::HEAD;
        match segments {
            [Some("event" | "events"), None, ..] => (*method == Method::POST).then_some(Self::Ingest),
            [Some("event"), Some(_), None, _] if write => Some(Self::Ingest),
            [Some("event"), Some(_), None, _]
            | [Some("analytics"), Some("errors" | "latency"), None, _]
            | [Some("analytics"), Some("sessions"), Some("top-errors"), None] => read.then_some(Self::Read),
            [Some("events"), Some("conversation"), Some(_), None] => read.then_some(Self::Stream),
            _ => None,
        }
    }
}

impl Places {
    pub(crate) fn new(config: &Config) -> Self {
        let places = |most: usize| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Self {
            ingest: places(config.max_in_flight),
            read: places(config.max_reads),
            stream: places(config.max_streams),
        }
    }

    /// A place of this class; the error is a 503.
    pub(crate) fn take(&self, class: Class) -> Result<Place, ApiError> {
        Ok(Place(Arc::new(Mutex::new(Some(self.permit(class)?)))))
    }

    /// Moves a request that goes on as one of another class there; the error is a 503.
    pub(crate) fn exchange(&self, place: &Place, class: Class) -> Result<(), ApiError> {
        let permit = self.permit(class)?;
        *place.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(permit);
        Ok(())
    }

    fn permit(&self, class: Class) -> Result<OwnedSemaphorePermit, ApiError> {
        let places = match class {
            Class::Ingest => &self.ingest,
            Class::Read => &self.read,
            Class::Stream => &self.stream,
        };
        let busy = |_| ApiError::Unavailable("too many requests are in flight, please retry".into());
        Arc::clone(places).try_acquire_owned().map_err(busy)
    }
}

impl Place {
    /// For a request that goes on under another limit.
    pub(crate) fn give_back(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_that_takes_work_has_a_class_and_nothing_else_does() {
        for (method, path, class) in [
            (Method::POST, "/event", Some(Class::Ingest)),
            (Method::POST, "/event/", Some(Class::Ingest)),
            (Method::POST, "/events", Some(Class::Ingest)),
            (Method::PUT, "/event/x", Some(Class::Ingest)),
            (Method::DELETE, "/event/x/", Some(Class::Ingest)),
            (Method::GET, "/event/x", Some(Class::Read)),
            (Method::HEAD, "/event/x", Some(Class::Read)),
            (Method::GET, "/events/conversation/x", Some(Class::Stream)),
            (Method::GET, "/analytics/errors", Some(Class::Read)),
            (Method::GET, "/analytics/latency/", Some(Class::Read)),
            (Method::GET, "/analytics/sessions/top-errors", Some(Class::Read)),
            (Method::GET, "/event", None),
            (Method::POST, "/event/x", None),
            (Method::GET, "/analytics/none", None),
            (Method::GET, "/event/x/y", None),
            (Method::GET, "/events/conversation/x/y", None),
            (Method::GET, "/nowhere", None),
            (Method::GET, "/", None),
            (Method::GET, "/health", None),
            (Method::GET, "/pipeline", None),
        ] {
            assert_eq!(Class::of(&method, path), class, "{method} {path}");
        }
    }

    #[test]
    fn each_class_has_places_of_its_own() {
        let config = Config { max_in_flight: 1, max_reads: 1, max_streams: 0, ..Config::default() };
        let places = Places::new(&config);
        let write = places.take(Class::Ingest).unwrap();
        assert!(places.take(Class::Ingest).is_err() && places.take(Class::Stream).is_err());
        assert!(places.take(Class::Read).is_ok());
        places.exchange(&write, Class::Read).unwrap();
        assert!(places.take(Class::Ingest).is_ok() && places.take(Class::Read).is_err());
        write.give_back();
        assert!(places.take(Class::Read).is_ok());
    }
}
