//! The life of the standalone: start from the bottom up, stop from the top down.

use std::fs;
use std::future::pending;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use bus::Channels;
use runtime::shutdown::Shutdown;
use runtime::status::{Status, probe, reachable};
use runtime::{config, listen, metrics};
use serde_json::json;

use crate::embedded::{self, Serving};
use crate::{Config, private};

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Runs until `shutdown`; everything acknowledged until then is kept and, as a rule, visible.
pub async fn run(config: Config, shutdown: Shutdown) -> anyhow::Result<()> {
    beside(config, config::load("")?, shutdown, async |_, _| pending().await).await
}

/// The same with some work that begins once all is ready, with the address of the API, and ends before the rest does.
/// The rest ends with it, too.
pub(crate) async fn beside(
    config: Config,
    api_config: api::Config,
    shutdown: Shutdown,
    work: impl AsyncFnOnce(&Channels, SocketAddr) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let data = &config.data;
    let consumer_config: consumer::Config = config::load("CONSUMER_")?;
    let redis_config = redis_bridge::Config::from_env()?;
    private::folder(data).with_context(|| format!("the data folder {} can't be used", data.display()))?;
    let endpoints = data.join("endpoints.json");

    let (channels, log) = embedded::channels(data)?;
    // One that a killed process left behind names ports that are no longer ours.
    if endpoints.exists() {
        fs::remove_file(&endpoints)?;
    }
    let listener = listen(api_config.api_host, api_config.api_port, "API_PORT")?;
    let address = reachable(listener.local_addr()?);
    let (store, engine) = embedded::store(data, config.engine_port).await?;
    write_endpoints(&endpoints, address, engine.as_ref())?;

    // The consumer goes on until the API has ended, so that the last writes become visible too.
    let drain = Shutdown::new();
    let (mut registry, status) = (metrics::registry(), Status::default());
    status.register(&mut registry);
    let counters = consumer::Metrics::new(&mut registry);
    let consumer = consumer::run(
        consumer_config,
        channels.clone(),
        store.clone(),
        status.clone(),
        counters,
        drain.clone(),
    );
    let consumer = tokio::spawn(then_cancel(consumer, shutdown.clone()));
    let bridge = redis_config.map(|config| {
        let counters = redis_bridge::Metrics::new(&mut registry);
        let bridge = redis_bridge::run(config, channels.clone(), status, counters, shutdown.clone());
        tokio::spawn(then_cancel(Box::pin(bridge), shutdown.clone()))
    });
    let api = api::run(api_config, channels.clone(), store, registry, listener, shutdown.clone());
    let api = tokio::spawn(then_cancel(api, shutdown.clone()));
    let working = async {
        ready(address).await;
        print!("{}", banner(address, engine.as_ref(), data));
        work(&channels, address).await
    };
    let worked = tokio::select! {
        worked = working => worked,
        () = shutdown.cancelled() => Ok(()),
    };
    shutdown.cancel();
    let served = api.await?;
    let bridged = match bridge {
        Some(bridge) => bridge.await?,
        None => Ok(()),
    };
    drain.cancel();
    let consumed = consumer.await?;

    // Each is ended, whatever became of the one before.
    let stopped = match engine {
        Some(engine) => engine.stop().await,
        None => Ok(()),
    };
    let closed = match log {
        Some(log) => log.close().await,
        None => Ok(()),
    };
    fs::remove_file(&endpoints)?;
    worked.and(served).and(bridged).and(consumed).and(stopped).and(Ok(closed?))
}

/// Ends all parts when one of them ends.
async fn then_cancel<T>(part: impl Future<Output = T>, shutdown: Shutdown) -> T {
    let _cancel = shutdown.drop_guard();
    part.await
}

/// `<data>/endpoints.json`: `{"api", "clickhouse", "clickhouse_user", "clickhouse_password"}`, what was taken.
fn write_endpoints(path: &Path, api: SocketAddr, engine: Option<&Serving>) -> anyhow::Result<()> {
    let clickhouse = engine.map(|engine| format!("http://{}", engine.address));
    let endpoints = json!({
        "api": format!("http://{api}"),
        "clickhouse": clickhouse,
        "clickhouse_user": engine.map(|_| embedded::USER),
        "clickhouse_password": engine.map(|engine| &engine.password),
    });
    Ok(private::write(path, &format!("{endpoints}\n"))?)
}

/// Returns once the API says that it is ready.
async fn ready(api: SocketAddr) {
    loop {
        let asked = tokio::task::spawn_blocking(move || probe(api, "/ready")).await;
        if matches!(asked, Ok(Ok(()))) {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn banner(api: SocketAddr, engine: Option<&Serving>, data: &Path) -> String {
    let engine = engine.map_or_else(String::new, |engine| {
        format!(
            "  ClickHouse  http://{}   the embedded engine, for curl and ClickHouse's HTTP clients; \
             user and password are in {}\n",
            engine.address,
            data.join("endpoints.json").display()
        )
    });
    format!(
        "\nMillrace is ready.\n  page        http://{api}/\n  API         http://{api}\n{engine}  data        {}\nCtrl-C stops it.\n\n",
        data.display()
    )
}
