//! Events by the words of their texts.

use serde::{Deserialize, Serialize};
use store::Filters;
use store::queries::{Extent, Snippets};
use utoipa::{IntoParams, ToSchema};

use super::listed::{ListedEvent, MAX_CHARS};
use crate::asked::{Asked, DEFAULT_DAYS, NARROW};
use crate::call::Call;
use crate::cursor::Cursor;
use crate::error::ApiError;
use crate::parameters::{self, BAD_CURSOR, Period};
use crate::reply::Reply;
use crate::shapes::FoundPage;

/// The words of one phrase: the server's expressions that show where longer ones are would be too large for it.
const MAX_PHRASE_WORDS: usize = 32;
/// In bytes.
const MAX_SEARCH: usize = 1_024;

/// What is looked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Wanted {
    /// Words, and phrases in double quotes: all of them must be there, and none that has a minus in front of it.
    /// Words are letters and digits, and are found whole and whatever their case in the input, the output and the
    /// error; a phrase is found inside one of these. At most 1,024 bytes.
    #[serde(deserialize_with = "parameters::text")]
    #[param(value_type = String, required = true, example = "refund -test \"not delivered\"")]
    q: Option<String>,
    /// The most events of an answer.
    #[serde(deserialize_with = "parameters::short_limit")]
    #[param(minimum = 1, maximum = 1000, default = 20)]
    limit: u16,
    /// The `next_cursor` of an earlier answer, whose period it goes on with.
    #[serde(deserialize_with = "parameters::cursor")]
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { q: None, limit: 20, cursor: None }
    }
}

/// An event that was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundEvent {
    #[serde(flatten)]
    event: ListedEvent,
    /// Where in its texts: pieces of these, which are plain text.
    snippets: Snippets,
}

/// The events in whose texts some words are, newest first.
#[utoipa::path(
    get,
    path = "/search",
    tag = "questions",
    params(Wanted, Period),
    responses((status = 200, description = "A page of them", body = FoundPage<FoundEvent>))
)]
pub(crate) async fn search(call: Call) -> Result<Reply<Vec<FoundEvent>>, ApiError> {
    let (Wanted { q, limit, cursor }, period) = (call.parameters()?, call.parameters::<Period>()?);
    let text = q.ok_or(ApiError::Missing("q is required: what to look for"))?;
    if text.len() > MAX_SEARCH {
        return Err(ApiError::Invalid(format!("q has too many bytes: there may be {MAX_SEARCH} at most")));
    }
    if cursor.as_ref().is_some_and(|cursor| cursor.after.latency.is_some()) {
        return Err(ApiError::Invalid(BAD_CURSOR.to_owned()));
    }
    let mut asked = Asked::about(call, &period, Some(DEFAULT_DAYS), Filters::NONE).await?;
    if let Some(cursor) = &cursor {
        asked = asked.within(cursor.range);
    }
    let terms = asked.store().terms(&text).await?;
    if terms.is_empty() {
        let words = "q must have a word of letters or digits without a minus in front of it";
        return Err(ApiError::Invalid(words.to_owned()));
    }
    if terms.longest() > MAX_PHRASE_WORDS {
        let words = format!("a phrase of q has too many words: there may be {MAX_PHRASE_WORDS} at most");
        return Err(ApiError::Invalid(words));
    }
    let (after, extent) = (cursor.map(|cursor| cursor.after), Extent::Cut(MAX_CHARS));
    let page = asked.store().search(&asked.scope(), &terms, after, limit.into(), extent).await;
    let page = page.map_err(|error| ApiError::question(error, NARROW))?;
    let next = page.next.map(|after| Cursor { range: asked.range(), after });
    let found = |(event, snippets)| FoundEvent { event: ListedEvent::new(event, extent), snippets };
    Ok(Reply::ok(page.events.into_iter().map(found).collect()).about(asked.meta()).with_more(next))
}
