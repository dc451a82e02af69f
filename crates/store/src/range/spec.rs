//! What a request says of the times that it asks about. Pure: when a local day begins is for the server to say.

use model::Timestamp;
use time::Date;
use time::macros::format_description;

use super::{Range, RangeError};

/// The parameters of a request, as they were given.
#[derive(Clone, Copy, Debug, Default)]
pub struct RangeParams<'a> {
    /// An RFC 3339 instant, or a local date: the start of that day.
    pub from: Option<&'a str>,
    /// The same, of the first time that is not in the range any more.
    pub to: Option<&'a str>,
    /// The last so many times 24 hours.
    pub days: Option<u32>,
    /// The zone of local dates and days, by its IANA name.
    pub timezone: Option<&'a str>,
}

/// The times that a request asks about, before they are known: see [`crate::Store::range`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeSpec {
    begin: Begin,
    /// Now, if absent.
    end: Option<Edge>,
    zone: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Begin {
    /// Where all time begins.
    First,
    At(Edge),
    /// So many times 24 hours before the end.
    DaysBefore(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    Instant(Timestamp),
    /// The start of a local day.
    Day(Date),
}

impl RangeSpec {
    /// Reads the parameters. Where nothing says when the range begins it is `default_days` times 24 hours before
    /// its end, or the beginning of all time.
    pub fn parse(params: &RangeParams<'_>, default_days: Option<u32>) -> Result<Self, RangeError> {
        let &RangeParams { from, to, days, timezone } = params;
        if days.is_some() && (from.is_some() || to.is_some()) {
            return Err(RangeError::DaysBeside);
        }
        let begin = match (from, days.or(default_days)) {
            (Some(from), _) => Begin::At(Edge::parse("from", from)?),
            (None, Some(days)) => Begin::DaysBefore(days),
            (None, None) => Begin::First,
        };
        let end = to.map(|to| Edge::parse("to", to)).transpose()?;
        Ok(Self { begin, end, zone: timezone.map(str::to_owned) })
    }

    /// The zone's name, if one is given.
    pub(super) fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }

    /// The local days whose start has to be known.
    pub(super) fn days(&self) -> Vec<Date> {
        let begin = if let Begin::At(edge) = self.begin { Some(edge) } else { None };
        let day = |edge| if let Edge::Day(day) = edge { Some(day) } else { None };
        begin.into_iter().chain(self.end).filter_map(day).collect()
    }

    /// The range as seen at `now`, given when local days start.
    pub(super) fn at(
        &self,
        now: Timestamp,
        start_of: impl Fn(Date) -> Timestamp,
    ) -> Result<Range, RangeError> {
        let instant = |edge| match edge {
            Edge::Instant(at) => at,
            Edge::Day(day) => start_of(day),
        };
        let to = self.end.map_or(now, instant);
        let from = match self.begin {
            Begin::First => Timestamp::default(),
            Begin::At(edge) => instant(edge),
            Begin::DaysBefore(days) => to.days_before(days),
        };
        Range::new(from, to, now)
    }
}

impl Edge {
    fn parse(name: &'static str, text: &str) -> Result<Self, RangeError> {
        let instant = Timestamp::parse(text).map(Self::Instant);
        instant.or_else(|| date(text).map(Self::Day)).ok_or(RangeError::Time(name))
    }
}

fn date(text: &str) -> Option<Date> {
    let date = Date::parse(text, format_description!("[year]-[month]-[day]")).ok()?;
    // Nothing but the plain form: years have neither signs nor more digits.
    ((1970..=2299).contains(&date.year()) && date.to_string() == text).then_some(date)
}

#[cfg(test)]
mod tests;
