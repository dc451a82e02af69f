//! A run as a page of its own, with plots.

use crate::chart::{Chart, Line, number};
use crate::number::float;
use crate::report::{PhaseReport, Report};
use crate::tally::Latency;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:880px;margin:2em auto;padding:0 1em;color:#222}\
    table{border-collapse:collapse;width:100%}td,th{padding:.3em .6em;text-align:right;border-bottom:1px solid #ddd}\
    td:first-child,th:first-child{text-align:left}svg{max-width:100%;height:auto}.bad{color:#b00}";

/// HTML that needs no other file.
pub fn page(report: &Report) -> anyhow::Result<String> {
    let verified = escape(&report.verification.to_string());
    let class = if report.is_good() { "" } else { " class=bad" };
    Ok(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Millrace benchmark</title><style>{STYLE}</style>\
         <h1>Millrace benchmark</h1>\
         <p>{} at {}, {} callers: {:.1} s from the first request until the last operation was visible.</p>\
         {}<pre{class}>{verified}</pre>\
         <h2>Accepted over time</h2>{}<h2>Answer time by percentile</h2>{}<h2>Operations not yet visible</h2>{}</html>\n",
        escape(&report.url),
        report.started_at,
        report.settings.concurrency,
        report.seconds_until_visible,
        table(&report.phases),
        accepted(report).svg()?,
        percentiles(report).svg()?,
        lag(report).svg()?,
    ))
}

fn table(phases: &[PhaseReport]) -> String {
    let rows: String = phases
        .iter()
        .map(|phase| {
            let Latency { p50, p90, p99, p999, max, .. } = &phase.latency;
            let visible = phase.visible_per_second.map_or_else(|| "–".to_owned(), |rate| format!("{rate:.0}"));
            let errors: u64 = phase.errors.values().sum();
            format!(
                "<tr><td>{}<td>{}<td>{:.0}<td>{p50:.2}<td>{p90:.2}<td>{p99:.2}<td>{p999:.2}<td>{max:.2}<td>{visible}<td>{errors}",
                phase.name, phase.accepted, phase.accepted_per_second
            )
        })
        .collect();
    format!(
        "<table><tr><th>phase<th>accepted<th>/s<th>p50 ms<th>p90 ms<th>p99 ms<th>p99.9 ms<th>max ms<th>visible/s<th>errors{rows}</table>"
    )
}

/// Operations accepted per second, over time.
pub fn accepted(report: &Report) -> Chart {
    let line = |phase: &PhaseReport| {
        let slots = (0..).zip(&phase.course);
        let point = |(slot, count): (u32, &u64)| {
            (phase.begin + f64::from(slot) * report.slot_seconds, float(*count) / report.slot_seconds)
        };
        Line { name: phase.name.into(), points: slots.map(point).collect() }
    };
    Chart {
        x: "seconds",
        y: "operations/s",
        label_x: number,
        lines: report.phases.iter().map(line).collect(),
    }
}

/// The label of 1 in 10, 1 in 100 and so on; none between them.
fn percentile(rarity: f64) -> String {
    let whole = (rarity - rarity.round()).abs() < 1e-6;
    if whole { format!("{}", 100.0 - 100.0 / 10_f64.powf(rarity.round())) } else { String::new() }
}

/// The further right, the rarer: each unit is a tenth of the calls of the one before.
fn percentiles(report: &Report) -> Chart {
    let rarity = |percentile: f64| (100.0 / (100.0 - percentile).max(0.001)).log10();
    let line = |phase: &PhaseReport| {
        let curve = phase.latency.curve.iter();
        Line { name: phase.name.into(), points: curve.map(|[p, ms]| (rarity(*p), *ms)).collect() }
    };
    Chart {
        x: "percentile",
        y: "milliseconds",
        label_x: percentile,
        lines: report.phases.iter().map(line).collect(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a lag is far below 2^53")]
fn lag(report: &Report) -> Chart {
    let points = report.lag.iter().map(|sample| (sample.at, sample.lag as f64)).collect();
    Chart { x: "seconds", y: "operations", label_x: number, lines: vec![Line { name: "lag".into(), points }] }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_steps_of_rarity_have_a_label() {
        assert_eq!([0.0, 0.5, 1.0, 2.5, 3.0].map(percentile), ["0", "", "90", "", "99.9"]);
    }
}
