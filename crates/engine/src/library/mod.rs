//! Every call into `libchdb`, behind types that can't be used wrongly.
//!
//! A connection carries out one statement at a time, on the calling thread, and blocks it; connections
//! run side by side.

#![expect(unsafe_code, reason = "the engine is a C library; this is the one module that calls it")]

// Only the GNU C library tells a function it calls at exit the status to exit with.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod exit;
mod functions;
mod statement;

use std::{
    ffi::{CString, c_int},
    path::Path,
    ptr,
};

use self::functions::{Analysis, Functions, Opaque, QueryFunction, Text};
pub(crate) use self::statement::{Answer, Insert, Progress, Rows};
use crate::exception::Exception;

/// The loaded library. It is never unloaded: its threads and thread-locals outlive any use of it.
#[derive(Clone, Copy)]
pub(crate) struct Library(Functions);

impl Library {
    /// Loads the library and keeps it from taking over the process's signals.
    pub(crate) fn load(path: &Path) -> Result<Self, libloading::Error> {
        // SAFETY: the file is the engine's library of the version this crate names; loading it runs
        // its initialisers and nothing else, and the types above are those of its header.
        unsafe {
            let library = libloading::Library::new(path)?;
            let functions = Functions::find(&library)?;
            std::mem::forget(library);
            (functions.chdb_set_signal_handlers_enabled)(0);
            Ok(Self(functions))
        }
    }

    /// Opens a connection with command-line arguments like `--path=…`. The first one of the process
    /// opens the data directory; the last one to be dropped closes it.
    pub(crate) fn connect(self, arguments: &[String]) -> Option<Connection> {
        let arguments = arguments.iter().map(|argument| CString::new(argument.as_str()).ok());
        let mut arguments = arguments.collect::<Option<Vec<_>>>()?;
        arguments.insert(0, c"engine".to_owned());
        let mut pointers: Vec<_> = arguments.iter().map(|argument| argument.as_ptr().cast_mut()).collect();
        let count = c_int::try_from(pointers.len()).ok()?;
        // SAFETY: `count` strings that live through the call, which copies them and changes none.
        let owner = unsafe { (self.0.chdb_connect)(count, pointers.as_mut_ptr()) };
        // SAFETY: a connection that is not null points to its handle.
        let handle = unsafe { owner.as_ref() }?;
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        exit::opened();
        Some(Connection { functions: self.0, owner, handle: *handle })
    }
}

/// A connection: a session of its own with a current database and settings.
pub(crate) struct Connection {
    functions: Functions,
    owner: *mut Opaque,
    handle: Opaque,
}

// SAFETY: a connection may be used from any thread, by one at a time, which `&mut self` sees to.
unsafe impl Send for Connection {}

impl Connection {
    /// How many statements the text holds; 0 if it can't be parsed.
    pub(crate) fn statements(&mut self, sql: &[u8]) -> u32 {
        let struct_size = u32::try_from(size_of::<Analysis>()).unwrap_or_default();
        let mut analysis = Analysis { struct_size, statement_count: 0, flags: 0, query_class: 0 };
        // SAFETY: text and length belong together, `analysis` has the size it says.
        unsafe {
            let (text, length) = (sql.as_ptr().cast(), sql.len());
            (self.functions.chdb_classify_query_n)(
                self.handle,
                text,
                length,
                ptr::null(),
                0,
                &raw mut analysis,
            );
        }
        analysis.statement_count
    }

    /// Carries out a statement and returns its whole result.
    pub(crate) fn query(
        &mut self,
        sql: &[u8],
        format: &str,
        parameters: &Parameters,
    ) -> Result<Answer, Exception> {
        let call = self.functions.chdb_query_with_params_n;
        // SAFETY: see `Parameters::pass`; the result is an answer and nobody else's.
        let answer = unsafe { Answer::own(self.functions, parameters.pass(call, self.handle, sql, format)) };
        answer.check()
    }

    /// Begins a `SELECT` whose result comes in pieces, each a document of the format by itself.
    pub(crate) fn stream(
        &mut self,
        sql: &[u8],
        format: &str,
        parameters: &Parameters,
    ) -> Result<Rows<'_>, Exception> {
        let call = self.functions.chdb_stream_query_with_params_n;
        // SAFETY: see `Parameters::pass`; the result is an answer and nobody else's.
        let answer = unsafe { Answer::own(self.functions, parameters.pass(call, self.handle, sql, format)) };
        Ok(Rows { answer: answer.check()?, connection: self, ended: false })
    }

    /// Begins an `INSERT` whose rows follow in `format`. `sql` names no format.
    pub(crate) fn insert(
        &mut self,
        sql: &[u8],
        format: &str,
        parameters: &Parameters,
    ) -> Result<Insert<'_>, Exception> {
        let call = self.functions.chdb_stream_insert_with_params_n;
        // SAFETY: see `Parameters::pass`.
        let handle = unsafe { parameters.pass(call, self.handle, sql, format) };
        let insert = Insert { connection: self, handle };
        match insert.error() {
            Some(exception) => Err(exception),
            None => Ok(insert),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `chdb_connect` and is given back once.
        unsafe { (self.functions.chdb_close_conn)(self.owner) }
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        exit::closed();
    }
}

/// Named query parameters, `{name:Type}` in the text; values as ClickHouse writes them in `TabSeparated`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(pub(crate) Vec<(String, String)>);

impl Parameters {
    /// # Safety
    /// `call` must take a query, a format and parameters, keep none of them, and `connection` be open.
    unsafe fn pass(&self, call: QueryFunction, connection: Opaque, sql: &[u8], format: &str) -> Opaque {
        let of = |pick: fn(&(String, String)) -> &String| -> (Vec<Text>, Vec<usize>) {
            self.0.iter().map(pick).map(|text| (text.as_ptr().cast(), text.len())).unzip()
        };
        let (names, name_lengths) = of(|(name, _)| name);
        let (values, value_lengths) = of(|(_, value)| value);
        // SAFETY: every pointer goes with its length, and all outlive the call.
        unsafe {
            call(
                connection,
                sql.as_ptr().cast(),
                sql.len(),
                format.as_ptr().cast(),
                format.len(),
                names.as_ptr(),
                name_lengths.as_ptr(),
                values.as_ptr(),
                value_lengths.as_ptr(),
                self.0.len(),
            )
        }
    }
}
