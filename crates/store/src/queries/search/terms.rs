//! What a search looks for.

use std::iter::Peekable;
use std::str::Chars;

use clickhouse::Row;
use serde::Deserialize;

use super::{INDEXED, words_of};
use crate::ask::Besides;
use crate::filter::Params;
use crate::{Store, StoreError, within};

/// Words and phrases as they were asked for.
#[derive(Debug, Default, PartialEq)]
struct Asked {
    wanted: Vec<String>,
    unwanted: Vec<String>,
}

/// What events must have, and what they must not. A term is one word or several in a row, in lower case, with one
/// blank between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Deserialize)]
pub struct Terms {
    pub(super) wanted: Vec<String>,
    pub(super) unwanted: Vec<String>,
}

impl Asked {
    /// Terms stand between blanks, or in quotes; a minus in front of one excludes it.
    fn parse(text: &str) -> Self {
        let (mut asked, mut chars) = (Self::default(), text.chars().peekable());
        loop {
            while chars.next_if(|c| c.is_whitespace()).is_some() {}
            let terms =
                if chars.next_if_eq(&'-').is_some() { &mut asked.unwanted } else { &mut asked.wanted };
            match term(&mut chars) {
                Some(term) => terms.push(term),
                None => return asked,
            }
        }
    }
}

fn term(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    chars.peek()?;
    if chars.next_if_eq(&'"').is_some() {
        return Some(chars.by_ref().take_while(|c| *c != '"').collect());
    }
    let mut term = String::new();
    while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
        term.push(c);
    }
    Some(term)
}

impl Store {
    /// What these words and phrases are to the server, which takes texts apart in the same way. Of a term without
    /// letters and digits nothing is left.
    pub async fn terms(&self, text: &str) -> Result<Terms, StoreError> {
        let Asked { wanted, unwanted } = Asked::parse(text);
        let terms = |name| {
            let term = format!("trim({})", words_of("term"));
            format!(
                "arrayDistinct(arrayFilter(term -> term != '', arrayMap(term -> {term}, {{{name}:Array(String)}})))"
            )
        };
        let sql = format!("SELECT {} AS wanted, {} AS unwanted", terms("wanted"), terms("unwanted"));
        let query = self.reader.query_raw(&sql).param("wanted", wanted).param("unwanted", unwanted);
        within(self.timeout(), query.fetch_one()).await
    }
}

impl Terms {
    /// Whether nothing is looked for, though something may be excluded.
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// The words of the longest phrase that events must have.
    pub fn longest(&self) -> usize {
        self.wanted().map(|words| words.len()).max().unwrap_or_default()
    }

    /// What events must have, word by word.
    pub(super) fn wanted(&self) -> impl Iterator<Item = Vec<&str>> {
        self.wanted.iter().map(|term| term.split(' ').collect())
    }

    /// What must hold of the events. The index knows the words of an event, whichever text they are in; a phrase
    /// stands inside one.
    pub(super) fn condition(&self) -> Besides {
        let mut params = Params::default();
        let mut sql =
            format!(" AND hasAllTokens({INDEXED}, {})", params.texts("words", words_in(&self.wanted)));
        if let phrases @ [_, ..] = &*phrases_in(&self.wanted) {
            let phrases = params.texts("phrases", phrases.to_vec());
            sql += &format!(" AND arrayAll(phrase -> {}, {phrases})", any_text_has("phrase"));
        }
        let single: Vec<_> = self.unwanted.iter().filter(|term| !term.contains(' ')).cloned().collect();
        if !single.is_empty() {
            sql += &format!(" AND NOT hasAnyTokens({INDEXED}, {})", params.texts("no_words", single));
        }
        if let phrases @ [_, ..] = &*phrases_in(&self.unwanted) {
            let phrases = params.texts("no_phrases", phrases.to_vec());
            sql += &format!(" AND NOT arrayExists(phrase -> {}, {phrases})", any_text_has("phrase"));
        }
        Besides { conditions: sql, params, ..Besides::default() }
    }
}

fn words_in(terms: &[String]) -> Vec<String> {
    terms.iter().flat_map(|term| term.split(' ')).map(str::to_owned).collect()
}

/// With blanks around them.
fn phrases_in(terms: &[String]) -> Vec<String> {
    terms.iter().filter(|term| term.contains(' ')).map(|term| format!(" {term} ")).collect()
}

fn any_text_has(phrase: &str) -> String {
    let texts = ["input", "output", "error"].map(|text| format!("concat(' ', {}, ' ')", words_of(text)));
    format!("arrayExists(text -> position(text, {phrase}) > 0, [{}])", texts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_words_and_phrases_wanted_and_unwanted() {
        for (text, wanted, unwanted) in [
            ("", vec![], vec![]),
            ("  ", vec![], vec![]),
            ("a  b\tc", vec!["a", "b", "c"], vec![]),
            ("-a b -\"c d\" \"e f\"", vec!["b", "e f"], vec!["a", "c d"]),
            ("a-b \"open end", vec!["a-b", "open end"], vec![]),
            ("\"a\"b", vec!["a", "b"], vec![]),
            ("- a --b", vec!["a"], vec!["", "-b"]),
            ("\"\"", vec![""], vec![]),
        ] {
            let owned = |terms: Vec<&str>| terms.into_iter().map(str::to_owned).collect::<Vec<_>>();
            let asked = Asked { wanted: owned(wanted), unwanted: owned(unwanted) };
            assert_eq!(Asked::parse(text), asked, "{text}");
        }
    }
}
