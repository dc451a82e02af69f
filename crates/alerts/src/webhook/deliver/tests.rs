use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use store::{AlertKey, AlertState, Delivery};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;
use crate::site::{Site, at};

/// What came to the receiver: the headers by their names, and the body.
type Request = (Vec<(String, String)>, String);

/// Answers with these statuses, then with 200, and keeps what came.
async fn receiver(statuses: &[u16]) -> (String, Arc<Mutex<Vec<Request>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?a=b", listener.local_addr().unwrap());
    let received = Arc::<Mutex<Vec<Request>>>::default();
    let kept = Arc::clone(&received);
    let mut statuses: VecDeque<_> = statuses.to_vec().into();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let (mut headers, mut length) = (Vec::new(), 0);
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).await.unwrap();
                let line = line.trim();
                if line.is_empty() {
                    break;
                }
                let (name, value) = line.split_once(": ").unwrap_or((line, ""));
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.parse().unwrap();
                }
                headers.push((name.to_lowercase(), value.to_owned()));
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await.unwrap();
            kept.lock().unwrap().push((headers, String::from_utf8(body).unwrap()));
            let status = statuses.pop_front().unwrap_or(200);
            let answer = format!(
                "HTTP/1.1 {status} x\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, received)
}

fn opened(ms: i64) -> Transition {
    Transition {
        tenant: model::Tenant::parse("acme").unwrap(),
        rule: "lag".into(),
        definition: "lag".into(),
        key: AlertKey::default(),
        firing: 1,
        state: AlertState::Open,
        at: at(ms),
        event: None,
        value: Some(7.0),
        measured: None,
        message: "much".into(),
        delivery: Delivery::waiting(at(ms)),
    }
}

fn deliverer(site: &Site) -> Deliverer {
    Deliverer::new(site.store.clone(), Metrics::default())
}

fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    request.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

#[tokio::test]
async fn each_state_is_told_once_signed_and_as_it_was_then() {
    let (site, (url, received)) = (Site::new().await, receiver(&[]).await);
    let webhook = Webhook::new(&url, "secret").unwrap();
    let open = opened(0);
    let resolved = Transition {
        state: AlertState::Resolved,
        at: at(1),
        delivery: Delivery::waiting(at(1)),
        ..open.clone()
    };
    site.store.add_transitions(&[open.clone(), resolved]).await.unwrap();
    assert_eq!(deliverer(&site).deliver(&webhook, || at(5_000), || true).await.unwrap(), (2, 0));
    assert_eq!(deliverer(&site).deliver(&webhook, || at(9_000_000), || true).await.unwrap(), (0, 0));
    // Somebody who finds it again tells nobody.
    site.store.add_transitions(std::slice::from_ref(&open)).await.unwrap();
    assert_eq!(deliverer(&site).deliver(&webhook, || at(9_000_000), || true).await.unwrap(), (0, 0));

    let received = received.lock().unwrap();
    let [first, second] = received.as_slice() else { panic!("{received:?}") };
    for (request, state) in [(first, "open"), (second, "resolved")] {
        let body: Value = serde_json::from_str(&request.1).unwrap();
        assert_eq!((body["state"].as_str(), body["tenant"].as_str()), (Some(state), Some("acme")));
        assert_eq!(header(request, "idempotency-key"), format!("{}-{state}", open.id()));
        assert_eq!(header(request, "content-type"), "application/json");
        let signature = super::super::signature::header(b"secret", at(5_000), request.1.as_bytes());
        assert_eq!(header(request, "millrace-signature"), signature);
    }
    assert!(first.1.contains(r#""resolved_at":null"#) && !second.1.contains(r#""resolved_at":null"#));
}

#[tokio::test]
async fn each_is_signed_by_the_clock_when_it_is_sent() {
    let (site, (url, received)) = (Site::new().await, receiver(&[]).await);
    let webhook = Webhook::new(&url, "secret").unwrap();
    let alerts: Vec<_> = (1..=20).map(|firing| Transition { firing, ..opened(0) }).collect();
    site.store.add_transitions(&alerts).await.unwrap();
    let ticks = std::sync::atomic::AtomicI64::new(0);
    let clock = || at(1_000 * ticks.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    assert_eq!(deliverer(&site).deliver(&webhook, clock, || true).await.unwrap(), (20, 0));
    let received = received.lock().unwrap();
    let time = |request| header(request, "millrace-signature").split(',').next().unwrap();
    let times: std::collections::BTreeSet<_> = received.iter().map(time).collect();
    assert_eq!(times.len(), 20, "{times:?}");
}

#[tokio::test]
async fn what_is_not_taken_is_sent_again_five_times_in_an_hour_also_after_a_restart() {
    let (site, (url, received)) = (Site::new().await, receiver(&[500, 302, 404, 503, 400]).await);
    let webhook = Webhook::new(&url, "secret").unwrap();
    site.store.add_transitions(&[opened(0)]).await.unwrap();
    let minute = 60_000;
    for (at_minute, outcome) in [
        (0, (0, 1)),
        (0, (0, 0)),
        (1, (0, 1)),
        (5, (0, 0)),
        (6, (0, 1)),
        (21, (0, 1)),
        (60, (0, 1)),
        (10_000, (0, 0)),
    ] {
        let told = deliverer(&site).deliver(&webhook, || at(at_minute * minute), || true).await.unwrap();
        assert_eq!(told, outcome, "minute {at_minute}");
    }
    let alerts = site.alerts("acme").await;
    assert_eq!(alerts[0].transitions[0].delivery.outcome, Outcome::GivenUp);
    let received = received.lock().unwrap();
    assert_eq!(received.len(), 5);
    let keys: std::collections::BTreeSet<_> =
        received.iter().map(|it| header(it, "idempotency-key")).collect();
    assert_eq!(keys.len(), 1);
}

#[tokio::test]
async fn a_receiver_that_is_away_gets_it_when_it_is_back() {
    let site = Site::new().await;
    site.store.add_transitions(&[opened(0)]).await.unwrap();
    let nobody = Webhook::new("http://127.0.0.1:1/", "secret").unwrap();
    assert_eq!(deliverer(&site).deliver(&nobody, || at(0), || true).await.unwrap(), (0, 1));
    let (url, received) = receiver(&[]).await;
    let webhook = Webhook::new(&url, "secret").unwrap();
    assert_eq!(
        deliverer(&site).deliver(&webhook, || at(60_000), || false).await.unwrap(),
        (0, 0),
        "others do"
    );
    assert_eq!(deliverer(&site).deliver(&webhook, || at(60_000), || true).await.unwrap(), (1, 0));
    assert_eq!(received.lock().unwrap().len(), 1);
}
