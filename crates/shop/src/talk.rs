//! Conversations with a model: turns with a latency, an input and an output.

use super::agenda::Agenda;
use super::catalog::{GUILTY, RELEASES, SAYINGS};
use super::dice::Dice;
use super::event::{Event, Who};
use super::object::Object;
use super::{HOUR, SECOND};
use crate::text::Text;

/// As many bytes as a body may have, but for a few.
const LARGE: usize = 1_000_000;
/// One in so many turns has so large an answer.
const LARGE_ONE_IN: i64 = 40_000;

/// When one release fails more often than not, in Unix milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trouble {
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Trouble {
    /// What goes wrong now, in this release.
    pub(super) fn error(self, at: i64, release: &str, dice: &mut Dice) -> &'static str {
        let is_bad = release == GUILTY && (self.from..self.to).contains(&at);
        match dice.below(1_000) {
            0..650 if is_bad => "upstream timeout after 5000 ms",
            0..8 => "model \"m-2\" is overloaded",
            8..12 => "connection 0x7f3a to 10.0.0.7 was reset",
            _ => "",
        }
    }
}

/// What a conversation is made of.
pub(super) struct Talk<'a> {
    /// Unix milliseconds.
    pub(super) at: i64,
    pub(super) who: Who,
    pub(super) conversation_id: String,
    pub(super) trouble: Trouble,
    pub(super) text: &'a Text,
}

impl Talk<'_> {
    /// Enters its turns; `large` makes the first answer a large one.
    pub(super) fn hold(self, dice: &mut Dice, large: bool, agenda: &mut Agenda) {
        let release = dice.pick(&RELEASES);
        let mut at = self.at;
        for turn in 0..dice.between(2, 9) {
            let large = (large && turn == 0) || dice.below(LARGE_ONE_IN) == 0;
            agenda.event(self.turn(at, release, large, dice));
            // Some come back the next day: it is one conversation.
            at += if dice.chance(15) {
                dice.between(5 * HOUR, 30 * HOUR)
            } else {
                dice.between(5 * SECOND, 90 * SECOND)
            };
        }
    }

    fn turn(&self, at: i64, release: &str, large: bool, dice: &mut Dice) -> Event {
        let error = self.trouble.error(at, release, dice);
        let [input_bytes, output_bytes] = [dice.between(20, 120), dice.between(40, 400)];
        let piece = |bytes: i64, dice: &mut Dice| {
            self.text.piece(dice.bits(), usize::try_from(bytes).unwrap_or_default()).to_owned()
        };
        let input = if dice.chance(80) { dice.pick(&SAYINGS).to_owned() } else { piece(input_bytes, dice) };
        let output = match (large, error) {
            (true, _) => "全部 of it. ".repeat(LARGE / 14),
            (_, "") => piece(output_bytes, dice),
            _ => String::new(),
        };
        let latency = match dice.below(20) {
            // Not measured.
            0 => String::new(),
            1 => "0".to_owned(),
            _ if error.is_empty() => format!("{}.{}", 150 + dice.below(40) * dice.below(120), dice.below(10)),
            _ => dice.between(5_000, 5_600).to_string(),
        };
        let properties = Object::new()
            .text("release", release)
            .raw("model", format_args!("\"m-{}\"", dice.between(1, 3)))
            .raw("tokens", dice.between(5, 4_000))
            .close();
        Event {
            at,
            name: "message.answered",
            who: self.who.clone(),
            conversation_id: self.conversation_id.clone(),
            error,
            latency,
            input,
            output,
            properties,
            ..Event::default()
        }
    }
}
