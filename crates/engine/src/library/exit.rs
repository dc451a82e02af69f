//! Ending the process while the engine is open, as a test's process does.
//!
//! The C library would then run the engine's destructors under the feet of its threads, which may well
//! end in a fault. So the process ends there and then, with the status it was about to end with. The
//! data directory is as safe as if the process had been killed. A process that closes the engine first
//! ends as any other.

use std::{
    ffi::{c_int, c_void},
    ptr,
    sync::{
        Once,
        atomic::{AtomicUsize, Ordering},
    },
};

static OPEN: AtomicUsize = AtomicUsize::new(0);

/// Counts a connection that was opened.
pub(super) fn opened() {
    static REGISTERED: Once = Once::new();
    OPEN.fetch_add(1, Ordering::SeqCst);
    // Functions are called in the order opposite to that of their registration, so this one is called
    // before those the engine registered as it started.
    // SAFETY: `on_exit` of the GNU C library keeps the function and the argument, which is not used.
    REGISTERED.call_once(|| unsafe {
        on_exit(leave, ptr::null_mut());
    });
}

/// Counts a connection that was closed.
pub(super) fn closed() {
    OPEN.fetch_sub(1, Ordering::SeqCst);
}

extern "C" fn leave(status: c_int, _: *mut c_void) {
    if OPEN.load(Ordering::SeqCst) > 0 {
        // SAFETY: `_exit` may be called at any time.
        unsafe { _exit(status) }
    }
}

unsafe extern "C" {
    fn on_exit(function: extern "C" fn(c_int, *mut c_void), argument: *mut c_void) -> c_int;
    fn _exit(status: c_int) -> !;
}
