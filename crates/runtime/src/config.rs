//! Configuration from environment variables.

use std::fmt::Display;

use serde::de::{self, Deserialize, DeserializeOwned, Deserializer};
use serde_aux::serde_introspection::serde_introspect;
use strsim::normalized_damerau_levenshtein;

/// The longest time that a variable may name, in milliseconds: a hundred years.
const LONGEST_MS: f64 = 100.0 * 365.0 * 86_400_000.0;

/// How near a name must be to a known one to be taken for it misspelt; 1 is the same name.
const MISSPELT: f64 = 0.75;

/// A variable that can't be read. Names the variable and what is wrong with its value.
#[derive(Debug, thiserror::Error)]
#[error("configuration: {0}")]
pub struct ConfigError(String);

impl ConfigError {
    pub(crate) fn new(variable: &str, problem: impl Display) -> Self {
        Self(format!("{variable}: {problem}"))
    }
}

/// Reads the variables whose names begin with `prefix` into a struct whose fields are the rest of
/// their names. A variable that is set to nothing counts as absent. One that looks like a known one misspelt
/// is logged: it may be somebody else's.
pub fn load<T: DeserializeOwned>(prefix: &str) -> Result<T, ConfigError> {
    let config = from(prefix, variables())?;
    warn_of_misspelt::<T>(prefix);
    Ok(config)
}

/// Logs the variables that look like ones of the struct misspelt.
pub(crate) fn warn_of_misspelt<T: DeserializeOwned>(prefix: &str) {
    for (name, known) in misspelt::<T>(prefix, variables().map(|(name, _)| name)) {
        tracing::warn!(variable = name, "this variable is not known: is {known} meant?");
    }
}

/// All of the process; those that are not UTF-8 are none of ours.
fn variables() -> impl Iterator<Item = (String, String)> {
    let all = std::env::vars_os();
    all.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// The names of the variables that a struct is read from, without their prefix.
fn names<T: DeserializeOwned>() -> Vec<String> {
    serde_introspect::<T>().iter().map(|field| field.to_uppercase()).collect()
}

/// Each variable with the prefix that is none of the struct's but almost one of them, and which.
fn misspelt<T: DeserializeOwned>(prefix: &str, given: impl Iterator<Item = String>) -> Vec<(String, String)> {
    let known = names::<T>();
    let nearest = |name: &str| {
        let nearness = known.iter().map(|known| (normalized_damerau_levenshtein(name, known), known));
        let near = nearness.filter(|(nearness, _)| *nearness >= MISSPELT);
        near.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, known)| known.clone())
    };
    let unknown = |name: &str| {
        let own = name.strip_prefix(prefix)?;
        nearest(own).filter(|known| known != own).map(|known| format!("{prefix}{known}"))
    };
    given.filter_map(|name| unknown(&name).map(|known| (name, known))).collect()
}

/// Refuses times in milliseconds that are so long that to add them to another may not be possible.
fn check_times<T: DeserializeOwned>(prefix: &str, given: &[(String, String)]) -> Result<(), ConfigError> {
    let names = names::<T>();
    let is_time = |name: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|own| own.ends_with("_MS") && names.iter().any(|known| known == own))
    };
    for (name, value) in given.iter().filter(|(name, _)| is_time(name)) {
        if value.trim().parse::<f64>().is_ok_and(|ms| !(0.0..=LONGEST_MS).contains(&ms)) {
            return Err(ConfigError::new(
                name,
                format_args!("must be from 0 to {LONGEST_MS}, not {value:?}"),
            ));
        }
    }
    Ok(())
}

