//! Retention as it is defined, event by event, with the time zones of a library.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use model::EventKey;
use store::queries::retention::{Cohort, Count, Kind, Mode, Retained, Retention};
use store::{Interval, Range, WeekStart};

/// An event.
#[derive(Clone, Debug)]
pub(super) struct Happened {
    pub(super) user: Option<String>,
    pub(super) anonymous: Option<String>,
    pub(super) key: EventKey,
    pub(super) name: &'static str,
    pub(super) plan: &'static str,
}

impl Happened {
    fn ms(&self) -> i64 {
        self.key.id.created_at().millis()
    }

    fn who(&self) -> Option<String> {
        self.user.clone().or_else(|| self.anonymous.as_ref().map(|id| format!("anon:{id}")))
    }
}

/// Local periods.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calendar {
    pub(super) zone: &'static str,
    pub(super) period: Interval,
    pub(super) week_start: WeekStart,
}

impl Calendar {
    fn zone(&self) -> TimeZone {
        TimeZone::get(self.zone).unwrap()
    }

    /// The first day of the period that a time lies in.
    fn first_day(&self, ms: i64) -> Date {
        let date = Timestamp::from_millisecond(ms).unwrap().to_zoned_datetime(self.zone()).date();
        match self.period {
            Interval::Month => date.first_of_month(),
            Interval::Week => {
                let begin = match self.week_start {
                    WeekStart::Monday => Weekday::Monday,
                    WeekStart::Sunday => Weekday::Sunday,
                };
                date.checked_sub(i64::from(date.weekday().since(begin)).days()).unwrap()
            }
            _ => date,
        }
    }

    /// The first day of the n-th period behind the one of that first day.
    fn behind(&self, day: Date, n: i64) -> Date {
        let span = match self.period {
            Interval::Month => n.months(),
            Interval::Week => n.weeks(),
            _ => n.days(),
        };
        day.checked_add(span).unwrap()
    }

    /// When a day begins.
    fn begin(&self, day: Date) -> i64 {
        day.to_zoned_datetime(self.zone()).unwrap().start_of_day().unwrap().timestamp().as_millisecond()
    }
}

/// A user's start.
struct Began {
    user: String,
    /// The place of the event among all, by time and id.
    place: usize,
    ms: i64,
}

pub(super) fn retention(
    events: &[Happened],
    range: Range,
    calendar: &Calendar,
    retention: &Retention,
    starts: fn(&Happened) -> bool,
    returns: fn(&Happened) -> bool,
) -> Retained {
    let (from, to, now) = (range.from().millis(), range.to().millis(), range.now().millis());
    let mut events: Vec<_> =
        events.iter().filter(|event| event.ms() <= now && event.who().is_some()).collect();
    events.sort_by_key(|event| (event.ms(), event.key.id.to_string()));

    let mut cohorts = BTreeMap::<Date, Vec<Began>>::new();
    let mut known = BTreeSet::new();
    for (place, event) in events.iter().enumerate().filter(|(_, event)| starts(event)) {
        let (user, ms) = (event.who().unwrap(), event.ms());
        let day = calendar.first_day(ms);
        let inside = (from..to).contains(&ms);
        let counts = match retention.mode {
            Mode::First => known.insert((user.clone(), Date::ZERO)) && inside,
            Mode::Recurring => inside && known.insert((user.clone(), day)),
        };
        if counts {
            cohorts.entry(day).or_default().push(Began { user, place, ms });
        }
    }

    let periods = i64::from(retention.periods);
    let width_ms = 86_400_000
        * match calendar.period {
            Interval::Month => 30,
            Interval::Week => 7,
            _ => 1,
        };
    let mut answer = Vec::new();
    for (day, began) in &cohorts {
        // From when to when a user's n-th period goes.
        let bounds = |start: &Began, n: i64| match retention.kind {
            Kind::Calendar => {
                (calendar.begin(calendar.behind(*day, n)), calendar.begin(calendar.behind(*day, n + 1)))
            }
            Kind::Rolling => (start.ms + n * width_ms, start.ms + (n + 1) * width_ms),
        };
        let came_back = |start: &Began, n: i64| {
            let (begin, end) = bounds(start, n);
            events.iter().skip(start.place).any(|event| {
                let in_time =
                    event.ms() >= begin && (event.ms() < end || retention.count == Count::OnOrAfter);
                in_time && returns(event) && event.who().as_ref() == Some(&start.user)
            })
        };
        // Nobody begins in the cohort any more.
        let closed = to.min(calendar.begin(calendar.behind(*day, 1))) <= now;
        let size = u64::try_from(began.len()).unwrap();
        let mut cohort =
            Cohort { cohort: day.to_string(), size, returned: vec![], share: vec![], complete: vec![] };
        for n in 0..=periods {
            let begun = began.iter().any(|start| bounds(start, n).0 <= now);
            let returned = begun
                .then(|| u64::try_from(began.iter().filter(|start| came_back(start, n)).count()).unwrap());
            cohort.share.push(returned.map(|returned| ratio(returned, size)));
            cohort.returned.push(returned);
            cohort.complete.push(closed && began.iter().all(|start| bounds(start, n).1 <= now));
        }
        answer.push(cohort);
    }
    let mean = (0..=usize::from(retention.periods)).map(|n| mean(&answer, n)).collect();
    Retained { cohorts: answer, mean }
}

fn mean(cohorts: &[Cohort], n: usize) -> Option<f64> {
    let complete: Vec<_> = cohorts.iter().filter(|cohort| cohort.complete[n]).collect();
    let size: u64 = complete.iter().map(|cohort| cohort.size).sum();
    let returned: u64 = complete.iter().map(|cohort| cohort.returned[n].unwrap()).sum();
    (size > 0).then(|| ratio(returned, size))
}

fn ratio(some: u64, of: u64) -> f64 {
    f64::from(u32::try_from(some).unwrap()) / f64::from(u32::try_from(of).unwrap())
}
