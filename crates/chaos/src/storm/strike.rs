//! Faults made and mended.

use std::time::Duration;

use anyhow::Context;
use tokio::task::block_in_place;

use super::fault::{Fault, Victim};
use super::member::Member;
use super::site::{Site, settled};
use super::tally::Tally;
use testing::proxy::Mode;

/// Longer than a process may take to end (20 s for a consumer's last batches).
const ENDS_WITHIN: Duration = Duration::from_secs(45);

/// What is to be mended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wound {
    DeadApi(usize),
    EndingApi(usize),
    DeadConsumer(usize),
    EndingConsumer(usize),
    FrozenConsumer(usize),
    DeadBroker(usize),
    FrozenBroker(usize),
    KafkaNetwork(Victim),
    Network(Victim),
    DeadEngine,
    /// By the migration of this number.
    NewerSchema(u16),
}

impl Site {
    /// Makes a fault; `None` if there is nobody whom it could hit.
    pub(super) async fn strike(&mut self, fault: Fault, tally: &mut Tally) -> anyhow::Result<Option<Wound>> {
        // Before one is struck that has ended by itself: it would look like the fault's work.
        self.look_after(tally);
        let wound = match fault {
            Fault::KillApi(index) => {
                member(&mut self.apis, index)?.kill();
                Wound::DeadApi(index)
            }
            Fault::EndApi(index) => {
                member(&mut self.apis, index)?.end();
                Wound::EndingApi(index)
            }
            Fault::KillConsumer(index) => {
                member(&mut self.consumers, index)?.kill();
                Wound::DeadConsumer(index)
            }
            Fault::EndConsumer(index) => {
                member(&mut self.consumers, index)?.end();
                Wound::EndingConsumer(index)
            }
            Fault::FreezeConsumer(index) => {
                member(&mut self.consumers, index)?.freeze();
                Wound::FrozenConsumer(index)
            }
            Fault::KillBroker(index) => self.kill_broker(index),
            Fault::KillLeader(partition) => {
                let topic = &self.channels.events.name;
                let leader = block_in_place(|| self.cluster.leader(topic, partition));
                let Some(leader) = leader else { return Ok(None) };
                self.kill_broker(leader)
            }
            Fault::KillController => {
                let Some(leader) = block_in_place(|| self.cluster.controller()) else { return Ok(None) };
                self.kill_broker(leader)
            }
            Fault::FreezeBroker(index) => {
                self.cluster.broker(index).pause();
                Wound::FrozenBroker(index)
            }
            Fault::KafkaNetwork(victim, mode) => {
                self.kafka_ways.set(victim, mode);
                Wound::KafkaNetwork(victim)
            }
            Fault::Network(victim, mode) => {
                self.ways.set(victim, mode);
                Wound::Network(victim)
            }
            Fault::KillEngine => {
                self.engine.kill();
                Wound::DeadEngine
            }
            Fault::NewerSchema => {
                Wound::NewerSchema(self.upgrade.begin().await.context("migrating to a newer schema")?)
            }
        };
        tally.count(fault);
        Ok(Some(wound))
    }

    /// Mends what a fault has done, as far as that is done at once; see [`Site::recovered`] for the rest.
    pub(super) async fn mend(&mut self, wound: Wound, tally: &mut Tally) -> anyhow::Result<()> {
        match wound {
            Wound::DeadApi(index) => member(&mut self.apis, index)?.restart(),
            Wound::EndingApi(index) => restart_ended(member(&mut self.apis, index)?, tally).await?,
            Wound::DeadConsumer(index) => member(&mut self.consumers, index)?.restart(),
            Wound::EndingConsumer(index) => restart_ended(member(&mut self.consumers, index)?, tally).await?,
            Wound::FrozenConsumer(index) => member(&mut self.consumers, index)?.thaw(),
            Wound::DeadBroker(index) => self.cluster.broker(index).launch(),
            Wound::FrozenBroker(index) => self.cluster.broker(index).resume(),
            Wound::KafkaNetwork(victim) => self.kafka_ways.set(victim, Mode::Pass),
            Wound::Network(victim) => self.ways.set(victim, Mode::Pass),
            Wound::DeadEngine => self.engine.restart(),
            Wound::NewerSchema(number) => {
                self.upgrade.take_back(number).await.context("taking back the newer schema")?;
            }
        }
        Ok(())
    }

    /// Starts those again that have ended by themselves, which none should.
    pub(super) fn look_after(&mut self, tally: &mut Tally) {
        for member in self.members() {
            if let Some(status) = member.died() {
                tally.deaths.push(format!("{} ended by itself: {status}", member.name));
                member.restart();
            }
        }
    }

    fn kill_broker(&mut self, index: usize) -> Wound {
        self.cluster.broker(index).stop();
        Wound::DeadBroker(index)
    }

    /// Whether everybody is back, brokers with all their replicas: else the next one to go could be one
    /// too many.
    pub(super) async fn recovered(&self) -> bool {
        self.engine_serves().await && block_in_place(|| self.cluster.is_whole())
    }
}

fn member(all: &mut [Member], index: usize) -> anyhow::Result<&mut Member> {
    all.get_mut(index).with_context(|| format!("there is no process {index}"))
}

/// Waits for the end of a process that was asked to, and starts it again.
async fn restart_ended(member: &mut Member, tally: &mut Tally) -> anyhow::Result<()> {
    let mut status = None;
    let ended = async || {
        status = member.ended();
        status.is_some()
    };
    if settled("it has ended", ENDS_WITHIN, ended).await.is_err() {
        tally.deaths.push(format!("{} did not end within {ENDS_WITHIN:?}", member.name));
        member.kill();
    }
    if let Some(status) = status.filter(|status| !status.success()) {
        tally.deaths.push(format!("{} did not end well: {status}", member.name));
    }
    member.restart();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_that_ended_by_itself_is_told_from_one_that_was_killed() {
        let logs = tempfile::tempdir().unwrap();
        let mut site = Site::start(logs.path()).await.unwrap();
        let mut tally = Tally::default();
        site.strike(Fault::KillConsumer(0), &mut tally).await.unwrap();
        site.strike(Fault::KillApi(0), &mut tally).await.unwrap();
        assert!(tally.deaths.is_empty(), "{:?}", tally.deaths);

        site.consumers[1].end_by_itself();
        site.strike(Fault::KillConsumer(1), &mut tally).await.unwrap();
        assert_eq!(tally.deaths, ["consumer-1 ended by itself: signal: 9 (SIGKILL)"]);
    }
}
