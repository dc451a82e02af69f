//! What a statement without rows behind it is like, as far as it decides how it is answered.

use super::lexer::{Kind, Lexer, Token};
use crate::exception::{Exception, code};

/// How a statement begins and ends.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// It reads rows and nothing else: `SELECT`, `WITH`, `FROM`, or one of those in brackets.
    pub(crate) selects: bool,
    /// It begins with `INSERT`.
    pub(crate) inserts: bool,
    /// The format its `FORMAT` clause names.
    pub(crate) format: Option<String>,
}

impl Shape {
    /// Looks at the statement. Reading or writing files of the client's, which an engine in the same
    /// process would do, is refused as ClickHouse's server refuses it.
    pub(crate) fn of(text: &[u8]) -> Result<Self, Exception> {
        let mut tokens = Lexer::new(text).peekable();
        let mut shape = Self::default();
        if let Some(first) = tokens.peek() {
            shape.selects = first.kind == Kind::Symbol(b'(')
                || ["SELECT", "WITH", "FROM"].iter().any(|keyword| first.is(keyword));
            shape.inserts = first.is("INSERT");
        }
        let mut before: Option<Token<'_>> = None;
        while let Some(token) = tokens.next() {
            let next = tokens.peek();
            if token.is("OUTFILE") && follows(before, "INTO") && next.is_some_and(Token::may_be_text) {
                return Err(Exception::new(
                    code::INTO_OUTFILE_NOT_ALLOWED,
                    "INTO_OUTFILE_NOT_ALLOWED",
                    "INTO OUTFILE is not allowed",
                ));
            }
            if shape.inserts
                && token.is("INFILE")
                && follows(before, "FROM")
                && next.is_some_and(Token::may_be_text)
            {
                return Err(Exception::new(
                    code::UNKNOWN_TYPE_OF_QUERY,
                    "UNKNOWN_TYPE_OF_QUERY",
                    "Query has infile and was send directly to server",
                ));
            }
            // From here on an INSERT holds its rows, however many.
            if shape.inserts && token.depth == 0 && token.is("VALUES") {
                break;
            }
            if follows(before, "FORMAT")
                && token.kind == Kind::Word
                && before.is_some_and(|token| token.depth == 0)
            {
                let last = next.is_none_or(|next| next.kind == Kind::Symbol(b';') || next.is("SETTINGS"));
                shape.format = last.then(|| token.text());
            }
            before = Some(token);
        }
        Ok(shape)
    }
}

fn follows(before: Option<Token<'_>>, keyword: &str) -> bool {
    before.is_some_and(|before| before.is(keyword))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(text: &str) -> Option<String> {
        Shape::of(text.as_bytes()).unwrap().format
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
            assert_eq!(Shape::of(text.as_bytes()).unwrap().selects, selects, "{text}");
        }
    }

    #[test]
    fn files_are_out_of_reach() {
        assert_eq!(Shape::of(b"SELECT 1 INTO OUTFILE 'x'").unwrap_err().code, 358);
        assert_eq!(Shape::of(b"INSERT INTO t FROM INFILE 'x' FORMAT CSV").unwrap_err().code, 78);
        assert!(Shape::of(b"SELECT 'INTO OUTFILE', outfile FROM infile").is_ok());
    }
}
