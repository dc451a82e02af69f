//! The fold against all chains there are, found one by one as the definition has it.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// All of a chain, and the user's level, by the definition alone.
struct Naive<'a> {
    rules: &'a Rules,
    /// From which step to which, from 1, each exclusion holds.
    between: &'a [(usize, usize)],
    events: &'a [Event],
}

impl Naive<'_> {
    /// Each list of places that is a chain.
    fn chains(&self) -> Vec<Vec<usize>> {
        let mut all = Vec::new();
        let mut lists: Vec<Vec<usize>> = vec![vec![]];
        while let Some(list) = lists.pop() {
            let next = list.last().map_or(0, |last| last + 1);
            for place in next..self.events.len() {
                let longer = [list.as_slice(), &[place]].concat();
                if longer.len() < self.rules.steps {
                    lists.push(longer.clone());
                }
                if self.is_chain(&longer) {
                    all.push(longer);
                }
            }
        }
        all
    }

    fn is_chain(&self, list: &[usize]) -> bool {
        let (first, last) = (self.events[list[0]], self.events[list[list.len() - 1]]);
        let matches = list.iter().enumerate().all(|(step, place)| self.events[*place].steps >> step & 1 == 1);
        let in_time = first.at < self.rules.to && last.at - first.at <= self.rules.window;
        let between = |from: usize, to: usize| (from + 1..to).filter(|place| !list.contains(place));
        let is_strict = list.windows(2).all(|pair| between(pair[0], pair[1]).next().is_none());
        let excluded = self.between.iter().enumerate().any(|(n, &(from_step, to_step))| {
            let from = list.get(from_step - 1).copied();
            let to = list[to_step.min(list.len()) - 1];
            from.is_some_and(|from| {
                between(from, to).any(|place| self.events[place].exclusions >> n & 1 == 1)
            })
        });
        matches && in_time && !excluded && (is_strict || !self.rules.strict)
    }

    fn chain(&self) -> Option<Vec<usize>> {
        let chains = self.chains();
        let level = chains.iter().map(Vec::len).max()?;
        let deepest = chains.into_iter().filter(|chain| chain.len() == level);
        deepest.min_by_key(|chain| {
            let start = i64::try_from(chain[0]).unwrap();
            let start = if self.rules.entry == Entry::Latest { -start } else { start };
            (chain[1..].iter().rev().copied().collect::<Vec<_>>(), start)
        })
    }

    fn is_open(&self, now: i64) -> bool {
        let through = self.chain().is_some_and(|chain| chain.len() == self.rules.steps);
        let running = |event: &Event| {
            event.steps & 1 == 1 && event.at < self.rules.to && now <= event.at + self.rules.window
        };
        !through && self.events.iter().any(running)
    }
}

type Between = Vec<(usize, usize)>;

/// Rules of few steps, and the exclusions that they have.
fn rules() -> impl Strategy<Value = (Rules, Between)> {
    let between =
        |steps: usize| vec((1..steps).prop_flat_map(move |from| (Just(from), from + 1..=steps)), 0..3);
    let shape = (2..=4_usize).prop_flat_map(move |steps| (Just(steps), between(steps)));
    (shape, 0..9_i64, 1..12_i64).prop_map(|((steps, between), window, to)| {
        let exclusions =
            between.iter().map(|&(from, to)| (from..to).map(|step| 1 << (step - 1)).sum()).collect();
        (Rules { to, window, strict: false, entry: Entry::Latest, steps, exclusions }, between)
    })
}

/// Events of few times, so that some are equal, and of any steps at once.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let steps = prop_oneof![2 => (0..4_u16).prop_map(|step| 1 << step), 2 => 0..16_u16];
    let exclusions = prop_oneof![3 => Just(0), 1 => 0..4_u16];
    let event = (0..14_i64, steps, exclusions).prop_map(|(at, steps, exclusions)| Event {
        at,
        steps,
        exclusions,
        value: 0,
    });
    vec(event, 0..10).prop_map(|mut events| {
        events.sort_by_key(|event| event.at);
        events
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn a_journey_is_the_deepest_of_all_chains((rules, between) in rules(), events in events(), now in 0..30_i64) {
        for (strict, entry) in [(false, Entry::Latest), (false, Entry::First), (true, Entry::Latest), (true, Entry::First)] {
            let rules = Rules { strict, entry, ..rules.clone() };
            let naive = Naive { rules: &rules, between: &between, events: &events };
            let journey = rules.journey(&events, now);
            prop_assert_eq!(journey.map(|journey| journey.chain().to_vec()), naive.chain(), "{:?}", rules);
            prop_assert_eq!(journey.is_some_and(|journey| journey.open), naive.is_open(now), "{:?}", rules);
        }
    }
}

/// Steps of `(time, step from 1)`.
fn chain_of(rules: &Rules, events: &[(i64, usize)]) -> Vec<usize> {
    let events: Vec<_> = events
        .iter()
        .map(|&(at, step)| Event { at, steps: 1 << (step - 1), exclusions: 0, value: 0 })
        .collect();
    rules.journey(&events, 0).map_or(vec![], |journey| journey.chain().to_vec())
}

#[test]
fn of_equal_chains_the_one_counts_that_is_done_first_then_by_entry() {
    let latest =
        Rules { to: 100, window: 10, strict: false, entry: Entry::Latest, steps: 2, exclusions: vec![] };
    let first = Rules { entry: Entry::First, ..latest.clone() };
    let events = [(0, 1), (5, 1), (9, 2), (9, 2), (30, 1), (31, 1)];
    assert_eq!((chain_of(&latest, &events), chain_of(&first, &events)), (vec![1, 2], vec![0, 2]));
    let begun = [(0, 1), (5, 1)];
    assert_eq!((chain_of(&latest, &begun), chain_of(&first, &begun)), (vec![1], vec![0]));
}

#[test]
fn a_window_is_inclusive_to_the_millisecond_and_may_end_behind_the_range() {
    let rules =
        Rules { to: 100, window: 10, strict: false, entry: Entry::Latest, steps: 2, exclusions: vec![] };
    assert_eq!(chain_of(&rules, &[(99, 1), (109, 2)]), [0, 1]);
    assert_eq!(chain_of(&rules, &[(99, 1), (110, 2)]), [0]);
    assert_eq!(chain_of(&rules, &[(100, 1), (101, 2)]), [0_usize; 0]);
}
