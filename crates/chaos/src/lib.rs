//! Breaks an installation in every way that it claims to survive, and then proves from the topic and
//! the table that nothing was lost, doubled, stale or resurrected.
//!
//! [`storm`] starts everything, calls the API ([`load`]) while things die ([`audit::ledger`] keeps what was
//! promised), lets it recover, and has it audited by [`audit`]. [`hostile`] shows that rude clients cost nobody else anything.

pub mod hostile;
pub mod load;
pub mod storm;
