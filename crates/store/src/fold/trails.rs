//! What the trails of many sessions come to: how many are where at each step, and go from where to where.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::{ENTRY_BYTES, MAX_BYTES, TooMuch};

/// Different trails, by the hashes of their names, and how many sessions took each.
#[derive(Default)]
pub(crate) struct Trails {
    taken: Vec<(Vec<u64>, u64)>,
    bytes: usize,
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
    /// Adds a trail that so many sessions took.
    pub(crate) fn add(&mut self, trail: Vec<u64>, sessions: u64) -> Result<(), TooMuch> {
        self.bytes += ENTRY_BYTES + size_of_val(trail.as_slice());
        self.taken.push((trail, sessions));
        if self.bytes > MAX_BYTES { Err(TooMuch) } else { Ok(()) }
    }

    /// With so many names at each step; `names` says what the hashes stand for.
    pub(crate) fn map(&self, top: usize, names: &HashMap<u64, String>) -> Map {
        let tops = self.tops(top, names);
        // By step and place among the top, which for the others is behind it.
        let (mut nodes, mut links) = (BTreeMap::new(), BTreeMap::new());
        for (trail, count) in &self.taken {
            let place = |(step, hash): (usize, &u64)| {
                let places = tops.get(step).into_iter().flatten();
                places.enumerate().find(|(_, (known, _))| known == hash).map_or(top, |(place, _)| place)
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
            sessions: self.taken.iter().map(|(_, count)| count).sum(),
            nodes: nodes.into_iter().map(node).collect(),
            links: links.into_iter().map(link).collect(),
        }
    }

    /// At each step the names of most sessions, and of equals the first by their text.
    fn tops<'a>(&self, top: usize, names: &'a HashMap<u64, String>) -> Vec<Vec<(u64, &'a str)>> {
        let mut steps: Vec<HashMap<u64, u64>> = Vec::new();
        for (trail, count) in &self.taken {
            steps.resize_with(steps.len().max(trail.len()), HashMap::new);
            for (step, hash) in steps.iter_mut().zip(trail) {
                *step.entry(*hash).or_default() += count;
            }
        }
        let name = |hash: u64| names.get(&hash).map(String::as_str).unwrap_or_default();
        let of_step = |step: HashMap<u64, u64>| {
            let mut step: Vec<_> =
                step.into_iter().map(|(hash, count)| (Reverse(count), name(hash), hash)).collect();
            step.sort_unstable();
            step.into_iter().take(top).map(|(_, name, hash)| (hash, name)).collect()
        };
        steps.into_iter().map(of_step).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(trails: &[&[&str]], top: usize) -> Map {
        // A letter's number is its hash.
        let hash = |name: &&str| u64::from(name.as_bytes()[0]);
        let mut all = Trails::default();
        for trail in trails {
            all.add(trail.iter().map(hash).collect(), 1).unwrap();
        }
        let names = trails.iter().flat_map(|trail| trail.iter());
        all.map(top, &names.map(|name| (hash(name), (*name).to_owned())).collect())
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
        let map = map(&[&["a", "b", "a"], &["a", "c"], &["a", "d"], &["a", "c", "e"], &["b"], &["a"]], 1);
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
