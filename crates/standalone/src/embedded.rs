//! What takes the place of a Kafka and a ClickHouse cluster, where none is configured.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use bus::Channels;
use bus::log::{Log, Options};
use engine::Engine;
use runtime::shutdown::Shutdown;
use runtime::{config, listen};
use store::Store;
use tokio::task::JoinHandle;

use crate::private;

/// The engine's one user.
pub(crate) const USER: &str = "default";

/// The log, in the data folder.
const LOG: &str = "log.sqlite";

/// Where events go: the cluster that `KAFKA_BROKERS` names, else a log in the data folder. The log
/// is to be closed at the end.
pub(crate) fn channels(data: &Path) -> anyhow::Result<(Channels, Option<Log>)> {
    let kafka: bus::kafka::Config = config::load("KAFKA_")?;
    if is_set("KAFKA_BROKERS") {
        return Ok((Channels::kafka(kafka)?, None));
    }
    let log = Log::open(&data.join(LOG), Options::default())?;
    Ok((Channels::log(log.clone(), &kafka)?, Some(log)))
}

/// Whether there are events from before: in the log of this folder, or in a cluster.
pub(crate) fn has_log(data: &Path) -> bool {
    is_set("KAFKA_BROKERS") || data.join(LOG).exists()
}

/// The embedded engine, being served.
pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    /// The password of the engine's user `default`.
    pub(crate) password: String,
    stop: Shutdown,
    task: JoinHandle<Result<(), engine::EngineError>>,
}

impl Serving {
    /// Ends the engine; its data is closed when this returns.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        Ok(self.task.await??)
    }
}

/// The table: in the cluster that `CLICKHOUSE_URL` or `CLICKHOUSE_HOST` names, else in an engine in
/// the data folder.
pub(crate) async fn store(data: &Path, engine_port: u16) -> anyhow::Result<(Store, Option<Serving>)> {
    let mut clickhouse: store::Config = config::load("CLICKHOUSE_")?;
    if is_set("CLICKHOUSE_URL") || is_set("CLICKHOUSE_HOST") {
        return Ok((Store::new(clickhouse)?, None));
    }
    let listener = listen(Ipv4Addr::LOCALHOST.into(), engine_port, "MILLRACE_ENGINE_PORT")?;
    let address = listener.local_addr()?;
    let password = private::password(data)?;
    let files = engine::Config {
        data: data.join("clickhouse"),
        library: engine::default_library(),
        password: Some(password.clone()),
    };
    let engine = tokio::task::spawn_blocking(move || Engine::open(&files)).await??;
    let stop = Shutdown::new();
    let task = tokio::spawn(engine.serve(listener, stop.clone().cancelled_owned()));
    clickhouse.url = Some(format!("http://{address}"));
    clickhouse.user = USER.into();
    clickhouse.password.clone_from(&password);
    // The log forgets what is committed, so what is committed must survive a power loss.
    clickhouse.fsync = true;
    Ok((Store::new(clickhouse)?, Some(Serving { address, password, stop, task })))
}

/// Whether the variable says something.
pub(crate) fn is_set(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|value| !value.trim().is_empty())
}
