//! `INSERT … FORMAT x`, whose rows follow the statement instead of being part of it.

use super::lexer::{Kind, Lexer, Token};

/// An `INSERT` that takes rows from behind its text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DataInsert {
    /// The statement without its `FORMAT` clause.
    pub(crate) statement: Vec<u8>,
    /// The format's name.
    pub(crate) format: String,
    /// Where in the text the rows begin.
    pub(crate) data: usize,
}

impl DataInsert {
    /// Finds the `FORMAT` of an `INSERT` whose rows follow. `None` for any other statement, also for an
    /// `INSERT … VALUES` and an `INSERT … SELECT`, and where the text ends before its format.
    ///
    /// Rows begin as in ClickHouse's `ParserInsertQuery`: behind the format or the settings that follow
    /// it, after blanks and one line break.
    pub(crate) fn find(text: &[u8]) -> Option<Self> {
        let mut tokens = Lexer::new(text);
        let keyword = end_of_table(&mut tokens)?;
        if !keyword.is("FORMAT") {
            return None;
        }
        // The rows of `Values` may be expressions, which are part of the statement.
        let format = tokens
            .next()
            .filter(|token| token.kind == Kind::Word && !token.is("VALUES") && !token.is_beyond_ascii())?;

        let mut statement = text.get(..keyword.start)?.to_vec();
        let mut end = format.end;
        if let Some((settings, settings_end)) = settings(tokens) {
            statement.extend_from_slice(text.get(settings..settings_end)?);
            end = settings_end;
        }
        Some(Self { statement, format: format.text(), data: end + gap(text.get(end..)?) })
    }
}

/// Goes past an `INSERT`'s table and columns, and returns what follows them.
pub(super) fn end_of_table<'a>(tokens: &mut Lexer<'a>) -> Option<Token<'a>> {
    tokens.next().filter(|token| token.is("INSERT"))?;
    skip_table(tokens)?;
    tokens.find(|token| token.depth == 0 && ends_the_table(token))
}

/// Goes past `INTO [TABLE] [FUNCTION] [database.]table`, since a table may be called `format`.
fn skip_table(tokens: &mut Lexer<'_>) -> Option<()> {
    let mut token = tokens.next()?;
    for keyword in ["INTO", "TABLE", "FUNCTION"] {
        if token.is(keyword) {
            token = tokens.next()?;
        }
    }
    loop {
        // A name may be given as a parameter, `{name:Identifier}`.
        if token.kind == Kind::Symbol(b'{') {
            tokens.find(|token| token.kind == Kind::Symbol(b'}') && token.depth == 0)?;
        }
        let mut ahead = tokens.clone();
        if ahead.next().is_none_or(|next| next.kind != Kind::Symbol(b'.')) {
            return Some(());
        }
        token = ahead.next()?;
        *tokens = ahead;
    }
}

fn ends_the_table(token: &Token<'_>) -> bool {
    let rows_are_elsewhere = ["VALUES", "SELECT", "WITH", "FROM", "WATCH"];
    token.is("FORMAT")
        || token.kind == Kind::Symbol(b';')
        || rows_are_elsewhere.iter().any(|keyword| token.is(keyword))
}

/// Start and end of `SETTINGS name = value, …`, if that is what follows.
fn settings(mut tokens: Lexer<'_>) -> Option<(usize, usize)> {
    let start = tokens.next().filter(|token| token.is("SETTINGS"))?.start;
    loop {
        tokens.next().filter(|token| token.kind == Kind::Word)?;
        tokens.next().filter(|token| token.kind == Kind::Symbol(b'='))?;
        let end = value(&mut tokens)?;
        let mut ahead = tokens.clone();
        if ahead.next().is_none_or(|token| token.kind != Kind::Symbol(b',')) {
            return Some((start, end));
        }
        tokens = ahead;
    }
}

/// Goes past a setting's value, which is a literal, and returns where it ends.
fn value(tokens: &mut Lexer<'_>) -> Option<usize> {
    let mut token = tokens.next()?;
    while let Kind::Symbol(b'-' | b'+') = token.kind {
        token = tokens.next()?;
    }
    match token.kind {
        Kind::Symbol(b'{' | b'[' | b'(') => {
            let closes = |token: &Token<'_>| {
                matches!(token.kind, Kind::Symbol(b'}' | b']' | b')')) && token.depth == 0
            };
            tokens.find(closes).map(|token| token.end)
        }
        Kind::Symbol(_) => None,
        // A number's fraction is a word of its own here.
        _ => {
            let mut ahead = tokens.clone();
            match (ahead.next(), ahead.next()) {
                (Some(point), Some(fraction))
                    if point.kind == Kind::Symbol(b'.') && point.start == token.end =>
                {
                    *tokens = ahead;
                    Some(fraction.end)
                }
                _ => Some(token.end),
            }
        }
    }
}

