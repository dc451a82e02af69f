//! ClickHouse goes away, in each of its ways, and comes back.

use testing::gate::Gate;
use testing::wait::until;

use crate::operations::{creates, mixed};
use crate::site::{PATIENCE, Site, small_batches};

pub(crate) async fn clickhouse_away_at_the_start_is_waited_for(site: Site) {
    let gate = Gate::absent();
    let operations = mixed(7, 40, 400);
    site.send(&operations).await;
    let consumer = site.start_by(gate.url(), small_batches());
    until("it says what it waits for", PATIENCE, async || !consumer.status.troubles().is_empty()).await;
    assert_eq!(consumer.status.troubles(), ["setup: waiting for Kafka and ClickHouse"]);
    assert_eq!(site.done().await, 0);

    gate.appear().await;
    site.caught_up().await;
    assert!(consumer.status.troubles().is_empty());
    site.assert_holds(&operations).await;
    consumer.stop().await;
}

pub(crate) async fn clickhouse_away_later_is_waited_for_and_nothing_is_committed_meanwhile(site: Site) {
    let gate = Gate::open().await;
    let mut operations = mixed(8, 40, 400);
    site.send(&operations).await;
    let consumer = site.start_by(gate.url(), small_batches());
    site.caught_up().await;
    for round in 0..3 {
        let (committed, rows) = (site.committed().await, site.count().await);
        let misses = gate.turned_away();
        gate.close();
        let more = mixed(9 + round, 40, 400);
        site.send(&more).await;
        operations.extend(more);
        until("it has tried again", PATIENCE, async || gate.turned_away() >= misses + 3).await;
        let troubles = consumer.status.troubles();
        assert!(
            matches!(&troubles[..], [one] if one.starts_with("clickhouse: ClickHouse is away: ")),
            "{troubles:?}"
        );
        assert_eq!(site.committed().await, committed);
        assert_eq!(site.count().await, rows);

        gate.reopen();
        site.caught_up().await;
        assert!(consumer.status.troubles().is_empty());
        site.assert_holds(&operations).await;
    }
    consumer.stop().await;
}

pub(crate) async fn an_insert_whose_answer_is_lost_is_made_again_without_harm(site: Site) {
    let gate = Gate::open().await;
    let mut operations = creates(3);
    site.send(&operations).await;
    let consumer = site.start_by(gate.url(), small_batches());
    site.caught_up().await;

    gate.lose_answers();
    let more = creates(300);
    site.send(&more).await;
    until("rows are in the table", PATIENCE, async || site.count().await > 3).await;
    until("it has tried again", PATIENCE, async || gate.turned_away() >= 2).await;
    assert_eq!(site.done().await, 3);

    gate.reopen();
    operations.extend(more);
    site.caught_up().await;
    site.assert_holds(&operations).await;
    consumer.stop().await;
}

pub(crate) async fn a_clickhouse_that_hangs_is_waited_for(site: Site) {
    let gate = Gate::open().await;
    let mut operations = mixed(20, 40, 400);
    site.send(&operations).await;
    let consumer = site.start_by(gate.url(), small_batches());
    site.caught_up().await;
    let committed = site.committed().await;

    gate.stick();
    let more = mixed(21, 40, 400);
    site.send(&more).await;
    operations.extend(more);
    until("it has tried again", PATIENCE, async || gate.turned_away() >= 2).await;
    assert_eq!(site.committed().await, committed);

    gate.reopen();
    site.caught_up().await;
    site.assert_holds(&operations).await;
    consumer.stop().await;
}
