//! A Kafka broker from the jars that `scripts/fetch-kafka.sh` has fetched, set up as Kafka's own scripts do.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use anyhow::Context;

use crate::process::{Process, free_port};

/// What Kafka's own start script gives the virtual machine.
const JAVA: [&str; 5] = ["-server", "-Xms1g", "-Xmx1g", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"];

/// Starts a broker without topics on data in `folder`; its address as in `KAFKA_BROKERS`.
pub(crate) async fn start(folder: &Path) -> anyhow::Result<(Process, String)> {
    let jars = std::env::var("KAFKA_JARS").context("KAFKA_JARS: scripts/bench.sh sets it")?;
    let storage = Path::new(&jars).with_file_name("storage");
    let data = folder.join("kafka");
    fs::create_dir_all(&data)?;
    for file in fs::read_dir(&storage).with_context(|| format!("reading {}", storage.display()))? {
        let file = file?;
        fs::copy(file.path(), data.join(file.file_name()))?;
    }
    let (port, controller) = (free_port()?, free_port()?);
    let settings = folder.join("server.properties");
    fs::write(&settings, properties(port, controller, &data))?;
    let mut command = Command::new("java");
    command.args(JAVA).args(["-cp", &format!("{jars}/*"), "kafka.Kafka"]).arg(&settings);
    let mut broker = Process::start("kafka", &mut command, folder)?;
    let address = format!("127.0.0.1:{port}");
    broker
        .until(async |broker| {
            broker.output().contains("Kafka Server started") && TcpStream::connect(&address).is_ok()
        })
        .await?;
    Ok((broker, address))
}

/// Broker and controller in one, each topic once, and no pause before a group's first assignment.
fn properties(port: u16, controller: u16, data: &Path) -> String {
    format!(
        "\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
",
        data.display()
    )
}
