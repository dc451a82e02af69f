//! What processes have used, as Linux counts it.

use std::fs;
use std::time::Duration;

/// Linux counts in hundredths of a second wherever programs can see it.
const TICK: Duration = Duration::from_millis(10);

/// The processor time that a process has used, in user mode and in the kernel; `None` where there is
/// no `/proc`, or no such process.
pub fn cpu(process: u32) -> Option<Duration> {
    cpu_of(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// The most memory that a process has ever had resident, in bytes.
pub fn peak_memory(process: u32) -> Option<u64> {
    peak_of(&fs::read_to_string(format!("/proc/{process}/status")).ok()?)
}

/// Fields 14 and 15 of `proc_pid_stat(5)`. The second may hold spaces and brackets.
fn cpu_of(stat: &str) -> Option<Duration> {
    let (_, behind) = stat.rsplit_once(") ")?;
    let mut fields = behind.split(' ').skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    Some(TICK * (ticks()? + ticks()?))
}

fn peak_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_behind_a_name_of_any_kind() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194560 190 0 0 0 123 45 0 0 20 0 1 0 2 3 4";
        assert_eq!(cpu_of(stat), Some(Duration::from_millis(1_680)));
        assert_eq!(cpu_of("7 (a"), None);
    }

    #[test]
    fn the_peak_is_read_in_bytes() {
        assert_eq!(peak_of("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"), Some(2 << 20));
        assert_eq!(peak_of("Name:\tx\n"), None);
    }

    #[test]
    fn this_process_has_used_memory() {
        assert!(peak_memory(std::process::id()).unwrap() > 1 << 20);
        assert!(cpu(std::process::id()).is_some());
        assert_eq!(cpu(u32::MAX), None);
    }
}
