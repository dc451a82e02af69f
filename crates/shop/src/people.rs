//! Who the users are.

use super::catalog::City;
use super::dice::{Dice, Purpose};
use super::event::Who;

/// What is so about a user for good.
pub(super) struct Person {
    pub(super) user_id: String,
    anonymous_id: String,
    /// When they register, in Unix milliseconds; before the shop's first day for those who have.
    pub(super) registers_at: i64,
    /// On so many of a thousand days they come.
    pub(super) visits_per_mille: i64,
    pub(super) city: &'static City,
    /// They use the app, whose events are native, rather than the web.
    pub(super) has_app: bool,
}

impl Person {
    /// The user of this number, in a shop whose events lie between these times.
    pub(super) fn new(seed: u64, number: i64, start: i64, until: i64) -> Self {
        let mut dice = Dice::new(seed, Purpose::Profile, number);
        let user_id = if number % 97 == 5 { format!("ü-{number}-学") } else { format!("u-{number}") };
        let registers_at = if dice.chance(600) { start - 1 } else { dice.between(start, until - 1) };
        // Most come seldom, a few often.
        let visits_per_mille = 15 + dice.below(150) + if dice.chance(150) { 400 } else { 0 };
        Self {
            user_id,
            anonymous_id: format!("a-{number}"),
            registers_at,
            visits_per_mille,
            city: City::any(&mut dice),
            has_app: dice.chance(450),
        }
    }

    /// Who they are once they have logged in.
    pub(super) fn known(&self) -> Who {
        Who { user_id: self.user_id.clone(), anonymous_id: String::new() }
    }

    /// The same where the browser's id is sent beside theirs.
    pub(super) fn known_in_browser(&self) -> Who {
        Who { anonymous_id: self.anonymous_id.clone(), ..self.known() }
    }

    /// Who they are before.
    pub(super) fn unknown(&self) -> Who {
        Who { user_id: String::new(), anonymous_id: self.anonymous_id.clone() }
    }
}
