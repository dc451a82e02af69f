//! Percentiles, as the server's `quantileExact` defines them.

/// The value that so many of a hundred are not greater than: of n sorted values the one at ⌊q·n⌋, or the last. Sorts
/// them partly.
pub(crate) fn percentile(values: &mut [i64], of_hundred: usize) -> Option<i64> {
    let place = (values.len() * of_hundred / 100).min(values.len().checked_sub(1)?);
    Some(*values.select_nth_unstable(place).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let of = |mut values: Vec<i64>| (percentile(&mut values, 50), percentile(&mut values, 90));
        assert_eq!(of(vec![]), (None, None));
        assert_eq!(of(vec![7]), (Some(7), Some(7)));
        assert_eq!(of(vec![4, 1]), (Some(4), Some(4)));
        assert_eq!(of(vec![3, 1, 2]), (Some(2), Some(3)));
        assert_eq!(of((0..10).rev().collect()), (Some(5), Some(9)));
        assert_eq!(of((0..100).rev().collect()), (Some(50), Some(90)));
    }
}
