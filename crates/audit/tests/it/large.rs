//! Large texts, of which the audit keeps only digests.

use audit::Anomaly;
use audit::ledger::Ledger;
use model::{JsonText, Operation};

use crate::site::{Site, create, new_key, update};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_text_that_is_cut_short_or_that_of_another_event_is_stale() {
    let site = Site::start().await;
    let consumer = site.consume();
    let [first, second] = [(); 2].map(|()| new_key());
    let texts = ["0123456789é\n".repeat(65_000), "9876543210é\n".repeat(65_000)];
    let operations = [&first, &second].into_iter().zip(texts).map(|(key, text)| {
        let mut operation = update(key, "large");
        if let Operation::Update { patch, .. } = &mut operation {
            patch.properties = JsonText::from_stored(serde_json::json!({ "text": text }).to_string()).ok();
            patch.output = Some(text.into());
        }
        operation
    });
    let operations: Vec<_> =
        [create(&first, "small"), create(&second, "small")].into_iter().chain(operations).collect();
    // What was promised is of no matter: the table is held against the topic.
    site.send(&operations, &mut Ledger::default()).await;
    let ledger = Ledger::default();
    assert_eq!(site.audit(&ledger).await.findings, []);

    for (column, value) in [
        ("output", "substringUTF8(output, 1, lengthUTF8(output) - 1)".to_owned()),
        ("output", format!("(SELECT output FROM events FINAL WHERE id = '{}')", second.id)),
        ("properties", format!("(SELECT properties FROM events FINAL WHERE id = '{}')", second.id)),
    ] {
        site.sql(&format!(
            "INSERT INTO events SELECT * REPLACE ({value} AS {column}, version + 1 AS version) FROM events FINAL WHERE id = '{}'",
            first.id
        ))
        .await;
        let findings = site.audit(&ledger).await.findings;
        let found = findings.iter().find(|found| found.detail.starts_with(&format!("{column} is ")));
        let found = found.unwrap_or_else(|| panic!("{column} was not compared: {findings:?}"));
        assert_eq!((found.anomaly, found.key.as_ref()), (Anomaly::Stale, Some(&first)));
        assert!(found.detail.len() < 200 && found.detail.contains("bytes with SHA-256"), "{found}");
    }
    consumer.stop().await;
}
