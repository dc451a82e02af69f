//! How many different users there are on a day, and in the 7 and the 30 days that end with it.

use std::ops::RangeInclusive;

/// Days of the longest window.
pub(crate) const MONTH: usize = 30;
const WEEK: usize = 7;

/// Users of some days, which are numbered.
pub(crate) struct ActiveUsers {
    /// The first day that takes part in an answer.
    first: i32,
    /// By day, from the first one on, by how many users its windows have more than those of the day before.
    changes: [Vec<i64>; 3],
}

/// Users of one day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Day {
    pub(crate) number: i32,
    pub(crate) dau: i64,
    pub(crate) wau: i64,
    pub(crate) mau: i64,
    /// The mean of the 30 days' users over all of theirs; none without users.
    pub(crate) stickiness: Option<f64>,
}

impl ActiveUsers {
    /// For answers about these days.
    pub(crate) fn new(days: &RangeInclusive<i32>) -> Self {
        let first = days.start() - length(MONTH) + 1;
        let count = usize::try_from(days.end() - first + 1).unwrap_or_default();
        Self { first, changes: [(); 3].map(|()| vec![0; count + 1]) }
    }

    /// Adds a user by the days on which they were there, ascending, each once.
    pub(crate) fn add(&mut self, days: &[i32]) {
        for (changes, window) in self.changes.iter_mut().zip([1, WEEK, MONTH]) {
            for (n, day) in days.iter().enumerate() {
                // In the window of every day from this one on, until it is too long ago or they are there again.
                let gone = day + length(window);
                let until = days.get(n + 1).map_or(gone, |next| gone.min(*next));
                for (at, change) in [(*day, 1), (until, -1)] {
                    let place = usize::try_from(at - self.first).unwrap_or_default();
                    if let Some(sum) = changes.get_mut(place) {
                        *sum += change;
                    }
                }
            }
        }
    }

    /// The days that the answer is about.
    pub(crate) fn days(self) -> Vec<Day> {
        let first = self.first;
        let [dau, wau, mau] = self.changes.map(|changes| {
            let sums = changes.into_iter().scan(0, |sum, change| {
                *sum += change;
                Some(*sum)
            });
            sums.collect::<Vec<i64>>()
        });
        let day = |(n, month): (usize, &[i64])| {
            let last = n + MONTH - 1;
            let (dau, wau, mau) = (*dau.get(last)?, *wau.get(last)?, *mau.get(last)?);
            #[expect(clippy::cast_precision_loss, reason = "users are far fewer than 2^52")]
            let stickiness =
                (mau > 0).then(|| month.iter().sum::<i64>() as f64 / f64::from(length(MONTH)) / mau as f64);
            Some(Day { number: first + length(last), dau, wau, mau, stickiness })
        };
        // The last one is of no day.
        let days = dau.len().saturating_sub(1);
        dau.get(..days).unwrap_or_default().windows(MONTH).enumerate().filter_map(day).collect()
    }
}

fn length(days: usize) -> i32 {
    i32::try_from(days).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;

    /// By going through all days of each window.
    #[expect(clippy::cast_precision_loss, reason = "users are few")]
    fn naive(users: &[BTreeSet<i32>], days: RangeInclusive<i32>) -> Vec<Day> {
        let count = |from: i32, to: i32| {
            i64::try_from(users.iter().filter(|active| active.range(from..=to).next().is_some()).count())
                .unwrap()
        };
        let daily: BTreeMap<_, _> =
            (days.start() - 29..=*days.end()).map(|day| (day, count(day, day))).collect();
        days.map(|day| {
            let (mau, sum) =
                (count(day - 29, day), daily.range(day - 29..=day).map(|(_, users)| users).sum::<i64>());
            let stickiness = (mau > 0).then(|| sum as f64 / 30.0 / mau as f64);
            Day { number: day, dau: count(day, day), wau: count(day - 6, day), mau, stickiness }
        })
        .collect()
    }

    proptest! {
        #[test]
        fn windows_have_the_users_of_all_their_days(
            users in vec(btree_set(-40_i32..50, 0..20), 0..12), first in 0_i32..5, length in 0_i32..30,
        ) {
            let days = first..=first + length;
            let mut folded = ActiveUsers::new(&days);
            for active in &users {
                folded.add(&active.iter().copied().collect::<Vec<_>>());
            }
            prop_assert_eq!(folded.days(), naive(&users, days));
        }
    }
}
