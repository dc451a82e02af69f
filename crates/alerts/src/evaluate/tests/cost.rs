//! What a look may cost, and that what costs too much stops no rule.

use super::*;

/// Events of which a question may read half.
const MANY: i64 = 20_000;

#[tokio::test]
async fn a_late_event_whose_end_is_too_dear_to_look_for_stops_no_rule() {
    let (site, rules) = (Site::reading(10_000).await, current(STOCK));
    site.events("acme", MANY, -100_000, -100_000, "other").await;
    site.event("acme", -200_000, 300_000, stock("low", "late")).await;
    assert_eq!(site.look(&rules, until(1_000_000)).await, [Open]);
    site.event("acme", 1_000_000, 1_000_000, stock("low", "next")).await;
    assert_eq!(site.look(&rules, until(1_100_000)).await, [Open]);
}

#[tokio::test]
async fn silence_is_looked_for_in_the_newest_minute_first() {
    let rules = "[[rule]]\nname = \"silence\"\ntenant = \"acme\"\nsilence = \"1h\"\n";
    let (site, rules) = (Site::reading(10_000).await, current(rules));
    site.events("acme", MANY, 0, 0, "beat").await;
    site.event("acme", 1_000_000, 1_000_000, named("beat")).await;
    assert_eq!(site.look(&rules, until(1_030_000)).await, []);
    // Then everything is read, and here that is too much.
    let looked = Evaluator::new(site.store.clone()).look(&rules, until(1_090_000)).await;
    assert!(looked[0].outcome.as_ref().is_err_and(StoreError::is_too_large));
}

#[tokio::test]
async fn a_long_way_that_is_interrupted_is_not_begun_anew() {
    let (site, rules) = (Site::new().await, current(STOCK));
    let page = i64::try_from(arrivals::PAGE).unwrap();
    for n in 0..page {
        site.event("acme", 100_000, 100_000, stock("low", &format!("sku-{n}"))).await;
    }
    site.event("acme", 200_000, 200_000, stock("low", "bad")).await;
    site.sql("ALTER TABLE {db}.alerts ADD CONSTRAINT bad CHECK key NOT LIKE '%bad%'").await;
    let looked = Evaluator::new(site.store.clone()).look(&rules, until(1_000_000)).await;
    assert!(looked[0].outcome.is_err());
    let cursors = site.store.alert_cursors().await.unwrap();
    assert_eq!(cursors[&rules.rules.rules[0].id()], at(100_000));
}

#[tokio::test]
async fn the_cursors_of_all_rules_are_kept_by_one_insert() {
    let others = ["two", "three"].map(|name| STOCK.replace("\"stock\"", &format!("\"{name}\"")));
    let (site, rules) = (Site::new().await, current(&[STOCK, &others[0], &others[1]].concat()));
    site.sql("SYSTEM STOP MERGES {db}.alert_cursors").await;
    let inserts = async || {
        let parts = "SELECT count() FROM system.parts WHERE database = '{db}' AND table = 'alert_cursors'";
        site.sql(parts).await
    };
    for (complete, expected) in [(50_000, "1"), (90_000, "1"), (130_000, "2"), (140_000, "2")] {
        assert_eq!(site.look(&rules, until(complete)).await, []);
        assert_eq!(inserts().await, expected, "{complete}");
    }
    let cursors = site.store.alert_cursors().await.unwrap();
    assert_eq!(cursors.into_values().collect::<Vec<_>>(), [at(70_000); 3]);
}
