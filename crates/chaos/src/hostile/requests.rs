//! Single requests that are wrong, or come in an unusual way.

use super::callers::creates;
use super::finding::Findings;
use super::site::Site;
use super::wire::{self, Answer, Wire, request, shown};

const EVENT: &str = r#"{"conversation_id":"requests","event_name":"event_a"}"#;
const BODY: &str = "Content-Length: 53\r\n\r\n{\"conversation_id\":\"requests\",\"event_name\":\"event_a\"}";
const LONG: usize = 100_000;
/// What a browser's TLS begins with.
const TLS_HELLO: [u8; 16] = [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 13, 10, 13, 10, 0];

/// Of another site's pages: neither their writes nor a name of theirs for this machine is taken.
pub(super) async fn foreign(site: &mut Site) -> anyhow::Result<Findings> {
    let head = |host: &str, more: &str| format!("POST /event HTTP/1.1\r\nHost: {host}\r\n{more}{BODY}");
    let own = site.api;
    let cases = [
        ("a foreign Origin", head("localhost", "Origin: http://attacker.example\r\n"), 403),
        ("Origin null", head("localhost", "Origin: null\r\n"), 403),
        ("a foreign Host", head("attacker.example", ""), 403),
        ("a foreign Host with a port", head(&format!("attacker.example:{}", own.port()), ""), 403),
        ("the own address", head(&own.to_string(), ""), 202),
        ("localhost with a port", head(&format!("localhost:{}", own.port()), ""), 202),
        ("its own Origin", head("localhost", &format!("Origin: http://{own}\r\n")), 202),
    ];
    expect(site, &cases.map(|(what, request, status)| (what, request.into_bytes(), status))).await
}

/// Headers that say two things.
pub(super) async fn doubled(site: &mut Site) -> anyhow::Result<Findings> {
    let head = |more: &str| format!("POST /event HTTP/1.1\r\nHost: localhost\r\n{more}{BODY}").into_bytes();
    let cases = [
        ("two tenants", head("X-Tenant: a\r\nX-Tenant: b\r\n"), 400),
        ("a tenant twice", head("X-Tenant: a\r\nX-Tenant: a\r\n"), 400),
        ("two lengths", head("Content-Length: 10\r\n"), 400),
        ("one tenant", head("X-Tenant: a\r\n"), 202),
    ];
    expect(site, &cases).await
}

/// What is no HTTP, or more of it than is taken, is refused in the envelope.
pub(super) async fn garbage(site: &mut Site) -> anyhow::Result<Findings> {
    let long = "x".repeat(LONG);
    let cases = [
        ("no HTTP", b"\0\x01\x02 garbage\r\n\r\n".to_vec(), 400),
        ("TLS", TLS_HELLO.to_vec(), 400),
        (
            "a header without a colon",
            b"GET /ping HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n".to_vec(),
            400,
        ),
        (
            "a length that is none",
            b"POST /event HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n".to_vec(),
            400,
        ),
        ("a long path", format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes(), 431),
        (
            "a long header",
            format!("GET /ping HTTP/1.1\r\nHost: localhost\r\nX: {long}\r\n\r\n").into_bytes(),
            431,
        ),
    ];
    expect(site, &cases).await
}

/// Paths and methods that there are not.
pub(super) async fn unknown(site: &mut Site) -> anyhow::Result<Findings> {
    let get = |path: &str| request("GET", path, "", "");
    let cases = [
        ("an unknown path", get("/no/such/path"), 404),
        ("a path above the root", get("/../../etc/passwd"), 404),
        ("an encoded path above the root", get("/event/..%2f..%2fetc%2fpasswd"), 404),
        ("an id that is none", get("/event/1"), 404),
        ("a wrong method", request("PATCH", "/event", "", EVENT), 405),
    ];
    expect(site, &cases).await
}

/// A client that sends its whole request and then closes its side still gets the answer.
pub(super) async fn half_closed(site: &mut Site) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    for path in ["/event", "/event?wait=15s"] {
        let mut wire = Wire::connect(site.api).await?;
        wire.send(request("POST", path, "", EVENT)).await?;
        wire.end_sending().await?;
        let answer = wire.answer().await;
        let good = answer.as_ref().is_ok_and(|answer| matches!(answer.status, 201 | 202));
        findings.must(good, || format!("a half-closed POST {path} was answered {}", shown(&answer)));
    }
    findings.saw(creates(site.api, 100).await, &[202]);
    Ok(findings)
}

/// Sends each on a connection of its own. What is refused has to be so in the envelope, with a code.
async fn expect(site: &mut Site, cases: &[(&str, Vec<u8>, u16)]) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    for (what, request, status) in cases {
        let answer = wire::call(site.api, request).await;
        let good = |answer: &Answer| answer.status == *status && (*status < 400 || answer.code().is_some());
        findings.must(answer.as_ref().is_ok_and(good), || {
            format!(
                "{what} has to be answered {status}, with a code if refused, and was answered {}",
                shown(&answer)
            )
        });
    }
    site.must_be_alive()?;
    findings.saw(creates(site.api, 100).await, &[202]);
    Ok(findings)
}
