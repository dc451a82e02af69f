//! The events of some ids, as a scope and what must hold besides.

use model::{EventId, Timestamp};

use crate::ask::Besides;
use crate::{Range, Scope};

/// The ids are one text, of which the first twelve digits are the time: in the request's address a list of both would
/// take twice the room.
const OF_IDS: &str = " AND (created_at, id) IN (
    SELECT fromUnixTimestamp64Milli(toInt64(reinterpretAsUInt64(reverse(unhex(substring(text, 1, 12))))), 'UTC'),
        toUUID(text)
    FROM (SELECT arrayJoin(splitByChar(',', {ids:String})) AS text))";

/// Ids of one query: they are about 10 KB of its address.
pub(in crate::queries) const IDS: usize = 250;

/// What to ask the server about the events of these ids, of which there are [`IDS`] at most; `None` if there are none.
pub(in crate::queries) fn by_ids<'a>(scope: &Scope<'a>, ids: &[EventId]) -> Option<(Scope<'a>, Besides)> {
    let (first, last) = (ids.iter().min()?, ids.iter().max()?);
    // To the end of the last one's millisecond, or else to that of the range.
    let to = Timestamp::from_millis(last.created_at().millis() + 1).unwrap_or(scope.range.to());
    let range = Range::new(first.created_at(), to, scope.range.now()).ok()?;
    let mut besides = Besides { conditions: OF_IDS.to_owned(), ..Besides::default() };
    let ids: Vec<_> = ids.iter().map(|id| id.uuid().simple().to_string()).collect();
    besides.params.text("ids", ids.join(","));
    Some((Scope { range, ..scope.clone() }, besides))
}
