//! Output formats: their content types, and which of them a result can be streamed in.

use std::collections::HashMap;

use crate::{
    exception::{Exception, code},
    library::{Connection, Parameters},
};

/// Lists every output format with its content type.
const FORMATS: &str = "SELECT name, content_type FROM system.formats WHERE is_output";

/// What the engine knows of its output formats.
pub(crate) struct Formats {
    content_types: HashMap<String, String>,
}

impl Formats {
    /// Loads the output formats from the engine.
    pub(crate) fn load(connection: &mut Connection) -> Result<Self, Exception> {
        let answer = connection.query(FORMATS.as_bytes(), "TabSeparatedRaw", &Parameters::default())?;
        let listed = String::from_utf8_lossy(answer.bytes());
        let content_types = listed
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .map(|(name, content_type)| (name.to_ascii_lowercase(), content_type.to_owned()))
            .collect();
        Ok(Self { content_types })
    }

    /// The content type of a format, whose name may be in any case.
    pub(crate) fn content_type(&self, format: &str) -> &str {
        self.content_types
            .get(&format.to_ascii_lowercase())
            .map_or("text/plain; charset=UTF-8", String::as_str)
    }
}

/// Joins the pieces of a streamed result, each of which is a document of its own, into one document.
pub(crate) enum Joiner {
    /// Rows follow rows.
    Rows,
    /// Each piece begins with the same header, of which the first stays. Holds it once it is known.
    Binary { types: bool, header: Option<Vec<u8>> },
}

impl Joiner {
    /// A joiner for the format, or `None` if its documents can't be joined, as JSON's can't.
    pub(crate) fn of(format: &str) -> Option<Self> {
        match format.to_ascii_lowercase().as_str() {
            "tabseparated" | "tsv" | "tabseparatedraw" | "tsvraw" | "raw" | "csv" | "jsoneachrow"
            | "jsonlines" | "jsonl" | "ndjson" | "jsoncompacteachrow" | "jsonstringseachrow"
            | "rowbinary" | "native" => Some(Self::Rows),
            "rowbinarywithnames" => Some(Self::Binary { types: false, header: None }),
            "rowbinarywithnamesandtypes" => Some(Self::Binary { types: true, header: None }),
            _ => None,
        }
    }

    /// Whether a result without rows has bytes all the same.
    pub(crate) fn has_header(&self) -> bool {
        matches!(self, Self::Binary { .. })
    }

    /// The piece without what the document has already.
    pub(crate) fn join<'a>(&mut self, piece: &'a [u8]) -> Result<&'a [u8], Exception> {
        let Self::Binary { types, header } = self else {
            return Ok(piece);
        };
        let joined = match header {
            Some(header) => piece.strip_prefix(header.as_slice()),
            None => header_length(piece, *types).and_then(|length| piece.get(..length)).map(|found| {
                *header = Some(found.to_vec());
                piece
            }),
        };
        joined.ok_or_else(|| {
            Exception::new(code::LOGICAL_ERROR, "LOGICAL_ERROR", "A piece of the result lacks its header")
        })
    }
}

/// The length of a `RowBinaryWithNames[AndTypes]` header: the number of columns, their names, and
/// their types; numbers as LEB128, strings with their length before them.
fn header_length(piece: &[u8], types: bool) -> Option<usize> {
    let mut rest = piece;
    let columns = leb128(&mut rest)?;
    for _ in 0..columns.checked_mul(if types { 2 } else { 1 })? {
        let length = leb128(&mut rest)?;
        rest = rest.get(length..)?;
    }
    Some(piece.len() - rest.len())
}

fn leb128(rest: &mut &[u8]) -> Option<usize> {
    let mut value = 0_usize;
    for shift in (0..usize::BITS).step_by(7) {
        let (byte, tail) = rest.split_first()?;
        *rest = tail;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_header_of_a_streamed_result_stays() {
        let mut joiner = Joiner::of("RowBinaryWithNamesAndTypes").unwrap();
        assert_eq!(joiner.join(b"\x01\x01a\x05UInt8\x07").unwrap(), b"\x01\x01a\x05UInt8\x07");
        assert_eq!(joiner.join(b"\x01\x01a\x05UInt8\x08\x09").unwrap(), b"\x08\x09");
        assert!(joiner.join(b"\x01\x01b\x05UInt8\x08").is_err());
    }

    #[test]
    fn a_document_with_a_head_or_a_foot_is_not_joined() {
        assert!(Joiner::of("JSON").is_none());
        assert!(Joiner::of("TabSeparatedWithNames").is_none());
        assert!(!Joiner::of("jsoneachrow").unwrap().has_header());
    }
}
