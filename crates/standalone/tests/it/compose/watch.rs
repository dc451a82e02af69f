//! What Prometheus and Grafana look at is there: every number that the dashboard, the alerts and the pages name is
//! shown by a running Millrace.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use testing::wait::until_some;

use super::files::{compose, read};
use crate::installation::Installation;

const ALERTS: &str = "deploy/prometheus/alerts.yml";
const DASHBOARD: &str = "deploy/grafana/dashboards/millrace.json";
const GUIDE: &str = "docs/operations.md";
const README: &str = "README.md";
const PATIENCE: Duration = Duration::from_secs(30);

/// A number that somebody looks at.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Wanted {
    name: String,
    /// `label="value"`, as the page of numbers writes it, if the value is given.
    labels: Vec<String>,
}

#[tokio::test]
async fn every_number_that_is_looked_at_is_shown() {
    let redis = tokio::task::spawn_blocking(testing::redis::Server::start).await.unwrap();
    let more = [("METRICS_PORT", "0".to_owned()), ("REDIS_URL", redis.url())];
    let millrace = Installation::embedded_with(more).await;
    let event = json!({"conversation_id": "a conversation", "event_name": "event_a"});
    assert_eq!(millrace.post("/event?wait=10s", &event).await.status(), 201);
    // It becomes a dead letter, since there is no such event.
    let url = format!("{}/event/01a1fba2-5034-7403-8e21-79feb05d5ff4", millrace.api);
    let update = millrace.client.put(url).json(&json!({"output": "nobody asked"}));
    assert_eq!(update.send().await.unwrap().status(), 202);
    millrace.caught_up().await;
    let address = until_some("the log names the port", PATIENCE, async || {
        let output = millrace.output();
        let (_, rest) = output.split_once("serving metrics address=")?;
        rest.split_once('\n').map(|(address, _)| address.trim().to_owned())
    })
    .await;
    let page = millrace.client.get(format!("http://{address}/metrics")).send().await.unwrap();
    let page = page.text().await.unwrap();

    let is_shown = |wanted: &Wanted| {
        let of_name = |line: &&str| {
            let end = line.find(['{', ' ']).unwrap_or_default();
            line[..end] == wanted.name
        };
        let mut series = page.lines().filter(of_name);
        series.any(|line| wanted.labels.iter().all(|label| line.contains(label)))
    };
    for (file, text) in texts() {
        let wanted = wanted(&text);
        assert!(wanted.len() > 5, "{file} names hardly a number: {wanted:?}");
        // A histogram has a name of its own for people alone.
        let is_histogram = |wanted: &Wanted| {
            [GUIDE, README].contains(&file) && page.contains(&format!("\n# TYPE {} histogram\n", wanted.name))
        };
        let is_missing = |wanted: &&Wanted| !is_shown(wanted) && !is_histogram(wanted);
        let missing: Vec<_> = wanted.iter().filter(is_missing).collect();
        assert!(missing.is_empty(), "{file} names what is not shown: {missing:?} in {page}");
    }
}

#[test]
fn every_alert_is_explained() {
    let guide = read(GUIDE);
    let names: Vec<_> = rules().into_iter().map(|rule| rule["alert"].as_str().unwrap().to_owned()).collect();
    assert!(names.len() > 5, "{names:?}");
    for name in names {
        assert!(guide.contains(&format!("| `{name}` |")), "{name}");
    }
}

#[test]
fn prometheus_asks_where_numbers_are_shown() {
    let config: Value = serde_yaml_ng::from_str(&read("deploy/prometheus/prometheus.yml")).unwrap();
    let jobs = config["scrape_configs"].as_array().unwrap();
    let (fixed, found) = jobs.split_at(2);
    let asked: Vec<_> =
        fixed.iter().map(|job| job["static_configs"][0]["targets"][0].as_str().unwrap()).collect();
    let names = json!([{"names": ["bridge"], "type": "A", "port": 8082}]);
    assert_eq!(found.iter().map(|job| &job["dns_sd_configs"]).collect::<Vec<_>>(), [&names]);
    let api = format!("api:{}", compose().services["api"].environment["METRICS_PORT"]);
    assert_eq!(asked, [api.as_str(), "consumer:8081"]);
    assert_eq!(config["rule_files"], json!([ALERTS.rsplit('/').next()]));
}

#[test]
fn names_are_found_with_the_labels_whose_values_are_given() {
    let expression = r#"sum(rate(millrace_a_total{x="1", y!="2", z=~"3.."}[5m])) / millrace_b - up{job="c"}"#;
    let found: Vec<_> = wanted(expression).into_iter().collect();
    let labels = vec![r#"x="1""#.to_owned()];
    let (a, b) = ("millrace_a_total".to_owned(), "millrace_b".to_owned());
    assert_eq!(found, [Wanted { name: a, labels }, Wanted { name: b, labels: Vec::new() }]);
}

/// The numbers that a text names: whatever begins with `millrace_`.
fn wanted(text: &str) -> BTreeSet<Wanted> {
    let found = text.match_indices("millrace_").map(|(begin, _)| {
        let rest = &text[begin..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        let labels = rest.strip_prefix('{').and_then(|rest| rest.split('}').next()).unwrap_or_default();
        let given =
            labels.split(',').map(str::trim).filter(|label| label.contains("=\"") && !label.contains('!'));
        Wanted { name: name.to_owned(), labels: given.map(str::to_owned).collect() }
    });
    found.collect()
}

/// What names numbers, by its file.
fn texts() -> Vec<(&'static str, String)> {
    let dashboard: Value = serde_json::from_str(&read(DASHBOARD)).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
    let asked: Vec<_> = targets.map(|target| target["expr"].as_str().unwrap()).collect();
    let alerts: Vec<_> = rules().into_iter().map(|rule| rule["expr"].as_str().unwrap().to_owned()).collect();
    vec![
        (DASHBOARD, asked.join("\n")),
        (ALERTS, alerts.join("\n")),
        (GUIDE, read(GUIDE)),
        (README, read(README)),
    ]
}

/// The alerts.
fn rules() -> Vec<Value> {
    let file: Value = serde_yaml_ng::from_str(&read(ALERTS)).unwrap();
    file["groups"][0]["rules"].as_array().unwrap().clone()
}
