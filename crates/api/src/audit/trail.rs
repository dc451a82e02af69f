//! The events of a trail as they are read: page by page, so that memory stays bounded however many there are.

use std::vec;

use model::{EventId, EventKey, Stored};
use store::StoreError;
use store::queries::{About, Mark, TrailPage};

use crate::asked::Asked;
use crate::cursor::Cursor;

/// What is followed.
pub(super) enum Named {
    Subject(String),
    Trace(String),
}

impl Named {
    /// What it is, and what it is called.
    pub(super) fn kind_and_name(&self) -> (&'static str, &str) {
        match self {
            Self::Subject(name) => ("subject", name),
            Self::Trace(name) => ("trace", name),
        }
    }

    fn about(&self) -> About<'_> {
        match self {
            Self::Subject(name) => About::Subject(name),
            Self::Trace(name) => About::Trace(name),
        }
    }
}

/// A trail up to where it was read.
pub(super) struct Trail {
    asked: Asked,
    named: Named,
    /// The most events of a page.
    limit: u64,
    /// The last event of the page.
    last: Option<EventId>,
    /// What is left of the page.
    page: vec::IntoIter<(EventKey, Stored<'static>)>,
    has_more: bool,
}

impl Trail {
    /// With its first page.
    pub(super) async fn begin(
        asked: Asked,
        named: Named,
        after: Option<EventId>,
        limit: u16,
    ) -> Result<Self, StoreError> {
        let (limit, page) = (limit.into(), Vec::new().into_iter());
        let mut trail = Self { asked, named, limit, last: after, page, has_more: false };
        trail.read().await?;
        Ok(trail)
    }

    /// The next event of the page.
    pub(super) fn next_of_page(&mut self) -> Option<(EventKey, Stored<'static>)> {
        self.page.next()
    }

    /// The next event of all.
    pub(super) async fn next(&mut self) -> Result<Option<(EventKey, Stored<'static>)>, StoreError> {
        if self.page.as_slice().is_empty() && self.has_more {
            self.read().await?;
        }
        Ok(self.page.next())
    }

    /// Those of the page that come behind what was taken of it.
    pub(super) fn rest_of_page(&self) -> &[(EventKey, Stored<'static>)] {
        self.page.as_slice()
    }

    /// Whether there are events behind the page.
    pub(super) fn has_more(&self) -> bool {
        self.has_more
    }

    /// Where the next page begins, if there is one.
    pub(super) fn cursor(&self) -> Option<Cursor> {
        let id = self.last.filter(|_| self.has_more)?;
        Some(Cursor { range: self.asked.range(), after: Mark { id, latency: None } })
    }

    /// What was asked.
    pub(super) fn asked(&self) -> &Asked {
        &self.asked
    }

    async fn read(&mut self) -> Result<(), StoreError> {
        let about = self.named.about();
        let read = self.asked.store().trail(&self.asked.scope(), about, self.last, self.limit).await?;
        let TrailPage { events, more } = read;
        self.last = events.last().map_or(self.last, |(key, _)| Some(key.id));
        self.page = events.into_iter();
        self.has_more = more;
        Ok(())
    }
}
