//! How long reads take, on whatever the table holds.

use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::http::{Client, Target};
use crate::options::Reads;
use crate::tally::Latency;

/// Events and conversations to ask for.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Ids of events.
    pub ids: Vec<String>,
    /// Ids of conversations.
    pub conversations: Vec<String>,
}

/// One kind of question.
#[derive(Clone, Debug, Serialize)]
pub struct Question {
    /// What was asked.
    pub name: &'static str,
    /// How long the answers took.
    pub latency: Latency,
}

/// All questions that were measured.
#[derive(Clone, Debug, Serialize)]
pub struct Answers(pub Vec<Question>);

impl Answers {
    /// The latency of the question of this name.
    pub fn of(&self, name: &str) -> Option<&Latency> {
        self.0.iter().find(|question| question.name == name).map(|question| &question.latency)
    }
}

/// Asks every question as often as wanted, one call after the other.
pub async fn measure(target: &Target, wanted: &Reads, known: &Known) -> anyhow::Result<Answers> {
    let mut client = Client::new(target);
    let errors = format!("/analytics/errors?event_name={}&days=7", wanted.event_name);
    let mut answers = Vec::new();
    for (name, calls, paths) in [
        ("by id", wanted.calls, known.ids.iter().map(|id| format!("/event/{id}")).collect()),
        ("by conversation", wanted.calls, known.conversations.iter().map(|id| conversation(id)).collect()),
        ("errors of 7 days", wanted.calls, vec![errors]),
        ("slowest of 7 days", wanted.long_calls, vec!["/analytics/latency?limit=100&days=7".to_owned()]),
        ("slowest of all", wanted.long_calls, vec!["/analytics/latency?limit=100".to_owned()]),
        (
            "most errors of all",
            wanted.long_calls,
            vec!["/analytics/sessions/top-errors?limit=100".to_owned()],
        ),
    ] {
        let mut times = Vec::new();
        for path in paths.iter().cycle().take(calls) {
            times.push(time(&mut client, path).await?);
        }
        answers.push(Question { name, latency: times.into_iter().collect() });
    }
    Ok(Answers(answers))
}

async fn time(client: &mut Client, path: &str) -> anyhow::Result<Duration> {
    let begin = Instant::now();
    let answer = client.get(path).await?;
    // An event may be a deleted one.
    ensure!(matches!(answer.status, 200 | 404), "GET {path}: {}", String::from_utf8_lossy(answer.body));
    Ok(begin.elapsed())
}

#[derive(Deserialize)]
struct List<T> {
    data: Vec<T>,
}

#[derive(Deserialize)]
struct Session {
    conversation_id: String,
}

#[derive(Deserialize)]
struct Event {
    id: String,
}

/// What the files hold; without files the slowest conversations, and an event of each.
pub async fn discover(target: &Target, wanted: &Reads) -> anyhow::Result<Known> {
    let mut client = Client::new(target);
    let conversations = match &wanted.conversations {
        Some(file) => lines(file)?,
        None => {
            let path = format!("/analytics/latency?limit={}", wanted.calls.clamp(1, 10_000));
            let slowest: Option<List<Session>> = client.read(&path).await?;
            slowest.map_or_else(Vec::new, |list| list.data.into_iter().map(|s| s.conversation_id).collect())
        }
    };
    let ids = match &wanted.ids {
        Some(file) => lines(file)?,
        None => {
            let mut ids = Vec::new();
            for id in &conversations {
                let events: Option<List<Event>> = client.read(&conversation(id)).await?;
                let events = events.map_or_else(Vec::new, |list| list.data);
                ids.extend(events.into_iter().nth(ids.len() % 20).map(|event| event.id));
            }
            ids
        }
    };
    ensure!(!conversations.is_empty() && !ids.is_empty(), "there are no events to ask for");
    Ok(Known { ids, conversations })
}

/// Ids may hold anything.
fn conversation(id: &str) -> String {
    let encoded: String = id
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect();
    format!("/events/conversation/{encoded}")
}

fn lines(file: &Path) -> anyhow::Result<Vec<String>> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "                      calls    p50 ms    p99 ms    max ms")?;
        self.0.iter().try_for_each(|Question { name, latency: Latency { calls, p50, p99, max, .. } }| {
            writeln!(f, "{name:<20} {calls:>6} {p50:>9.1} {p99:>9.1} {max:>9.1}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_of_any_name_has_a_path() {
        assert_eq!(conversation("chat-1"), "/events/conversation/chat-1");
        assert_eq!(conversation("a b/é?"), "/events/conversation/a%20b%2F%C3%A9%3F");
    }

    #[test]
    fn a_file_has_an_id_on_each_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "a\n\n b \n").unwrap();
        assert_eq!(lines(file.path()).unwrap(), ["a", "b"]);
        assert!(lines(Path::new("missing")).is_err());
    }
}
