//! The audit trail: all that ever named a subject or a trace, in order, with who did it and what was changed since;
//! as pages for programs, or as a file for auditors, with a digest by which two of them can be compared.
//!
//! `trail` reads, `record` is what is said of an event, `histories` what was
//! done to it, `written` puts both into one of the formats.

mod asked;
mod csv;
pub(crate) mod handlers;
mod histories;
mod record;
mod shapes;
mod trail;
mod written;
