//! `replay --from`: folds a range of the topic into the table again.
//!
//! A replay folds only messages that the group has committed. Later ones are left to the consumers: an update that
//! overtook theirs would make them take an older one for a replay. A replay commits nothing and makes no dead
//! letters, so whether it is done once, twice or half makes no difference.

use std::collections::BTreeMap;
use std::io::Write;

use bus::{Channels, From, Offsets, RangeReader};
use clap::Args;
use model::Timestamp;
use runtime::shutdown::Shutdown;
use runtime::status::Status;
use store::Store;

use crate::apply::Applier;
use crate::batch::Batch;
use crate::breaker::Breaker;
use crate::cache::Cache;
use crate::commands::progress::Progress;
use crate::deferred::Deferred;
use crate::letters::Letters;
use crate::lookup_budget::LookupBudget;
use crate::table::Table;
use crate::tally::Tally;
use crate::{Config, Metrics};

/// So many messages are folded at once, at most.
const BATCH: usize = 10_000;

/// Which range to fold again.
#[derive(Args, Debug)]
pub struct Arguments {
    /// `beginning`, a time (RFC 3339), or the offsets of some partitions, such as 0:1200,3:77.
    #[arg(long, value_name = "TIME|OFFSETS", value_parser = parse_from)]
    from: From,
}

fn parse_from(text: &str) -> Result<From, &'static str> {
    let offsets = |text: &str| -> Option<Offsets> {
        let pairs = text.split(',').map(|pair| {
            let (partition, offset) = pair.split_once(':')?;
            let (partition, offset): (i32, i64) =
                (partition.trim().parse().ok()?, offset.trim().parse().ok()?);
            (partition >= 0 && offset >= 0).then_some((partition, offset))
        });
        let all: Vec<_> = pairs.collect::<Option<_>>()?;
        let count = all.len();
        Some(all.into_iter().collect()).filter(|offsets: &Offsets| offsets.len() == count)
    };
    match text {
        "beginning" => Ok(From::Beginning),
        _ => Timestamp::parse(text)
            .map(From::Time)
            .or_else(|| offsets(text).map(From::Offsets))
            .ok_or("expected beginning, a time such as 2026-11-20T21:57:13Z, or offsets such as 0:1200,3:77"),
    }
}

/// How many messages a replay folded, and what became of them.
#[derive(Default)]
struct Run {
    messages: usize,
    rows: usize,
    folded: usize,
    replays: usize,
    of_deleted: usize,
    rejected: BTreeMap<&'static str, usize>,
    /// Messages that the group has not committed.
    ahead: usize,
    /// The next offset of each partition.
    next: Offsets,
}

/// Folds the range of the topic that was asked for, waits for ClickHouse if it is away, and writes a summary to `out`.
/// `shutdown` ends it between two batches.
pub async fn run(
    arguments: Arguments,
    config: Config,
    channels: &Channels,
    store: Store,
    shutdown: &Shutdown,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let Channels { bus, events, group, .. } = channels;
    store.migrate().await?;
    let committed = bus.positions(events, group)?.committed().await?;
    let mut range = bus.read_range(events, arguments.from).await?;
    let (status, metrics) = (Status::default(), Metrics::default());
    let mut applier = Applier {
        table: Table::new(store, status.clone(), metrics.insert_seconds.clone()),
        letters: Letters::only_counted(),
        schedule: events.schedule.clone(),
        cache: Cache::new(config.cache_bytes),
        lookup_budget: LookupBudget::new(config.max_batch_bytes),
        breaker: Breaker::default(),
        status,
        metrics,
    };
    let next = range.spans().iter().map(|(partition, span)| (*partition, span.begin));
    let mut run = Run { next: next.collect(), ..Run::default() };
    let mut deferred = Deferred::default();
    let (mut progress, offsets) = (Progress::new(), range.remaining());
    loop {
        let gathered = tokio::select! {
            biased;
            () = shutdown.cancelled() => None,
            gathered = run.gather(&mut range, &committed, &config) => Some(gathered?),
        };
        let Some(batch) = gathered else { break };
        if batch.is_empty() {
            writeln!(out, "{}", run.summary())?;
            return Ok(());
        }
        run.messages += batch.deliveries.len();
        run.next.extend(batch.next_offsets());
        let mut part = deferred.split(batch.deliveries);
        loop {
            run.count(applier.apply(&part).await?);
            if deferred.is_empty() {
                break;
            }
            part = deferred.next();
        }
        progress.tell(|| format!("{} of {offsets} offsets; {}", offsets - range.remaining(), run.summary()));
    }
    writeln!(out, "{}", run.summary())?;
    let next: Vec<_> = run.next.iter().map(|(partition, offset)| format!("{partition}:{offset}")).collect();
    anyhow::bail!("interrupted: replay --from {} goes on", next.join(","))
}

impl Run {
    /// The next messages of the range; none at its end.
    async fn gather(
        &mut self,
        range: &mut RangeReader,
        committed: &Offsets,
        config: &Config,
    ) -> Result<Batch, bus::BusError> {
        let mut batch = Batch::default();
        while batch.deliveries.len() < BATCH && !batch.is_full(config) {
            match range.next().await {
                None => break,
                Some(Ok(delivery)) => {
                    let done = committed.get(&delivery.partition).copied().unwrap_or_default();
                    if delivery.offset < done {
                        batch.push(delivery);
                    } else {
                        self.ahead += 1;
                    }
                }
                Some(Err(error)) if error.is_retryable() => {
                    tracing::warn!(%error, "the topic can't be read, trying again");
                }
                Some(Err(error)) => return Err(error),
            }
        }
        Ok(batch)
    }

    fn count(&mut self, tally: Tally) {
        self.rows += tally.rows;
        self.folded += tally.folded;
        self.replays += tally.replays;
        self.of_deleted += tally.of_deleted;
        for (reason, count) in tally.dead_letters {
            *self.rejected.entry(reason).or_default() += count;
        }
    }

    fn summary(&self) -> String {
        let Self { messages, rows, folded, replays, of_deleted, rejected, ahead, .. } = self;
        let mut text = format!(
            "{messages} messages: {folded} folded into {rows} rows, {replays} that the table has, {of_deleted} of deleted events"
        );
        for (reason, count) in rejected {
            text += &format!(", {count} {reason}");
        }
        if *ahead > 0 {
            text += &format!("; {ahead} left to the consumers, who have yet to come to them");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_a_time_or_offsets() {
        assert!(matches!(parse_from("beginning"), Ok(From::Beginning)));
        let at = Timestamp::parse("2026-11-20T21:57:13Z").unwrap();
        assert!(matches!(parse_from("2026-11-20T21:57:13Z"), Ok(From::Time(time)) if time == at));
        let offsets = Offsets::from([(0, 1_200), (3, 77)]);
        assert!(matches!(parse_from("0:1200,3:77"), Ok(From::Offsets(found)) if found == offsets));
        for bad in ["", "end", "0", "0:", "0:x", "-1:5", "0:-5", "0:1,0:2", "0:1,", "2026-11-20"] {
            assert!(parse_from(bad).is_err(), "{bad:?}");
        }
    }
}
