//! Events to write to.

use std::sync::{Mutex, MutexGuard, PoisonError};

use model::{EventId, EventKey, Tenant, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const TENANTS: [&str; 2] = ["acme", "globex"];
/// How many events are written to all the time.
const HOT: usize = 40;
/// How many of the events made last are remembered.
const RECENT: usize = 5_000;
/// How far back events may lie.
const OLDEST_DAYS: u32 = 60;

/// Shared by all callers.
pub(super) struct Pool(Mutex<Keys>);

#[derive(Default)]
struct Keys {
    hot: Vec<EventKey>,
    recent: Vec<EventKey>,
    /// Written to before they were made.
    early: Vec<EventKey>,
}

/// Which events an operation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// One that nobody knows yet.
    New,
    /// The same, but it is not going to be made at once.
    Early,
    /// One that was written to before it was made, else a new one.
    Late,
    /// One that is written to all the time.
    Hot,
    /// One that was made lately.
    Recent,
}

impl Pool {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        let hot = (0..HOT).map(|_| new_key(&mut dice)).collect();
        Self(Mutex::new(Keys { hot, ..Keys::default() }))
    }

    pub(super) fn choose(&self, choice: Choice, dice: &mut StdRng) -> EventKey {
        let mut keys = self.locked();
        let any = |keys: &[EventKey], dice: &mut StdRng| -> Option<EventKey> {
            keys.get(dice.random_range(..keys.len().max(1))).cloned()
        };
        match choice {
            Choice::New => keys.remember(dice),
            Choice::Early => {
                let key = new_key(dice);
                keys.early.push(key.clone());
                key
            }
            Choice::Late => keys.early.pop().unwrap_or_else(|| keys.remember(dice)),
            Choice::Hot => any(&keys.hot, dice).unwrap_or_else(|| new_key(dice)),
            Choice::Recent => any(&keys.recent, dice).unwrap_or_else(|| new_key(dice)),
        }
    }

    /// Puts another event into the place of a hot one that was deleted, half of the time: the others go
    /// on being written to.
    pub(super) fn replace(&self, deleted: &EventKey, dice: &mut StdRng) {
        let mut keys = self.locked();
        if let Some(place) = keys.hot.iter_mut().find(|key| *key == deleted)
            && dice.random_bool(0.5)
        {
            *place = new_key(dice);
        }
    }

    fn locked(&self) -> MutexGuard<'_, Keys> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keys {
    /// A new event, now and then with the id of another tenant's.
    fn remember(&mut self, dice: &mut StdRng) -> EventKey {
        let mut key = new_key(dice);
        if let Some(other) = self.recent.last().filter(|_| dice.random_bool(0.1)) {
            key.id = other.id;
        }
        if self.recent.len() < RECENT {
            self.recent.push(key.clone());
        } else if let Some(oldest) = self.recent.get_mut(dice.random_range(..RECENT)) {
            *oldest = key.clone();
        }
        key
    }
}

/// Most events are of now, some of the last months.
fn new_key(dice: &mut StdRng) -> EventKey {
    let days = if dice.random_bool(0.1) { dice.random_range(1..=OLDEST_DAYS) } else { 0 };
    let name = TENANTS.get(dice.random_range(..TENANTS.len())).copied().unwrap_or_default();
    let tenant = Tenant::parse(name).unwrap_or_default();
    EventKey { tenant, id: EventId::new(Timestamp::now().days_before(days)) }
}
