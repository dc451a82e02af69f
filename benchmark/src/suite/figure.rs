//! What a row measures, and what is wanted.

use serde::Serialize;

/// A measured number.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) what: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) wanted: Option<Bound>,
}

/// What a figure has to keep.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Figure {
    /// One of which nothing is wanted.
    pub(crate) fn new(what: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { what: what.into(), value, unit, wanted: None }
    }

    pub(crate) fn at_least(self, bound: f64) -> Self {
        Self { wanted: Some(Bound::AtLeast(bound)), ..self }
    }

    pub(crate) fn at_most(self, bound: f64) -> Self {
        Self { wanted: Some(Bound::AtMost(bound)), ..self }
    }

    /// Whether it is as wanted; `None` if nothing is.
    pub(crate) fn is_met(&self) -> Option<bool> {
        Some(match self.wanted? {
            Bound::AtLeast(bound) => self.value >= bound,
            Bound::AtMost(bound) => self.value <= bound,
        })
    }

    /// The value with its unit.
    pub(crate) fn measured(&self) -> String {
        format!("{} {}", number(self.value), self.unit).trim_end().to_owned()
    }

    /// The bound in words; empty if there is none.
    pub(crate) fn bound(&self) -> String {
        match self.wanted {
            None => String::new(),
            Some(Bound::AtLeast(bound)) => format!("≥ {}", number(bound)),
            Some(Bound::AtMost(bound)) => format!("≤ {}", number(bound)),
        }
    }
}

/// With as many digits as say something, and thousands apart.
fn number(value: f64) -> String {
    if value.abs() < 100.0 && value.fract().abs() > 1e-9 {
        return if value.abs() < 10.0 { format!("{value:.2}") } else { format!("{value:.1}") };
    }
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        for (value, text) in [
            (0.0, "0"),
            (1.234, "1.23"),
            (12.34, "12.3"),
            (250.4, "250"),
            (1_000.0, "1,000"),
            (1_234_567.8, "1,234,568"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn a_figure_knows_whether_it_is_as_wanted() {
        let figure = Figure::new("rate", 60_000.0, "/s");
        assert_eq!(figure.is_met(), None);
        assert_eq!(figure.clone().at_least(60_000.0).is_met(), Some(true));
        assert_eq!(figure.clone().at_least(60_001.0).is_met(), Some(false));
        assert_eq!(figure.clone().at_most(59_999.0).is_met(), Some(false));
        assert_eq!((figure.measured(), figure.at_most(4.0).bound()), ("60,000 /s".into(), "≤ 4".into()));
    }
}
