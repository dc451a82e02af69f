//! As much of ClickHouse's SQL as its HTTP interface needs: where the data of an `INSERT` begins, and
//! which format a result is wanted in. Whether a text is right is the engine's to say.

mod insert;
mod lexer;
pub(crate) mod outside;
mod read;

pub(crate) use self::{insert::DataInsert, read::Shape};

/// `name` in backquotes, for any name.
pub(crate) fn quote_name(name: &str) -> String {
    quoted(name, '`')
}

/// `text` as a string literal.
pub(crate) fn quote_text(text: &str) -> String {
    quoted(text, '\'')
}

fn quoted(text: &str, quote: char) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for character in text.chars() {
        if character == quote || character == '\\' {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push(quote);
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_can_not_end_its_quotes() {
        assert_eq!(quote_text(r"a'b\"), r"'a\'b\\'");
        assert_eq!(quote_name("a`b"), r"`a\`b`");
    }
}
