//! Alerts: what the rules of a file say of the events, noticed once and told to a webhook.
//!
//! `rules` reads what is to be noticed, `decide` says what follows from what was seen, both without I/O; `evaluate`
//! asks the store and keeps what was decided; `lease` lets one of several processes do so; `webhook` tells others;
//! `run` is the loop. What is kept does not depend on the lease: two who evaluate at once add the same rows.

mod decide;
mod evaluate;
mod file;
mod lease;
mod metrics;
mod rules;
mod run;
#[cfg(test)]
mod site;
mod status;
mod webhook;

pub use evaluate::{Evaluator, Progress};
pub use file::{FileError, RulesFile};
pub use lease::{Lease, Terms};
pub use metrics::Metrics;
pub use rules::{Rule, Rules, RulesError, ToldRule};
pub use run::{AskProgress, run};
pub use status::{Failing, Said, Status};
pub use webhook::{Deliverer, Webhook, WebhookError};
