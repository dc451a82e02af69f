//! The library's functions, as `programs/local/chdb.h` in github.com/chdb-io/chdb-core declares them.

use std::ffi::{c_char, c_int, c_void};

/// Declares the functions this crate uses of the library, and loads them by their names.
macro_rules! functions {
    ($($name:ident($($argument:ty),* $(,)?) $(-> $result:ty)?;)*) => {
        #[derive(Clone, Copy)]
        pub(super) struct Functions {
            $(pub(super) $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Functions {
            /// # Safety
            /// The library's functions must have the types declared here.
            pub(super) unsafe fn find(library: &libloading::Library) -> Result<Self, libloading::Error> {
                // SAFETY: as of the whole function.
                Ok(Self { $($name: *unsafe { library.get(stringify!($name)) }?,)* })
            }
        }
    };
}

/// `chdb_connection`, `chdb_result *` and `chdb_insert_stream` are all pointers to what only the library
/// knows.
pub(super) type Opaque = *mut c_void;
pub(super) type Text = *const c_char;

functions! {
    chdb_set_signal_handlers_enabled(c_int);
    chdb_connect(c_int, *mut *mut c_char) -> *mut Opaque;
    chdb_close_conn(*mut Opaque);
    chdb_classify_query_n(Opaque, Text, usize, Text, usize, *mut Analysis) -> c_int;
    chdb_query_with_params_n(
        Opaque, Text, usize, Text, usize, *const Text, *const usize, *const Text, *const usize, usize,
    ) -> Opaque;
    chdb_stream_query_with_params_n(
        Opaque, Text, usize, Text, usize, *const Text, *const usize, *const Text, *const usize, usize,
    ) -> Opaque;
    chdb_stream_fetch_result(Opaque, Opaque) -> Opaque;
    chdb_stream_cancel_query(Opaque, Opaque);
    chdb_stream_insert_with_params_n(
        Opaque, Text, usize, Text, usize, *const Text, *const usize, *const Text, *const usize, usize,
    ) -> Opaque;
    chdb_stream_append(Opaque, *const c_void, usize) -> c_int;
    chdb_stream_done(Opaque) -> Opaque;
    chdb_stream_insert_error(Opaque) -> Text;
    chdb_destroy_insert_stream(Opaque);
    chdb_result_error(Opaque) -> Text;
    chdb_result_buffer(Opaque) -> *mut c_char;
    chdb_result_length(Opaque) -> usize;
    chdb_result_storage_rows_read(Opaque) -> u64;
    chdb_result_storage_bytes_read(Opaque) -> u64;
    chdb_result_rows_written(Opaque) -> u64;
    chdb_result_bytes_written(Opaque) -> u64;
    chdb_destroy_query_result(Opaque);
}

/// `chdb_query_analysis_v1`.
#[repr(C)]
pub(super) struct Analysis {
    pub(super) struct_size: u32,
    pub(super) statement_count: u32,
    pub(super) flags: u32,
    pub(super) query_class: u32,
}

/// The shape of every call that begins a statement: connection, query, format, parameters.
pub(super) type QueryFunction = unsafe extern "C" fn(
    Opaque,
    Text,
    usize,
    Text,
    usize,
    *const Text,
    *const usize,
    *const Text,
    *const usize,
    usize,
) -> Opaque;
