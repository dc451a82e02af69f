//! A statement under way: its result, its rows, or the rows it takes in.

use std::{ffi::CStr, ops::AddAssign, slice};

use super::{
    Connection,
    functions::{Functions, Opaque, Text},
};
use crate::exception::Exception;

/// What a statement read and wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) read_rows: u64,
    pub(crate) read_bytes: u64,
    pub(crate) written_rows: u64,
    pub(crate) written_bytes: u64,
}

impl AddAssign for Progress {
    fn add_assign(&mut self, more: Self) {
        self.read_rows += more.read_rows;
        self.read_bytes += more.read_bytes;
        self.written_rows += more.written_rows;
        self.written_bytes += more.written_bytes;
    }
}

/// A result, or a piece of one.
pub(crate) struct Answer {
    functions: Functions,
    handle: Opaque,
}

impl Answer {
    /// # Safety
    /// `handle` must be a `chdb_result *` that nobody else destroys.
    pub(super) unsafe fn own(functions: Functions, handle: Opaque) -> Self {
        Self { functions, handle }
    }

    pub(super) fn check(self) -> Result<Self, Exception> {
        // SAFETY: the handle is a result.
        match unsafe { exception((self.functions.chdb_result_error)(self.handle)) } {
            Some(exception) => Err(exception),
            None => Ok(self),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the library's buffer has this length and lives as long as the result.
        unsafe {
            let length = (self.functions.chdb_result_length)(self.handle);
            let buffer = (self.functions.chdb_result_buffer)(self.handle);
            if buffer.is_null() { &[] } else { slice::from_raw_parts(buffer.cast(), length) }
        }
    }

    pub(crate) fn progress(&self) -> Progress {
        // SAFETY: the handle is a result.
        unsafe {
            Progress {
                read_rows: (self.functions.chdb_result_storage_rows_read)(self.handle),
                read_bytes: (self.functions.chdb_result_storage_bytes_read)(self.handle),
                written_rows: (self.functions.chdb_result_rows_written)(self.handle),
                written_bytes: (self.functions.chdb_result_bytes_written)(self.handle),
            }
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // SAFETY: the result is this value's and is destroyed once.
        unsafe { (self.functions.chdb_destroy_query_result)(self.handle) }
    }
}

/// The rows of a running `SELECT`. Dropping it early cancels the query.
pub(crate) struct Rows<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) answer: Answer,
    pub(super) ended: bool,
}

impl Rows<'_> {
    /// The next piece, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Answer>, Exception> {
        let functions = self.connection.functions;
        // SAFETY: the connection is open and the query its own; the piece is nobody else's.
        let piece = unsafe {
            let piece = (functions.chdb_stream_fetch_result)(self.connection.handle, self.answer.handle);
            Answer::own(functions, piece)
        };
        let piece = piece.check().inspect_err(|_| self.ended = true)?;
        self.ended = piece.bytes().is_empty();
        Ok((!self.ended).then_some(piece))
    }
}

impl Drop for Rows<'_> {
    fn drop(&mut self) {
        if !self.ended {
            // SAFETY: the connection is open and the query its own.
            unsafe {
                (self.connection.functions.chdb_stream_cancel_query)(
                    self.connection.handle,
                    self.answer.handle,
                );
            }
        }
    }
}

/// A running `INSERT`. Dropping it without [`finish`](Self::finish) abandons what the engine had not
/// yet made into a part of the table, which is everything up to `max_insert_block_size` rows.
pub(crate) struct Insert<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) handle: Opaque,
}

impl Insert<'_> {
    /// Hands over data, cut anywhere. False once the insert has failed; `finish` then says why.
    pub(crate) fn append(&mut self, data: &[u8]) -> bool {
        // SAFETY: the library copies the data.
        let state = unsafe {
            (self.connection.functions.chdb_stream_append)(self.handle, data.as_ptr().cast(), data.len())
        };
        state == 0
    }

    /// Ends the data, and writes what is left of it.
    pub(crate) fn finish(self) -> Result<Progress, Exception> {
        let functions = self.connection.functions;
        // SAFETY: the handle is an insert's that was not ended; the result is nobody else's.
        let answer = unsafe { Answer::own(functions, (functions.chdb_stream_done)(self.handle)) };
        Ok(answer.check()?.progress())
    }

    pub(super) fn error(&self) -> Option<Exception> {
        // SAFETY: the handle is an insert's.
        unsafe { exception((self.connection.functions.chdb_stream_insert_error)(self.handle)) }
    }
}

impl Drop for Insert<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is this value's; destroying it cancels an insert that was not ended.
        unsafe { (self.connection.functions.chdb_destroy_insert_stream)(self.handle) }
    }
}

/// # Safety
/// `text` must be null or a string that lives through the call.
unsafe fn exception(text: Text) -> Option<Exception> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not null, so a string.
    Some(Exception::from_engine(&unsafe { CStr::from_ptr(text) }.to_string_lossy()))
}
