//! Tables, and those who use them step by step.

use std::collections::{BTreeMap, BTreeSet};

use model::Timestamp;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};

use crate::Range;
use crate::rollup::plan::{DayState, HourState, Plan};
use crate::rollup::{DAY_S, HOUR_S, Reading};

/// Rules of the protocol, each of which may be broken.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each rule is kept or not")]
pub(super) struct Rules {
    /// Marks go in before the rows.
    pub(super) marks_first: bool,
    /// Offsets are committed before the marks.
    pub(super) commits_first: bool,
    /// A worker counts the marks when it has read the events.
    pub(super) counts_late: bool,
    /// A worker says that an hour is clean, in place of what it covers.
    pub(super) clears: bool,
    /// Rollups are read before it is known which of them are clean.
    pub(super) plans_late: bool,
}

/// An operation. What an hour holds is which of them were done.
type Op = u32;
type Ops = BTreeSet<Op>;

const HOURS: u32 = 3;
/// A midnight: the hours are the first of its day.
const MIDNIGHT: u32 = 1_795_132_800;

#[derive(Clone, Default)]
struct Row {
    covered: u64,
    ops: Ops,
}

/// What all tables hold.
struct World {
    rules: Rules,
    events: BTreeMap<u32, Ops>,
    /// All that an hour ever was.
    was: BTreeMap<u32, Vec<Ops>>,
    marks: BTreeMap<u32, u64>,
    rollup: BTreeMap<u32, Row>,
    day: Row,
    acknowledged: BTreeSet<(u32, Op)>,
    /// Hours that were written to since somebody said that they are clean.
    flags: BTreeSet<u32>,
}

impl World {
    fn insert(&mut self, batch: &[(u32, Op)]) {
        for (hour, op) in batch {
            if self.events.entry(*hour).or_default().insert(*op) {
                let now = self.events[hour].clone();
                self.was.entry(*hour).or_default().push(now);
            }
        }
    }

    fn mark(&mut self, batch: &[(u32, Op)]) {
        for hour in batch.iter().map(|(hour, _)| *hour).collect::<BTreeSet<_>>() {
            *self.marks.entry(hour).or_default() += 1;
            self.flags.insert(hour);
        }
    }

    fn roll_up(&mut self, hour: u32, row: Row) {
        let known = self.rollup.entry(hour).or_default();
        if row.covered >= known.covered {
            *known = row;
        }
        if self.rules.clears {
            self.flags.remove(&hour);
        }
    }

    /// What each rollup covers, as somebody sees it who reads it now.
    fn covered(&self) -> BTreeMap<u32, u64> {
        if self.rules.clears {
            let clean = self.rollup.keys().filter(|hour| !self.flags.contains(hour));
            return clean.map(|hour| (*hour, u64::MAX)).collect();
        }
        self.rollup.iter().map(|(hour, row)| (*hour, row.covered)).collect()
    }

    fn days(&self) -> Vec<DayState> {
        vec![DayState { start: MIDNIGHT, covered: self.day.covered }]
    }

    /// What is said of an hour of which a question has read this much.
    fn check(&self, hour: u32, said: &Ops, before: &BTreeSet<(u32, Op)>) -> Result<(), String> {
        let lacks = before.iter().any(|(of, op)| *of == hour && !said.contains(op));
        let never = !said.is_empty() && !self.was.get(&hour).is_some_and(|was| was.contains(said));
        if lacks || never { Err(format!("hour {hour} is said to be {said:?}")) } else { Ok(()) }
    }
}

/// Somebody who takes one step at a time, until there are no more.
enum Actor {
    Writer { batches: Vec<Vec<(u32, Op)>>, step: usize },
    Worker { rounds: u32, hour: u32, counted: Option<u64>, row: Option<Row> },
    Days { rounds: u32, row: Option<Row> },
    Reader(Reader),
}

#[derive(Default)]
struct Reader {
    rounds: u32,
    /// What is still to be read in this round, the next one last.
    looks: Vec<Look>,
    before: BTreeSet<(u32, Op)>,
    days: Vec<DayState>,
    marks: BTreeMap<u32, u64>,
    covered: BTreeMap<u32, u64>,
    rolled: BTreeMap<u32, Ops>,
    day: Ops,
    live: BTreeMap<u32, Ops>,
}

