//! Random numbers that follow from a seed, the same on every machine and with every version of a library.

use crate::number::mix;

/// A stream of numbers (`SplitMix64`).
pub(super) struct Dice(u64);

impl Dice {
    /// One of its own for each purpose and number, such as a user on a day.
    pub(super) fn new(seed: u64, purpose: Purpose, number: i64) -> Self {
        Self(mix(mix(seed ^ ((purpose as u64) << 56)) ^ number.cast_unsigned()))
    }

    /// 64 bits.
    pub(super) fn bits(&mut self) -> u64 {
        let bits = mix(self.0);
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        bits
    }

    /// From 0 on, below `end`; 0 if there is no such number.
    pub(super) fn below(&mut self, end: i64) -> i64 {
        (self.bits() >> 1).cast_signed().checked_rem(end.max(0)).unwrap_or_default()
    }

    /// From `first` to `last`, both of them possible.
    pub(super) fn between(&mut self, first: i64, last: i64) -> i64 {
        first + self.below(last - first + 1)
    }

    /// True in so many of a thousand cases.
    pub(super) fn chance(&mut self, per_mille: i64) -> bool {
        self.below(1_000) < per_mille
    }

    /// One of the texts.
    pub(super) fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        let place = usize::try_from(self.bits() >> 1).unwrap_or(usize::MAX).checked_rem(of.len());
        place.and_then(|place| of.get(place)).copied().unwrap_or_default()
    }
}

/// What a stream of numbers is for.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// Who a user is.
    Profile,
    /// What a user does on a day.
    Day,
    /// What happens to a place's stock.
    Stock,
    /// The bits of an event's id.
    Id,
    /// What is done to an event later.
    Change,
    /// What happens by itself on a day.
    Chore,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_follows_from_seed_purpose_and_number() {
        let first = |seed, purpose, number| Dice::new(seed, purpose, number).bits();
        assert_eq!(first(1, Purpose::Day, 5), first(1, Purpose::Day, 5));
        for other in [first(2, Purpose::Day, 5), first(1, Purpose::Stock, 5), first(1, Purpose::Day, 6)] {
            assert_ne!(first(1, Purpose::Day, 5), other);
        }
    }

    #[test]
    fn numbers_keep_to_their_bounds_and_reach_them() {
        let mut dice = Dice::new(1, Purpose::Day, 0);
        let thrown: Vec<_> = (0..1_000).map(|_| dice.between(-2, 3)).collect();
        assert_eq!((thrown.iter().min(), thrown.iter().max()), (Some(&-2), Some(&3)));
        assert_eq!((dice.below(0), dice.below(-5), dice.pick(&[])), (0, 0, ""));
        let hits = (0..10_000).filter(|_| dice.chance(300)).count();
        assert!((2_800..3_200).contains(&hits), "{hits}");
    }
}
