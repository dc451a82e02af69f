//! Calls to the API, as many clients make them at once, and what came of each.
//!
//! [`pool`] says which events there are to write to, [`draw`] what is done to which, [`repeats`]
//! what is done again, [`body`] and
//! [`large`] what is sent, [`request`] how, [`caller`] does it.

mod body;
mod books;
mod caller;
mod draw;
mod large;
mod pool;
mod repeats;
mod request;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::task::JoinSet;

use caller::Caller;
use pool::Pool;
use repeats::Repeats;

pub use books::{Answers, Books};

/// Clients that call until they are stopped.
pub struct Load {
    books: Arc<Books>,
    stop: Arc<AtomicBool>,
    callers: JoinSet<()>,
}

impl Load {
    /// So many callers of these APIs (`http://host:port`). What they do depends on the seed, and on the
    /// order in which they come to do it.
    pub fn start(apis: &[String], callers: u64, seed: u64) -> reqwest::Result<Self> {
        let client = caller::client()?;
        let (books, stop) = (Arc::new(Books::default()), Arc::new(AtomicBool::new(false)));
        let (pool, number) = (Arc::new(Pool::new(seed)), Arc::new(AtomicU64::new(0)));
        let repeats = Arc::new(Repeats::default());
        let mut tasks = JoinSet::new();
        for caller in 0..callers {
            let caller = Caller {
                client: client.clone(),
                apis: apis.to_vec(),
                dice: StdRng::seed_from_u64(seed.wrapping_add(1 + caller)),
                pool: Arc::clone(&pool),
                repeats: Arc::clone(&repeats),
                number: Arc::clone(&number),
                books: Arc::clone(&books),
            };
            tasks.spawn(caller.run(Arc::clone(&stop)));
        }
        Ok(Self { books, stop, callers: tasks })
    }

    /// What came of the calls so far.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// Makes no new calls, and returns once every caller has its last answer.
    pub async fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        while self.callers.join_next().await.is_some() {}
    }
}
