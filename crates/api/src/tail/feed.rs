//! What one reader reads: the buffer, and which tenants are watched. It lasts from the first watcher until some time
//! after the last.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::Tenant;
use tokio::sync::watch;
use tokio::time::Instant;

use super::ring::{Message, Place, Ring};

/// How far the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It looks where the topic ends.
    Beginning,
    /// All that is taken in from now on is read.
    Reading,
    /// Nothing more is read.
    Ended,
}

/// Shared by the reader and the watchers.
pub(super) struct Feed {
    state: Mutex<State>,
    /// Tells of each change of the state.
    phase: watch::Sender<Phase>,
    linger: Duration,
}

struct State {
    ring: Ring,
    tenants: HashMap<Tenant, Watched>,
    /// How often the log removed messages before they were read; nobody knows whose they were.
    gaps: u64,
}

/// A tenant that is watched, or was a moment ago.
struct Watched {
    watchers: usize,
    /// How many of its messages the buffer was given.
    taken: u64,
    /// The number of the buffer's first message that may be one of them: an older one of the tenant is of a time before
    /// nobody watched it, and others were not taken meanwhile.
    since: u64,
    /// When the last watcher left.
    left_at: Instant,
}

impl Feed {
    pub(super) fn new(buffer_bytes: usize, linger: Duration) -> Self {
        let state = State { ring: Ring::new(buffer_bytes), tenants: HashMap::new(), gaps: 0 };
        Self { state: Mutex::new(state), phase: watch::Sender::new(Phase::Beginning), linger }
    }

    /// A place among those who watch a tenant; `None` if the reader has ended.
    pub(super) fn watch(self: Arc<Self>, tenant: &Tenant) -> Option<Watching> {
        let mut state = self.locked();
        if self.has_ended() {
            return None;
        }
        let new = Watched { watchers: 0, taken: 0, since: state.ring.end(), left_at: Instant::now() };
        state.tenants.entry(tenant.clone()).or_insert(new).watchers += 1;
        drop(state);
        Some(Watching { phase: self.phase.subscribe(), feed: self, tenant: tenant.clone() })
    }

    pub(super) fn has_ended(&self) -> bool {
        *self.phase.borrow() == Phase::Ended
    }

    /// Says how far the reader is.
    pub(super) fn enter(&self, phase: Phase) {
        // Nobody begins to watch meanwhile.
        let _state = self.locked();
        self.phase.send_replace(phase);
    }

    /// Whether anybody wants the messages of a tenant.
    pub(super) fn wants(&self, tenant: &Tenant) -> bool {
        self.locked().tenants.contains_key(tenant)
    }

    /// Takes a message, whose number this decides, if anybody wants it. [`Feed::tell`] should follow.
    pub(super) fn push(&self, mut message: Message) {
        let mut state = self.locked();
        if let Some(watched) = state.tenants.get_mut(&message.tenant) {
            message.number = watched.taken;
            watched.taken += 1;
            state.ring.push(message);
        }
    }

    /// Notes that messages were removed before they were read.
    pub(super) fn note_gap(&self) {
        self.locked().gaps += 1;
    }

    /// Tells those who wait that there is more.
    pub(super) fn tell(&self) {
        self.phase.send_modify(|_| {});
    }

    /// Forgets tenants whose last watcher left long ago. Ends, and returns that, when there is no other.
    pub(super) fn end_if_unwatched(&self) -> bool {
        let mut state = self.locked();
        state.tenants.retain(|_, watched| watched.watchers > 0 || watched.left_at.elapsed() < self.linger);
        let is_unwatched = state.tenants.is_empty();
        if is_unwatched {
            self.phase.send_replace(Phase::Ended);
        }
        is_unwatched
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among those who watch a tenant, until it is dropped.
pub(super) struct Watching {
    feed: Arc<Feed>,
    phase: watch::Receiver<Phase>,
    tenant: Tenant,
}

/// How far a watcher has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The number of the next message in the buffer.
    next: u64,
    /// How many of the tenant's messages it was given or was told that it missed.
    told: u64,
    gaps: u64,
}

/// What a watcher is given at once.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// How many of the tenant's messages were gone before the watcher came to them, in front of `messages`.
    pub(super) missed: u64,
    /// Whether an unknown number of messages was gone besides.
    pub(super) gap: bool,
    pub(super) messages: Vec<Arc<Message>>,
    /// Whether there is nothing more for now.
    pub(super) at_end: bool,
}

impl Watching {
    /// Returns once the reader knows where the topic ends: `false` if it never will.
    pub(super) async fn begun(&self) -> bool {
        let mut phase = self.phase.clone();
        let begun = phase.wait_for(|phase| *phase != Phase::Beginning).await;
        begun.is_ok_and(|phase| *phase == Phase::Reading)
    }

