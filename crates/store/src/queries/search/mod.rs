//! Events by the words of their texts, newest first.

mod snippets;
mod terms;

use model::Event;

pub use snippets::{Piece, Snippets};
pub use terms::Terms;

use super::{Extent, ListPage, Mark};
use crate::{Scope, Store, StoreError};

/// A part of what was found.
#[derive(Debug)]
pub struct SearchPage {
    /// Its events, with the places that were looked for.
    pub events: Vec<(Event<'static>, Snippets)>,
    /// The last of them, if there are more behind it.
    pub next: Option<Mark>,
}

impl Store {
    /// The events of the scope that have all the terms, newest first behind a mark; at most `limit`.
    pub async fn search(
        &self,
        scope: &Scope<'_>,
        terms: &Terms,
        after: Option<Mark>,
        limit: usize,
        extent: Extent,
    ) -> Result<SearchPage, StoreError> {
        let marks = self.newest(scope, &terms.condition(), after, limit + 1).await?;
        let ListPage { events, next } = self.page(scope, marks, limit, extent).await?;
        let ids: Vec<_> = events.iter().map(|event| event.id).collect();
        let mut snippets = self.snippets(scope, terms, &ids).await?;
        let with_snippets = |event: Event<'static>| {
            let snippets = snippets.remove(&event.id).unwrap_or_default();
            (event, snippets)
        };
        Ok(SearchPage { events: events.into_iter().map(with_snippets).collect(), next })
    }
}

/// What the index of words is of, as its migration spells it: else it is of no use.
const INDEXED: &str = r"replaceRegexpAll(lowerUTF8(concat(input, ' ', output, ' ', error)), '[^\\x00-\\x7f\\p{L}\\p{M}\\p{N}]+', ' ')";

/// A text of which only words are left, with a blank between two, and perhaps one before and behind them.
fn words_of(text: &str) -> String {
    format!(r"replaceRegexpAll(lowerUTF8({text}), '[^\\p{{L}}\\p{{M}}\\p{{N}}]+', ' ')")
}
