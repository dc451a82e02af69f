//! Ports for servers that need to know theirs before they start.

use std::net::TcpListener;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

const FIRST: u32 = 10_000;
const COUNT: u32 = 20_000;

/// A TCP port of the loopback address that nobody listens on, and that no other call in this process gives out.
///
/// It lies below the range that the system hands to outgoing connections: a client that keeps
/// dialling a server that is away would in time be given the server's port as its own, and keep it.
pub fn free() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    // Test processes that run at the same time start far from each other.
    let start = process::id().wrapping_mul(61);
    (0..COUNT)
        .map(|_| FIRST + start.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed)) % COUNT)
        .filter_map(|port| u16::try_from(port).ok())
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("one of 20,000 ports should be free")
}
