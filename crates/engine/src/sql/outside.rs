//! Names by which a statement would reach out of the data directory though its rights don't let it: ClickHouse
//! asks for no right where it is not a server, or the name leads to code inside of a string.

use super::insert::end_of_table;
use super::lexer::{Kind, Lexer, Token};
use crate::exception::{Exception, code};

/// Functions that read a file that their argument names. They are refused by name too: a function can be
/// handed to another one.
const READ_FILES: [&str; 2] = ["file", "catboostEvaluate"];

/// What runs programs or code when it is called, or makes folders, also where it then is refused.
const CALLED: [&str; 4] = ["executable", "arrowstream", "eval", "disk"];

/// Engines of tables that are files elsewhere, or programs, or other servers.
const ENGINES: [&str; 7] =
    ["ArrowStream", "EmbeddedRocksDB", "Executable", "ExecutablePool", "FileLog", "KeeperMap", "QueryRunner"];

/// Table functions whose columns are described by a string, which may say how to compute a column.
const DESCRIBED: [&str; 5] = ["generateRandom", "input", "fuzzJSON", "null", VALUES];

/// The one of them whose first argument may be a row instead.
const VALUES: &str = "values";

/// What makes a column a computed one.
const COMPUTED: [&[u8]; 4] = [b"alias", b"default", b"materialized", b"ephemeral"];

/// How many tokens a row may have that is looked through. A longer one is refused.
const ROW_TOKENS: usize = 1_000;

/// Refuses a statement that would reach out. What the engine refuses by itself is not looked for.
pub(crate) fn check(text: &[u8]) -> Result<(), Exception> {
    let rows = end_of_table(&mut Lexer::new(text)).filter(|token| token.is(VALUES)).map(|token| token.start);
    let mut tokens = Lexer::new(text);
    let mut before: Option<Token<'_>> = None;
    let mut attaches = false;
    while let Some(token) = tokens.next() {
        if token.is_beyond_ascii() {
            return Err(beyond_ascii(&token.text()));
        }
        let behind = |keyword| before.is_some_and(|before| before.is(keyword));
        let text_follows = || tokens.clone().next().is_some_and(|next| next.kind == Kind::Text);
        if behind("INTO") && token.is("OUTFILE") && text_follows() {
            return Err(into_outfile());
        }
        if behind("FROM") && token.is("INFILE") && text_follows() {
            return Err(from_infile());
        }
        // ATTACH TABLE … FROM 'a folder that is moved into the data directory'
        if attaches && token.is("FROM") && text_follows() {
            return Err(refused("ATTACH … FROM a folder"));
        }
        attaches |= token.is("ATTACH");
        // Those are a table's name, and the rows of an INSERT. IN could have a table function behind it there.
        let inserts = behind("INTO") || rows == Some(token.start) && !behind("IN");
        if !inserts && reaches_out(before, &token, &tokens) {
            return Err(refused(&token.text()));
        }
        before = Some(token);
    }
    Ok(())
}

fn reaches_out(before: Option<Token<'_>>, token: &Token<'_>, rest: &Lexer<'_>) -> bool {
    let named = |names: &[&str]| names.iter().any(|name| token.may_name(name));
    let mut ahead = rest.clone();
    let symbol = |token: Option<Token<'_>>, byte| token.is_some_and(|token| token.kind == Kind::Symbol(byte));
    if named(&READ_FILES) {
        // `attributes.file` is a column.
        return !symbol(before, b'.') || symbol(ahead.next(), b'(');
    }
    if named(&ENGINES) && (symbol(before, b'=') || before.is_some_and(|before| before.is("ENGINE"))) {
        return true;
    }
    let (called, described, format) = (named(&CALLED), named(&DESCRIBED), token.may_name("format"));
    if !(called || described || format) || !symbol(ahead.next(), b'(') {
        return false;
    }
    if format {
        // The function of the same name takes a pattern first, and no format's name is one.
        return !ahead.next().is_some_and(|first| first.kind == Kind::Text && first.text().contains('{'));
    }
    called || may_compute(ahead, token.may_name(VALUES))
}

/// Whether the first argument may describe a computed column. It may be any expression that makes a text.
fn may_compute(mut arguments: Lexer<'_>, or_row: bool) -> bool {
    let Some(first) = arguments.next() else { return false };
    let harmless = match first.kind {
        Kind::Symbol(b')') => return false,
        Kind::Symbol(b'(') if or_row => row(&first, &mut arguments),
        _ => literal(&first),
    };
    // A number's fraction is a word of its own here.
    let fraction =
        |token: &Token<'_>| first.is_number() && (token.is_number() || token.kind == Kind::Symbol(b'.'));
    !harmless || !arguments.find(|token| !fraction(token)).is_some_and(|next| ends(&next))
}

