//! What is done in the shop as it goes on the topic: read as the API would have, had it been sent there at its time.

use bus::Record;
use model::wire::segment::{self, Form, Limits};
use model::wire::{Intake, native};
use model::{EventId, EventKey, EventNames, Kind, Operation, Tenant, Timestamp, Window, message};
use shop::Action;
use shop::number::mix;

/// Of the API.
const MAX_AGE_DAYS: u32 = 3_650;
const LIMITS: Limits = Limits { max_event_bytes: 32 << 10, max_added_bytes: 1 << 20, max_events: 1 };

/// The error is an operation that the API would refuse.
pub(super) fn of(shop::Operation { at, id, action }: &shop::Operation) -> anyhow::Result<Record> {
    let now = Timestamp::from_millis(*at).unwrap_or_default();
    let (tenant, window) = (Tenant::default(), Window::around(now, MAX_AGE_DAYS));
    let intake = Intake { tenant: tenant.clone(), now, window, names: &EventNames::Any };
    let key = EventKey { tenant, id: EventId::from_uuid(*id)? };
    Ok(match action {
        Action::Create(event) => (&native::create(event.as_bytes(), &intake)?).into(),
        Action::Track(message) => {
            let sent = segment::read(message.as_bytes(), Form::Single(Kind::Track), LIMITS)?;
            let operation =
                sent.operations(&intake).pop().ok_or_else(|| anyhow::anyhow!("a message of nothing"))?;
            (&operation.map_err(|refused| refused.error)?).into()
        }
        Action::Update(changes) => {
            let mut record = Record::from(&native::update(changes.as_bytes(), key, &intake)?);
            // Sent again it is the same change, after a start too.
            let name = format!("{:016x}", mix(at.cast_unsigned() ^ id.as_u64_pair().1));
            record.headers.push((message::IDEMPOTENCY_KEY.to_owned(), name.into_bytes()));
            record
        }
        Action::Delete => (&Operation::Delete { key, at: now }).into(),
    })
}

#[cfg(test)]
mod tests {
    use shop::{Plan, Shop};

    use super::*;

    #[test]
    fn all_that_is_done_in_a_shop_is_taken() {
        let until = 1_795_787_000_000;
        let (visits_before, tenant) = (0, Tenant::default());
        let plan = Plan { seed: 1, days: 10, users: 100, until, visits_before, tenant, oddities: true };
        let mut count = 0;
        for operation in Shop::new(plan) {
            let record = of(&operation).unwrap();
            assert_eq!(record.key.unwrap(), operation.id.to_string().into_bytes(), "{:?}", operation.action);
            count += 1;
        }
        assert!(count > 500, "{count}");
    }
}
