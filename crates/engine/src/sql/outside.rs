//! Names by which a statement would reach out of the data directory though its rights don't let it: ClickHouse
//! asks for no right where it is not a server, or the name leads to code inside of a string.

use super::lexer::{Kind, Lexer, Token};
use crate::exception::{Exception, code};

/// Functions that read a file that their argument names. They are refused by name too: a function can be
/// handed to another one.
const READ_FILES: [&str; 2] = ["file", "catboostEvaluate"];

/// Table functions that run programs or code.
const RUN: [&str; 3] = ["executable", "arrowstream", "eval"];

/// Engines of tables that are files elsewhere, or programs, or other servers.
const ENGINES: [&str; 7] =
    ["ArrowStream", "EmbeddedRocksDB", "Executable", "ExecutablePool", "FileLog", "KeeperMap", "QueryRunner"];

/// Table functions whose columns are described by a string, which may say how to compute a column.
const DESCRIBED: [&str; 4] = ["values", "generateRandom", "input", "fuzzJSON"];

/// What makes a column a computed one.
const COMPUTED: [&[u8]; 4] = [b"alias", b"default", b"materialized", b"ephemeral"];

/// What stands in front of a table function.
const IN_FRONT: [&str; 8] = ["FROM", "JOIN", "FUNCTION", "TABLE", "AS", "IN", "DESCRIBE", "DESC"];

/// Refuses a statement that would reach out. What the engine refuses by itself is not looked for.
pub(crate) fn check(text: &[u8]) -> Result<(), Exception> {
    let mut tokens = Lexer::new(text);
    let mut before: Option<Token<'_>> = None;
    let mut attaches = false;
    while let Some(token) = tokens.next() {
        if matches!(token.kind, Kind::Word | Kind::QuotedName) && reaches_out(before, &token, &tokens) {
            return Err(refused(&token.text()));
        }
        attaches |= token.is("ATTACH");
        // ATTACH TABLE … FROM 'a folder that is moved into the data directory'
        if attaches && before.is_some_and(|before| before.is("FROM")) && token.may_be_text() {
            return Err(refused("ATTACH … FROM a folder"));
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
    let runs = named(&RUN);
    let (described, format) = (named(&DESCRIBED), token.may_name("format"));
    if !(runs || described || format) || !symbol(ahead.next(), b'(') {
        return false;
    }
    if runs {
        return true;
    }
    let in_front = before.is_some_and(|before| IN_FRONT.iter().any(|keyword| before.is(keyword)));
    let first = ahead.next();
    if format {
        // The function of the same name takes a pattern first.
        let pattern = first.is_some_and(|first| first.kind == Kind::Text && first.text().contains('{'));
        return in_front || symbol(before, b',') && !pattern;
    }
    if token.may_name("values") && !in_front && !symbol(before, b',') {
        // INSERT INTO t VALUES (…)
        return false;
    }
    match first {
        Some(first) if first.kind == Kind::Text => {
            computes(first.text().as_bytes()) || !matches!(ahead.next(), Some(next) if ends(&next))
        }
        Some(first) if first.kind == Kind::Symbol(b')') || first.kind == Kind::Symbol(b'(') => false,
        first => first.is_some_and(|first| !first.is_number()),
    }
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
            "SELECT \u{201c}file\u{201d}('/etc/passwd')",
            "SELECT file\u{a0}('/etc/passwd')",
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
        ] {
            assert_eq!(check(text.as_bytes()).err().map(|error| error.code), Some(497), "{text}");
        }
    }

    #[test]
    fn what_stays_inside_is_let_through() {
        for text in [
            "SELECT attributes.file, t.`file` FROM t WHERE a = 'file(1)' -- file(1)",
            "SELECT a, format('{}', b), format('{} {}', a, b) FROM t FORMAT JSON",
            "INSERT INTO t (a) VALUES ('a alias'), (concat('x', 'y'))",
            "SELECT * FROM values('a String, b Int', ('x', 1)), values((1), (2)), values(1, 2)",
            "SELECT * FROM generateRandom('a Array(Int8)', 1, 10) JOIN generateRandom() USING a",
            "ALTER TABLE t ATTACH PARTITION 1 FROM other",
            "SELECT profile(1), files, `a file` FROM eval, executable",
        ] {
            assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
        }
    }
}
