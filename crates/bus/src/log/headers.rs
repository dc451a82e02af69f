//! How a record's headers lie in their column: `NULL` when there are none, else for each the length of
//! the name, the name, the length of the value, the value; lengths in four bytes, the smallest first.

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, Null, ToSqlOutput, ValueRef};

/// The headers as the column's bytes.
pub(super) struct ToWrite<'a>(pub(super) &'a [(String, Vec<u8>)]);

/// The headers that the column's bytes hold.
#[derive(Debug)]
pub(super) struct Read(pub(super) Vec<(String, Vec<u8>)>);

impl ToSql for ToWrite<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        if self.0.is_empty() {
            return Null.to_sql();
        }
        let mut bytes = Vec::new();
        for part in self.0.iter().flat_map(|(name, value)| [name.as_bytes(), value]) {
            let length = u32::try_from(part.len())
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(part);
        }
        Ok(bytes.into())
    }
}

impl FromSql for Read {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let mut rest = value.as_blob_or_null()?.unwrap_or_default();
        let mut headers = Vec::new();
        while !rest.is_empty() {
            let (name, after_name) = split_part(rest).ok_or(FromSqlError::InvalidType)?;
            let (value, after_value) = split_part(after_name).ok_or(FromSqlError::InvalidType)?;
            let name = String::from_utf8(name.to_vec()).map_err(FromSqlError::other)?;
            headers.push((name, value.to_vec()));
            rest = after_value;
        }
        Ok(Self(headers))
    }
}

fn split_part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn read(output: &ToSqlOutput<'_>) -> Vec<(String, Vec<u8>)> {
        let value = match output {
            ToSqlOutput::Borrowed(value) => *value,
            ToSqlOutput::Owned(value) => value.into(),
            _ => panic!("neither borrowed nor owned"),
        };
        Read::column_result(value).unwrap().0
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(headers in vec((".*", vec(any::<u8>(), 0..20)), 0..5)) {
            let written = ToWrite(&headers);
            prop_assert_eq!(read(&written.to_sql().unwrap()), headers);
        }
    }

    #[test]
    fn bytes_that_are_cut_off_are_an_error() {
        let headers = [("name".to_owned(), b"value".to_vec())];
        let written = ToWrite(&headers);
        let Ok(ToSqlOutput::Owned(rusqlite::types::Value::Blob(bytes))) = written.to_sql() else {
            panic!("should be bytes")
        };
        for length in 1..bytes.len() {
            assert!(Read::column_result(ValueRef::Blob(&bytes[..length])).is_err(), "{length}");
        }
    }
}
