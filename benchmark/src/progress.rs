//! Bars for who watches; nothing where nobody does.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::sleep;

const EVERY: Duration = Duration::from_millis(200);
const BAR: &str = "{prefix:<10} {bar:40} {human_pos:>9}/{human_len} {per_sec:>12} {elapsed}";

/// The bars of one run, on standard error.
pub(crate) struct Progress(MultiProgress);

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        Self(MultiProgress::with_draw_target(target))
    }

    /// Shows how far the work is until it is done.
    pub(crate) async fn follow<T>(
        &self,
        name: &'static str,
        total: u64,
        position: impl Fn() -> u64,
        work: impl Future<Output = T>,
    ) -> T {
        let bar = self.0.add(ProgressBar::new(total).with_prefix(name));
        if let Ok(style) = ProgressStyle::with_template(BAR) {
            bar.set_style(style);
        }
        let show = async {
            loop {
                sleep(EVERY).await;
                bar.set_position(position());
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
