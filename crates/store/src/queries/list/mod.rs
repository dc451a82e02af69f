//! The events behind a number, page by page: their keys in the order that is asked for, then their rows.

mod ids;
mod rows;
mod slowest;
mod walk;

use model::{Event, EventId};

pub(super) use ids::{IDS, by_ids};

use crate::ask::Besides;
use crate::{Scope, Store, StoreError};

/// In which order events are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListOrder {
    /// The newest first, those of one millisecond by their ids.
    #[default]
    Newest,
    /// The longest latency first, of equals the newest. Those whose latency was not measured are left out.
    Slowest,
}

/// Where an event stands in its list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// Its id.
    pub id: EventId,
    /// In a list of the slowest, its latency in milliseconds as it was when the list was read.
    pub latency: Option<f64>,
}

/// How much of each event is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Its long texts up to their first characters, so many; neither its properties nor its context.
    Cut(u32),
    /// All but its vectors.
    Whole,
}

/// A part of a list.
#[derive(Debug)]
pub struct ListPage {
    /// Its events.
    pub events: Vec<Event<'static>>,
    /// The last of them, if there are more behind it.
    pub next: Option<Mark>,
}

impl Store {
    /// The events of the scope behind a mark, at most `limit`, and fewer if they are large. Those that are deleted
    /// while the page is read are left out of it.
    pub async fn list(
        &self,
        scope: &Scope<'_>,
        order: ListOrder,
        after: Option<Mark>,
        limit: usize,
        extent: Extent,
    ) -> Result<ListPage, StoreError> {
        // One more than asked for tells whether there is more.
        let marks = match order {
            ListOrder::Newest => self.newest(scope, &Besides::default(), after, limit + 1).await?,
            ListOrder::Slowest => self.slowest(scope, after, limit + 1).await?,
        };
        self.page(scope, marks, limit, extent).await
    }

    /// The page of the first `limit` of these.
    pub(super) async fn page(
        &self,
        scope: &Scope<'_>,
        mut marks: Vec<Mark>,
        limit: usize,
        extent: Extent,
    ) -> Result<ListPage, StoreError> {
        let has_more = marks.len() > limit;
        marks.truncate(limit);
        let ids: Vec<_> = marks.iter().map(|mark| mark.id).collect();
        let (events, read) = self.events_of(scope, &ids, extent).await?;
        let next =
            if has_more || read < ids.len() { marks.get(read.saturating_sub(1)).copied() } else { None };
        Ok(ListPage { events, next })
    }
}
