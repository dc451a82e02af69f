//! One client: draws, calls, writes down what came of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use model::EventKey;
use rand::RngExt;
use rand::rngs::StdRng;
use reqwest::Client;
use tokio::time::{Instant, sleep};

use super::body;
use super::books::{Books, Outcome};
use super::draw::{draw, draw_creates};
use super::large::Large;
use super::pool::Pool;
use super::repeats::Repeats;
use super::request::{self, Item};
use audit::operation::{Kind, Operation, hashed};

/// Longer than the API may take to say that it can't.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How often a create, or an update with a key, is sent again.
const RETRIES: usize = 5;
/// A pause after a call that failed, at least and at most, in milliseconds.
const PAUSE_MS: std::ops::Range<u64> = 50..300;
/// Of so many creates one is a batch of them.
const BATCH_OF: u32 = 50;
/// How many creates a batch holds.
const BATCH: std::ops::RangeInclusive<usize> = 2..=50;

/// Of so many updates with a key there is one that was sent long before.
const REPEAT_OF: u32 = 10;

pub(super) fn client() -> reqwest::Result<Client> {
    Client::builder().timeout(ANSWER_WITHIN).build()
}

pub(super) struct Caller {
    pub(super) client: Client,
    pub(super) apis: Vec<String>,
    pub(super) dice: StdRng,
    pub(super) pool: Arc<Pool>,
    pub(super) repeats: Arc<Repeats>,
    /// Of the next operation, of all callers.
    pub(super) number: Arc<AtomicU64>,
    pub(super) books: Arc<Books>,
}

/// What is asked for in one request.
enum Work {
    One(Item),
    /// Creates of one tenant.
    Batch(Vec<Item>),
}

impl Caller {
    pub(super) async fn run(mut self, stop: Arc<AtomicBool>) {
        while !stop.load(Ordering::Relaxed) {
            let work = self.next();
            self.carry_out(work).await;
        }
    }

    fn next(&mut self) -> Work {
        let (kind, key) = draw(&self.pool, &mut self.dice);
        if kind == Kind::Update && self.dice.random_bool(0.5) {
            return Work::One(self.keyed(key));
        }
        if kind != Kind::Create || !self.dice.random_ratio(1, BATCH_OF) {
            return Work::One(self.item(kind, key));
        }
        let more = self.dice.random_range(BATCH) - 1;
        let keys = draw_creates(more, &key.tenant, &self.pool, &mut self.dice);
        Work::Batch([key].into_iter().chain(keys).map(|key| self.item(Kind::Create, key)).collect())
    }

    /// An update that names itself; now and then it is one that was asked for long before.
    fn keyed(&mut self, key: EventKey) -> Item {
        if self.dice.random_ratio(1, REPEAT_OF)
            && let Some(change) = self.repeats.any(&mut self.dice)
        {
            return change;
        }
        let Item { mut operation, body, .. } = self.item(Kind::Update, key);
        let name = format!("key of {}", operation.input.as_deref().unwrap_or_default());
        operation.idempotency_key = Some(hashed(name.as_bytes()));
        let change = Item { operation, body, idempotency_key: Some(name) };
        self.repeats.remember(change.clone());
        change
    }

    fn item(&mut self, kind: Kind, key: EventKey) -> Item {
        let input = format!("operation {}", self.number.fetch_add(1, Ordering::Relaxed));
        if kind == Kind::Delete {
            let operation = Operation::new(kind, key, None);
            return Item { operation, body: String::new(), idempotency_key: None };
        }
        let large = Large::draw(&mut self.dice);
        let body = if kind == Kind::Create {
            body::create(key.id.to_string(), &input, large.as_ref(), &mut self.dice)
        } else {
            body::update(&input, large.as_ref(), &mut self.dice)
        };
        let large = large.as_ref().map(Large::digest);
        let operation = Operation { large, ..Operation::new(kind, key, Some(input)) };
        Item { operation, body, idempotency_key: None }
    }

    /// A create that may not have been kept is sent again: the same id makes it the same event. So is an
    /// update with a key. Of a batch only the creates that may not have been kept are.
    async fn carry_out(&mut self, mut work: Work) {
        let attempts = if work.may_be_repeated() { 1 + RETRIES } else { 1 };
        let first = self.dice.random_range(..self.apis.len().max(1));
        for attempt in 0..attempts {
            let Some(api) = self.apis.iter().cycle().nth(first + attempt) else { return };
            let begun = Instant::now();
            let outcomes = match &work {
                Work::One(item) => vec![request::one(&self.client, api, item).await],
                Work::Batch(items) => request::batch(&self.client, api, items).await,
            };
            self.books.enter(work.operations().zip(&outcomes), begun.elapsed());
            let Some(rest) = work.in_doubt(&outcomes) else { return };
            work = rest;
            sleep(Duration::from_millis(self.dice.random_range(PAUSE_MS))).await;
        }
    }
}