fn from<T: DeserializeOwned>(
    prefix: &str,
    variables: impl Iterator<Item = (String, String)>,
) -> Result<T, ConfigError> {
    let given: Vec<_> = variables.filter(|(_, value)| !value.trim().is_empty()).collect();
    check_times::<T>(prefix, &given)?;
    let read =
        |variables: &[(String, String)]| envy::prefixed(prefix).from_iter::<_, T>(variables.iter().cloned());
    read(&given).map_err(|error| {
        // envy names the variable without its prefix, at the end, and not always.
        let text = error.to_string();
        let text = text.split(" provided by ").next().unwrap_or_default();
        let at_fault = given.iter().find(|one| read(std::slice::from_ref(one)).is_err());
        match at_fault {
            Some((name, value)) => ConfigError::new(name, format_args!("{text}, not {value:?}")),
            None => ConfigError(text.to_owned()),
        }
    })
}

/// For `#[serde(deserialize_with)]`: a number that must not be 0.
pub fn positive<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default + PartialEq,
{
    let number = T::deserialize(deserializer)?;
    if number == T::default() { Err(de::Error::custom("must be greater than 0")) } else { Ok(number) }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(default)]
    struct Sample {
        port: u16,
        #[serde(deserialize_with = "positive")]
        limit: usize,
        host: IpAddr,
        name: Option<String>,
        interval_ms: u64,
        linger_ms: f64,
    }

    impl Default for Sample {
        fn default() -> Self {
            Self {
                port: 8080,
                limit: 1,
                host: Ipv4Addr::LOCALHOST.into(),
                name: None,
                interval_ms: 1,
                linger_ms: 0.5,
            }
        }
    }

    fn read(variables: &[(&str, &str)]) -> Result<Sample, ConfigError> {
        from("SAMPLE_", variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn absent_and_empty_variables_keep_their_defaults() {
        assert_eq!(read(&[("SAMPLE_PORT", ""), ("PORT", "1")]).unwrap(), Sample::default());
        let given = read(&[("SAMPLE_PORT", "1"), ("SAMPLE_NAME", "x")]).unwrap();
        assert_eq!(given, Sample { port: 1, name: Some("x".into()), ..Sample::default() });
    }

    #[test]
    fn a_value_that_does_not_parse_is_named_with_its_problem() {
        let text = read(&[("SAMPLE_PORT", "many")]).unwrap_err().to_string();
        assert!(
            text.contains("SAMPLE_PORT") && text.contains("many") && text.contains("invalid digit"),
            "{text}"
        );
        for (variable, value) in [("SAMPLE_HOST", "localhost"), ("SAMPLE_LIMIT", "0")] {
            let text = read(&[("SAMPLE_NAME", "x"), (variable, value)]).unwrap_err().to_string();
            assert!(text.contains(variable) && text.contains(value), "{text}");
        }
    }

    #[test]
    fn a_time_that_nobody_lives_to_see_is_refused() {
        for (variable, value) in [
            ("SAMPLE_INTERVAL_MS", "18446744073709551615"),
            ("SAMPLE_LINGER_MS", "1e300"),
            ("SAMPLE_LINGER_MS", "NaN"),
            ("SAMPLE_LINGER_MS", "-1"),
        ] {
            let text = read(&[(variable, value)]).unwrap_err().to_string();
            assert!(text.contains(variable) && text.contains(value), "{text}");
        }
        assert_eq!(read(&[("SAMPLE_INTERVAL_MS", "86400000")]).unwrap().interval_ms, 86_400_000);
        // Not ours.
        read(&[("SAMPLE_OTHER_MS", "-1"), ("OTHER_INTERVAL_MS", "-1")]).unwrap();
    }

    #[test]
    fn a_misspelt_variable_is_told_from_somebody_elses() {
        let found = |name: &str| {
            let found = misspelt::<Sample>("SAMPLE_", [name.to_owned()].into_iter()).pop();
            found.map(|(_, known)| known)
        };
        assert_eq!(found("SAMPLE_PROT").unwrap(), "SAMPLE_PORT");
        assert_eq!(found("SAMPLE_INTERVALL_MS").unwrap(), "SAMPLE_INTERVAL_MS");
        for name in ["SAMPLE_PORT", "SAMPLE_HOME", "SAMPLE_OPTS", "PORT", "PATH"] {
            assert_eq!(found(name), None, "{name}");
        }
    }
}
