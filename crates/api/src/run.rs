//! The life of the API: it serves at once, and takes writes when the topics are there.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bus::{BusError, Channels};
use runtime::metrics::Registry;
use runtime::shutdown::Shutdown;
use runtime::{files, listen, retry, status};
use store::{Store, StoreError};
use tokio::net::TcpListener;

use crate::Config;
use crate::alerts::Alerting;
use crate::app::App;
use crate::guard::Guard;
use crate::openapi;
use crate::router::Router;
use crate::routes::ROUTES;
use crate::serve::serve;
use crate::service::ApiService;

/// How long requests in flight may take after the end was asked for.
const FINISH_WITHIN: Duration = Duration::from_secs(15);

/// Serves until `shutdown`, the numbers of the registry among it. Kafka or ClickHouse being away is waited
/// for, at the start and later; an error is a set-up that someone has to change.
pub async fn run(
    config: Config,
    channels: Channels,
    store: Store,
    mut registry: Registry,
    listener: TcpListener,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let limits = config.limits().within(files::raise_limit());
    let (listens, allow_anonymous) = (listener.local_addr()?.ip(), config.allow_anonymous);
    let (drain, closing) = (Duration::from_millis(config.api_drain_ms), Shutdown::new());
    let alerting = Alerting::open(&config, &mut registry)?;
    let app = Arc::new(App::new(
        config,
        openapi::document(ROUTES).into(),
        &channels,
        store,
        registry,
        alerting.as_ref().map(Alerting::status),
        closing.clone(),
    )?);
    let has_keys = app.auth.has_keys();
    anyhow::ensure!(
        has_keys || allow_anonymous || listens.is_loopback(),
        "API_HOST={listens} is reached by other machines: set API_KEYS or API_KEYS_FILE, or ALLOW_ANONYMOUS=true to let everyone in"
    );
    let guard = Guard::new(&app.config, listens, has_keys);
    let service = ApiService::new(Arc::clone(&app), Router::new(ROUTES)?, guard);
    let watched = metrics_listener(&app.config)?;
    let metrics = async {
        if let Some(listener) = watched {
            status::serve_metrics(listener, app.numbers.clone(), closing.clone()).await;
        }
    };
    let alerts = async {
        if let Some(alerting) = alerting {
            Box::pin(alerting.run(&app, closing.clone())).await;
        }
    };
    let serving = async { tokio::join!(serve(listener, limits, service, closing.clone()), metrics, alerts) };
    let background = async {
        let topics = async {
            set_up_topics(&app, &channels).await?;
            tokio::join!(app.waiter.poll(), app.lag.watch());
            anyhow::Ok(())
        };
        let keys = async {
            app.auth.watch().await;
            Ok(())
        };
        tokio::try_join!(topics, set_up_table(&app), keys).map(|_| ())
    };
    let outdated = OnceLock::new();
    let ended = async {
        tokio::select! {
            () = shutdown.cancelled() => {}
            reason = channels.outdated() => drop(outdated.set(reason)),
        }
        app.end();
        tokio::time::sleep(drain).await;
        closing.cancel();
        tokio::time::sleep(FINISH_WITHIN).await;
    };
    tokio::select! {
        _ = serving => {}
        failed = background => return failed,
        () = ended => tracing::warn!("some requests did not end in time"),
    }
    outdated.into_inner().map_or(Ok(()), |reason| Err(reason.into()))
}

/// Where numbers are shown to whoever asks, if they are.
fn metrics_listener(config: &Config) -> anyhow::Result<Option<TcpListener>> {
    let Some(port) = config.metrics_port else { return Ok(None) };
    let listener = listen(config.api_host, port, "METRICS_PORT")?;
    tracing::info!(address = %listener.local_addr()?, "serving metrics");
    Ok(Some(listener))
}

/// Topics and producer, as soon as they can be.
async fn set_up_topics(app: &App, channels: &Channels) -> anyhow::Result<()> {
    retry::forever("setting up the topics", BusError::is_retryable, || channels.ensure_topics()).await?;
    app.open_writes(channels.bus.producer(&channels.events)?);
    Ok(())
}

/// The table, as soon as it can be.
async fn set_up_table(app: &App) -> anyhow::Result<()> {
    let is_away = |error: &StoreError| error.is_retryable() && !matches!(error, StoreError::Newer(_));
    match retry::forever("migrating the table", is_away, || app.store.migrate()).await {
        // Reads name the columns that they know.
        Err(StoreError::Newer(reason)) => tracing::warn!(reason, "reading a table of a newer version"),
        migrated => migrated?,
    }
    app.open_reads();
    Ok(())
}
