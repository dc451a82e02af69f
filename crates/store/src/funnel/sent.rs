//! A funnel as requests write it.

use model::Span;
use serde::Deserialize;
use serde_json::Value;

use super::{Attribution, Entry, Exclusion, Funnel, FunnelError, Step};
use crate::Filters;
use crate::queries::Breakdown;

const DEFAULT_WINDOW: &str = "7d";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sent {
    steps: Vec<Step>,
    window: Option<String>,
    order: Option<String>,
    entry: Option<String>,
    #[serde(default)]
    exclusions: Vec<SentExclusion>,
    breakdown: Option<Breakdown>,
    attribution: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentExclusion {
    filters: Filters,
    from_step: Option<usize>,
    to_step: Option<usize>,
}

impl TryFrom<Sent> for Funnel {
    type Error = FunnelError;

    fn try_from(sent: Sent) -> Result<Self, FunnelError> {
        let window = sent.window.as_deref().unwrap_or(DEFAULT_WINDOW);
        let span =
            Span::parse(window).ok_or_else(|| FunnelError::Window(window.chars().take(64).collect()))?;
        let steps = sent.steps.len();
        let exclusions = sent.exclusions.into_iter().map(|SentExclusion { filters, from_step, to_step }| {
            Exclusion { filters, from_step: from_step.unwrap_or(1), to_step: to_step.unwrap_or(steps) }
        });
        let strict = match sent.order.as_deref() {
            None | Some("loose") => false,
            Some("strict") => true,
            Some(_) => return Err(FunnelError::Order),
        };
        let entry = match sent.entry.as_deref() {
            None | Some("latest") => Entry::Latest,
            Some("first") => Entry::First,
            Some(_) => return Err(FunnelError::Entry),
        };
        let attribution = attribution(sent.attribution.as_ref(), steps)?;
        let funnel = Self::new(sent.steps, span)?.excluding(exclusions.collect())?;
        Ok(Self { strict, entry, attribution, breakdown: sent.breakdown, ..funnel })
    }
}

fn attribution(sent: Option<&Value>, steps: usize) -> Result<Attribution, FunnelError> {
    let Some(sent) = sent else { return Ok(Attribution::default()) };
    match (sent.as_str(), sent.as_u64().and_then(|step| usize::try_from(step).ok())) {
        (Some("first_step"), _) => Ok(Attribution::FirstStep),
        (Some("last_step"), _) => Ok(Attribution::LastStep),
        (_, Some(step)) if (1..=steps).contains(&step) => Ok(Attribution::Step(step)),
        _ => Err(FunnelError::Attribution(steps)),
    }
}
