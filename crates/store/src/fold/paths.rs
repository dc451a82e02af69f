//! The way of one session from a start, by its events in order.

use serde::Deserialize;

use super::sessions::sessions;

/// An event of a user or a conversation.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(from = "(i64, u32, u64)")]
pub(crate) struct Event {
    /// When it happened, in Unix milliseconds.
    pub(crate) at: i64,
    /// Whether a trail begins with it, if none has before.
    pub(crate) starts: bool,
    /// The hash of its name.
    pub(crate) name: u64,
}

/// As the server writes an event: when it happened, whether it is a start, and the hash of its name.
impl From<(i64, u32, u64)> for Event {
    fn from((at, marks, name): (i64, u32, u64)) -> Self {
        Self { at, starts: marks != 0, name }
    }
}

/// The sessions among events in order: all of a conversation, whatever it lasts, or a user's runs.
pub(crate) fn sessions_of(events: &[Event], is_conversation: bool) -> impl Iterator<Item = &[Event]> {
    let (whole, apart) = if is_conversation { (Some(events), None) } else { (None, Some(events)) };
    whole.into_iter().chain(apart.into_iter().flat_map(|events| sessions(events, |event| event.at)))
}

/// The hashes of the names of a session from its first start on, of equal ones in a row one: that of the start and of
/// at most so many steps. None without a start.
pub(crate) fn trail(session: &[Event], steps: usize) -> impl Iterator<Item = u64> {
    let mut last = None;
    let behind = session.iter().skip_while(|event| !event.starts).map(|event| event.name);
    behind.filter(move |name| last.replace(*name) != Some(*name)).take(steps + 1)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::fold::sessions::GAP_MS;

    fn trails(events: &[Event], is_conversation: bool, steps: usize) -> Vec<Vec<u64>> {
        let trails = sessions_of(events, is_conversation).map(|session| trail(session, steps).collect());
        trails.filter(|trail: &Vec<u64>| !trail.is_empty()).collect()
    }

    /// The same, event by event.
    fn naive(events: &[Event], is_conversation: bool, steps: usize) -> Vec<Vec<u64>> {
        let mut all: Vec<Vec<u64>> = Vec::new();
        let mut open = false;
        for (place, event) in events.iter().enumerate() {
            let is_apart = place == 0 || event.at >= events[place - 1].at + 30 * 60 * 1_000;
            if is_apart && !is_conversation {
                open = false;
            }
            if open {
                let trail = all.last_mut().unwrap();
                if *trail.last().unwrap() != event.name {
                    trail.push(event.name);
                }
            } else if event.starts {
                open = true;
                all.push(vec![event.name]);
            }
        }
        // What lies behind the last step was only needed to tell equal names in a row.
        for trail in &mut all {
            trail.truncate(steps + 1);
        }
        all
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let gap = prop_oneof![3 => 0..2_i64, 1 => Just(GAP_MS - 1), 1 => Just(GAP_MS)];
        vec((gap, prop::bool::weighted(0.3), 1..4_u64), 0..12).prop_map(|events| {
            let later = |at: &mut i64, (gap, starts, name)| {
                *at += gap;
                Some(Event { at: *at, starts, name })
            };
            events.into_iter().scan(0, later).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5_000, ..ProptestConfig::default() })]

        #[test]
        fn trails_are_those_of_a_walk_event_by_event(events in events(), steps in 1..4_usize) {
            for is_conversation in [false, true] {
                prop_assert_eq!(trails(&events, is_conversation, steps), naive(&events, is_conversation, steps));
            }
        }
    }
}