/// A table that a question reads.
#[derive(Clone, Copy)]
enum Look {
    Days,
    Marks,
    Covered,
    Rolled,
    Live,
}

impl Actor {
    /// Whether there is more to do.
    fn step(&mut self, world: &mut World, random: &mut StdRng) -> Result<bool, String> {
        match self {
            Self::Writer { batches, step } => {
                let Some(batch) = batches.first().cloned() else { return Ok(false) };
                let order = match (world.rules.marks_first, world.rules.commits_first) {
                    (true, _) => ["mark", "insert", "commit"],
                    (_, true) => ["insert", "commit", "mark"],
                    _ => ["insert", "mark", "commit"],
                };
                // Killed: what was not committed is read from the log again.
                if random.random_ratio(1, 5) {
                    *step = 0;
                    if batch.iter().all(|one| world.acknowledged.contains(one)) {
                        batches.remove(0);
                    }
                    return Ok(true);
                }
                match order.get(*step).copied() {
                    Some("insert") => world.insert(&batch),
                    Some("mark") => world.mark(&batch),
                    Some("commit") => world.acknowledged.extend(batch),
                    _ => {}
                }
                *step += 1;
                if *step == order.len() {
                    batches.remove(0);
                    *step = 0;
                }
                Ok(true)
            }
            Self::Worker { rounds, hour, counted, row } => {
                // Killed: nothing was begun.
                if *rounds == 0 {
                    return Ok(false);
                }
                let count = |world: &World| world.marks.get(hour).copied().unwrap_or_default();
                match (&*counted, row.is_some()) {
                    (None, false) if world.rules.counts_late => {
                        *row = Some(Row {
                            covered: 0,
                            ops: world.events.get(hour).cloned().unwrap_or_default(),
                        });
                    }
                    (None, _) => *counted = Some(count(world)),
                    (Some(_), false) => {
                        *row = Some(Row {
                            covered: 0,
                            ops: world.events.get(hour).cloned().unwrap_or_default(),
                        });
                    }
                    (Some(covered), true) => {
                        let done = Row { covered: *covered, ..row.take().unwrap_or_default() };
                        if !random.random_ratio(1, 6) {
                            world.roll_up(*hour, done);
                        }
                        (*counted, *rounds) = (None, *rounds - 1);
                        *hour = MIDNIGHT + random.random_range(0..HOURS) * HOUR_S;
                    }
                }
                Ok(true)
            }
            Self::Days { rounds, row } => {
                if *rounds == 0 {
                    return Ok(false);
                }
                match row.take() {
                    // One statement reads all rollups.
                    None => {
                        let ops = world.rollup.values().flat_map(|row| row.ops.clone()).collect();
                        *row = Some(Row { covered: world.rollup.values().map(|row| row.covered).sum(), ops });
                    }
                    Some(row) => {
                        if row.covered >= world.day.covered {
                            world.day = row;
                        }
                        *rounds -= 1;
                    }
                }
                Ok(true)
            }
            Self::Reader(reader) => reader.step(world, random),
        }
    }
}

impl Reader {
    fn step(&mut self, world: &World, random: &mut StdRng) -> Result<bool, String> {
        if self.rounds == 0 {
            return Ok(false);
        }
        match self.looks.pop() {
            None => {
                self.before = world.acknowledged.clone();
                self.looks = looks(world.rules, random);
                return Ok(true);
            }
            Some(Look::Days) => self.days = world.days(),
            Some(Look::Marks) => self.marks = world.marks.clone(),
            Some(Look::Covered) => self.covered = world.covered(),
            Some(Look::Rolled) => {
                self.rolled = world.rollup.iter().map(|(hour, row)| (*hour, row.ops.clone())).collect();
                self.day = world.day.ops.clone();
            }
            Some(Look::Live) => self.live = world.events.clone(),
        }
        if self.looks.is_empty() {
            self.check(world)?;
            self.rounds -= 1;
        }
        Ok(true)
    }

