//! Who the users are that a number of a funnel counts.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use model::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Taken;
use crate::funnel::Funnel;
use crate::queries::UserMark;
use crate::{Scope, Store, StoreError};

/// Which users of a funnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Took {
    /// From 1.
    pub step: usize,
    /// Whether they took it.
    pub outcome: Outcome,
    /// Only those of this value of the funnel's breakdown; empty for those without one.
    pub value: Option<String>,
}

/// What users made of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = FunnelOutcome)]
pub enum Outcome {
    /// They took it.
    #[default]
    Converted,
    /// They took the step before it, and not this one.
    Dropped,
}

/// A user of a funnel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FunnelUser {
    /// The user id, else `anon:` and the anonymous id.
    pub user: String,
    /// How many steps the user took.
    pub steps: usize,
    /// When the first of them was.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When the last of them was.
    #[schema(value_type = String, format = DateTime)]
    pub last_step_at: Timestamp,
    /// Whether the user may still get further.
    pub open: bool,
}

/// Some users of a funnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunnelPage {
    /// Those whose last step was last come first, and of equals the least text.
    pub users: Vec<FunnelUser>,
    /// Where the next page goes on, if there are more.
    pub next: Option<UserMark>,
}

impl Took {
    fn holds(&self, taken: &Taken<'_>) -> bool {
        let level = taken.journey.chain().len();
        let is_of = |value: &String| value == taken.value.unwrap_or_default();
        self.value.as_ref().is_none_or(is_of)
            && match self.outcome {
                Outcome::Converted => level >= self.step,
                Outcome::Dropped => level + 1 == self.step,
            }
    }
}

impl Store {
    /// The users behind a mark whom the funnel counts so, so many at most.
    pub async fn funnel_users(
        &self,
        scope: &Scope<'_>,
        funnel: &Funnel,
        took: &Took,
        after: Option<&UserMark>,
        limit: usize,
    ) -> Result<FunnelPage, StoreError> {
        let after = after.map(|mark| (Reverse(mark.weight), mark.user.clone()));
        // No more than a page and one are kept.
        let mut page = BTreeMap::new();
        let add = |taken: &Taken<'_>| {
            if took.holds(taken)
                && let Some(user) = user(taken)
            {
                let place = (Reverse(user.last_step_at.millis()), user.user.clone());
                if after.as_ref().is_none_or(|after| place > *after) {
                    page.insert(place, user);
                }
                if page.len() > limit + 1 {
                    page.pop_last();
                }
            }
            Ok(())
        };
        self.each_journey(scope, funnel, "user", add).await?;
        let has_more = page.len() > limit;
        let users: Vec<_> = page.into_values().take(limit).collect();
        let next = users.last().filter(|_| has_more);
        let next = next.map(|user| UserMark { weight: user.last_step_at.millis(), user: user.user.clone() });
        Ok(FunnelPage { users, next })
    }
}

fn user(taken: &Taken<'_>) -> Option<FunnelUser> {
    let chain = taken.journey.chain();
    let at = |place: &usize| Timestamp::from_millis(taken.events.get(*place)?.at);
    Some(FunnelUser {
        user: taken.user.to_owned(),
        steps: chain.len(),
        started_at: at(chain.first()?)?,
        last_step_at: at(chain.last()?)?,
        open: taken.journey.open,
    })
}
