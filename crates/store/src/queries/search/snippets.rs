//! Where in an event's texts the words are that were looked for.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use clickhouse::Row;
use model::EventId;
use regex::Regex;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Terms;
use crate::queries::list::{IDS, by_ids};
use crate::{Scope, Store, StoreError};

/// Characters of a snippet before its first hit, and behind it.
const BEFORE: u32 = 60;
const BEHIND: u32 = 140;

/// What stands for text that was left out.
const LEFT_OUT: char = '…';

/// A word, as the server's index has it.
#[expect(clippy::unwrap_used, reason = "a constant, which a test compiles")]
static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[\p{L}\p{M}\p{N}]+").unwrap());

/// Around the first hits of an event's texts. What they are put together is as the text has it, but for `…` where some
/// of it was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Snippets {
    /// Of the input; absent if no hit is in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub input: Vec<Piece>,
    /// Of the output.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<Piece>,
    /// Of the error.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub error: Vec<Piece>,
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Piece {
    /// As it stands there: plain text, whatever it looks like.
    pub text: String,
    /// Whether it is what was looked for.
    pub hit: bool,
}

#[derive(Row, Deserialize)]
struct Cut {
    #[serde(with = "clickhouse::serde::uuid")]
    id: Uuid,
    input: String,
    output: String,
    error: String,
}

impl Store {
    /// Those of the events of these ids.
    pub(super) async fn snippets(
        &self,
        scope: &Scope<'_>,
        terms: &Terms,
        ids: &[EventId],
    ) -> Result<HashMap<EventId, Snippets>, StoreError> {
        let [input, output, error] = ["e.input", "e.output", "e.error"].map(cut);
        let sql = format!(
            "SELECT e.id AS id, {input} AS input, {output} AS output, {error} AS error FROM {{events}} AS e"
        );
        let (pattern, mut found) = (pattern(terms), HashMap::with_capacity(ids.len()));
        for ids in ids.chunks(IDS) {
            let Some((scope, besides)) = by_ids(scope, ids) else { continue };
            let question = self.ask_besides(&scope, &sql, besides).param("pattern", &pattern);
            for Cut { id, input, output, error } in question.fetch_all::<Cut>().await? {
                let Ok(id) = EventId::from_uuid(id) else { continue };
                let [input, output, error] = [input, output, error].map(|text| pieces(&text, terms));
                found.insert(id, Snippets { input, output, error });
            }
        }
        Ok(found)
    }
}

/// The text around its first hit, as SQL; empty if there is none. What the pattern finds first is nowhere before as
/// it is.
fn cut(text: &str) -> String {
    let (found, at) =
        (format!("extract({text}, {{pattern:String}})"), format!("toInt64(positionUTF8({text}, found))"));
    format!(
        "arrayMap(found -> if(found = '', '', concat(
            if({at} > {BEFORE} + 1, '{LEFT_OUT}', ''),
            substringUTF8({text}, greatest(1, {at} - {BEFORE}), least({at}, {BEFORE}) + lengthUTF8(found) + {BEHIND}),
            if(lengthUTF8({text}) > {at} + lengthUTF8(found) + {BEHIND}, '{LEFT_OUT}', ''))), [{found}])[1]"
    )
}

/// What finds a hit with the characters around it. Terms are words and blanks alone.
fn pattern(terms: &Terms) -> String {
    let no_word = r"[^\p{L}\p{M}\p{N}]";
    let terms: Vec<_> = terms.wanted().map(|words| words.join(&format!("{no_word}+"))).collect();
    format!("(?i)(?:^|{no_word})(?:{})(?:{no_word}|$)", terms.join("|"))
}

/// The text with its hits told apart; nothing if it has none.
fn pieces(text: &str, terms: &Terms) -> Vec<Piece> {
    let (mut pieces, mut end) = (Vec::new(), 0);
    let mut push = |range: Range<usize>, hit| {
        let text = text.get(range).unwrap_or_default();
        if !text.is_empty() {
            pieces.push(Piece { text: text.to_owned(), hit });
        }
    };
    for hit in hits(text, terms) {
        push(end..hit.start, false);
        end = hit.end;
        push(hit, true);
    }
    if end > 0 {
        push(end..text.len(), false);
    }
    pieces
}

/// In their order, and none in another.
fn hits(text: &str, terms: &Terms) -> Vec<Range<usize>> {
    let is_whole = |word: &Range<usize>| {
        !text.get(..word.start).unwrap_or_default().ends_with(LEFT_OUT)
            && !text.get(word.end..).unwrap_or_default().starts_with(LEFT_OUT)
    };
    let words: Vec<_> = WORD.find_iter(text).map(|word| (word.range(), folded(word.as_str()))).collect();
    let terms: Vec<Vec<_>> = terms.wanted().map(|term| term.into_iter().map(folded).collect()).collect();
    let mut hits: Vec<Range<usize>> = Vec::new();
    for (n, (first, _)) in words.iter().enumerate() {
        for term in &terms {
            let Some(found) = words.get(n..n + term.len()) else { continue };
            let (Some((last, _)), true) = (found.last(), found.iter().map(|(_, word)| word).eq(term)) else {
                continue;
            };
            let hit = first.start..last.end;
            match hits.last_mut() {
                _ if !is_whole(first) || !is_whole(last) => {}
                Some(before) if before.end > hit.start => before.end = before.end.max(hit.end),
                _ => hits.push(hit),
            }
        }
    }
    hits
}

/// A word without case. The server's lower case has one small sigma, Rust's two.
fn folded(word: &str) -> String {
    word.to_lowercase().replace('ς', "σ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with its hits in brackets.
    fn shown(text: &str, wanted: &[&str]) -> String {
        let wanted = wanted.iter().map(|term| (*term).to_owned()).collect();
        let pieces = pieces(text, &Terms { wanted, ..Terms::default() });
        pieces
            .iter()
            .map(|Piece { text, hit }| if *hit { format!("[{text}]") } else { text.clone() })
            .collect()
    }

    #[test]
    fn hits_are_whole_words_whatever_their_case() {
        assert_eq!(shown("a CAT, a concat; Cat", &["cat"]), "a [CAT], a concat; [Cat]");
        assert_eq!(shown("nothing", &["cat"]), "");
        assert_eq!(shown("ΟΔΟΣ Οδός", &["οδοσ"]), "[ΟΔΟΣ] Οδός");
        assert_eq!(
            shown("हिन्दी e\u{301}t ÉTÉ 北京", &["हिन्दी", "été", "e\u{301}t"]),
            "[हिन्दी] [e\u{301}t] [ÉTÉ] 北京"
        );
        assert_eq!(shown("<b>cat</b>", &["b"]), "<[b]>cat</[b]>");
    }

    #[test]
    fn a_phrase_is_one_hit_with_what_is_between_its_words() {
        assert_eq!(shown("Time--out in time, out", &["time out"]), "[Time--out] in [time, out]");
        assert_eq!(shown("a b c", &["a b", "b c"]), "[a b c]");
        assert_eq!(shown("a b", &["a b c", "b"]), "a [b]");
    }

    #[test]
    fn a_part_of_a_word_at_a_cut_is_no_hit() {
        assert_eq!(shown("…cat and cat…", &["cat"]), "");
        assert_eq!(shown("…cat and cat, cat…", &["cat"]), "…cat and [cat], cat…");
    }
}
