//! How many users get how far through a funnel, and how long it takes them.

mod users;

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Breakdown, Number, Role, in_order, sql_time};
use crate::ask::Besides;
use crate::filter::{Filters, USER};
use crate::fold::funnel::{Event, Journey, Rules};
use crate::fold::tally::{Group, StepOf, Tally};
use crate::fold::{MAX_EVENTS, TooMuch};
use crate::funnel::Funnel;
use crate::{Range, Scope, Store, StoreError};

pub use self::users::{FunnelPage, FunnelUser, Outcome, Took};

/// The events of each user who takes the first step in the range.
const FUNNEL: &str = "
    SELECT /* who */ AS who, /* columns */
    FROM {events}
    WHERE user != ''
    GROUP BY user
    HAVING countIf(begins) > 0";

/// How users get through a funnel.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FunnelAnswer {
    /// In their order.
    pub steps: Vec<FunnelStep>,
    /// Users who are not through while the window of an event of the first step still runs.
    pub open: u64,
    /// The same for users of each value of a breakdown: those of most users first, then the others, then those
    /// without a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<FunnelGroup>>,
}

/// What users made of a step.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FunnelStep {
    /// As it was asked for.
    pub name: String,
    /// Those who took it.
    pub users: u64,
    /// Their share of those who took the first step, 0 to 1; null if nobody did.
    #[schema(value_type = Option<f64>)]
    pub share_of_first: Option<Number>,
    /// Of those who took the step before; null of the first step.
    #[schema(value_type = Option<f64>)]
    pub share_of_previous: Option<Number>,
    /// The median from the step before to it; null of the first step, and if nobody took it.
    #[schema(value_type = Option<f64>)]
    pub median_seconds: Option<Number>,
    /// The 90th percentile, likewise.
    #[schema(value_type = Option<f64>)]
    pub p90_seconds: Option<Number>,
}

/// The users of one value.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FunnelGroup {
    /// The value of the breakdown's field, where it is of one.
    pub key: Option<String>,
    /// Which users these are.
    pub role: Role,
    /// In their order.
    pub steps: Vec<FunnelStep>,
    /// Users who are not through while the window of an event of the first step still runs.
    pub open: u64,
}

#[derive(Row, Deserialize)]
struct User {
    who: String,
    /// With the steps that each matches as the low half of its marks, and the exclusions as the high one.
    events: Vec<Event>,
    /// The values of the events.
    labels: Vec<String>,
    hashes: Vec<u64>,
}

/// What one user made of a funnel.
struct Taken<'a> {
    /// Empty where nobody asked who it is.
    user: &'a str,
    events: &'a [Event],
    journey: Journey,
    /// What says the user's group, if anything does.
    value: Option<&'a str>,
}

impl Store {
    /// How the users who take the first step in the scope's range get through the funnel. Later steps may lie behind
    /// it, by as much as the window.
    pub async fn funnel(&self, scope: &Scope<'_>, funnel: &Funnel) -> Result<FunnelAnswer, StoreError> {
        let mut tally = Tally::new(funnel.steps.len());
        let add = |taken: &Taken<'_>| tally.add(&taken.journey, taken.events, taken.value);
        self.each_journey(scope, funnel, "''", add).await?;
        Ok(answer(funnel, &tally))
    }

