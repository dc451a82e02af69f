//! Where and when the measuring was done.

use std::fs;
use std::process::Command;

use serde::Serialize;

/// What figures depend on beside the code.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    memory_gib: u64,
    kernel: String,
    /// When it began, in RFC 3339.
    date: String,
    commit: String,
}

impl Machine {
    /// This one, now.
    pub(crate) fn here() -> Self {
        let file = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let memory_kib = field(&file("/proc/meminfo"), "MemTotal")
            .and_then(|text| text.trim_end_matches(" kB").parse().ok());
        Self {
            processor: field(&file("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: memory_kib.unwrap_or(0_u64).div_ceil(1 << 20),
            kernel: file("/proc/sys/kernel/osrelease").trim().to_owned(),
            date: model::Timestamp::now().to_string(),
            commit: commit(),
        }
    }

    /// In one sentence.
    pub(crate) fn describe(&self) -> String {
        let Self { processor, cores, memory_gib, kernel, date, commit } = self;
        format!("{processor}, {cores} cores, {memory_gib} GiB, Linux {kernel}; {date}; commit {commit}")
    }
}

/// The first value of a `name : value` list.
fn field(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

/// What is checked out, and whether it was changed.
fn commit() -> String {
    let output = Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"]).output();
    let text = output.ok().filter(|output| output.status.success());
    text.map_or_else(
        || "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_name() {
        let text = "MemTotal:       24683520 kB\nmodel name\t: A Processor\n";
        assert_eq!(field(text, "MemTotal").as_deref(), Some("24683520 kB"));
        assert_eq!(field(text, "model name").as_deref(), Some("A Processor"));
        assert_eq!(field(text, "model"), None);
    }
}
