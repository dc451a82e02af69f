//! The ways by which the APIs and each consumer reach the brokers and ClickHouse.

use std::io;

use super::fault::Victim;
use testing::proxy::{Mode, Proxy};

/// To each of some servers one way that all APIs share, and one of each consumer.
pub(super) struct Ways {
    /// The APIs', then one after the other the consumers'. Each leads to all servers.
    users: Vec<Vec<Proxy>>,
}

impl Ways {
    /// By user as above, the port of each server that is for that user.
    pub(super) async fn start(ports: &[Vec<u16>]) -> io::Result<Self> {
        let mut users = Vec::new();
        for servers in ports {
            let mut proxies = Vec::new();
            for server in servers {
                proxies.push(Proxy::start(*server).await?);
            }
            users.push(proxies);
        }
        Ok(Self { users })
    }

    /// The ports by which it reaches the servers.
    pub(super) fn ports(&self, victim: Victim) -> impl Iterator<Item = u16> {
        self.of(victim).map(Proxy::port)
    }

    /// Makes its ways good or bad.
    pub(super) fn set(&self, victim: Victim, mode: Mode) {
        self.of(victim).for_each(|proxy| proxy.set(mode));
    }

    fn of(&self, victim: Victim) -> impl Iterator<Item = &Proxy> {
        let hit = move |index: usize| match victim {
            Victim::All => true,
            Victim::Apis => index == 0,
            Victim::Consumer(consumer) => index == 1 + consumer,
        };
        let users = self.users.iter().enumerate().filter(move |(index, _)| hit(*index));
        users.flat_map(|(_, proxies)| proxies)
    }
}
