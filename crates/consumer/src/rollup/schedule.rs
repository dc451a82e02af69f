//! Which dirty hours are rolled up next.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use model::Timestamp;
use store::{Dirty, Hour};
use tokio::time::Instant;

/// An hour is not computed again before so many times the time that it took have gone by.
const PAUSE: u32 = 20;

/// Hours of one statement, and their events by when they were last counted.
const MOST_HOURS: usize = 48;
const MOST_EVENTS: u64 = 500_000;

/// What an hour that was never counted is taken to have.
const EVENTS_UNKNOWN: u64 = 50_000;

/// The next statement has twice as many hours where one took less than this, and half as many where it took more.
const SHORT: Duration = Duration::from_millis(250);
const LONG: Duration = Duration::from_millis(500);

/// How long an hour is left that is too large by itself.
const TOO_LARGE: Duration = Duration::from_mins(10);

const HOUR_MS: i64 = 3_600_000;

/// Chooses hours. Remembers of each that is dirty, or was a short while ago, since when, and when it may be computed.
pub(super) struct Schedule {
    hours: HashMap<Hour, Known>,
    /// Whether the hours that have been dirty longest are next; else the newest are.
    oldest_next: bool,
    /// How many hours the next statement may have.
    at_once: usize,
}

#[derive(Clone, Copy)]
struct Known {
    /// Since when it has been dirty, as far as was seen.
    since: Option<Instant>,
    /// Not before.
    next: Instant,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { hours: HashMap::new(), oldest_next: false, at_once: 1 }
    }
}

impl Schedule {
    /// Learns which hours are dirty now.
    pub(super) fn look(&mut self, dirty: &[Dirty], now: Instant) {
        let seen: HashSet<_> = dirty.iter().map(|dirty| &dirty.hour).collect();
        self.hours.retain(|hour, known| {
            if !seen.contains(hour) {
                known.since = None;
            }
            known.since.is_some() || known.next > now
        });
        for Dirty { hour, .. } in dirty {
            match self.hours.get_mut(hour) {
                Some(known) => known.since = known.since.or(Some(now)),
                None => drop(self.hours.insert(hour.clone(), Known { since: Some(now), next: now })),
            }
        }
    }

    /// How long the hour has been dirty that has been so longest, of those that are over.
    pub(super) fn oldest_closed(&self, dirty: &[Dirty], now: Instant) -> Duration {
        let over = Timestamp::now().millis() - HOUR_MS;
        let closed = dirty.iter().filter(|dirty| i64::from(dirty.hour.start) * 1_000 <= over);
        let since = closed.filter_map(|dirty| self.since(dirty)).min();
        since.map_or(Duration::ZERO, |since| now - since)
    }

    /// Takes the hours to compute next out of those that are left, newest first: some of one tenant, the newest and
    /// those that have been dirty longest by turns; none if none is due.
    pub(super) fn take(&mut self, left: &mut Vec<Dirty>, now: Instant) -> Vec<Dirty> {
        let is_due = |dirty: &Dirty| self.hours.get(&dirty.hour).is_none_or(|known| known.next <= now);
        left.retain(is_due);
        let mut order: Vec<_> = left.iter().enumerate().collect();
        if self.oldest_next {
            order.sort_by_cached_key(|(_, dirty)| self.since(dirty));
        }
        self.oldest_next = !self.oldest_next;
        let events_of = |dirty: &Dirty| if dirty.events > 0 { dirty.events } else { EVENTS_UNKNOWN };
        let (mut events, mut taken, mut places) = (0, Vec::<Dirty>::new(), HashSet::new());
        for (place, dirty) in order {
            // More of the tenant: a statement costs more than a few events do.
            let fits = taken.first().is_none_or(|first| {
                taken.len() < self.at_once
                    && first.hour.tenant == dirty.hour.tenant
                    && events + events_of(dirty) <= MOST_EVENTS
            });
            if fits {
                events += events_of(dirty);
                taken.push(dirty.clone());
                places.insert(place);
            }
        }
        let mut place = 0..;
        left.retain(|_| place.next().is_some_and(|place| !places.contains(&place)));
        taken
    }

    /// Learns how long hours took together, by now.
    pub(super) fn done(&mut self, hours: &[Dirty], took: Duration, now: Instant) {
        if took < SHORT && hours.len() == self.at_once {
            self.at_once = (2 * self.at_once).min(MOST_HOURS);
        } else if took > LONG && hours.len() > 1 {
            // One alone says nothing of others: it is the running hour, of many events.
            self.at_once = (self.at_once / 2).max(1);
        }
        let each = took / u32::try_from(hours.len()).unwrap_or(u32::MAX).max(1);
        for Dirty { hour, .. } in hours {
            self.hours.insert(hour.clone(), Known { since: None, next: now + each * PAUSE });
        }
    }

    /// Learns that hours were too much for the server.
    pub(super) fn too_large(&mut self, hours: &[Dirty], now: Instant) {
        self.at_once = (hours.len() / 2).max(1);
        if let [only] = hours
            && let Some(known) = self.hours.get_mut(&only.hour)
        {
            known.next = now + TOO_LARGE;
        }
    }

    fn since(&self, dirty: &Dirty) -> Option<Instant> {
        self.hours.get(&dirty.hour)?.since
    }
}

#[cfg(test)]
mod tests {
    use model::Tenant;

    use super::*;

    const NOW_S: u32 = 1_795_132_800;

