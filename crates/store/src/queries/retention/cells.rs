//! What the lines of an answer come to: cohorts with a cell for each period, and the mean of the cells that are
//! complete. Pure.

use serde::Serialize;
use utoipa::ToSchema;

use super::Line;

/// Cohorts, oldest first, without those that nobody is of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Retained {
    /// Those who began in the same period.
    pub cohorts: Vec<Cohort>,
    /// For each period, from 0 on, the share of all cohorts whose period is complete; null if none is.
    pub mean: Vec<Option<f64>>,
}

/// Those who began in one period, and how many of them came back. The lists have an element for each period, from
/// 0 on, the one with the start.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Cohort {
    /// The period's first local day, `2026-11-20`.
    pub cohort: String,
    /// Its users.
    pub size: u64,
    /// How many of them came back; null while the period has not begun.
    pub returned: Vec<Option<u64>>,
    /// Their share, 0 to 1.
    pub share: Vec<Option<f64>>,
    /// Whether the period has ended for all of them.
    pub complete: Vec<bool>,
}

/// The lines are sorted by cohort and period.
pub(super) fn retained(lines: &[Line], periods: u16) -> Retained {
    let cohorts: Vec<_> =
        lines.chunk_by(|a, b| a.cohort == b.cohort).filter_map(|lines| cohort(lines, periods)).collect();
    let mean = (0..=usize::from(periods)).map(|n| mean(&cohorts, n)).collect();
    Retained { cohorts, mean }
}

/// The first line is of the cohort itself.
fn cohort(lines: &[Line], periods: u16) -> Option<Cohort> {
    let (all, cells) = lines.split_first()?;
    let mut users = cells.iter().peekable();
    let returned: Vec<_> = (0..=i64::from(periods))
        .map(|n| {
            let came = users.next_if(|line| line.n == n).map_or(0, |line| line.users);
            (n <= all.begun).then_some(came)
        })
        .collect();
    let share = returned.iter().map(|came| came.map(|came| ratio(came, all.users))).collect();
    let complete = (0..=i64::from(periods)).map(|n| n < all.ended).collect();
    Some(Cohort { cohort: all.cohort.clone(), size: all.users, returned, share, complete })
}

/// Over the cohorts whose n-th period is complete.
fn mean(cohorts: &[Cohort], n: usize) -> Option<f64> {
    let complete = cohorts.iter().filter(|cohort| cohort.complete.get(n) == Some(&true));
    let (returned, size) = complete.fold((0, 0), |(returned, size), cohort| {
        (returned + cohort.returned.get(n).copied().flatten().unwrap_or_default(), size + cohort.size)
    });
    (size > 0).then(|| ratio(returned, size))
}

#[expect(clippy::cast_precision_loss, reason = "counts of users are far below 2^53")]
fn ratio(some: u64, of: u64) -> f64 {
    some as f64 / of as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(cohort: &str, n: i64, users: u64, begun: i64, ended: i64) -> Line {
        Line { cohort: cohort.to_owned(), n, users, begun, ended }
    }

    #[test]
    fn what_has_not_begun_is_null_and_the_mean_is_of_what_has_ended() {
        let lines = [
            line("2026-11-18", -1, 10, 2, 2),
            line("2026-11-18", 0, 10, 2, 2),
            line("2026-11-18", 1, 5, 2, 2),
            line("2026-11-19", -1, 30, 1, 1),
            line("2026-11-19", 1, 3, 1, 1),
        ];
        let Retained { cohorts, mean } = retained(&lines, 2);
        let [old, new] = &*cohorts else { panic!("{cohorts:?}") };
        assert_eq!((old.size, new.size), (10, 30));
        assert_eq!(old.returned, [Some(10), Some(5), Some(0)]);
        assert_eq!(old.share, [Some(1.0), Some(0.5), Some(0.0)]);
        assert_eq!(old.complete, [true, true, false]);
        assert_eq!(new.returned, [Some(0), Some(3), None]);
        assert_eq!(new.complete, [true, false, false]);
        assert_eq!(mean, [Some(0.25), Some(0.5), None]);
    }

    #[test]
    fn without_users_there_are_no_cohorts_and_no_mean() {
        assert_eq!(retained(&[], 1), Retained { cohorts: vec![], mean: vec![None, None] });
    }
}
