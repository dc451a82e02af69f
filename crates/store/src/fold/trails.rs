//! What the trails of many sessions come to: how many are where at each step, and go from where to where.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::{ENTRY_BYTES, MAX_BYTES, TooMuch};

/// Different trails, and how many sessions took each.
#[derive(Default)]
pub(crate) struct Trails {
    names: HashMap<Box<str>, u32>,
    counts: HashMap<Box<[u32]>, u64>,
    bytes: usize,
    /// Of the last trail that was added.
    last: Vec<u32>,
}

/// Sessions at one step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// From 0, the start.
    pub(crate) step: usize,
    /// None where it is of the names beyond the top.
    pub(crate) name: Option<String>,
    pub(crate) sessions: u64,
    /// Those that end there.
    pub(crate) ended: u64,
}

/// Sessions that go from one step to the next.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Link {
    /// That of the node that it leads from.
    pub(crate) step: usize,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) sessions: u64,
}

/// Nodes step by step, each with its most frequent names first and then those beyond the top; links likewise.
#[derive(Debug, PartialEq)]
pub(crate) struct Map {
    pub(crate) sessions: u64,
    pub(crate) nodes: Vec<Node>,
    pub(crate) links: Vec<Link>,
}

impl Trails {
    /// Adds so many sessions by the names of their trail; none if there are none.
    pub(crate) fn add<'a>(
        &mut self,
        names: impl Iterator<Item = &'a str>,
        sessions: u64,
    ) -> Result<(), TooMuch> {
        self.last.clear();
        for name in names {
            let number = self.number(name)?;
            self.last.push(number);
        }
        match self.counts.get_mut(self.last.as_slice()) {
            Some(count) => *count += sessions,
            None if self.last.is_empty() => {}
            None => {
                self.bytes += ENTRY_BYTES + size_of_val(self.last.as_slice());
                self.counts.insert(self.last.as_slice().into(), sessions);
            }
        }
        if self.bytes > MAX_BYTES { Err(TooMuch) } else { Ok(()) }
    }

    fn number(&mut self, name: &str) -> Result<u32, TooMuch> {
        if let Some(number) = self.names.get(name) {
            return Ok(*number);
        }
        let number = u32::try_from(self.names.len()).map_err(|_| TooMuch)?;
        self.bytes += ENTRY_BYTES + name.len();
        self.names.insert(name.into(), number);
        Ok(number)
    }

    /// With so many names at each step.
    pub(crate) fn map(&self, top: usize) -> Map {
        let tops = self.tops(top);
        // By step and place among the top, which for the others is behind it.
        let (mut nodes, mut links) = (BTreeMap::new(), BTreeMap::new());
        for (trail, count) in &self.counts {
            let place = |(step, name): (usize, &u32)| {
                let places = tops.get(step).into_iter().flatten();
                places.enumerate().find(|(_, (number, _))| number == name).map_or(top, |(place, _)| place)
            };
            let places: Vec<_> = trail.iter().enumerate().map(place).collect();
            for (step, place) in places.iter().enumerate() {
                let (sessions, ended) = nodes.entry((step, *place)).or_insert((0, 0));
                *sessions += count;
                match places.get(step + 1) {
                    Some(next) => *links.entry((step, *place, *next)).or_insert(0) += count,
                    None => *ended += count,
                }
            }
        }
        let name = |step: usize, place: usize| Some(tops.get(step)?.get(place)?.1.to_owned());
        let node =
            |((step, place), (sessions, ended))| Node { step, name: name(step, place), sessions, ended };
        let link = |((step, from, to), sessions)| Link {
            step,
            from: name(step, from),
            to: name(step + 1, to),
            sessions,
        };
        Map {
            sessions: self.counts.values().sum(),
            nodes: nodes.into_iter().map(node).collect(),
            links: links.into_iter().map(link).collect(),
        }
    }

    /// At each step the names of most sessions, and of equals the first by their text.
    fn tops(&self, top: usize) -> Vec<Vec<(u32, &str)>> {
        let mut steps: Vec<HashMap<u32, u64>> = Vec::new();
        for (trail, count) in &self.counts {
            steps.resize_with(steps.len().max(trail.len()), HashMap::new);
            for (step, name) in steps.iter_mut().zip(trail) {
                *step.entry(*name).or_default() += count;
            }
        }
        let mut names = vec![""; self.names.len()];
        for (name, number) in &self.names {
            if let Some(place) = names.get_mut(*number as usize) {
                *place = name;
            }
        }
        let name = |number: u32| names.get(number as usize).copied().unwrap_or_default();
        let of_step = |step: HashMap<u32, u64>| {
            let mut step: Vec<_> =
                step.into_iter().map(|(number, count)| (Reverse(count), name(number), number)).collect();
            step.sort_unstable();
            step.into_iter().take(top).map(|(_, name, number)| (number, name)).collect()
        };
        steps.into_iter().map(of_step).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(trails: &[&[&str]], top: usize) -> Map {
        let mut all = Trails::default();
        for trail in trails {
            all.add(trail.iter().copied(), 1).unwrap();
        }
        all.map(top)
    }

    fn nodes(map: &Map) -> Vec<(usize, Option<&str>, u64, u64)> {
        map.nodes.iter().map(|node| (node.step, node.name.as_deref(), node.sessions, node.ended)).collect()
    }

    fn links(map: &Map) -> Vec<(usize, Option<&str>, Option<&str>, u64)> {
        map.links
            .iter()
            .map(|link| (link.step, link.from.as_deref(), link.to.as_deref(), link.sessions))
            .collect()
    }

    #[test]
    fn names_beyond_the_top_of_a_step_are_one_and_everything_adds_up() {
        let map =
            map(&[&["a", "b", "a"], &["a", "c"], &["a", "d"], &["a", "c", "e"], &["b"], &["a"], &[]], 1);
        assert_eq!(map.sessions, 6);
        assert_eq!(
            nodes(&map),
            [
                (0, Some("a"), 5, 1),
                (0, None, 1, 1),
                (1, Some("c"), 2, 1),
                (1, None, 2, 1),
                (2, Some("a"), 1, 1),
                (2, None, 1, 1),
            ]
        );
        assert_eq!(
            links(&map),
            [
                (0, Some("a"), Some("c"), 2),
                (0, Some("a"), None, 2),
                (1, Some("c"), None, 1),
                (1, None, Some("a"), 1),
            ]
        );
    }

    #[test]
    fn of_no_session_there_is_nothing() {
        assert_eq!(map(&[], 5), Map { sessions: 0, nodes: vec![], links: vec![] });
    }
}
