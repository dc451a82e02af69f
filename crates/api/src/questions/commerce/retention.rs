//! Who comes back, by when they registered or were seen first.

use serde::{Deserialize, Deserializer};
use store::queries::retention::{Count, Kind, Mode, Retained, Retention};
use store::{Filters, Interval, WeekStart};
use utoipa::IntoParams;

use crate::asked::Asked;
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::{self, Period};
use crate::questions::retention::MAX_PERIODS;
use crate::reply::Reply;
use crate::shapes::Told;

/// Which users are looked at together, and for how long.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Cohorts {
    /// By what users begin: `registered`, a `user.registered` event, or `first_seen`, an event of any name.
    #[serde(deserialize_with = "by")]
    #[param(value_type = Option<String>, pattern = "^(registered|first_seen)$", default = "registered")]
    by: Begin,
    /// The width of cohorts and of the periods behind them: `day`, `week` or `month`.
    #[serde(deserialize_with = "period")]
    #[param(value_type = Option<String>, pattern = "^(day|week|month)$", default = "day")]
    period: Interval,
    /// How many periods are looked at behind the one in which users begin.
    #[serde(deserialize_with = "periods")]
    #[param(minimum = 1, maximum = 90, default = 7)]
    periods: u16,
    /// The day on which weeks begin: `monday` or `sunday`.
    #[serde(deserialize_with = "parameters::week_start")]
    #[param(value_type = Option<String>, default = "monday")]
    week_start: WeekStart,
}

#[derive(Clone, Copy)]
enum Begin {
    Registered,
    FirstSeen,
}

impl Default for Cohorts {
    fn default() -> Self {
        Self { by: Begin::Registered, period: Interval::Day, periods: 7, week_start: WeekStart::default() }
    }
}

fn by<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Begin, D::Error> {
    let begins = [("registered", Begin::Registered), ("first_seen", Begin::FirstSeen)];
    parameters::choice(deserializer, "by", &begins)
}

fn period<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Interval, D::Error> {
    let periods = [("day", Interval::Day), ("week", Interval::Week), ("month", Interval::Month)];
    parameters::choice(deserializer, "period", &periods)
}

fn periods<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    parameters::positive(deserializer, "periods", MAX_PERIODS)
}

/// How many of the users who began in the same period came back with any event, by local periods since.
#[utoipa::path(
    get,
    path = "/analytics/retention",
    tag = "questions",
    params(Period, Cohorts),
    responses((status = 200, description = "A cohort for each period in which somebody began", body = Told<Retained>))
)]
pub(crate) async fn retention(call: Call) -> Result<Reply<Retained>, ApiError> {
    let Cohorts { by, period, periods, week_start } = call.parameters()?;
    let start = match by {
        Begin::Registered => Filters::event_name("user.registered")?,
        Begin::FirstSeen => Filters::NONE,
    };
    let returning = Filters::NONE;
    let (mode, count, kind) = (Mode::First, Count::On, Kind::Calendar);
    let retention = Retention { start, returning, periods, mode, count, kind };
    let asked = Asked::of(call).await?;
    let grid = asked.grid(Some(period), week_start).await?;
    asked.tell_in(&grid, asked.store().retention(&asked.scope(), &grid, &retention).await)
}
