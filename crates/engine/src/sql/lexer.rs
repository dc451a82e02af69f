//! ClickHouse's tokens, as its `src/Parsers/Lexer.cpp` cuts them, less what nobody here asks about:
//! numbers come as words, operators as single bytes.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A keyword, a bare name or the digits of a number.
    Word,
    /// A name in double quotes or backquotes.
    QuotedName,
    /// A string or a heredoc.
    Text,
    /// Any other byte.
    Symbol(u8),
}

/// A range of the text, `start..end` in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// How many brackets are open around the token; a bracket itself stands outside of its pair.
    pub(crate) depth: usize,
    bytes: &'a [u8],
}

impl Token<'_> {
    /// Whether this is the keyword, in any case.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.bytes.eq_ignore_ascii_case(keyword.as_bytes())
    }

    /// Whether ClickHouse may read this as the name, in any case. It resolves backslashes in quoted names.
    pub(crate) fn may_name(&self, name: &str) -> bool {
        let name = name.as_bytes();
        match self.kind {
            Kind::Word => self.bytes.eq_ignore_ascii_case(name),
            Kind::QuotedName => {
                let inside = self.bytes.get(1..self.bytes.len().saturating_sub(1)).unwrap_or_default();
                inside.eq_ignore_ascii_case(name) || inside.contains(&b'\\')
            }
            Kind::Text | Kind::Symbol(_) => false,
        }
    }

    /// Whether this is a word that holds more than ASCII, which ClickHouse cuts in its own way: it knows
    /// quotes, blanks and a minus beyond ASCII.
    pub(crate) fn is_beyond_ascii(&self) -> bool {
        self.kind == Kind::Word && !self.bytes.is_ascii()
    }

    /// Whether this begins with a digit.
    pub(crate) fn is_number(&self) -> bool {
        self.kind == Kind::Word && self.bytes.first().is_some_and(u8::is_ascii_digit)
    }

    /// The token as written.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes).into_owned()
    }
}

/// Cuts a text into tokens. Whitespace and comments are left out. It never fails: what is not closed
/// ends with the text.
#[derive(Clone)]
pub(crate) struct Lexer<'a> {
    text: &'a [u8],
    position: usize,
    depth: usize,
    /// Shared by all clones and filled by the first of them that meets a dollar sign.
    last_tags: Rc<OnceCell<HashMap<&'a [u8], usize>>>,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { text, position: 0, depth: 0, last_tags: Rc::default() }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.position..).unwrap_or_default()
    }

    /// The length of `$tag$ … $tag$`, if that begins here and is closed. Only a tag that occurs again is searched
    /// for: a search for each of many that are not closed would take the square of the text's length.
    fn heredoc(&self) -> Option<usize> {
        let rest = self.rest();
        let tag_length = 2 + rest.iter().skip(1).position(|byte| *byte == b'$')?;
        let tag = rest.get(..tag_length)?;
        let last = self.last_tags.get_or_init(|| last_tags(self.text)).get(tag)?;
        if *last < self.position + tag_length {
            return None;
        }
        let end = rest.get(tag_length..)?.windows(tag_length).position(|window| window == tag)?;
        Some(tag_length + end + tag_length)
    }

    fn skip_blanks_and_comments(&mut self) {
        loop {
            self.position += match self.rest() {
                [byte, ..] if byte.is_ascii_whitespace() || *byte == 0x0b => 1,
                [b'-', b'-', ..] | [b'/', b'/', ..] | [b'#', b' ' | b'!', ..] => line(self.rest()),
                [b'/', b'*', ..] => comment(self.rest()),
                _ => return,
            };
        }
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_blanks_and_comments();
        let rest = self.rest();
        let (kind, length) = match *rest.first()? {
            b'\'' => (Kind::Text, quoted(rest, b'\'')),
            quote @ (b'"' | b'`') => (Kind::QuotedName, quoted(rest, quote)),
            b'$' if let Some(length) = self.heredoc() => (Kind::Text, length),
            byte if is_word(byte) => (Kind::Word, rest.iter().take_while(|byte| is_word(**byte)).count()),
            byte => (Kind::Symbol(byte), 1),
        };
        if let Kind::Symbol(b')' | b']' | b'}') = kind {
            self.depth = self.depth.saturating_sub(1);
        }
        let (start, depth) = (self.position, self.depth);
        if let Kind::Symbol(b'(' | b'[' | b'{') = kind {
            self.depth += 1;
        }
        self.position += length;
        let bytes = rest.get(..length).unwrap_or_default();
        Some(Token { kind, start, end: self.position, depth, bytes })
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || !byte.is_ascii()
}