/// How much lies between a statement and its rows.
fn gap(text: &[u8]) -> usize {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | 0x0c)).count();
    blanks
        + match text.get(blanks..) {
            Some([b'\r', b'\n', ..]) => 2,
            Some([b'\r' | b'\n', ..]) => 1,
            _ => 0,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<(String, String, &str)> {
        let insert = DataInsert::find(text.as_bytes())?;
        Some((String::from_utf8(insert.statement).unwrap(), insert.format, &text[insert.data..]))
    }

    #[test]
    fn rows_begin_after_the_format_and_one_line_break() {
        for (text, statement, format, rows) in [
            ("INSERT INTO t FORMAT CSV", "INSERT INTO t ", "CSV", ""),
            ("insert into t format CSV\n1\n", "insert into t ", "CSV", "1\n"),
            ("INSERT INTO t FORMAT CSV \r\n\n1", "INSERT INTO t ", "CSV", "\n1"),
            ("INSERT INTO t FORMAT JSONEachRow {\"a\":1}", "INSERT INTO t ", "JSONEachRow", "{\"a\":1}"),
            (
                "/* x */ INSERT\nINTO d.t (a, `b`)\nFORMAT\nTSV\n1",
                "/* x */ INSERT\nINTO d.t (a, `b`)\n",
                "TSV",
                "1",
            ),
            ("INSERT INTO format FORMAT CSV\n1", "INSERT INTO format ", "CSV", "1"),
            ("INSERT INTO format.values (a) FORMAT CSV\n1", "INSERT INTO format.values (a) ", "CSV", "1"),
            ("INSERT INTO \"a FORMAT b\" FORMAT CSV\n1", "INSERT INTO \"a FORMAT b\" ", "CSV", "1"),
            (
                "INSERT INTO {d:Identifier}.{t:Identifier} FORMAT CSV\n1",
                "INSERT INTO {d:Identifier}.{t:Identifier} ",
                "CSV",
                "1",
            ),
            (
                "INSERT INTO TABLE FUNCTION f('FORMAT') FORMAT CSV\n1",
                "INSERT INTO TABLE FUNCTION f('FORMAT') ",
                "CSV",
                "1",
            ),
            ("INSERT INTO t (format) FORMAT TSV 1", "INSERT INTO t (format) ", "TSV", "1"),
        ] {
            assert_eq!(found(text), Some((statement.to_owned(), format.to_owned(), rows)), "{text}");
        }
    }

    #[test]
    fn settings_may_stand_before_or_behind_the_format() {
        assert_eq!(
            found("INSERT INTO t SETTINGS a = 1, b = 'FORMAT x' FORMAT CSV\n1"),
            Some(("INSERT INTO t SETTINGS a = 1, b = 'FORMAT x' ".to_owned(), "CSV".to_owned(), "1"))
        );
        assert_eq!(
            found("INSERT INTO t FORMAT CSV SETTINGS a=-1.5, b={'x':1}, c='y'\nsettings"),
            Some((
                "INSERT INTO t SETTINGS a=-1.5, b={'x':1}, c='y'".to_owned(),
                "CSV".to_owned(),
                "settings"
            ))
        );
        assert_eq!(found("INSERT INTO t FORMAT CSV\nsettings,1").unwrap().2, "settings,1");
    }

    #[test]
    fn other_statements_carry_no_rows_behind_them() {
        for text in [
            "",
            "INSERT",
            "INSERT INTO t",
            "INSERT INTO t VALUES (1)",
            "INSERT INTO t FORMAT Values (1)",
            "INSERT INTO t FORMAT Values\u{a0}(1)",
            "INSERT INTO t (a) SELECT 1 FORMAT CSV",
            "INSERT INTO t WITH x AS (SELECT 1) SELECT * FROM x",
            "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
            "SELECT 1 FORMAT CSV",
            "-- INSERT INTO t FORMAT CSV",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
