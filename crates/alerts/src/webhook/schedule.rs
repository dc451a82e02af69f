//! When an alert that was not taken is sent again.

use std::time::Duration;

use model::Timestamp;
use store::{Delivery, Outcome};

/// What is waited after each try but the last: five tries in an hour.
const PAUSES: [Duration; 4] =
    [Duration::from_mins(1), Duration::from_mins(5), Duration::from_mins(15), Duration::from_mins(39)];

/// How a delivery stands after another try.
pub(super) fn after(before: Delivery, was_taken: bool, now: Timestamp) -> Delivery {
    let tries = before.tries.saturating_add(1);
    if was_taken {
        return Delivery { outcome: Outcome::Delivered, tries, next_try_at: now };
    }
    let pause = PAUSES.get(usize::from(tries) - 1).copied();
    let next = pause.and_then(|pause| {
        Timestamp::from_millis(now.millis() + i64::try_from(pause.as_millis()).unwrap_or_default())
    });
    match next {
        Some(next_try_at) => Delivery { outcome: Outcome::Waiting, tries, next_try_at },
        None => Delivery { outcome: Outcome::GivenUp, tries, next_try_at: now },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_tries_take_an_hour() {
        let begin = Timestamp::from_millis(1_800_000_000_000).unwrap();
        let mut delivery = Delivery::waiting(begin);
        let mut tried = Vec::new();
        while delivery.outcome == Outcome::Waiting {
            let now = delivery.next_try_at;
            tried.push((now.millis() - begin.millis()) / 60_000);
            delivery = after(delivery, false, now);
        }
        assert_eq!(tried, [0, 1, 6, 21, 60]);
        assert_eq!((delivery.outcome, delivery.tries), (Outcome::GivenUp, 5));
    }

    #[test]
    fn what_was_taken_is_not_sent_again() {
        let begin = Timestamp::from_millis(1_800_000_000_000).unwrap();
        let refused = after(Delivery::waiting(begin), false, begin);
        let taken = after(refused, true, refused.next_try_at);
        assert_eq!((taken.outcome, taken.tries), (Outcome::Delivered, 2));
    }
}
