//! One broker as a process.

use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::settings::{Settings, home};
use crate::guard::Guard;

const START_LIMIT: Duration = Duration::from_mins(2);
const STARTED: &str = "Kafka Server started";

/// A broker of a test's own, for when it has to go away. It ends when this is dropped or the test process ends.
pub struct Broker {
    address: String,
    heap: u16,
    guard: Guard,
}

impl Broker {
    /// Starts a broker without topics, on a free port, and returns once it serves.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// The same, with further lines in its `server.properties`.
    pub fn start_with(more: &'static str) -> Self {
        let mut broker = Self::prepare(&Settings { more, ..Settings::single() }, None);
        broker.restart();
        broker
    }

    /// One that does not run yet. Its output goes to the file `log`, if there is one, and stays.
    pub(super) fn prepare(settings: &Settings, log: Option<&Path>) -> Self {
        let mut guard = Guard::new();
        settings.lay_out(guard.folder());
        if let Some(log) = log {
            guard.log_to(log);
        }
        Self { address: settings.address(), heap: settings.heap, guard }
    }

    /// Kills the broker (kill -9). Its port and its data stay as they are.
    pub fn stop(&mut self) {
        self.guard.kill_9();
    }

    /// Starts the broker again after [`Broker::stop`], on the same port and data, and returns once it serves.
    pub fn restart(&mut self) {
        self.launch();
        self.wait_until_it_serves();
    }

    /// The same, but returns at once.
    pub fn launch(&mut self) {
        let mut command = Command::new("java");
        // The quick compiler alone: up in half the time, and no test runs long enough for the other to pay.
        command.args([&format!("-Xmx{}m", self.heap), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
        command.arg("-cp").arg(home().join("libs/*"));
        command.args(["kafka.Kafka", "server.properties"]);
        self.guard.start(&mut command);
    }

    /// Stops it where it is (SIGSTOP), until [`Broker::resume`].
    pub fn pause(&self) {
        self.guard.freeze();
    }

    /// Lets it go on (SIGCONT).
    pub fn resume(&self) {
        self.guard.signal("CONT");
    }

    /// `host:port`, as in `KAFKA_BROKERS`.
    pub fn brokers(&self) -> &str {
        &self.address
    }

    pub(super) fn wait_until_it_serves(&mut self) {
        let start = Instant::now();
        while !(self.guard.output().contains(STARTED) && TcpStream::connect(&self.address).is_ok()) {
            let exit = self.guard.try_wait();
            if exit.is_some() || start.elapsed() > START_LIMIT {
                let end = exit.map_or_else(|| "it still runs".to_owned(), |status| status.to_string());
                panic!(
                    "kafka did not start within {START_LIMIT:?} ({end}); its last words:\n{}",
                    tail(&self.guard.output(), 40)
                );
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use rdkafka::ClientConfig;
    use rdkafka::consumer::{BaseConsumer, Consumer};
    use rdkafka::metadata::MetadataBroker;

    use super::super::brokers;
    use super::super::settings::Way;
    use super::*;
    use crate::port;

    /// The head of the answer to "which API versions?", which every broker gives: the request's number, no error.
    const HEAD: [u8; 6] = [0, 0, 0, 7, 0, 0];

    fn ask(address: &str) -> std::io::Result<[u8; 6]> {
        let mut connection = TcpStream::connect(address)?;
        connection.set_read_timeout(Some(Duration::from_secs(10)))?;
        let [key, version, no_client_id] = [18_u16, 0, 0xFFFF].map(u16::to_be_bytes);
        let request =
            [&10_u32.to_be_bytes()[..], &key, &version, &7_u32.to_be_bytes(), &no_client_id].concat();
        connection.write_all(&request)?;
        let (mut length, mut head) = ([0; 4], [0; 6]);
        connection.read_exact(&mut length)?;
        connection.read_exact(&mut head)?;
        Ok(head)
    }

    #[test]
    fn the_shared_broker_answers() {
        assert_eq!(brokers(), brokers());
        assert_eq!(ask(brokers()).unwrap(), HEAD);
    }

    #[test]
    fn a_broker_goes_away_and_comes_back_on_its_port() {
        let mut broker = Broker::start();
        assert_eq!(ask(broker.brokers()).unwrap(), HEAD);
        broker.stop();
        assert!(ask(broker.brokers()).is_err());
        broker.restart();
        assert_eq!(ask(broker.brokers()).unwrap(), HEAD);
    }

    #[test]
    fn who_comes_by_a_way_is_told_to_keep_to_it() {
        let (way, direct) = (Way { port: port::free(), advertised: port::free() }, Settings::single());
        let mut broker = Broker::prepare(&Settings { ways: vec![way], ..direct }, None);
        broker.restart();
        let told = |address: &str| {
            let client: BaseConsumer =
                ClientConfig::new().set("bootstrap.servers", address).create().unwrap();
            let metadata = client.fetch_metadata(None, Duration::from_secs(30)).unwrap();
            metadata.brokers().iter().map(MetadataBroker::port).collect::<Vec<_>>()
        };
        assert_eq!(told(&format!("127.0.0.1:{}", way.port)), [i32::from(way.advertised)]);
        let (_, direct) = broker.brokers().split_once(':').unwrap();
        assert_eq!(told(broker.brokers()), [direct.parse::<i32>().unwrap()]);
    }
}