    fn check(&self, world: &World) -> Result<(), String> {
        let at = |second: u32| Timestamp::from_millis(i64::from(second) * 1_000).unwrap_or_default();
        let range = Range::new(at(MIDNIGHT), at(MIDNIGHT + DAY_S), at(MIDNIGHT + 2 * DAY_S));
        let range = range.map_err(|error| error.to_string())?;
        let hours = states(&self.marks, &self.covered);
        let plan = Plan::new(MIDNIGHT, MIDNIGHT + DAY_S, &range, &hours, &self.days, Reading::Exact);
        for number in 0..HOURS {
            let hour = MIDNIGHT + number * HOUR_S;
            let source = if plan.live.contains(&hour) { &self.live } else { &self.rolled };
            world.check(hour, &source.get(&hour).cloned().unwrap_or_default(), &self.before)?;
        }
        if plan.days == [MIDNIGHT] {
            for (hour, was) in &world.was {
                let all: Ops = was.iter().flatten().copied().collect();
                world.check(*hour, &self.day.intersection(&all).copied().collect(), &self.before)?;
            }
        }
        Ok(())
    }
}

/// A question reads the tables of one statement one by one, in any order; the next one is the last.
fn looks(rules: Rules, random: &mut StdRng) -> Vec<Look> {
    let mut plan = [Look::Days, Look::Marks, Look::Covered];
    let mut read = [Look::Rolled, Look::Live];
    plan.shuffle(random);
    read.shuffle(random);
    let statements: [&[Look]; 2] = if rules.plans_late { [&read, &plan] } else { [&plan, &read] };
    statements.concat().into_iter().rev().collect()
}

/// Newest first.
fn states(marks: &BTreeMap<u32, u64>, covered: &BTreeMap<u32, u64>) -> Vec<HourState> {
    let state = |(hour, marks): (&u32, &u64)| {
        let covered = covered.get(hour).copied().unwrap_or_default();
        HourState { start: *hour, marks: *marks, covered, events: 1, computed_at: 0 }
    };
    marks.iter().rev().map(state).collect()
}

/// Lets some of each kind take their steps in an order that the seed tells. The error is what was said that is wrong.
pub(super) fn run(rules: Rules, seed: u64) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut world = World {
        rules,
        events: BTreeMap::new(),
        was: BTreeMap::new(),
        marks: BTreeMap::new(),
        rollup: BTreeMap::new(),
        day: Row::default(),
        acknowledged: BTreeSet::new(),
        flags: BTreeSet::new(),
    };
    let mut op = 0;
    let mut batch = |random: &mut StdRng| -> Vec<(u32, Op)> {
        (0..random.random_range(1..3))
            .map(|_| {
                op += 1;
                (MIDNIGHT + random.random_range(0..HOURS) * HOUR_S, op)
            })
            .collect()
    };
    let mut actors: Vec<Actor> = Vec::new();
    for _ in 0..2 {
        let batches = (0..random.random_range(1..4)).map(|_| batch(&mut random)).collect();
        actors.push(Actor::Writer { batches, step: 0 });
        let hour = MIDNIGHT + random.random_range(0..HOURS) * HOUR_S;
        actors.push(Actor::Worker { rounds: random.random_range(1..6), hour, counted: None, row: None });
        actors.push(Actor::Days { rounds: random.random_range(1..4), row: None });
        actors.push(Actor::Reader(Reader { rounds: random.random_range(1..4), ..Reader::default() }));
    }
    let mut left: Vec<usize> = (0..actors.len()).collect();
    while let Some(turn) = left.choose(&mut random).copied() {
        let goes_on = match actors.get_mut(turn) {
            Some(actor) => actor.step(&mut world, &mut random)?,
            None => false,
        };
        if !goes_on {
            left.retain(|actor| *actor != turn);
        }
    }
    at_rest(&mut world)
}

/// When all rest and the dirty hours are rolled up, the rollups say what the events do.
fn at_rest(world: &mut World) -> Result<(), String> {
    for state in states(&world.marks, &world.covered()) {
        if state.covered < state.marks {
            let ops = world.events.get(&state.start).cloned().unwrap_or_default();
            world.roll_up(state.start, Row { covered: state.marks, ops });
        }
    }
    for (hour, ops) in &world.events {
        let said = world.rollup.get(hour).map(|row| &row.ops);
        // What a writer that was killed for good left unmarked is none of it.
        let all: Ops = world.acknowledged.iter().filter(|(of, _)| of == hour).map(|(_, op)| *op).collect();
        if said.is_none_or(|said| !all.is_subset(said)) {
            return Err(format!("at rest hour {hour} is said to be {said:?}, and is {ops:?}"));
        }
    }
    Ok(())
}