    fn dirty(tenant: &str, hour: u32, events: u64) -> Dirty {
        let hour = Hour { tenant: Tenant::parse(tenant).unwrap(), start: NOW_S - hour * 3_600 };
        Dirty { hour, marks: 1, events, counted_at: 0 }
    }

    fn names(taken: &[Dirty]) -> Vec<(String, u32)> {
        let name =
            |dirty: &Dirty| (dirty.hour.tenant.as_str().to_owned(), (NOW_S - dirty.hour.start) / 3_600);
        taken.iter().map(name).collect()
    }

    #[test]
    fn the_newest_and_those_that_wait_longest_come_by_turns() {
        let (mut schedule, now) = (Schedule::default(), Instant::now());
        schedule.look(&[dirty("a", 9, 0)], now);
        let later = now + Duration::from_secs(1);
        let mut all: Vec<_> = [0, 1, 2, 3, 9].map(|hour| dirty("a", hour, 0)).into();
        schedule.look(&all, later);
        let mut order = Vec::new();
        while let [only] = &schedule.take(&mut all, later)[..] {
            order.extend(names(std::slice::from_ref(only)).into_iter().map(|(_, hour)| hour));
        }
        assert_eq!(order, [0, 9, 1, 2, 3]);
    }

    #[test]
    fn those_that_wait_longest_are_taken_together() {
        let (mut schedule, now) = (Schedule { at_once: 2, ..Schedule::default() }, Instant::now());
        schedule.look(&[dirty("a", 8, 0), dirty("a", 9, 0)], now);
        let later = now + Duration::from_secs(1);
        let mut all: Vec<_> = [0, 1, 2, 8, 9].map(|hour| dirty("a", hour, 0)).into();
        schedule.look(&all, later);
        let hours = |taken: Vec<Dirty>| names(&taken).into_iter().map(|(_, hour)| hour).collect::<Vec<_>>();
        assert_eq!(hours(schedule.take(&mut all, later)), [0, 1]);
        assert_eq!(hours(schedule.take(&mut all, later)), [8, 9]);
        assert_eq!(hours(schedule.take(&mut all, later)), [2]);
    }

    #[test]
    fn hours_of_one_tenant_are_computed_together_as_long_as_that_is_quick() {
        let (mut schedule, now) = (Schedule::default(), Instant::now());
        let quick = Duration::from_millis(1);
        let some = [dirty("a", 1, 0)];
        schedule.done(&some, quick, now);
        schedule.done(&[dirty("a", 1, 0), dirty("a", 2, 0)], quick, now);
        let mut left = vec![
            dirty("b", 3, 400_000),
            dirty("a", 4, 0),
            dirty("b", 5, 200_000),
            dirty("b", 6, 1),
            dirty("b", 7, 2),
            dirty("b", 8, 3),
            dirty("b", 9, 3),
        ];
        let taken = schedule.take(&mut left, now);
        assert_eq!(names(&taken).iter().map(|(_, hour)| *hour).collect::<Vec<_>>(), [3, 6, 7, 8]);
        assert_eq!(names(&left).iter().map(|(_, hour)| *hour).collect::<Vec<_>>(), [4, 5, 9]);
        schedule.done(&taken, Duration::from_secs(2), now);
        assert_eq!(schedule.at_once, 2);
    }

    #[test]
    fn one_hour_that_takes_long_says_nothing_of_others() {
        let mut schedule = Schedule { at_once: 8, ..Schedule::default() };
        schedule.done(&[dirty("a", 1, 0)], Duration::from_secs(9), Instant::now());
        assert_eq!(schedule.at_once, 8);
    }

    #[test]
    fn an_hour_is_not_computed_again_at_once() {
        let (mut schedule, now) = (Schedule::default(), Instant::now());
        let hour = dirty("a", 1, 0);
        schedule.look(std::slice::from_ref(&hour), now);
        schedule.done(std::slice::from_ref(&hour), Duration::from_millis(100), now);
        let due = |schedule: &mut Schedule, seconds| {
            let now = now + Duration::from_secs(seconds);
            schedule.look(std::slice::from_ref(&hour), now);
            !schedule.take(&mut vec![hour.clone()], now).is_empty()
        };
        assert_eq!((due(&mut schedule, 1), due(&mut schedule, 2)), (false, true));
        schedule.too_large(std::slice::from_ref(&hour), now);
        assert_eq!((due(&mut schedule, 599), due(&mut schedule, 600)), (false, true));
    }

    #[test]
    fn how_long_an_hour_has_been_dirty_is_known_of_those_that_are_over() {
        let (mut schedule, now) = (Schedule::default(), Instant::now());
        let running = u32::try_from(Timestamp::now().millis() / 1_000).unwrap() / 3_600 * 3_600;
        let mut running =
            Dirty { hour: Hour { tenant: Tenant::default(), start: running }, ..dirty("a", 0, 0) };
        schedule.look(std::slice::from_ref(&running), now);
        let later = now + Duration::from_secs(7);
        assert_eq!(schedule.oldest_closed(std::slice::from_ref(&running), later), Duration::ZERO);
        running.hour.start -= 7_200;
        schedule.look(std::slice::from_ref(&running), now);
        assert_eq!(schedule.oldest_closed(std::slice::from_ref(&running), later), Duration::from_secs(7));
        schedule.look(&[], later);
        schedule.look(std::slice::from_ref(&running), later);
        assert_eq!(schedule.oldest_closed(std::slice::from_ref(&running), later), Duration::ZERO);
    }
}