impl Work {
    fn items(&self) -> &[Item] {
        match self {
            Self::One(item) => std::slice::from_ref(item),
            Self::Batch(items) => items,
        }
    }

    fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.items().iter().map(|item| &item.operation)
    }

    fn may_be_repeated(&self) -> bool {
        self.operations()
            .all(|operation| operation.kind == Kind::Create || operation.idempotency_key.is_some())
    }

    /// What is left of it when these are the outcomes.
    fn in_doubt(self, outcomes: &[Outcome]) -> Option<Self> {
        let doubted = |outcome: &Outcome| matches!(outcome, Outcome::Unavailable | Outcome::Silent);
        match self {
            Self::One(item) => outcomes.first().is_some_and(doubted).then_some(Self::One(item)),
            Self::Batch(items) => {
                let rest = items.into_iter().zip(outcomes).filter(|(_, outcome)| doubted(outcome));
                let rest: Vec<_> = rest.map(|(item, _)| item).collect();
                (!rest.is_empty()).then_some(Self::Batch(rest))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand::SeedableRng;

    use super::super::pool::Choice;
    use super::*;

    #[test]
    fn there_are_batches_large_texts_and_changes_that_are_asked_for_once_more() {
        let mut caller = Caller {
            client: client().unwrap(),
            apis: Vec::new(),
            dice: StdRng::seed_from_u64(1),
            pool: Arc::new(Pool::new(1)),
            repeats: Arc::default(),
            number: Arc::default(),
            books: Arc::default(),
        };
        let (mut batches, mut large, mut keys, mut repeats) = (0, 0, HashSet::new(), 0);
        for _ in 0..5_000 {
            let work = caller.next();
            if let Work::Batch(items) = &work {
                batches += 1;
                let tenants: HashSet<_> = items.iter().map(|item| &item.operation.key.tenant).collect();
                assert!(BATCH.contains(&items.len()) && tenants.len() == 1);
            }
            for item in work.items() {
                let Operation { kind, large: text, idempotency_key, .. } = &item.operation;
                large += u32::from(text.is_some());
                let Some(key) = &item.idempotency_key else { continue };
                assert_eq!((*kind, *idempotency_key), (Kind::Update, Some(hashed(key.as_bytes()))));
                repeats += u32::from(!keys.insert((item.operation.clone(), item.body.clone())));
            }
        }
        // Of 3,000 creates, which make 4,500 events with those of batches, and 1,250 updates.
        assert!((30..90).contains(&batches), "{batches} batches");
        assert!((15..60).contains(&large), "{large} large texts");
        assert!((500..700).contains(&keys.len()), "{} keys", keys.len());
        assert!((30..100).contains(&repeats), "{repeats} repeats");
    }

    #[test]
    fn of_a_batch_only_what_may_not_have_been_kept_is_sent_again() {
        let item = |input: &str| {
            let key = Pool::new(1).choose(Choice::Hot, &mut StdRng::seed_from_u64(1));
            let operation = Operation::new(Kind::Create, key, Some(input.to_owned()));
            Item { operation, body: String::new(), idempotency_key: None }
        };
        let work = Work::Batch(["kept", "unavailable", "silent", "refused"].map(item).into());
        let outcomes = [
            Outcome::Acknowledged(None),
            Outcome::Unavailable,
            Outcome::Silent,
            Outcome::Unexpected("no".into()),
        ];
        let books = Books::default();
        books.enter(work.operations().zip(&outcomes), Duration::ZERO);
        let rest = work.in_doubt(&outcomes).unwrap();
        let inputs = |work: &Work| work.operations().filter_map(|it| it.input.clone()).collect::<Vec<_>>();
        assert_eq!(inputs(&rest), ["unavailable", "silent"]);

        let ledger = books.ledger();
        let kept: Vec<_> = ledger.promises_somewhere().iter().filter_map(|it| it.input.as_deref()).collect();
        assert_eq!((kept, ledger.maybe()), (vec!["kept"], 2));
        let answers = books.answers();
        assert_eq!((answers.unavailable, answers.silent, answers.unexpected.len()), (1, 1, 1));
        assert!(rest.in_doubt(&[Outcome::Acknowledged(None), Outcome::Acknowledged(None)]).is_none());
    }
}