    /// Behind all that is in the buffer.
    pub(super) fn newest(&self) -> Cursor {
        let state = self.feed.locked();
        let told = state.tenants.get(&self.tenant).map_or(0, |watched| watched.taken);
        Cursor { next: state.ring.end(), told, gaps: state.gaps }
    }

    /// Behind the message at a place. Where the buffer does not have it any more, from the oldest message on;
    /// where it never had, behind the newest. The flag says whether it has.
    pub(super) fn behind(&self, place: Place) -> (Cursor, bool) {
        let newest = self.newest();
        let state = self.feed.locked();
        let own = |message: &&Arc<Message>| message.tenant == self.tenant;
        let since = state.tenants.get(&self.tenant).map_or(newest.next, |watched| watched.since);
        match state.ring.find(place).filter(|(number, message)| own(message) && *number >= since) {
            Some((number, message)) => {
                (Cursor { next: number + 1, told: message.number + 1, gaps: state.gaps }, true)
            }
            None if state.ring.has_behind(place) => {
                let begin = state.ring.begin().max(since);
                let oldest = state.ring.from(begin).find(own);
                let told = oldest.map_or(newest.told, |message| message.number);
                (Cursor { next: begin, told, gaps: state.gaps }, false)
            }
            None => (newest, false),
        }
    }

    /// The next messages of the tenant, until they have so many bytes, out of at most so many of all tenants.
    pub(super) fn take(&self, cursor: &mut Cursor, bytes: usize, looked_at: usize) -> Taken {
        let state = self.feed.locked();
        let mut taken = Taken { gap: cursor.gaps != state.gaps, ..Taken::default() };
        cursor.gaps = state.gaps;
        cursor.next = cursor.next.max(state.ring.begin());
        let mut room = bytes;
        for message in state.ring.from(cursor.next).take(looked_at) {
            if room == 0 {
                break;
            }
            cursor.next += 1;
            if message.tenant == self.tenant {
                taken.missed += message.number - cursor.told;
                cursor.told = message.number + 1;
                room = room.saturating_sub(message.frame.len());
                taken.messages.push(Arc::clone(message));
            }
        }
        taken.at_end = cursor.next >= state.ring.end();
        if taken.at_end {
            // Those that other tenants' messages have pushed out.
            let all = state.tenants.get(&self.tenant).map_or(cursor.told, |watched| watched.taken);
            taken.missed += all - cursor.told;
            cursor.told = all;
        }
        taken
    }

    /// Whether the reader has ended. What it does from now on is a change.
    pub(super) fn has_ended(&mut self) -> bool {
        *self.phase.borrow_and_update() == Phase::Ended
    }

    /// Returns once there was a change.
    pub(super) async fn changed(&mut self) {
        // The feed holds the other end.
        let _ = self.phase.changed().await;
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut state = self.feed.locked();
        if let Some(watched) = state.tenants.get_mut(&self.tenant) {
            watched.watchers -= 1;
            watched.left_at = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use model::{EventId, EventKey, Operation, Timestamp};

    use super::*;

    fn push(feed: &Feed, tenant: &Tenant, offset: i64) {
        let at = Timestamp::now();
        let key = EventKey { tenant: tenant.clone(), id: EventId::new(at) };
        feed.push(Message {
            place: place(offset),
            tenant: tenant.clone(),
            number: 0,
            operation: Operation::Delete { key, at },
            frame: Bytes::from_static(b"."),
            bytes: 1,
        });
    }

    fn place(offset: i64) -> Place {
        Place { partition: 0, offset }
    }

    #[test]
    fn who_comes_back_after_nobody_watched_does_not_know_what_was_missed() {
        let feed = Arc::new(Feed::new(1 << 20, Duration::ZERO));
        let [acme, other] = ["acme", "other"].map(|name| Tenant::parse(name).unwrap());
        let _others = Arc::clone(&feed).watch(&other).unwrap();
        let first = Arc::clone(&feed).watch(&acme).unwrap();
        push(&feed, &acme, 1);
        push(&feed, &other, 2);
        assert!(first.behind(place(1)).1);
        drop(first);
        assert!(!feed.end_if_unwatched());
        // Nobody watches: it is not taken.
        push(&feed, &acme, 3);
        push(&feed, &other, 4);

        let back = Arc::clone(&feed).watch(&acme).unwrap();
        for seen in [0, 1, 3] {
            let (mut cursor, is_found) = back.behind(place(seen));
            let nothing = back.take(&mut cursor, 100, 100);
            assert!(!is_found && nothing.missed == 0 && nothing.messages.is_empty(), "{seen}: {nothing:?}");
        }
        let (mut cursor, _) = back.behind(place(1));
        push(&feed, &acme, 5);
        let taken = back.take(&mut cursor, 100, 100);
        let places: Vec<_> = taken.messages.iter().map(|message| message.place.offset).collect();
        assert_eq!((taken.missed, places), (0, vec![5]));
        assert!(back.behind(place(5)).1);
    }
}
