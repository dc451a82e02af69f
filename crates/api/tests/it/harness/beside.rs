//! A second API on the log and table of an application.

use std::ops::Deref;

use runtime::metrics;
use runtime::shutdown::Shutdown;
use store::Store;
use testing::wait::until;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{App, Caller, PATIENCE};

/// An API beside the application's own. It can be called like that.
pub(crate) struct Beside {
    caller: Caller,
    shutdown: Shutdown,
    api: Option<JoinHandle<anyhow::Result<()>>>,
}

impl Deref for Beside {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl App {
    /// Another API beside this one, which serves when this returns.
    pub(crate) async fn beside(&self, config: api::Config) -> Beside {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let caller = Caller::new(listener.local_addr().unwrap(), None);
        let (store, shutdown) = (Store::new(self.store.clone()).unwrap(), Shutdown::new());
        let (channels, registry) = (self.channels.clone(), metrics::registry());
        let api = api::run(config, channels, store, registry, listener, shutdown.clone());
        let beside = Beside { caller, shutdown, api: Some(tokio::spawn(api)) };
        until("it is ready", PATIENCE, async || beside.get("/ready").await.status == 200).await;
        beside
    }
}

impl Beside {
    /// Ends it, as a signal would.
    pub(crate) async fn end(mut self) {
        self.shutdown.cancel();
        self.api.take().unwrap().await.unwrap().unwrap();
    }

    /// Ends it in the midst of what it does.
    pub(crate) async fn kill(mut self) {
        let api = self.api.take().unwrap();
        api.abort();
        let _ = api.await;
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
