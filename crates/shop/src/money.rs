//! The many ways in which programs write amounts.

use super::dice::Dice;

/// Amounts that nobody can read; the empty one is absent.
const UNREADABLE: [&str; 6] = [r#""1,234.50""#, r#""""#, "null", "", r#""1e2""#, r#""+5""#];
/// More digits than a float holds, as a number and as a text.
pub(super) const LONG: [&str; 2] = ["12345678901234.5678", r#""12345678901234.5678""#];

/// Cents as JSON, mostly as a decimal string.
pub(super) fn amount(dice: &mut Dice, cents: i64) -> String {
    let [whole, part] = [cents / 100, cents % 100];
    match dice.below(1_000) {
        0..600 => format!("\"{whole}.{part:02}\""),
        860..890 => format!("\"{whole}.{part:02}00\""),
        // Behind the fourth place it is cut, not rounded.
        890..920 => format!("\"{whole}.{part:02}999\""),
        920..940 => format!("{whole}.{part:02}999"),
        940..950 if part % 10 == 0 => format!("{whole}.{}", part / 10),
        950..960 => format!("\"{whole}\""),
        960..975 => whole.to_string(),
        975..990 => dice.pick(&UNREADABLE).to_owned(),
        _ => format!("{whole}.{part:02}"),
    }
}

/// The amount as it should be.
pub(super) fn plain(cents: i64) -> String {
    format!("\"{}.{:02}\"", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::dice::Purpose;
    use super::*;

    #[test]
    fn amounts_come_as_texts_as_numbers_with_more_places_and_unreadable() {
        let mut dice = Dice::new(1, Purpose::Day, 0);
        let written: BTreeSet<_> = (0..20_000).map(|_| amount(&mut dice, 1_950)).collect();
        for expected in ["\"19.50\"", "19.50", "\"19.50999\"", "19.50999", "\"19\"", "19", "19.5", "", "null"]
        {
            assert!(written.contains(expected), "{expected}");
        }
        for unreadable in UNREADABLE {
            assert!(written.contains(unreadable), "{unreadable}");
        }
    }
}
