//! How a broker is set up: its `server.properties` and its freshly formatted storage.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::port;

const VERSION: &str = "4.1.0";

/// A further port of a broker, for clients that reach it by another, which leads there.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// Where the broker listens.
    pub port: u16,
    /// Where clients that come by this way are told to connect to.
    pub advertised: u16,
}

/// One broker's part in a cluster.
pub(super) struct Settings {
    /// From 1 on.
    pub(super) node: usize,
    pub(super) port: u16,
    pub(super) ways: Vec<Way>,
    /// The controllers of the cluster, in the order of their nodes.
    pub(super) controllers: Vec<u16>,
    /// The heap, in MiB.
    pub(super) heap: u16,
    /// Further lines of its properties.
    pub(super) more: &'static str,
}

impl Settings {
    /// Those of a broker that is alone, on free ports.
    pub(super) fn single() -> Self {
        let controllers = vec![port::free()];
        Self { node: 1, port: port::free(), ways: Vec::new(), controllers, heap: 512, more: "" }
    }

    /// Those of every broker of a cluster, on free ports, each with these ways to it.
    pub(super) fn cluster<const SIZE: usize>(ways: [Vec<Way>; SIZE]) -> Vec<Self> {
        let controllers: Vec<_> = (0..SIZE).map(|_| port::free()).collect();
        let one = |(node, ways)| Self {
            node,
            port: port::free(),
            ways,
            controllers: controllers.clone(),
            heap: 384,
            more: "",
        };
        (1..).zip(ways).map(one).collect()
    }

    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Writes the configuration and the storage into a broker's folder.
    pub(super) fn lay_out(&self, folder: &Path) {
        let data = folder.join("data");
        fs::create_dir_all(&data).expect("the data folder");
        for file in fs::read_dir(home().join("storage")).expect("the formatted storage") {
            let file = file.expect("a file of the storage");
            fs::copy(file.path(), data.join(file.file_name())).expect("a copy of the storage");
        }
        fs::write(data.join("meta.properties"), self.meta()).expect("the storage's own properties");
        fs::write(folder.join("server.properties"), self.properties()).expect("the broker's configuration");
    }

    /// What says whose storage it is; all nodes' are formatted as node 1's.
    fn meta(&self) -> String {
        let text = fs::read_to_string(home().join("storage/meta.properties")).expect("meta.properties");
        let line = |line: &str| match line.split_once('=') {
            Some(("node.id", _)) => format!("node.id={}\n", self.node),
            Some(("directory.id", id)) => {
                format!("directory.id={:02}{}\n", self.node, id.get(2..).expect("22 characters"))
            }
            _ => format!("{line}\n"),
        };
        text.lines().map(line).collect()
    }

    /// Beside the addresses: few partitions in the internal topics, and short sessions, because a broker
    /// that was killed is let back in only when its session has run out. Copies of other topics are left as
    /// stock brokers have them, one: whoever makes a topic has to ask for more.
    fn properties(&self) -> String {
        let Self { node, port, ways, controllers, more, .. } = self;
        let voters: Vec<_> =
            (1..).zip(controllers).map(|(node, port)| format!("{node}@127.0.0.1:{port}")).collect();
        let voters = voters.join(",");
        let own_controller = controllers.get(node - 1).expect("each node is a controller");
        let of_ways = |text: &dyn Fn(usize, &Way) -> String| -> String {
            ways.iter().enumerate().map(|(index, way)| text(index, way)).collect()
        };
        let listened = of_ways(&|index, way| format!(",WAY{index}://127.0.0.1:{}", way.port));
        let advertised = of_ways(&|index, way| format!(",WAY{index}://127.0.0.1:{}", way.advertised));
        let protocols = of_ways(&|index, _| format!(",WAY{index}:PLAINTEXT"));
        let replicas = controllers.len();
        let in_sync = replicas.div_ceil(2);
        format!(
            "\
process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{own_controller}{listened}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{advertised}
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{protocols}
log.dirs=data
auto.create.topics.enable=false
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.dedupe.buffer.size=16777216
offsets.topic.num.partitions=4
offsets.topic.replication.factor={replicas}
transaction.state.log.min.isr={in_sync}
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor={replicas}
{more}
"
        )
    }
}

/// Where `scripts/fetch-kafka.sh` leaves the jars and the formatted storage.
pub(super) fn home() -> PathBuf {
    let cache = env::var_os("XDG_CACHE_HOME")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))
        .expect("HOME or XDG_CACHE_HOME");
    let home = cache.join("millrace/kafka").join(VERSION);
    assert!(home.is_dir(), "Kafka is not in {}: run make kafka", home.display());
    home
}
