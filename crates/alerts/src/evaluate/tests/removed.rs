//! Rules that are gone, come back, or are changed.

use super::*;

const LAG: &str = "[[rule]]\nname = \"lag\"\ntenant = \"acme\"\nlag_over = 1\n";

#[expect(clippy::unnecessary_wraps, reason = "as looks take it")]
fn lagging(ms: i64) -> Option<Progress> {
    Some(Progress { complete_until: Some(at(ms)), lag: 9 })
}

impl Site {
    async fn resolve_removed(&self, rules: &Current) -> usize {
        Evaluator::new(self.store.clone()).resolve_removed(rules).await.unwrap()
    }
}

#[tokio::test]
async fn what_a_rule_fired_is_resolved_when_it_is_gone_and_it_goes_on_when_it_is_back() {
    // The real one, at which what is removed is resolved.
    let now = Timestamp::now().millis() - at(0).millis();
    let in_force = |rules: &str| Current { since: at(now - 1_000), ..current(rules) };
    let (site, both, lag) = (Site::new().await, in_force(&[STOCK, LAG].concat()), in_force(LAG));
    for sku in ["a", "b"] {
        site.event("acme", now, now, stock("low", sku)).await;
    }
    assert_eq!(site.look(&both, lagging(now + 1_000)).await, [Open; 3]);
    assert_eq!(site.resolve_removed(&both).await, 0);
    let b = site.alerts("acme").await.into_iter().find(|it| it.message.ends_with('b')).unwrap();
    site.acknowledge(&b, now).await;

    assert_eq!(site.resolve_removed(&lag).await, 2);
    assert_eq!(site.resolve_removed(&lag).await, 0);
    assert_eq!(site.look(&lag, lagging(now + 1_000)).await, []);
    for alert in site.alerts("acme").await {
        assert_eq!(alert.state, if alert.rule == "lag" { Open } else { Resolved }, "{alert:?}");
    }
    // What came in before it was gone fires nothing when it is back.
    assert_eq!(site.look(&both, lagging(now + 1_000)).await, []);
    let later = now + 3_600_000;
    site.event("acme", later, later, stock("low", "a")).await;
    assert_eq!(site.look(&both, lagging(later + 1_000)).await, [Open]);
}

#[tokio::test]
async fn a_rule_of_the_same_name_with_another_key_or_of_another_kind_is_a_new_one() {
    let (site, before) = (Site::new().await, current(STOCK));
    site.event("acme", 1_000, 1_000, stock("low", "a")).await;
    assert_eq!(site.look(&before, until(2_000)).await, [Open]);

    let other_key = Current { since: at(100_000), ..current(&STOCK.replace(".sku", ".site")) };
    assert_eq!(site.resolve_removed(&other_key).await, 1);
    assert_eq!(site.look(&other_key, until(200_000)).await, [], "it begins when it is read");
    site.event("acme", 150_000, 150_000, stock("low", "a")).await;
    assert_eq!(site.look(&other_key, until(200_000)).await, [Open]);

    let other_kind = current(&LAG.replace("\"lag\"", "\"stock\""));
    assert_eq!(site.resolve_removed(&other_kind).await, 1);
    assert_eq!(site.look(&other_kind, lagging(200_000)).await, [Open]);
    let alerts = site.alerts("acme").await;
    let ids: std::collections::BTreeSet<_> = alerts.iter().map(|alert| alert.id).collect();
    assert_eq!((ids.len(), alerts.iter().map(Alert::firing).max()), (3, Some(1)));

    // Another bound is the same rule.
    let other_bound = current(&LAG.replace("\"lag\"", "\"stock\"").replace("= 1", "= 2"));
    assert_eq!(site.resolve_removed(&other_bound).await, 0);
    assert_eq!(site.look(&other_bound, lagging(200_000)).await, []);
}
