//! Single logs whose end is plain to see.

use super::*;

#[test]
fn a_repeat_changes_nothing_also_behind_other_changes() {
    let keys = keys();
    let first = Act::Keyed(0, Some(1), None, 1);
    let again = Act::Keyed(0, Some(9), Some(9), 1);
    let said = |acts: &[Act]| {
        let Outcome { rows, fates, .. } = fold(steps(acts, &keys), HashMap::new());
        let State::Live(event) = &rows[0].1.state else { panic!("a live row") };
        (event.content.input.to_string(), event.content.output.to_string(), fates[acts.len() - 1])
    };
    let create = Act::Create(0, 0);
    let newer = Act::Update(0, Some(2), None);
    let text = |input: &str, output: &str, fate| (input.to_owned(), output.to_owned(), fate);
    assert_eq!(said(&[create.clone(), first.clone(), again.clone()]), text("1", "0", Fate::Replay));
    assert_eq!(said(&[create.clone(), first.clone(), newer, again.clone()]), text("2", "0", Fate::Replay));
    let others = |count: u8| (2..2 + count).map(|key| Act::Keyed(0, Some(3), None, key));
    let behind = |count: u8| -> Vec<_> {
        [create.clone(), first.clone()].into_iter().chain(others(count)).chain([again.clone()]).collect()
    };
    assert_eq!(said(&behind(7)), text("3", "0", Fate::Replay));
    assert_eq!(said(&behind(8)), text("9", "9", Fate::Folded), "it is forgotten");
}

#[test]
fn each_fate_is_told() {
    let keys = keys();
    let fates = |acts: &[Act]| fold(steps(acts, &keys), HashMap::new()).fates;
    assert_eq!(fates(&[Act::Update(0, Some(1), None)]), [Fate::UnknownEvent]);
    assert_eq!(fates(&[Act::Create(0, 1), Act::Create(0, 2)]), [Fate::Folded, Fate::Replay]);
    assert_eq!(fates(&[Act::Delete(0), Act::Create(0, 2)]), [Fate::Folded, Fate::Replay]);
    assert_eq!(
        fates(&[Act::Create(0, 1), Act::Delete(0), Act::Update(0, None, None), Act::Update(1, None, None)]),
        [Fate::Folded, Fate::Folded, Fate::EventDeleted, Fate::UnknownEvent]
    );
}
