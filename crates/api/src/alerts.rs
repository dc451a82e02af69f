//! Alerts: they are listed and acknowledged over HTTP, and evaluated beside that.

pub(crate) mod acknowledge;
mod evaluation;
pub(crate) mod list;
pub(crate) mod rules;

pub(crate) use evaluation::Alerting;
