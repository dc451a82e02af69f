//! A real Apache Kafka broker (KRaft, broker and controller in one), run from the jars that `make kafka` fetches.

use std::env;
use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use crate::guard::Guard;
use crate::port;

const VERSION: &str = "4.1.0";
const START_LIMIT: Duration = Duration::from_mins(1);
const STARTED: &str = "Kafka Server started";

/// The address of the one broker that all tests of this process share, started on first use.
pub fn brokers() -> &'static str {
    static SHARED: OnceLock<Broker> = OnceLock::new();
    SHARED.get_or_init(Broker::start).brokers()
}

/// A broker of a test's own, for when it has to go away. It ends when this is dropped or the test process ends.
pub struct Broker {
    address: String,
    guard: Guard,
}

impl Broker {
    /// Starts a broker without topics, on a free port, and returns once it serves.
    pub fn start() -> Self {
        let home = home();
        let guard = Guard::new();
        for file in fs::read_dir(home.join("storage")).expect("the formatted storage") {
            let file = file.expect("a file of the storage");
            let data = guard.folder().join("data");
            fs::create_dir_all(&data).expect("the data folder");
            fs::copy(file.path(), data.join(file.file_name())).expect("a copy of the storage");
        }
        let broker_port = port::free();
        fs::write(guard.folder().join("server.properties"), properties(broker_port, port::free()))
            .expect("the broker's configuration");
        let mut broker = Self { address: format!("127.0.0.1:{broker_port}"), guard };
        broker.run();
        broker
    }

    /// Kills the broker (kill -9). Its port and its data stay as they are.
    pub fn stop(&mut self) {
        self.guard.kill_9();
    }

    /// Starts the broker again after [`Broker::stop`], on the same port and data, and returns once it serves.
    pub fn restart(&mut self) {
        self.run();
    }

    /// `host:port`, as in `KAFKA_BROKERS`.
    pub fn brokers(&self) -> &str {
        &self.address
    }

    fn run(&mut self) {
        let mut command = Command::new("java");
        // The quick compiler alone: up in half the time, and no test runs long enough for the other to pay.
        command.args(["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
        command.arg("-cp").arg(home().join("libs/*"));
        command.args(["kafka.Kafka", "server.properties"]);
        self.guard.start(&mut command);
        self.wait_until_it_serves();
    }

    fn wait_until_it_serves(&mut self) {
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

/// Where `scripts/fetch-kafka.sh` leaves the jars and the formatted storage.
fn home() -> PathBuf {
    let cache = env::var_os("XDG_CACHE_HOME")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))
        .expect("HOME or XDG_CACHE_HOME");
    let home = cache.join("millrace/kafka").join(VERSION);
    assert!(home.is_dir(), "Kafka is not in {}: run make kafka", home.display());
    home
}

/// Beside the addresses: one replica of everything, few partitions in the internal topics, and short
/// sessions, because a broker that was killed is let back in only when its session has run out.
fn properties(broker_port: u16, controller_port: u16) -> String {
    format!(
        "\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{broker_port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker_port}
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=data
auto.create.topics.enable=false
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.dedupe.buffer.size=16777216
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
"
    )
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

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
}
