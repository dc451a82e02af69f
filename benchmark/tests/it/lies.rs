//! Servers that get something wrong are found out.

use serde_json::json;

use crate::fake::{Fake, Fault};
use crate::tool::{Ended, run};

const SMALL: [&str; 6] = ["--inserts", "1500", "--updates", "300", "--deletes", "300"];

async fn against(fault: Fault, further: &[&str]) -> Ended {
    run(&Fake::start(fault).await, &[&SMALL, further].concat()).await
}

#[tokio::test]
async fn a_server_that_does_as_it_should_is_believed() {
    for further in [
        &[][..],
        &["--batch", "100"],
        &["--payload", "300,2000", "--embeddings", "4", "--rate", "5000"],
        &["--dialect", "segment"],
        &["--dialect", "segment", "--batch", "100", "--payload", "600"],
        &["--dialect", "event-service"],
        &["--dialect", "event-service", "--batch", "100", "--payload", "600"],
    ] {
        let ended = against(Fault::Nothing, further).await;
        assert_eq!(ended.code, 0, "{}", ended.printed);
        assert_eq!(ended.json["verification"]["events"], 1_200);
        // All updated and all deleted ones, and a sample of the others.
        assert_eq!(ended.json["verification"]["looked_up"], 900);
        assert_eq!(ended.json["phases"][0]["accepted"], 1_500);
    }
}

#[tokio::test]
async fn every_kind_of_mismatch_ends_with_the_exit_code_for_it() {
    for (fault, words) in [
        (Fault::Loses, "is missing"),
        (Fault::Forgets, "in place of"),
        (Fault::Mangles, "latency is 0.5 in place of 0.25"),
        (Fault::Keeps, "is still there, though it was deleted"),
        (Fault::Repeats, "came twice"),
    ] {
        let ended = against(fault, &["--concurrency", "1"]).await;
        assert_eq!(ended.code, 3, "{fault:?}: {}", ended.printed);
        assert!(ended.printed.contains(words), "{fault:?}: {}", ended.printed);
        assert!(ended.json["verification"]["mismatches"].as_u64().unwrap() > 0);
    }
}

#[tokio::test]
async fn what_is_refused_for_a_moment_is_sent_again_and_counted() {
    for dialect in ["native", "segment", "event-service"] {
        let ended = against(Fault::Busy, &["--sample", "10", "--dialect", dialect]).await;
        assert_eq!(ended.code, 0, "{}", ended.printed);
        assert_eq!(ended.json["phases"][0]["errors"], json!({"503 unavailable": 1_500}));
        assert_eq!(ended.json["phases"][0]["requests"], 3_000);
        assert_eq!(ended.json["verification"]["looked_up"], 30);
    }
}

#[tokio::test]
async fn what_is_refused_for_good_is_given_up_and_excused_from_the_verification() {
    let [segment, messages] = ["segment", "event-service"].map(|name| ["--dialect", name, "--batch", "50"]);
    for further in [&[][..], &["--batch", "50"], &segment[..2], &segment, &messages[..2], &messages] {
        let ended = against(Fault::Refuses, further).await;
        assert_eq!(ended.code, 3, "{}", ended.printed);
        assert!(ended.printed.contains("inserts: 1 operations were given up"), "{}", ended.printed);
        assert_eq!(ended.json["verification"]["mismatches"], 0, "{}", ended.printed);
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_an_error_of_its_own() {
    let ended = run(&format!("http://127.0.0.1:{}", testing::port::free()), &SMALL).await;
    assert_eq!(ended.code, 1);
    assert!(ended.printed.starts_with("error: connecting to 127.0.0.1:"), "{}", ended.printed);
}