/// The length up to the end of the line.
fn line(text: &[u8]) -> usize {
    text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len())
}

/// The length of `/* … */`; such comments nest.
fn comment(text: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut position = 0;
    while let Some(rest) = text.get(position..) {
        match rest {
            [b'/', b'*', ..] => (depth, position) = (depth + 1, position + 2),
            [b'*', b'/', ..] => (depth, position) = (depth - 1, position + 2),
            [] => break,
            _ => position += 1,
        }
        if depth == 0 {
            return position;
        }
    }
    text.len()
}

/// The length of a quoted text. A quote inside it is doubled or follows a backslash.
fn quoted(text: &[u8], quote: u8) -> usize {
    let mut position = 1;
    while let Some(rest) = text.get(position..) {
        match rest {
            [] => break,
            [b'\\', ..] => position += 2,
            [first, second, ..] if *first == quote && *second == quote => position += 2,
            [first, ..] if *first == quote => return position + 1,
            _ => position += 1,
        }
    }
    text.len()
}

/// Where each `$tag$` of the text begins for the last time, in bytes.
fn last_tags(text: &[u8]) -> HashMap<&[u8], usize> {
    let dollars = || text.iter().enumerate().filter(|(_, byte)| **byte == b'$').map(|(position, _)| position);
    let pairs = dollars().zip(dollars().skip(1));
    pairs.filter_map(|(start, end)| Some((text.get(start..=end)?, start))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        Lexer::new(text.as_bytes()).map(|token| token.text()).collect()
    }

    #[test]
    fn comments_are_left_out_and_strings_kept_whole() {
        assert_eq!(words("a -- b\n# c\n// d\n/* e /* f */ g */ 'h -- i'"), ["a", "'h -- i'"]);
        assert_eq!(words(r#"'a\'b''c' "d\"e" `f``g`"#), [r"'a\'b''c'", r#""d\"e""#, "`f``g`"]);
        assert_eq!(words("$t$ ' $t$ x$y"), ["$t$ ' $t$", "x$y"]);
        assert_eq!(words("1.5<=#x"), ["1", ".", "5", "<", "=", "#", "x"]);
    }

    #[test]
    fn what_is_not_closed_ends_with_the_text() {
        assert_eq!(words("a 'b"), ["a", "'b"]);
        assert_eq!(words("a /* b"), ["a"]);
        assert_eq!(words("'a\\"), ["'a\\"]);
    }

    #[test]
    fn a_heredoc_ends_where_its_tag_occurs_next() {
        assert_eq!(words("$a$ $b$ $a$ $a$ $b$"), ["$a$ $b$ $a$", "$a$", "$b$"]);
        assert_eq!(words("$a$b$a$ c"), ["$a$b$a$", "c"]);
        assert_eq!(words("$a$a$ b"), ["$a$a$", "b"]);
        assert_eq!(words("$$$ $$$$"), ["$$$ $$", "$$"]);
        assert_eq!(words("$a $b$ $a $"), ["$a $b$ $a $"]);
    }

    /// A search through the rest of the text for each of these tags would take hours.
    #[test]
    fn many_heredocs_that_are_not_closed_take_one_pass_over_the_text() {
        let count = 400_000;
        let text: String = (0..count).map(|number| format!("$tag{number}$ ")).collect();
        assert_eq!(Lexer::new(text.as_bytes()).count(), count);
    }

    #[test]
    fn brackets_stand_outside_of_what_they_enclose() {
        let depths: Vec<_> = Lexer::new(b"a(b[c])d").map(|token| token.depth).collect();
        assert_eq!(depths, [0, 0, 1, 1, 2, 1, 0, 0]);
    }
}