/// Goes past a row in brackets, or a literal that stands in them. Whether it is one.
fn row(bracket: &Token<'_>, arguments: &mut Lexer<'_>) -> bool {
    let inside: Vec<_> = arguments.take(ROW_TOKENS).take_while(|token| token.depth > bracket.depth).collect();
    match inside.as_slice() {
        [one] => literal(one),
        inside => {
            let comma =
                |token: &Token<'_>| token.kind == Kind::Symbol(b',') && token.depth == bracket.depth + 1;
            inside.len() < ROW_TOKENS && inside.iter().any(comma)
        }
    }
}

/// Whether this is a number, or a text that describes no computed column.
fn literal(token: &Token<'_>) -> bool {
    token.is_number() || token.kind == Kind::Text && !computes(token.text().as_bytes())
}

/// Whether a description of columns may hold a computed one. A backslash may stand for any letter.
fn computes(description: &[u8]) -> bool {
    let description = description.to_ascii_lowercase();
    description.contains(&b'\\')
        || COMPUTED.iter().any(|keyword| description.windows(keyword.len()).any(|window| window == *keyword))
}

fn ends(token: &Token<'_>) -> bool {
    matches!(token.kind, Kind::Symbol(b',' | b')'))
}

/// As ClickHouse's server refuses it; an engine in the same process would write the file.
fn into_outfile() -> Exception {
    let said = "INTO OUTFILE is not allowed";
    Exception::new(code::INTO_OUTFILE_NOT_ALLOWED, "INTO_OUTFILE_NOT_ALLOWED", said)
}

/// As ClickHouse's server refuses it; an engine in the same process would read the file.
fn from_infile() -> Exception {
    let said = "Query has infile and was send directly to server";
    Exception::new(code::UNKNOWN_TYPE_OF_QUERY, "UNKNOWN_TYPE_OF_QUERY", said)
}

/// ClickHouse takes some of it for blanks and quotes, so that a word here could be several there.
fn beyond_ascii(word: &str) -> Exception {
    Exception::new(
        code::SYNTAX_ERROR,
        "SYNTAX_ERROR",
        format_args!(
            "Syntax error: {word} is not plain ASCII, which only quoted text and comments need not be"
        ),
    )
}

