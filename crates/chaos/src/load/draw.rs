//! What is done next, and to which event.

use model::{EventKey, Tenant};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::pool::{Choice, Pool};
use audit::operation::Kind;

/// Of a hundred operations: 60 creates, 25 updates, 15 deletes. Some come before the create, some
/// creates again, most updates go to few events, and some to such as nobody has written to for long.
const MIX: [(u32, Kind, Choice); 14] = [
    (46, Kind::Create, Choice::New),
    (4, Kind::Create, Choice::Late),
    (7, Kind::Create, Choice::Hot),
    (1, Kind::Create, Choice::Steady),
    (2, Kind::Create, Choice::Recent),
    (8, Kind::Update, Choice::Hot),
    (4, Kind::Update, Choice::Steady),
    (8, Kind::Update, Choice::Recent),
    (3, Kind::Update, Choice::Old),
    (2, Kind::Update, Choice::Early),
    (11, Kind::Delete, Choice::Recent),
    (1, Kind::Delete, Choice::Old),
    (2, Kind::Delete, Choice::Hot),
    (1, Kind::Delete, Choice::Early),
];

pub(super) fn draw(pool: &Pool, dice: &mut StdRng) -> (Kind, EventKey) {
    let (kind, choice) = choose(&MIX, dice);
    let key = pool.choose(choice, dice);
    if (kind, choice) == (Kind::Delete, Choice::Hot) {
        pool.replace(&key, dice);
    }
    (kind, key)
}

/// What is created next, so many events of one tenant.
pub(super) fn draw_creates(count: usize, tenant: &Tenant, pool: &Pool, dice: &mut StdRng) -> Vec<EventKey> {
    let creates: Vec<_> = MIX.into_iter().filter(|(_, kind, _)| *kind == Kind::Create).collect();
    (0..count).map(|_| pool.choose_of(Some(tenant), choose(&creates, dice).1, dice)).collect()
}

fn choose(mix: &[(u32, Kind, Choice)], dice: &mut StdRng) -> (Kind, Choice) {
    let chosen = mix.choose_weighted(dice, |(share, ..)| *share);
    chosen.map_or((Kind::Create, Choice::New), |(_, kind, choice)| (*kind, *choice))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn the_shares_come_to_a_hundred_and_to_60_25_15() {
        let share = |wanted: Option<Kind>| -> u32 {
            let of = MIX.iter().filter(|(_, kind, _)| wanted.is_none_or(|wanted| wanted == *kind));
            of.map(|(share, ..)| share).sum()
        };
        assert_eq!(share(None), 100);
        assert_eq!(Kind::ALL.map(|kind| share(Some(kind))), [60, 25, 15]);
    }

    #[test]
    fn some_events_are_written_to_again_and_again() {
        let (pool, mut dice) = (Pool::new(1), StdRng::seed_from_u64(1));
        let mut count = std::collections::HashMap::<EventKey, u32>::new();
        for _ in 0..2_000 {
            *count.entry(draw(&pool, &mut dice).1).or_default() += 1;
        }
        assert!(count.len() > 900, "{} events", count.len());
        assert!(count.values().filter(|count| **count >= 5).count() >= 20);
    }

    #[test]
    fn a_batch_is_of_one_tenant_and_makes_new_events_mostly() {
        let (pool, mut dice) = (Pool::new(1), StdRng::seed_from_u64(1));
        let tenant = Tenant::parse("acme").unwrap();
        let keys = draw_creates(500, &tenant, &pool, &mut dice);
        assert!(keys.len() == 500 && keys.iter().all(|key| key.tenant == tenant));
        let different: std::collections::HashSet<_> = keys.into_iter().collect();
        assert!((300..500).contains(&different.len()), "{}", different.len());
    }
}
