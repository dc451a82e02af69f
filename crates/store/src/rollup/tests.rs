//! The protocol by itself: writers, workers and readers in any order, any of whom may be killed between two statements,
//! over tables that only know what was written. The plan is the real one.

mod engine;
mod race;
mod world;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use self::world::{Rules, run};

/// Whether some order of steps among so many shows a wrong answer.
fn is_found(rules: Rules) -> bool {
    (0..20_000).any(|seed| run(rules, seed).is_err())
}

#[test]
fn whatever_the_order_answers_hold_what_was_acknowledged_and_nothing_that_never_was() {
    let mut runner =
        TestRunner::new(Config { cases: 10_000, failure_persistence: None, ..Config::default() });
    runner.run(&any::<u64>(), |seed| run(Rules::default(), seed).map_err(TestCaseError::fail)).unwrap();
}

#[test]
fn marks_before_the_rows_are_found_wrong() {
    assert!(is_found(Rules { marks_first: true, ..Rules::default() }));
}

#[test]
fn marks_behind_the_commit_are_found_wrong() {
    assert!(is_found(Rules { commits_first: true, ..Rules::default() }));
}

#[test]
fn marks_that_are_counted_behind_the_reading_are_found_wrong() {
    assert!(is_found(Rules { counts_late: true, ..Rules::default() }));
}

#[test]
fn marks_that_are_cleared_are_found_wrong() {
    assert!(is_found(Rules { clears: true, ..Rules::default() }));
}

#[test]
fn a_plan_that_is_made_behind_the_reading_is_found_wrong() {
    assert!(is_found(Rules { plans_late: true, ..Rules::default() }));
}
