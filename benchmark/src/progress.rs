//! Bars on a terminal, a line now and then anywhere else.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::{Instant, sleep};

const EVERY: Duration = Duration::from_millis(200);
/// How often there is a line where there is no bar.
const LINE_EVERY: Duration = Duration::from_secs(10);
const BAR: &str = "{prefix:<10} {bar:40} {human_pos:>9}/{human_len} {per_sec:>12} {elapsed}";

/// How far one run is, on standard error.
pub(crate) struct Progress {
    bars: MultiProgress,
    lines: bool,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        Self { bars: MultiProgress::with_draw_target(target), lines: !quiet && !stderr().is_terminal() }
    }

    /// Shows how far the work is until it is done.
    pub(crate) async fn follow<T>(
        &self,
        name: &'static str,
        total: u64,
        position: impl Fn() -> u64,
        work: impl Future<Output = T>,
    ) -> T {
        let bar = self.bars.add(ProgressBar::new(total).with_prefix(name));
        if let Ok(style) = ProgressStyle::with_template(BAR) {
            bar.set_style(style);
        }
        let show = async {
            let mut said = Instant::now();
            loop {
                sleep(EVERY).await;
                bar.set_position(position());
                if self.lines && said.elapsed() >= LINE_EVERY {
                    eprintln!("{name}: {} of {total}", position());
                    said = Instant::now();
                }
            }
        };
        let done = tokio::select! {
            done = work => done,
            never = show => never,
        };
        bar.set_position(position());
        bar.abandon();
        done
    }
}
