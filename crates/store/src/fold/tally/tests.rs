use super::*;
use crate::fold::funnel::{Entry, Rules};

/// Adds a user who takes the first steps of three at these times.
fn add(tally: &mut Tally, key: Option<&str>, times: &[i64]) {
    let event = |(step, at): (usize, &i64)| Event { at: *at, steps: 1 << step, exclusions: 0, value: 0 };
    let events: Vec<_> = times.iter().enumerate().map(event).collect();
    let rules =
        Rules { to: 1_000, window: 100, strict: false, entry: Entry::First, steps: 3, exclusions: vec![] };
    let journey = rules.journey(&events, 50).unwrap();
    tally.add(&journey, &events, key).unwrap();
}

fn group(open: u64, steps: [(u64, Option<i64>, Option<i64>); 3]) -> Group {
    let steps = steps.map(|(users, median, p90)| StepOf { users, median, p90 });
    Group { steps: steps.to_vec(), open }
}

#[test]
fn groups_are_by_size_then_key_and_add_up() {
    let mut tally = Tally::new(3);
    add(&mut tally, Some("b"), &[0, 10, 30]);
    add(&mut tally, Some("a"), &[0]);
    add(&mut tally, Some("c"), &[0, 20]);
    add(&mut tally, Some("c"), &[0, 40]);
    add(&mut tally, None, &[0, 50, 51]);
    add(&mut tally, Some("d"), &[0, 60]);
    assert_eq!(tally.all(), group(4, [(6, None, None), (5, Some(40), Some(60)), (2, Some(20), Some(20))]));
    let groups = tally.groups(2);
    let values = [
        ("c".to_owned(), group(2, [(2, None, None), (2, Some(40), Some(40)), (0, None, None)])),
        ("a".to_owned(), group(1, [(1, None, None), (0, None, None), (0, None, None)])),
    ];
    assert_eq!(groups.values, values);
    assert_eq!(
        groups.other,
        Some(group(1, [(2, None, None), (2, Some(60), Some(60)), (1, Some(20), Some(20))]))
    );
    assert_eq!(
        groups.none,
        Some(group(0, [(1, None, None), (1, Some(50), Some(50)), (1, Some(1), Some(1))]))
    );
    assert_eq!((tally.groups(4).other, tally.groups(9).values.len()), (None, 4));
}

#[test]
fn of_nobody_there_is_nothing() {
    let tally = Tally::new(3);
    assert_eq!(tally.all(), group(0, [(0, None, None); 3]));
    assert_eq!(tally.groups(2), Groups { values: vec![], other: None, none: None });
}
