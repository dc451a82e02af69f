//! Which faults come when: drawn from a seed, the same for the same seed.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::fault::{Fault, Part, Victim};
use testing::proxy::Mode;

/// How many of each there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// APIs.
    pub(super) apis: usize,
    /// Consumers.
    pub(super) consumers: usize,
    /// Brokers.
    pub(super) brokers: usize,
    /// Partitions of the events.
    pub(super) partitions: u16,
}

/// Faults that come together, each with the time until it is mended, and the calm that follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Round {
    /// Of different parts each.
    pub(super) faults: Vec<(Fault, Duration)>,
    /// From the last mending to the next round.
    pub(super) calm: Duration,
}

/// Rounds without end. Every kind of fault comes before one comes again.
#[derive(Debug)]
pub(super) struct Script {
    dice: StdRng,
    sizes: Sizes,
    /// Of these names only; of all if there are none.
    only: Vec<String>,
    deck: VecDeque<Fault>,
}

impl Script {
    /// The script of a seed, of the faults that have one of these names, or of all if there are none.
    pub(super) fn new(seed: u64, sizes: Sizes, only: &[String]) -> Self {
        Self { dice: StdRng::seed_from_u64(seed), sizes, only: only.to_vec(), deck: VecDeque::new() }
    }

    fn deal(&mut self) -> Option<Fault> {
        if self.deck.is_empty() {
            let mut deck = self.deck();
            deck.retain(|fault| self.only.is_empty() || self.only.iter().any(|name| name == fault.name()));
            deck.shuffle(&mut self.dice);
            self.deck = deck.into();
        }
        self.deck.pop_front()
    }

    /// One of each kind, and of what is common two.
    fn deck(&mut self) -> Vec<Fault> {
        let Sizes { apis, consumers, brokers, partitions } = self.sizes;
        let (rate, percent) = (self.dice.random_range(2_000..50_000), self.dice.random_range(10..40));
        let mut index = |count: usize| self.dice.random_range(0..count.max(1));
        let mut deck = Vec::new();
        deck.extend([Fault::KillApi(index(apis)), Fault::EndApi(index(apis))]);
        deck.extend([Fault::KillConsumer(index(consumers)), Fault::KillConsumer(index(consumers))]);
        deck.extend([Fault::EndConsumer(index(consumers)), Fault::FreezeConsumer(index(consumers))]);
        deck.extend([Fault::KillBroker(index(brokers)), Fault::FreezeBroker(index(brokers))]);
        let mut victim = || match index(4) {
            0 | 1 => Victim::All,
            2 => Victim::Apis,
            _ => Victim::Consumer(index(consumers)),
        };
        let flaky = Mode::Flaky { percent };
        let modes = [flaky, Mode::Refuse, Mode::Hang, Mode::Cut, Mode::Slow { rate }];
        deck.push(Fault::Network(victim(), flaky));
        deck.extend(modes.map(|mode| Fault::Network(victim(), mode)));
        deck.extend(modes.map(|mode| Fault::KafkaNetwork(victim(), mode)));
        let leader = Fault::KillLeader(self.dice.random_range(0..i32::from(partitions.max(1))));
        deck.extend([leader, Fault::KillController, Fault::KillEngine, Fault::NewerSchema]);
        deck
    }

    fn with_hold(&mut self, fault: Fault) -> (Fault, Duration) {
        let (least, most) = fault.hold();
        (fault, self.dice.random_range(least..=most))
    }
}

impl Iterator for Script {
    type Item = Round;

    /// One fault, or now and then two at once. While the schema is newer a consumer or an API always goes: what
    /// comes back then is told so at its start.
    fn next(&mut self) -> Option<Round> {
        let first = self.deal()?;
        let mut faults = vec![self.with_hold(first)];
        let is_newer = first == Fault::NewerSchema;
        if self.dice.random_bool(0.4) || is_newer {
            let restarts = |fault: &Fault| matches!(fault.part(), Part::Api | Part::Consumer);
            let fits = |fault: &Fault| fault.part() != first.part() && (!is_newer || restarts(fault));
            let other = self.deck.iter().position(fits);
            if let Some(second) = other.and_then(|position| self.deck.remove(position)) {
                faults.push(self.with_hold(second));
            }
        }
        let calm = self.dice.random_range(Duration::from_millis(500)..Duration::from_millis(3_000));
        Some(Round { faults, calm })
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (fault, hold)) in self.faults.iter().enumerate() {
            let and = if index == 0 { "" } else { " and " };
            write!(f, "{and}{fault} for {:.1} s", hold.as_secs_f64())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const SIZES: Sizes = Sizes { apis: 2, consumers: 3, brokers: 3, partitions: 12 };

    #[test]
    fn a_seed_has_one_script_and_another_seed_another() {
        let script = |seed| Script::new(seed, SIZES, &[]).take(50).collect::<Vec<_>>();
        assert_eq!(script(7), script(7));
        assert_ne!(script(7), script(8));
    }

    #[test]
    fn every_kind_comes_soon_and_no_two_of_one_part_at_once() {
        let rounds: Vec<_> = Script::new(1, SIZES, &[]).take(23).collect();
        let faults = rounds.iter().flat_map(|round| &round.faults);
        let names: BTreeSet<_> = faults.map(|(fault, _)| fault.name()).collect();
        assert_eq!(names.len(), 21, "{names:?}");
        for round in Script::new(2, SIZES, &[]).take(500) {
            let [(first, _), (second, _)] = round.faults.as_slice() else { continue };
            assert_ne!(first.part(), second.part());
        }
    }

    #[test]
    fn of_named_faults_none_but_those_come() {
        let mut script = Script::new(1, SIZES, &["kill api".into(), "newer schema".into()]);
        let faults: BTreeSet<_> =
            script.by_ref().take(20).flat_map(|round| round.faults).map(|(fault, _)| fault.name()).collect();
        assert_eq!(faults, BTreeSet::from(["kill api", "newer schema"]));
        assert_eq!(Script::new(1, SIZES, &["no such".into()]).next(), None);
    }
}
