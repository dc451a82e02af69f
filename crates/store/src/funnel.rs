//! What a funnel is: steps that users take one after the other, within a window.

mod error;
mod sent;
#[cfg(test)]
mod tests;

use model::Span;
use serde::Deserialize;

pub use self::error::FunnelError;
use self::sent::Sent;
use crate::Filters;
pub use crate::fold::funnel::Entry;
use crate::fold::funnel::{MAX_EXCLUSIONS, MAX_STEPS};
use crate::queries::Breakdown;

/// What is asked about the users who take steps.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Sent")]
pub struct Funnel {
    pub(crate) steps: Vec<Step>,
    pub(crate) window: Span,
    pub(crate) strict: bool,
    pub(crate) entry: Entry,
    pub(crate) exclusions: Vec<Exclusion>,
    pub(crate) breakdown: Option<Breakdown>,
    pub(crate) attribution: Attribution,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with a name and filters")]
pub struct Step {
    /// What people call it.
    pub name: String,
    /// Which events take it; any if there are none.
    #[serde(default)]
    pub filters: Filters,
}

/// Events that end a chain where they lie between two of its steps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exclusion {
    /// Which events.
    pub(crate) filters: Filters,
    /// Behind which step they do, from 1.
    pub(crate) from_step: usize,
    /// Before which step, from 2.
    pub(crate) to_step: usize,
}

/// Which event of a chain says what group its user belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Attribution {
    /// That of the first step.
    #[default]
    FirstStep,
    /// That of the last step that the user took.
    LastStep,
    /// That of this step, from 1; users who did not take it belong to none.
    Step(usize),
}

/// Filters of all steps and exclusions together: of more the server refuses the SQL.
const MAX_FILTERS: usize = 100;

impl Funnel {
    /// Users who take these steps in order, with other events between them, the last at most the window after the
    /// first.
    pub fn new(steps: Vec<Step>, window: Span) -> Result<Self, FunnelError> {
        if !(2..=MAX_STEPS).contains(&steps.len()) {
            return Err(FunnelError::Steps(steps.len()));
        }
        Ok(Self {
            steps,
            window,
            strict: false,
            entry: Entry::default(),
            exclusions: Vec::new(),
            breakdown: None,
            attribution: Attribution::default(),
        })
    }

    /// How many steps there are.
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// Whether users are divided by a value.
    pub fn is_divided(&self) -> bool {
        self.breakdown.is_some()
    }

    /// The same, where these events end chains.
    fn excluding(self, exclusions: Vec<Exclusion>) -> Result<Self, FunnelError> {
        if exclusions.len() > MAX_EXCLUSIONS {
            return Err(FunnelError::Exclusions);
        }
        let fits = |exclusion: &Exclusion| {
            1 <= exclusion.from_step
                && exclusion.from_step < exclusion.to_step
                && exclusion.to_step <= self.steps.len()
        };
        if !exclusions.iter().all(fits) {
            return Err(FunnelError::Between(self.steps.len()));
        }
        let of_steps = self.steps.iter().map(|step| &step.filters);
        let all = of_steps.chain(exclusions.iter().map(|exclusion| &exclusion.filters));
        if all.map(|filters| filters.iter().count()).sum::<usize>() > MAX_FILTERS {
            return Err(FunnelError::Filters);
        }
        Ok(Self { exclusions, ..self })
    }
}

impl Attribution {
    /// The place in a user's chain whose event says the group.
    pub(crate) fn of(self, chain: &[usize]) -> Option<usize> {
        match self {
            Self::FirstStep => chain.first(),
            Self::LastStep => chain.last(),
            Self::Step(step) => chain.get(step - 1),
        }
        .copied()
    }
}
