//! How far one user gets through the steps of a funnel, by the user's events in order.
//!
//! A chain is a list of events of which the first matches the first step, the second the second, and so on, each
//! later in the order than the one before. Its first event lies before `to`, its last one at most the window later.
//! Whether a chain may go on depends only on where it ends and when it began, and the one that began last may go on
//! longest. So one pass that keeps the latest beginning for each step finds the deepest level and the event that
//! first completes it; a second one over that window finds the chain that counts. Both are linear in events times
//! steps.

use serde::Deserialize;

/// The most steps of a funnel.
pub(crate) const MAX_STEPS: usize = 12;
/// The most exclusions of a funnel.
pub(crate) const MAX_EXCLUSIONS: usize = 16;

/// Of the chains that differ only in their first event, the one that counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Entry {
    /// That which began last.
    #[default]
    Latest,
    /// That which began first.
    First,
}

/// An event of a user.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(from = "(i64, u32, u64)")]
pub(crate) struct Event {
    /// When it happened, in Unix milliseconds.
    pub(crate) at: i64,
    /// Bit n: it matches the nth step, from 0.
    pub(crate) steps: u16,
    /// Bit n: it matches the nth exclusion, from 0.
    pub(crate) exclusions: u16,
    /// The hash of the value by which users are divided; nothing here depends on it.
    pub(crate) value: u64,
}

/// As the server writes an event: when it happened, what it matches, and the hash of its value.
impl From<(i64, u32, u64)> for Event {
    fn from((at, marks, value): (i64, u32, u64)) -> Self {
        let [a, b, c, d] = marks.to_le_bytes();
        Self { at, steps: u16::from_le_bytes([a, b]), exclusions: u16::from_le_bytes([c, d]), value }
    }
}

/// What makes a chain.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Chains begin before this, in Unix milliseconds.
    pub(crate) to: i64,
    /// Milliseconds from the first event of a chain to its last, inclusive.
    pub(crate) window: i64,
    /// Whether other events may lie between those of a chain.
    pub(crate) strict: bool,
    /// Which chain counts of those that differ only in their first event.
    pub(crate) entry: Entry,
    /// How many steps there are.
    pub(crate) steps: usize,
    /// For each exclusion the steps, as bits, behind which its events end a chain.
    pub(crate) exclusions: Vec<u16>,
}

/// How far a user got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Journey {
    chain: [usize; MAX_STEPS],
    level: usize,
    /// Whether the user may still get further: the window of an event of the first step has not ended.
    pub(crate) open: bool,
}

impl Event {
    fn matches(&self, step: usize) -> bool {
        self.steps & 1 << step != 0
    }
}

impl Journey {
    /// The places of the events that lead there among the user's: one for each step, of which there is at least one.
    pub(crate) fn chain(&self) -> &[usize] {
        self.chain.get(..self.level).unwrap_or_default()
    }
}

impl Rules {
    /// The journey of the user of these events, which are in order and begin where chains may; none without an event
    /// that begins one. `now` is when it is asked for, in Unix milliseconds.
    pub(crate) fn journey(&self, events: &[Event], now: i64) -> Option<Journey> {
        let (last_step, end) = self.deepest(events)?;
        let begins = |event: &Event| self.begins(event);
        let (mut chain, level) = ([0; MAX_STEPS], last_step + 1);
        match (chain.get_mut(..level)?, self.entry) {
            ([place], Entry::Latest) => *place = events.iter().rposition(begins)?,
            (places, _) => self.chain_to(events, end, places),
        }
        // Of the windows that of the last beginning ends last.
        let begun = || events.iter().rfind(|event| begins(event));
        let open = level < self.steps && begun().is_some_and(|event| now - event.at <= self.window);
        Some(Journey { chain, level, open })
    }

    /// Whether a chain may begin with it.
    fn begins(&self, event: &Event) -> bool {
        event.matches(0) && event.at < self.to
    }

    /// The steps behind which no chain goes on beyond this event, as bits.
    fn ends(&self, event: &Event) -> u16 {
        if self.strict {
            return u16::MAX;
        }
        let matched = self.exclusions.iter().enumerate().filter(|(n, _)| event.exclusions & 1 << n != 0);
        matched.fold(0, |ends, (_, steps)| ends | steps)
    }

    /// The last step that a chain gets to, and the place of the first event that completes such a chain.
    fn deepest(&self, events: &[Event]) -> Option<(usize, usize)> {
        let mut deepest = None;
        // Of the chains that got to each step and may go on, when the one that began last did.
        let mut begun = [None; MAX_STEPS];
        for (place, event) in events.iter().enumerate() {
            let ends = self.ends(event);
            let mut before = self.begins(event).then_some(event.at);
            for (step, begun) in begun.iter_mut().enumerate().take(self.steps) {
                let longer = before.filter(|begun| event.matches(step) && event.at - begun <= self.window);
                before = *begun;
                *begun = before.filter(|_| ends & 1 << step == 0).max(longer);
                if longer.is_some() && deepest.is_none_or(|(deepest, _)| step > deepest) {
                    deepest = Some((step, place));
                }
            }
            if deepest.is_some_and(|(step, _)| step + 1 == self.steps) {
                break;
            }
        }
        deepest
    }

    /// Finds the places of the chain that counts: of those as long as `chain` that `end` completes, that whose last
    /// event but one comes first, and so on.
    fn chain_to(&self, events: &[Event], end: usize, chain: &mut [usize]) {
        let (before, since) =
            (events.get(..end).unwrap_or_default(), events.get(end).map_or(0, |end| end.at - self.window));
        let first = before.partition_point(|event| event.at < since);
        let mut steps = self.steps_of(before.get(first..).unwrap_or_default());
        let Some((last, earlier)) = chain.split_last_mut() else { return };
        *last = end;
        for (step, place) in earlier.iter_mut().enumerate().rev() {
            // An event that ends chains may itself be of this one, but none before it.
            let begin = steps.iter().rposition(|event| event.ends & 1 << step != 0).unwrap_or(0);
            let mut places = (begin..steps.len())
                .filter(|place| steps.get(*place).is_some_and(|event| event.got_to & 1 << step != 0));
            let found =
                if step == 0 && self.entry == Entry::Latest { places.next_back() } else { places.next() };
            let found = found.unwrap_or_default();
            *place = first + found;
            steps.truncate(found);
        }
    }

    /// What becomes of chains at each of the events of one window.
    fn steps_of(&self, events: &[Event]) -> Vec<Steps> {
        let mut alive = 0;
        let steps = events.iter().map(|event| {
            let ends = self.ends(event);
            let got_to = event.steps & (alive << 1 | u16::from(self.begins(event)));
            alive = alive & !ends | got_to;
            Steps { got_to, ends }
        });
        steps.collect()
    }
}

/// Steps as bits, at an event.
struct Steps {
    /// Those that chains get to with it.
    got_to: u16,
    /// Those behind which chains end before it.
    ends: u16,
}

#[cfg(test)]
mod tests;
