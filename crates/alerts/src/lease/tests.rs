use model::Timestamp;
use proptest::prelude::*;

use super::*;

const TTL_MS: i64 = 100;
const SETTLE_MS: i64 = 20;

fn bid(at_ms: i64, holder: u128, ttl_ms: u64) -> Bid {
    let at = Timestamp::from_millis(at_ms).unwrap();
    Bid { at, holder: Uuid::from_u128(holder), ttl: Duration::from_millis(ttl_ms) }
}

fn held(bids: &[Bid], now_ms: i64) -> Option<u128> {
    holder(bids, now_ms).map(|holder| holder.as_u128())
}

#[test]
fn the_first_who_bids_while_it_is_free_holds_it_until_that_bid_ends() {
    let bids = [bid(0, 1, 100), bid(50, 2, 100), bid(60, 1, 100), bid(120, 2, 100)];
    assert_eq!(held(&bids[..1], 99), Some(1));
    assert_eq!(held(&bids[..2], 100), None, "a bid for what another holds is none");
    assert_eq!(held(&bids, 159), Some(1));
    assert_eq!(held(&bids, 160), None);
    let then = [&bids[..], &[bid(170, 2, 100), bid(171, 1, 100)]].concat();
    assert_eq!(held(&then, 180), Some(2));
    assert_eq!(held(&[], 0), None);
}

#[test]
fn a_holder_that_gives_it_up_makes_it_free_at_once() {
    let bids = [bid(0, 1, 100), bid(10, 1, 0), bid(11, 2, 100)];
    assert_eq!(held(&bids[..2], 10), None);
    assert_eq!(held(&bids, 11), Some(2));
}

/// One process on its way through `Lease::renew`.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// It looks, and is to bid.
    Looked { at: i64, holds: bool },
    /// Its bid was taken at `at`, after it had looked and begun at `begun`.
    Bid { begun: i64 },
}

proptest! {
    /// Processes look, bid and look again in any order and with any delays below `settle`: at no time do two of
    /// them believe to hold the lease.
    #[test]
    fn no_two_hold_it_at_once(moves in prop::collection::vec((0_usize..3, 0_i64..40, 0_i64..SETTLE_MS), 1..120)) {
        let mut now = 1_000;
        // Each is visible from a time on.
        let mut bids: Vec<(i64, Bid)> = Vec::new();
        let mut steps: [Option<Step>; 3] = [None; 3];
        let mut until = [0_i64; 3];
        for (one, passes, delay) in moves {
            now += passes;
            let me = one as u128;
            let visible: Vec<_> = {
                let mut visible: Vec<_> =
                    bids.iter().filter(|(from, _)| *from <= now).map(|(_, bid)| *bid).collect();
                visible.sort_by_key(|bid| (bid.at, bid.holder));
                visible
            };
            match steps[one] {
                None => {
                    let seen = held(&visible, now);
                    if seen.is_none_or(|holder| holder == me) {
                        let holds = now < until[one] && seen == Some(me);
                        steps[one] = Some(Step::Looked { at: now, holds });
                    } else {
                        until[one] = 0;
                    }
                }
                Some(Step::Looked { at, holds }) => {
                    bids.push((now + delay, bid(now, me, u64::try_from(TTL_MS).unwrap())));
                    // The answer comes when it is visible.
                    if holds && now + delay < until[one] {
                        until[one] = at + TTL_MS;
                        steps[one] = None;
                    } else {
                        steps[one] = Some(Step::Bid { begun: at });
                    }
                }
                Some(Step::Bid { begun }) => {
                    let last = bids.iter().rev().find(|(_, bid)| bid.holder.as_u128() == me).unwrap();
                    if now < last.1.at.millis() + SETTLE_MS + delay {
                        continue;
                    }
                    until[one] = if held(&visible, now) == Some(me) { begun + TTL_MS } else { 0 };
                    steps[one] = None;
                }
            }
            let holders = until.iter().filter(|until| now < **until).count();
            prop_assert!(holders <= 1, "{until:?} at {now}: {bids:?}");
        }
    }
}

#[tokio::test]
async fn one_of_two_has_it_and_the_other_one_when_that_gives_it_up() {
    let site = crate::site::Site::new().await;
    let terms = Terms { settle: Duration::from_secs(2), ..Terms::default() };
    let lease = || Lease::new(site.store.clone(), terms);
    let (one, other) = (lease(), lease());
    let (first, second) = tokio::join!(one.renew(), other.renew());
    first.and(second).unwrap();
    assert!(one.is_held() != other.is_held());
    let (holder, waiting) = if one.is_held() { (one, other) } else { (other, one) };
    waiting.renew().await.unwrap();
    holder.renew().await.unwrap();
    assert!(holder.is_held() && !waiting.is_held());
    holder.release().await.unwrap();
    waiting.renew().await.unwrap();
    assert!(!holder.is_held() && waiting.is_held());
}
