//! What the journeys of many users come to. Keeps a few bytes of each user, since a percentile and the largest groups
//! are known only when all users are.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::funnel::{Event, Journey};
use super::{MAX_BYTES, TooMuch, percentile};

/// What a group takes in memory besides its key.
const GROUP_BYTES: usize = 64;

/// Journeys, one after the other.
pub(crate) struct Tally {
    steps: usize,
    groups: HashMap<Box<str>, u32>,
    users: Vec<User>,
    /// For each user as many as steps behind the first: milliseconds from the event before.
    times: Vec<i64>,
    key_bytes: usize,
}

struct User {
    /// By number; none where the user has no value.
    group: Option<u32>,
    level: u8,
    open: bool,
}

/// Users of one group, or all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Group {
    /// Of each step, how many users took it, and when.
    pub(crate) steps: Vec<StepOf>,
    /// Users who may still get further.
    pub(crate) open: u64,
}

/// What users made of a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StepOf {
    /// Those who took it.
    pub(crate) users: u64,
    /// Milliseconds from the step before; none of the first step.
    pub(crate) median: Option<i64>,
    pub(crate) p90: Option<i64>,
}

/// Users divided by a value.
#[derive(Debug, PartialEq)]
pub(crate) struct Groups {
    /// The values that most users have, and of equals the first by their text.
    pub(crate) values: Vec<(String, Group)>,
    /// Users of other values, if there are any.
    pub(crate) other: Option<Group>,
    /// Users without one, if there are any.
    pub(crate) none: Option<Group>,
}

impl Tally {
    pub(crate) fn new(steps: usize) -> Self {
        Self { steps, groups: HashMap::new(), users: Vec::new(), times: Vec::new(), key_bytes: 0 }
    }

    /// Adds a user. `key` is the value that says the group, if there is one.
    pub(crate) fn add(
        &mut self,
        journey: &Journey,
        events: &[Event],
        key: Option<&str>,
    ) -> Result<(), TooMuch> {
        let group = match key {
            Some(key) => Some(self.group(key)?),
            None => None,
        };
        let chain = journey.chain();
        let at = |place: &usize| events.get(*place).map_or(0, |event| event.at);
        let (from, to) = (chain.iter().map(at), chain.iter().skip(1).map(at));
        self.times.extend(from.zip(to).map(|(from, to)| to - from));
        let level = u8::try_from(chain.len()).unwrap_or(u8::MAX);
        self.users.push(User { group, level, open: journey.open });
        if self.bytes() > MAX_BYTES { Err(TooMuch) } else { Ok(()) }
    }

    fn group(&mut self, key: &str) -> Result<u32, TooMuch> {
        if let Some(group) = self.groups.get(key) {
            return Ok(*group);
        }
        let group = u32::try_from(self.groups.len()).map_err(|_| TooMuch)?;
        self.key_bytes += key.len();
        self.groups.insert(key.into(), group);
        Ok(group)
    }

    fn bytes(&self) -> usize {
        size_of::<User>() * self.users.len()
            + size_of::<i64>() * self.times.len()
            + GROUP_BYTES * self.groups.len()
            + self.key_bytes
    }

    /// All users.
    pub(crate) fn all(&self) -> Group {
        let mut all = Adding::new(self.steps);
        self.users().for_each(|(user, times)| all.add(user, times));
        all.end()
    }

    /// The users of the largest groups, the others, and those of none.
    pub(crate) fn groups(&self, most: usize) -> Groups {
        let largest = self.largest(most);
        let mut places = vec![None; self.groups.len()];
        for (place, (_, group)) in largest.iter().enumerate() {
            if let Some(of_group) = places.get_mut(*group as usize) {
                *of_group = Some(place);
            }
        }
        let empty = || Adding::new(self.steps);
        let (mut values, mut other, mut none) = (vec![empty(); largest.len()], empty(), empty());
        for (user, times) in self.users() {
            let place = user.group.map(|group| places.get(group as usize).copied().flatten());
            let adding = match place {
                None => Some(&mut none),
                Some(None) => Some(&mut other),
                Some(Some(place)) => values.get_mut(place),
            };
            if let Some(adding) = adding {
                adding.add(user, times);
            }
        }
        let some = |adding: Adding| adding.has_users().then(|| adding.end());
        let keys = largest.into_iter().map(|(key, _)| key.to_owned());
        Groups {
            values: keys.zip(values.into_iter().map(Adding::end)).collect(),
            other: some(other),
            none: some(none),
        }
    }

    /// The groups of most users, by key and number.
    fn largest(&self, most: usize) -> Vec<(&str, u32)> {
        let mut sizes = vec![0_u64; self.groups.len()];
        for group in self.users.iter().filter_map(|user| user.group) {
            if let Some(size) = sizes.get_mut(group as usize) {
                *size += 1;
            }
        }
        let size = |group: u32| Reverse(sizes.get(group as usize).copied().unwrap_or_default());
        let mut groups: Vec<_> = self.groups.iter().map(|(key, group)| (&**key, *group)).collect();
        groups.sort_unstable_by_key(|&(key, group)| (size(group), key));
        groups.truncate(most);
        groups
    }

    /// Each user with the times of the steps behind the first.
    fn users(&self) -> impl Iterator<Item = (&User, &[i64])> {
        let mut times = self.times.as_slice();
        self.users.iter().map(move |user| {
            let steps = usize::from(user.level.saturating_sub(1)).min(times.len());
            let (of_user, rest) = times.split_at(steps);
            times = rest;
            (user, of_user)
        })
    }
}

/// A group before its percentiles are taken.
#[derive(Clone)]
struct Adding {
    /// Of each step, its users and their times.
    steps: Vec<(u64, Vec<i64>)>,
    open: u64,
}

impl Adding {
    fn new(steps: usize) -> Self {
        Self { steps: vec![(0, Vec::new()); steps], open: 0 }
    }

    fn add(&mut self, user: &User, times: &[i64]) {
        self.open += u64::from(user.open);
        for (users, _) in self.steps.iter_mut().take(user.level.into()) {
            *users += 1;
        }
        for ((_, of_step), time) in self.steps.iter_mut().skip(1).zip(times) {
            of_step.push(*time);
        }
    }

    fn has_users(&self) -> bool {
        self.steps.first().is_some_and(|(users, _)| *users > 0)
    }

    fn end(self) -> Group {
        let step = |(users, mut times): (u64, Vec<i64>)| StepOf {
            users,
            median: percentile(&mut times, 50),
            p90: percentile(&mut times, 90),
        };
        Group { steps: self.steps.into_iter().map(step).collect(), open: self.open }
    }
}

#[cfg(test)]
mod tests;
