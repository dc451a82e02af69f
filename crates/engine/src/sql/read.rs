//! What a statement without rows behind it is like, as far as it decides how it is answered.

use super::lexer::{Kind, Lexer, Token};

/// How a statement begins and ends.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// It reads rows and nothing else: `SELECT`, `WITH`, `FROM`, or one of those in brackets.
    pub(crate) selects: bool,
    /// It begins with `INSERT`.
    pub(crate) inserts: bool,
    /// The format its `FORMAT` clause names.
    pub(crate) format: Option<String>,
    /// Where the clauses of its result begin: its `FORMAT`, a semicolon, or the end of the text.
    pub(crate) end: usize,
}

impl Shape {
    /// Looks at the statement.
    pub(crate) fn of(text: &[u8]) -> Self {
        let mut tokens = Lexer::new(text).peekable();
        let mut shape = Self { end: text.len(), ..Self::default() };
        if let Some(first) = tokens.peek() {
            shape.selects = first.kind == Kind::Symbol(b'(')
                || ["SELECT", "WITH", "FROM"].iter().any(|keyword| first.is(keyword));
            shape.inserts = first.is("INSERT");
        }
        let mut before: Option<Token<'_>> = None;
        while let Some(token) = tokens.next() {
            let next = tokens.peek();
            // From here on an INSERT holds its rows, however many.
            if shape.inserts && token.depth == 0 && token.is("VALUES") {
                break;
            }
            if before.is_some_and(|before| before.is("FORMAT") && before.depth == 0)
                && token.kind == Kind::Word
            {
                let last = next.is_none_or(|next| next.kind == Kind::Symbol(b';') || next.is("SETTINGS"));
                shape.format = last.then(|| token.text());
                if last {
                    shape.end = before.map_or(shape.end, |before| before.start);
                }
            }
            if token.kind == Kind::Symbol(b';') && token.depth == 0 {
                shape.end = shape.end.min(token.start);
            }
            before = Some(token);
        }
        shape
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(text: &str) -> Option<String> {
        Shape::of(text.as_bytes()).format
    }

    #[test]
    fn the_format_is_the_one_the_statement_ends_with() {
        assert_eq!(format("SELECT 1 format JSON").as_deref(), Some("JSON"));
        assert_eq!(format("SELECT 1\nFORMAT\nJSON ; -- x").as_deref(), Some("JSON"));
        assert_eq!(format("SELECT 1 FORMAT JSON SETTINGS max_threads = 1").as_deref(), Some("JSON"));
        assert_eq!(format("SHOW TABLES FORMAT TSV").as_deref(), Some("TSV"));
        assert_eq!(format("SELECT format x FROM t"), None);
        assert_eq!(format("SELECT 'FORMAT JSON'"), None);
        assert_eq!(format("SELECT * FROM (SELECT 1 FORMAT JSON)"), None);
    }

    #[test]
    fn a_statement_selects_if_it_begins_so() {
        for (text, selects) in [
            ("/* a */ select 1", true),
            ("(SELECT 1)", true),
            ("WITH 1 AS x SELECT x", true),
            ("SHOW TABLES", false),
        ] {
            assert_eq!(Shape::of(text.as_bytes()).selects, selects, "{text}");
        }
    }
}
