//! What was measured, as a table for people and as JSON.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;

use crate::machine::Machine;
use crate::rows::Measured;

/// The rows so far, and the folder they are written to.
pub(crate) struct Results {
    folder: PathBuf,
    written: Written,
}

#[derive(Serialize)]
struct Written {
    machine: Machine,
    scale: f64,
    rows: Vec<(&'static str, Vec<Measured>)>,
}

impl Results {
    /// Without rows, on a folder that is made if it is missing.
    pub(crate) fn begin(folder: PathBuf, scale: f64) -> anyhow::Result<Self> {
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        Ok(Self { folder, written: Written { machine: Machine::here(), scale, rows: Vec::new() } })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes in a row, shows it, and writes everything anew.
    pub(crate) fn add(&mut self, name: &'static str, measured: Vec<Measured>) -> anyhow::Result<()> {
        for measured in &measured {
            eprint!("{}", in_words(measured));
        }
        self.written.rows.push((name, measured));
        fs::write(self.folder.join("results.json"), serde_json::to_string_pretty(&self.written)? + "\n")?;
        Ok(fs::write(self.folder.join("RESULTS.md"), self.table())?)
    }

    /// Markdown: measured beside wanted, and what the processes took.
    pub(crate) fn table(&self) -> String {
        let Written { machine, scale, rows } = &self.written;
        let measured = || rows.iter().flat_map(|(_, measured)| measured);
        let mut text = format!(
            "# Results\n\nWritten by `make bench`{}. {}.\n\nEverything runs on this one machine: the load, the \
             API, the consumer, Kafka and the engine.\n\n| what | figure | measured | wanted | |\n| --- | --- | --: | --: | --- |\n",
            if (*scale - 1.0).abs() < 1e-9 { String::new() } else { format!(" with `SCALE={scale}`") },
            machine.describe(),
        );
        for Measured { what, figures, .. } in measured() {
            for (place, figure) in figures.iter().enumerate() {
                let what = if place == 0 { what.as_str() } else { "" };
                let met = figure.is_met().map_or("", |met| if met { "met" } else { "**missed**" });
                text += &format!(
                    "| {what} | {} | {} | {} | {met} |\n",
                    figure.what,
                    figure.measured(),
                    figure.bound()
                );
            }
        }
        text += "\nProcessor time in seconds and peak memory in MB, of each process during the row:\n\n";
        text += &costs(measured());
        text
    }
}

fn costs<'a>(rows: impl Iterator<Item = &'a Measured> + Clone) -> String {
    const SHOWN: [&str; 6] = ["api", "consumer", "kafka", "engine", "millrace", "load"];
    let mut text = format!("| what | {} |\n| --- |{}\n", SHOWN.join(" | "), " --: |".repeat(SHOWN.len()));
    for Measured { what, costs, .. } in rows {
        // Several consumers are shown together.
        let mut all: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        for cost in costs {
            let name = cost.process.split('-').next().unwrap_or_default();
            let (cpu, memory) = all.entry(name).or_default();
            *cpu += cost.cpu_seconds;
            *memory = memory.max(cost.peak_memory_mb);
        }
        let cells = SHOWN.map(|name| {
            all.get(name).map_or_else(String::new, |(cpu, memory)| format!("{cpu:.1} s, {memory:.0} MB"))
        });
        text += &format!("| {what} | {} |\n", cells.join(" | "));
    }
    text
}

/// For who watches.
fn in_words(Measured { what, figures, costs, notes }: &Measured) -> String {
    let mut text = format!("  {what}\n");
    for figure in figures {
        let met = figure.is_met().map_or("", |met| if met { "met" } else { "MISSED" });
        text += &format!("    {:<50} {:>16} {:>14} {met}\n", figure.what, figure.measured(), figure.bound());
    }
    for cost in costs {
        text += &format!(
            "    {:<12} {:>8.2} CPU-seconds {:>8.0} MB at most\n",
            cost.process, cost.cpu_seconds, cost.peak_memory_mb
        );
    }
    text + &notes.iter().map(|note| format!("    {note}\n")).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Figure;
    use crate::site::Cost;

    #[test]
    fn measured_stands_beside_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let mut results = Results::begin(folder.path().join("new"), 0.5).unwrap();
        let figures = vec![Figure::new("rate", 5.0, "/s").at_least(6.0), Figure::new("parts", 3.0, "")];
        let cost = |process: &str, memory| Cost {
            process: process.into(),
            cpu_seconds: 1.5,
            peak_memory_mb: memory,
        };
        let costs = vec![cost("consumer", 10.0), cost("consumer-1", 20.0)];
        results.add("x", vec![Measured::new("a row", figures, costs)]).unwrap();
        let table = fs::read_to_string(folder.path().join("new/RESULTS.md")).unwrap();
        assert!(table.contains("with `SCALE=0.5`"));
        assert!(
            table.contains("| a row | rate | 5 /s | ≥ 6 | **missed** |\n|  | parts | 3 |  |  |\n"),
            "{table}"
        );
        assert!(table.contains("| a row |  | 3.0 s, 20 MB |"), "{table}");
        assert!(folder.path().join("new/results.json").exists());
    }
}