fn refused(what: &str) -> Exception {
    Exception::new(
        code::ACCESS_DENIED,
        "ACCESS_DENIED",
        format_args!("Not enough privileges. {what} is refused: it may reach out of the data directory"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reaches_out_is_found_however_it_is_written() {
        for text in [
            "SELECT file('/etc/passwd')",
            "SELECT file /* x */ ('/etc/passwd')",
            "SELECT `file`('/etc/passwd')",
            r#"SELECT "fi\x6ce"('/etc/passwd')"#,
            "SELECT arrayMap(file, ['/etc/passwd'])",
            "INSERT INTO t VALUES ('a'), (file('/etc/passwd'))",
            "CREATE VIEW v AS SELECT (SELECT file('/etc/passwd'))",
            "CREATE FUNCTION f AS x -> file(x)",
            "CREATE TABLE t (a Int) ENGINE=EmbeddedRocksDB(0, '/tmp/x') PRIMARY KEY a",
            "CREATE TABLE t (a Int) ENGINE `Executable`('x', 'TSV')",
            "ATTACH TABLE t FROM '/tmp/x' (a Int) ENGINE = MergeTree ORDER BY a",
            "SELECT * FROM executable('id', 'TSV', 'a String')",
            "SELECT * FROM format(Values, 'a String', $$(file('/etc/passwd'))$$)",
            "SELECT * FROM t, format(Values, 'a String', '')",
            "SELECT * FROM generateRandom('a String ALIAS file(1)')",
            "SELECT * FROM generateRandom('a String ALI\\x41S 1')",
            "SELECT * FROM generateRandom(concat('a String AL', 'IAS 1'))",
            "SELECT * FROM values('a String' || 'ALIAS 1', 1)",
            "SELECT * FROM VALUES('x Int, a String alias 1', 1)",
            "SELECT * FROM loop(values('x Int, a String ALIAS 1', 1))",
            "SELECT * FROM viewIfPermitted(SELECT 1 ELSE values('x Int, a String ALIAS 1', 1))",
            "SELECT * FROM (VALUES ('x Int, a String ALIAS 1'), (1))",
            "SELECT * FROM values(('x Int, a String ALIAS 1'), 1)",
            "SELECT * FROM values((concat('x Int, a String AL', 'IAS 1')), 1)",
            "SELECT * FROM values((1, 'a String ALIAS 1').2, 1)",
            "SELECT * FROM values(1 ? 'a String ALIAS 1' : '', 1)",
            "SELECT * FROM generateRandom(('a String ALIAS 1'))",
            "SELECT * FROM loop(format(Values, 'a String', ''))",
            "SELECT * FROM loop(format('Values', 'a String', ''))",
            "INSERT INTO FUNCTION null('a Int, b Int DEFAULT 1') (a) VALUES (1)",
            "INSERT INTO FUNCTION values('a Int, b Int DEFAULT 1', 1) (a) VALUES (1)",
            "INSERT INTO FUNCTION null('a Int') PARTITION BY 1 IN values('x Int ALIAS 1', 1) VALUES (1)",
            "INSERT INTO t VALUES (1); SELECT * FROM values('x Int ALIAS 1', 1)",
            "CREATE TABLE t (a Int) ORDER BY a SETTINGS disk = disk(type = local, path = '/tmp/x/')",
        ] {
            assert_eq!(check(text.as_bytes()).err().map(|error| error.code), Some(497), "{text}");
        }
    }

    #[test]
    fn files_of_the_client_are_refused_as_clickhouse_does() {
        for (text, code) in [
            ("SELECT 1 INTO OUTFILE 'x'", 358),
            ("SELECT 1 INTO OUTFILE $$x$$ FORMAT CSV", 358),
            ("INSERT INTO t FROM INFILE 'x' FORMAT CSV", 78),
            ("INSERT INTO values FROM INFILE 'x' FORMAT CSV", 78),
            ("INSERT INTO t (values) FROM /* x */ INFILE 'x' FORMAT CSV", 78),
            ("SELECT 1; INSERT INTO t FROM INFILE 'x' FORMAT CSV", 78),
        ] {
            assert_eq!(check(text.as_bytes()).err().map(|error| error.code), Some(code), "{text}");
        }
    }

    #[test]
    fn only_what_is_quoted_may_be_beyond_ascii() {
        for text in [
            "SELECT \u{201c}file\u{201d}('/etc/passwd')",
            "SELECT file\u{a0}('/etc/passwd')",
            "SELECT 1 INTO\u{a0}OUTFILE '/tmp/x'",
            "SELECT 1 INTO OUTFILE\u{2003}\u{2018}/tmp/x\u{2019}",
            "INSERT INTO t FROM\u{a0}INFILE '/etc/passwd' FORMAT LineAsString",
            "INSERT INTO t FORMAT Values\u{a0}(1)",
            "SELECT * FROM\u{a0}values('x Int, a String ALIAS 1', 1)",
            "SELECT * FROM\u{a0}format(Values, 'a String', $$(1)$$)",
            "CREATE TABLE t (a Int) ENGINE\u{a0}EmbeddedRocksDB(0, '/tmp/x') PRIMARY KEY a",
            "ATTACH\u{a0}TABLE t FROM '/tmp/x' (a Int) ENGINE = MergeTree ORDER BY a",
            "SELECT 1\u{feff}",
        ] {
            assert_eq!(check(text.as_bytes()).err().map(|error| error.code), Some(62), "{text}");
        }
        let text = "SELECT 'größe', $$\u{a0}$$ AS `größe`, 1 AS \"größe\" /* größe */ -- größe";
        assert_eq!(check(text.as_bytes()), Ok(()));
    }

    #[test]
    fn what_stays_inside_is_let_through() {
        for text in [
            "SELECT attributes.file, t.`file` FROM t WHERE a = 'file(1)' -- file(1)",
            "SELECT a, format('{}', b), format('{} {}', a, b) FROM t FORMAT JSON",
            "INSERT INTO t (a) VALUES ('a alias'), (concat('x', 'y'))",
            "INSERT INTO t SETTINGS async_insert = 1 VALUES('a alias')",
            "INSERT INTO values (a) VALUES ('a alias')",
            "INSERT INTO outfile VALUES ('FROM INFILE')",
            "SELECT outfile FROM infile WHERE a = 'INTO OUTFILE'",
            "INSERT INTO FUNCTION null('a Int') VALUES (1)",
            "CREATE TABLE t (a Int NULL) ENGINE = Null()",
            "SELECT * FROM (VALUES (1, 'a'), (2, 'b'))",
            "SELECT * FROM values('a String, b Int', ('x', 1)), values((1), (2)), values(1.5, 2)",
            "SELECT * FROM generateRandom('a Array(Int8)', 1, 10) JOIN generateRandom() USING a",
            "ALTER TABLE t ATTACH PARTITION 1 FROM other",
            "SELECT profile(1), files, `a file` FROM eval, executable",
        ] {
            assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
        }
    }
}
