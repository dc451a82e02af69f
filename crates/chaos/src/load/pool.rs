//! Events to write to.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::{EventId, EventKey, Tenant, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const TENANTS: [&str; 2] = ["acme", "globex"];
/// How many events are written to all the time.
const HOT: usize = 40;
/// How many more are, and are never deleted: they have more changes with a key than a row remembers.
const STEADY: usize = 5;
/// How many of the events made last are remembered.
const RECENT: usize = 5_000;
/// How many of those made before them are remembered.
const OLD: usize = 20_000;
/// How far back events may lie.
const OLDEST_DAYS: u32 = 60;

/// Shared by all callers.
pub(super) struct Pool(Mutex<Keys>);

#[derive(Default)]
struct Keys {
    hot: Vec<EventKey>,
    steady: Vec<EventKey>,
    /// In the order in which they were made.
    recent: VecDeque<EventKey>,
    /// Made before those, in no order.
    old: Vec<EventKey>,
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
    /// The same, but nobody deletes it.
    Steady,
    /// One that was made lately.
    Recent,
    /// One that was made long before, so that no consumer has its row in memory; as long as there is none,
    /// one that was made lately.
    Old,
}

impl Pool {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        let mut new = |count| (0..count).map(|_| new_key(None, &mut dice)).collect();
        let (hot, steady) = (new(HOT), new(STEADY));
        Self(Mutex::new(Keys { hot, steady, ..Keys::default() }))
    }

    pub(super) fn choose(&self, choice: Choice, dice: &mut StdRng) -> EventKey {
        self.choose_of(None, choice, dice)
    }

    /// The same, among the events of one tenant if it is given.
    pub(super) fn choose_of(&self, tenant: Option<&Tenant>, choice: Choice, dice: &mut StdRng) -> EventKey {
        let mut keys = self.locked();
        let Keys { hot, steady, recent, old, early } = &mut *keys;
        let known = match choice {
            Choice::New | Choice::Early => None,
            Choice::Late => {
                early.iter().rposition(|key| is_of(tenant, key)).map(|position| early.remove(position))
            }
            Choice::Hot => any(hot.len(), |index| hot.get(index), tenant, dice),
            Choice::Steady => any(steady.len(), |index| steady.get(index), tenant, dice),
            Choice::Recent => any(recent.len(), |index| recent.get(index), tenant, dice),
            Choice::Old => any(old.len(), |index| old.get(index), tenant, dice)
                .or_else(|| any(recent.len(), |index| recent.get(index), tenant, dice)),
        };
        known.unwrap_or_else(|| {
            let key = new_key(tenant, dice);
            match choice {
                Choice::New | Choice::Late => return keys.remember(key, dice),
                Choice::Early => keys.early.push(key.clone()),
                Choice::Hot | Choice::Steady | Choice::Recent | Choice::Old => {}
            }
            key
        })
    }

    /// Puts another event into the place of a hot one that was deleted, half of the time: the others go
    /// on being written to.
    pub(super) fn replace(&self, deleted: &EventKey, dice: &mut StdRng) {
        let mut keys = self.locked();
        if let Some(place) = keys.hot.iter_mut().find(|key| *key == deleted)
            && dice.random_bool(0.5)
        {
            *place = new_key(None, dice);
        }
    }

    fn locked(&self) -> MutexGuard<'_, Keys> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keys {
    /// Takes in a new event, now and then with the id of another tenant's.
    fn remember(&mut self, mut key: EventKey, dice: &mut StdRng) -> EventKey {
        if let Some(other) = self.recent.back().filter(|_| dice.random_bool(0.1)) {
            key.id = other.id;
        }
        self.recent.push_back(key.clone());
        if self.recent.len() > RECENT {
            self.age(dice);
        }
        key
    }

    /// The one that was made first of the recent ones is an old one from now on.
    fn age(&mut self, dice: &mut StdRng) {
        let Some(key) = self.recent.pop_front() else { return };
        if self.old.len() < OLD {
            self.old.push(key);
        } else if let Some(forgotten) = self.old.get_mut(dice.random_range(..OLD)) {
            *forgotten = key;
        }
    }
}

/// One of so many keys, of one tenant if it is given.
fn any<'a>(
    count: usize,
    get: impl Fn(usize) -> Option<&'a EventKey>,
    tenant: Option<&Tenant>,
    dice: &mut StdRng,
) -> Option<EventKey> {
    let first = dice.random_range(..count.max(1));
    let indices = (first..count).chain(0..first);
    indices.filter_map(get).find(|key| is_of(tenant, key)).cloned()
}

fn is_of(tenant: Option<&Tenant>, key: &EventKey) -> bool {
    tenant.is_none_or(|tenant| *tenant == key.tenant)
}

/// Most events are of now, some of the last months.
fn new_key(tenant: Option<&Tenant>, dice: &mut StdRng) -> EventKey {
    let days = if dice.random_bool(0.1) { dice.random_range(1..=OLDEST_DAYS) } else { 0 };
    let name = TENANTS.get(dice.random_range(..TENANTS.len())).copied().unwrap_or_default();
    let tenant = tenant.cloned().unwrap_or_else(|| Tenant::parse(name).unwrap_or_default());
    EventKey { tenant, id: EventId::new(Timestamp::now().days_before(days)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_event_is_none_of_those_made_lately() {
        let (pool, mut dice) = (Pool::new(1), StdRng::seed_from_u64(1));
        let made: Vec<_> = (0..2 * RECENT).map(|_| pool.choose(Choice::New, &mut dice)).collect();
        let (old, recent) = made.split_at(RECENT);
        for _ in 0..100 {
            let key = pool.choose(Choice::Old, &mut dice);
            assert!(old.contains(&key) && !recent.contains(&key));
        }
    }

    #[test]
    fn before_any_event_is_old_a_recent_one_stands_for_it() {
        let (pool, mut dice) = (Pool::new(1), StdRng::seed_from_u64(1));
        let made = pool.choose(Choice::New, &mut dice);
        assert_eq!(pool.choose(Choice::Old, &mut dice), made);
    }

    #[test]
    fn only_events_of_the_tenant_are_chosen_if_one_is_given() {
        let (pool, mut dice) = (Pool::new(1), StdRng::seed_from_u64(1));
        let tenant = Tenant::parse("globex").unwrap();
        for choice in [
            Choice::Early,
            Choice::New,
            Choice::Late,
            Choice::Hot,
            Choice::Steady,
            Choice::Recent,
            Choice::Old,
        ] {
            for _ in 0..50 {
                pool.choose(choice, &mut dice);
                assert_eq!(pool.choose_of(Some(&tenant), choice, &mut dice).tenant, tenant, "{choice:?}");
            }
        }
    }
}
