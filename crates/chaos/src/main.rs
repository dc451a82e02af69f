//! `millrace-chaos`.
fn main() {}
