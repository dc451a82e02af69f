//! Questions to the engine that reach beyond its tables.

use super::callers::creates;
use super::finding::Findings;
use super::site::Site;

/// Each would read, write or call something that is none of the engine's.
const BEYOND: [&str; 6] = [
    "SELECT * FROM file('/etc/passwd', LineAsString)",
    "INSERT INTO FUNCTION file('/tmp/millrace-hostile', LineAsString) SELECT 'x'",
    "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)",
    "SELECT * FROM s3('http://127.0.0.1:1/bucket/file', LineAsString)",
    "SELECT * FROM remote('127.0.0.1:1', system.one)",
    "SELECT * FROM executable('id', LineAsString, 'line String')",
];

/// The engine's port answers only those who have its password, and nobody such questions.
pub(super) async fn engine_port(site: &mut Site) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    findings.must(site.engine.password.is_some(), || "the engine asks for no password".into());
    let (status, text) = site.engine.ask("SELECT 1", false).await?;
    findings.must(status != 200, || format!("without the password SELECT 1 was answered {text}"));
    let (status, text) = site.engine.ask("SELECT 1", true).await?;
    findings.must(status == 200 && text.trim() == "1", || {
        format!("with the password SELECT 1 was answered {status} {text}")
    });
    for sql in BEYOND {
        for with_password in [false, true] {
            let (status, text) = site.engine.ask(sql, with_password).await?;
            let with = if with_password { "with" } else { "without" };
            // A refusal, and not the function's own failure.
            let refused = matches!(status, 400..=499) && !text.contains("root:");
            findings.must(refused, || {
                format!(
                    "{sql} {with} the password was answered {status}: {}",
                    text.chars().take(120).collect::<String>()
                )
            });
        }
    }
    findings.saw(creates(site.api, 100).await, &[202]);
    Ok(findings)
}
