//! What is done to events after they were sent: some are changed, others deleted.

use super::agenda::{Agenda, Todo};
use super::dice::{Dice, Purpose};
use super::event::Event;
use super::object::Object;
use super::operation::{Action, Operation};
use super::{DAY, MINUTE};

/// Enters what will be done to the event of this number, which is sent now. An event is changed or deleted, never
/// both: a change that is sent again behind the deletion would go to the dead letters.
pub(super) fn plan(seed: u64, number: i64, operation: &Operation, event: &Event, agenda: &mut Agenda) {
    let mut dice = Dice::new(seed, Purpose::Change, number);
    let mut enter = |dice: &mut Dice, action| {
        let at = operation.at + dice.between(MINUTE, 4 * DAY);
        agenda.enter(at, Todo::Changes(Operation { at, id: operation.id, action }));
    };
    match dice.below(1_000) {
        0..40 => {
            for _ in 0..dice.between(1, 2) {
                let action = Action::Update(changes(&mut dice, event));
                enter(&mut dice, action);
            }
        }
        40..80 => enter(&mut dice, Action::Delete),
        _ => {}
    }
}

fn changes(dice: &mut Dice, event: &Event) -> String {
    let object = Object::new();
    let changes = match dice.below(6) {
        0 if !event.mended.is_empty() => object.raw("properties", &event.mended),
        0 => object.text("output", "revised — überarbeitet"),
        1 => object.text("error", ""),
        2 => object.text("error", "reported by a user: \"wrong\""),
        3 => object.raw("latency", format_args!("{}.5", dice.between(1, 3_000))),
        4 => object.raw("tags", r#"["reviewed","größe"]"#),
        // Somebody turned out to be somebody else.
        _ if !event.who.user_id.is_empty() => object.text("user_id", &format!("u-{}", dice.below(50))),
        _ => object.raw("latency", "0"),
    };
    changes.close()
}