    /// Hands each user's journey on, with what `who` is in SQL.
    async fn each_journey(
        &self,
        scope: &Scope<'_>,
        funnel: &Funnel,
        who: &str,
        mut each: impl FnMut(&Taken<'_>) -> Result<(), TooMuch> + Send,
    ) -> Result<(), StoreError> {
        let range = scope.range;
        let to = range.to().millis() + funnel.window.millis();
        let read = Range::between(range.from().millis(), to, range.now());
        let sql = FUNNEL.replace("/* who */", who).replace("/* columns */", &in_order::columns());
        let mut rows =
            self.rows::<User>(&Scope { range: read, ..scope.clone() }, &sql, besides(funnel), |question| {
                question.param("begin_before", sql_time(range.to()))
            })?;
        let (rules, now) = (rules(funnel, range), range.now().millis());
        while let Some(User { who, events, labels, hashes }) = rows.next().await? {
            if events.len() > MAX_EVENTS || labels.is_empty() {
                return Err(StoreError::TooMuch);
            }
            let Some(journey) = rules.journey(&events, now) else { continue };
            let value = funnel.attribution.of(journey.chain()).and_then(|place| {
                let hash = events.get(place)?.value;
                let (_, value) = hashes.iter().zip(&labels).find(|(known, _)| **known == hash)?;
                Some(value.as_str()).filter(|value| !value.is_empty())
            });
            each(&Taken { user: &who, events: &events, journey, value })?;
        }
        Ok(())
    }
}

fn rules(funnel: &Funnel, range: Range) -> Rules {
    // Bit n is the step n + 1.
    let behind = |from: usize, to: usize| (from..to).fold(0, |steps, step| steps | 1 << (step - 1));
    Rules {
        to: range.to().millis(),
        window: funnel.window.millis(),
        strict: funnel.strict,
        entry: funnel.entry,
        steps: funnel.steps.len(),
        exclusions: funnel.exclusions.iter().map(|it| behind(it.from_step, it.to_step)).collect(),
    }
}

/// Which steps and exclusions an event matches as bits, its value and whose it is. Others than these are of no account
/// unless nothing may lie between the steps.
fn besides(funnel: &Funnel) -> Besides {
    let mut besides = Besides::default();
    let steps = bits(&mut besides, "step", funnel.steps.iter().map(|step| &step.filters));
    let exclusions = bits(&mut besides, "exclusion", funnel.exclusions.iter().map(|it| &it.filters));
    let value = funnel.breakdown.as_ref().map(|breakdown| breakdown.value(&mut besides.params));
    besides.columns = format!(
        ", {USER} AS user, {steps} AS steps, {exclusions} AS exclusions,
        bitTest(steps, 0) AND created_at < {{begin_before:DateTime64(3, 'UTC')}} AS begins"
    );
    let marks = "bitOr(toUInt32(steps), bitShiftLeft(toUInt32(exclusions), 16))";
    in_order::pack(&mut besides, marks, value.as_deref().unwrap_or("''"));
    if !funnel.strict {
        besides.conditions += "AND (steps != 0 OR exclusions != 0)";
    }
    besides
}

fn bits<'a>(besides: &mut Besides, name: &str, filters: impl Iterator<Item = &'a Filters>) -> String {
    let bits = filters.enumerate().map(|(n, filters)| {
        let holds = besides.holds(&format!("{name}{n}_"), filters);
        format!("bitShiftLeft(toUInt16({holds}), {n})")
    });
    let bits: Vec<_> = std::iter::once("0".to_owned()).chain(bits).collect();
    format!("toUInt16({})", bits.join(" + "))
}

fn answer(funnel: &Funnel, tally: &Tally) -> FunnelAnswer {
    let all = tally.all();
    let groups = funnel.breakdown.as_ref().map(|breakdown| groups(funnel, tally, breakdown));
    FunnelAnswer { steps: steps(funnel, &all), open: all.open, groups }
}

fn groups(funnel: &Funnel, tally: &Tally, breakdown: &Breakdown) -> Vec<FunnelGroup> {
    let groups = tally.groups(breakdown.limit());
    let of =
        |key, role, group: Group| FunnelGroup { key, role, steps: steps(funnel, &group), open: group.open };
    let values = groups.values.into_iter().map(|(key, group)| of(Some(key), Role::Value, group));
    let other = groups.other.map(|group| of(None, Role::Other, group));
    let none = groups.none.map(|group| of(None, Role::None, group));
    values.chain(other).chain(none).collect()
}

fn steps(funnel: &Funnel, group: &Group) -> Vec<FunnelStep> {
    let first = group.steps.first().map_or(0, |step| step.users);
    let mut previous = None;
    let step = |(step, of): (&crate::Step, &StepOf)| FunnelStep {
        name: step.name.clone(),
        users: of.users,
        share_of_first: share(of.users, first),
        share_of_previous: previous.replace(of.users).and_then(|previous| share(of.users, previous)),
        median_seconds: of.median.map(seconds),
        p90_seconds: of.p90.map(seconds),
    };
    funnel.steps.iter().zip(&group.steps).map(step).collect()
}

#[expect(clippy::cast_precision_loss, reason = "users are fewer than 2^52")]
fn share(users: u64, of: u64) -> Option<Number> {
    (of > 0).then(|| Number(users as f64 / of as f64))
}

#[expect(clippy::cast_precision_loss, reason = "times are less than 2^52 milliseconds apart")]
fn seconds(millis: i64) -> Number {
    Number(millis as f64 / 1_000.0)
}
