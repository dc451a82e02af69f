//! Why a funnel can't be meant.

use super::MAX_FILTERS;
use crate::fold::funnel::{MAX_EXCLUSIONS, MAX_STEPS};

/// A funnel that can't be meant. Names what is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FunnelError {
    /// Too few, or too many.
    #[error("steps must be 2 to {MAX_STEPS}: there are {0}")]
    Steps(usize),
    /// No length of time.
    #[error("window must be a time such as 500ms, 90s, 15m, 24h, 7d or 2w, up to 366d: {0:?} is none")]
    Window(String),
    /// None of those that there are.
    #[error("order must be loose or strict")]
    Order,
    /// None of those that there are.
    #[error("entry must be latest or first")]
    Entry,
    /// Too many.
    #[error("exclusions must be at most {MAX_EXCLUSIONS}")]
    Exclusions,
    /// Too many of all steps and exclusions.
    #[error("filters must be at most {MAX_FILTERS} of all steps and exclusions")]
    Filters,
    /// Between steps that are none, or in the wrong order.
    #[error("from_step and to_step of exclusions must be steps, 1 to {0}, and from_step the earlier one")]
    Between(usize),
    /// No step.
    #[error("attribution must be first_step, last_step or the number of a step, 1 to {0}")]
    Attribution(usize),
}
