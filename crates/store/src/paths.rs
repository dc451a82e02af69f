//! What is asked about the ways of sessions.

use serde::Deserialize;

use crate::Filters;

const MAX_STEPS: usize = 10;
const MAX_TOP: usize = 50;
const DEFAULT_STEPS: usize = 3;
const DEFAULT_TOP: usize = 5;

/// Where sessions go from a start.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Sent")]
pub struct Paths {
    pub(crate) start: Filters,
    pub(crate) steps: usize,
    pub(crate) top: usize,
}

/// Paths that can't be meant. Names what is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathsError {
    /// None, or too many.
    #[error("steps must be 1 to {MAX_STEPS}")]
    Steps,
    /// None, or too many.
    #[error("top must be 1 to {MAX_TOP}")]
    Top,
}

impl Paths {
    /// From the first event of each session that passes these filters, so many steps behind it, each with so many of
    /// the most frequent names.
    pub fn new(start: Filters, steps: usize, top: usize) -> Result<Self, PathsError> {
        if !(1..=MAX_STEPS).contains(&steps) {
            return Err(PathsError::Steps);
        }
        if !(1..=MAX_TOP).contains(&top) {
            return Err(PathsError::Top);
        }
        Ok(Self { start, steps, top })
    }
}

/// As requests write them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    start: Start,
    steps: Option<usize>,
    top: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    filters: Filters,
}

impl TryFrom<Sent> for Paths {
    type Error = PathsError;

    fn try_from(Sent { start, steps, top }: Sent) -> Result<Self, PathsError> {
        Self::new(start.filters, steps.unwrap_or(DEFAULT_STEPS), top.unwrap_or(DEFAULT_TOP))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn paths(sent: Value) -> Result<Paths, String> {
        serde_json::from_value(sent).map_err(|error| error.to_string())
    }

    #[test]
    fn three_steps_of_five_names_are_meant_if_nothing_is_said() {
        let start = json!({"filters": []});
        let said = json!({"start": start, "steps": 3, "top": 5});
        assert_eq!(paths(json!({"start": start})).unwrap(), paths(said).unwrap());
    }

    #[test]
    fn what_can_not_be_meant_is_named() {
        let start = json!({"filters": []});
        for (sent, problem) in [
            (json!({}), "missing field `start`"),
            (json!({"start": {}}), "missing field `filters`"),
            (json!({"start": start, "step": 3}), "unknown field `step`"),
            (json!({"start": start, "steps": 0}), "steps must be 1 to 10"),
            (json!({"start": start, "steps": 11}), "steps must be 1 to 10"),
            (json!({"start": start, "top": 0}), "top must be 1 to 50"),
            (json!({"start": start, "top": 51}), "top must be 1 to 50"),
        ] {
            let error = paths(sent.clone()).unwrap_err();
            assert!(error.contains(problem), "{sent}: {error}");
        }
    }
}
