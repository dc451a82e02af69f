//! Messages of letters put back on the topic of events.

use std::collections::BTreeSet;
use std::io::{Error, ErrorKind};

use dead_letters::{DeadLettersError, Filter, Replay, Replayed, Report};
use runtime::shutdown::Shutdown;

use crate::site::{Site, all, garbage, operation, refused, unknown_event};

fn done(replayed: usize, skipped: usize, failed: usize) -> Replayed {
    Replayed { replayed, skipped, failed, interrupted: false }
}

fn of(id: i64) -> Replay {
    Replay { filter: Filter::of(id), ..Replay::default() }
}

pub(crate) async fn without_letters_there_is_nothing_to_replay(site: Site) {
    assert_eq!(site.replay(Replay::default()).await, (done(0, 0, 0), Vec::new()));
    let (failed, reports) = site.replay(of(1_000)).await;
    assert_eq!(failed, done(0, 0, 1));
    assert_eq!(reports, ["failed 1000: there is no such dead letter"]);
}

pub(crate) async fn a_message_is_put_back_as_it_was_and_once(site: Site) {
    let message = operation();
    site.send_and_reject(message.clone(), unknown_event()).await;
    assert_eq!(site.replay(Replay::default()).await, (done(1, 0, 0), Vec::new()));
    let copies = site.copies(&message.value).await;
    assert_eq!(copies.len(), 2);
    for copy in &copies {
        assert_eq!((&copy.key, &copy.headers), (&message.key, &message.headers));
        assert_eq!(copy.partition, copies[0].partition);
    }
    assert!(site.list(all()).await[0].replayed_at.is_some());

    assert_eq!(site.replay(Replay::default()).await, (done(0, 1, 0), Vec::new()));
    assert_eq!(site.replay(of(0)).await, (done(0, 1, 0), vec!["replayed before 0".to_owned()]));
    assert_eq!(site.copies(&message.value).await.len(), 2);
    let force = Replay { force: true, ..Replay::default() };
    assert_eq!(site.replay(force).await.0, done(1, 0, 0));
    assert_eq!(site.copies(&message.value).await.len(), 3);
}

pub(crate) async fn a_message_that_is_still_wrong_is_not_put_back(site: Site) {
    let message = operation();
    site.send_and_reject(garbage("one"), refused()).await;
    site.send_and_reject(message.clone(), unknown_event()).await;
    site.send_and_reject(garbage("two"), refused()).await;
    let (replayed, reports) = site.replay(Replay::default()).await;
    assert_eq!(replayed, done(1, 0, 2));
    assert!(reports[0].starts_with("failed 0: still a dead letter (undecodable)"), "{reports:?}");
    for text in ["one", "two"] {
        assert_eq!(site.copies(text.as_bytes()).await.len(), 1);
    }
    assert_eq!(site.copies(&message.value).await.len(), 2);
}

pub(crate) async fn a_mended_message_is_put_back_in_place_of_the_letters_own(site: Site) {
    let mended = operation();
    site.send_and_reject(garbage("broken"), refused()).await;
    let replay = Replay { mended: Some(mended.value.clone()), ..of(0) };
    assert_eq!(site.replay(replay.clone()).await.0, done(1, 0, 0));
    assert_eq!(site.copies(&mended.value).await[0].key, mended.key);
    assert_eq!(site.replay(replay).await.0, done(0, 1, 0));
}

pub(crate) async fn a_dry_run_puts_nothing_back(site: Site) {
    let message = operation();
    site.send_and_reject(message.clone(), unknown_event()).await;
    let replay = Replay { dry_run: true, ..Replay::default() };
    assert_eq!(site.replay(replay).await, (done(1, 0, 0), vec!["would replay 0".to_owned()]));
    assert_eq!(site.copies(&message.value).await.len(), 1);
    assert!(!site.channels.bus.has_topic(&site.channels.replayed).await.unwrap());
}

/// A consumer that is killed between a letter and the commit makes a second one of the message.
pub(crate) async fn of_two_letters_of_one_message_one_is_put_back(site: Site) {
    let message = operation();
    let sent = site.send(message.clone()).await;
    for _ in 0..2 {
        site.reject(&sent, unknown_event()).await;
    }
    assert_eq!(site.replay(of(1)).await.0, done(1, 0, 0));
    site.reject(&sent, unknown_event()).await;
    assert_eq!(site.replay(Replay::default()).await.0, done(0, 3, 0));
    let force = Replay { force: true, ..Replay::default() };
    assert_eq!(site.replay(force).await.0, done(1, 2, 0));
    assert_eq!(site.copies(&message.value).await.len(), 3);
}

pub(crate) async fn a_letter_without_its_message_is_replayed_from_where_that_was(site: Site) {
    let mut message = operation();
    // Spaces behind an operation change nothing.
    message.value.resize(10_000, b' ');
    let sent = site.send(message.clone()).await;
    site.reject_truncated(&sent, unknown_event()).await;
    assert_eq!(site.replay(Replay::default()).await.0, done(1, 0, 0));
    let copies = site.copies(&message.value).await;
    assert_eq!(copies.len(), 2);
    assert!(copies.iter().all(|copy| copy.headers == message.headers && copy.key == message.key));
}

pub(crate) async fn a_replay_that_is_interrupted_says_so(site: Site) {
    let message = operation();
    site.send_and_reject(message.clone(), unknown_event()).await;
    site.send_and_reject(operation(), unknown_event()).await;
    let shutdown = Shutdown::new();
    let replay = Replay { filter: Filter { ids: BTreeSet::from([0, 1]), ..all() }, ..Replay::default() };
    let report = |report: Report<'_>| {
        assert!(matches!(report, Report::Progress(..)), "what was not come to is not reported as missing");
        shutdown.cancel();
        Ok(())
    };
    let replayed = site.replay_until(replay, &shutdown, report).await.unwrap();
    assert_eq!(replayed, Replayed { interrupted: true, ..done(1, 0, 0) });
    assert_eq!(site.copies(&message.value).await.len(), 2, "what was taken is put back before the end");
}

pub(crate) async fn a_replay_that_nobody_listens_to_ends(site: Site) {
    site.send_and_reject(operation(), unknown_event()).await;
    let gone = |_: Report<'_>| Err(Error::from(ErrorKind::BrokenPipe));
    let ended = site.replay_until(Replay::default(), &Shutdown::new(), gone).await;
    assert!(matches!(ended, Err(DeadLettersError::Report(_))), "{ended:?}");
}
