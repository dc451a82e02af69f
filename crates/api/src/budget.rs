//! What the bodies of all requests may hold in memory at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::ApiError;

/// So many bytes of each body cost nothing: most bodies are smaller, and the number of requests in flight
/// bounds them already.
const FREE_BYTES: usize = 64 << 10;

/// Of all bodies together. Permits are KiB. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Budget(Arc<Semaphore>);

/// What one body holds of the budget, until this is dropped.
#[derive(Default)]
pub(crate) struct Room {
    permits: Option<OwnedSemaphorePermit>,
    /// How many bytes it is for.
    bytes: usize,
}

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new((bytes >> 10).clamp(1, Semaphore::MAX_PERMITS))))
    }
}

impl Room {
    /// Takes from the budget what a body of so many bytes still lacks. The error is a 503.
    pub(crate) fn cover(&mut self, budget: &Budget, bytes: usize) -> Result<(), ApiError> {
        let needed = bytes.saturating_sub(FREE_BYTES).div_ceil(1 << 10);
        let held = self.permits.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        self.bytes = self.bytes.max(bytes);
        if needed <= held {
            return Ok(());
        }
        let more = u32::try_from(needed - held).unwrap_or(u32::MAX);
        let more = Arc::clone(&budget.0).try_acquire_many_owned(more);
        let more = more.map_err(|_| ApiError::Unavailable("too much is being read, please retry".into()))?;
        match &mut self.permits {
            Some(held) => held.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }

    /// Takes from the budget what so many bytes besides the body lack. The error is a 503.
    pub(crate) fn add(&mut self, budget: &Budget, bytes: usize) -> Result<(), ApiError> {
        self.cover(budget, self.bytes.saturating_add(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_takes_what_it_lacks_and_gives_all_of_it_back() {
        let budget = Budget::new(100 << 10);
        let (mut one, mut other) = (Room::default(), Room::default());
        one.cover(&budget, FREE_BYTES).unwrap();
        assert_eq!(budget.0.available_permits(), 100);
        one.cover(&budget, FREE_BYTES + 1).unwrap();
        one.cover(&budget, FREE_BYTES + (60 << 10)).unwrap();
        one.cover(&budget, 1).unwrap();
        assert_eq!(budget.0.available_permits(), 40);
        assert!(other.cover(&budget, FREE_BYTES + (41 << 10)).is_err());
        other.cover(&budget, FREE_BYTES + (40 << 10)).unwrap();
        drop(one);
        assert_eq!(budget.0.available_permits(), 60);
    }

    #[test]
    fn what_is_made_of_a_body_takes_room_besides_it() {
        let budget = Budget::new(100 << 10);
        let mut room = Room::default();
        room.cover(&budget, FREE_BYTES - 1).unwrap();
        room.add(&budget, 1).unwrap();
        assert_eq!(budget.0.available_permits(), 100);
        room.add(&budget, 60 << 10).unwrap();
        assert!(room.add(&budget, 41 << 10).is_err());
        assert_eq!(budget.0.available_permits(), 40);
    }
}
