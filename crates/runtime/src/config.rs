//! Configuration from environment variables.

use std::fmt::Display;

use serde::de::{self, Deserialize, DeserializeOwned, Deserializer};

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
/// their names. A variable that is set to nothing counts as absent.
pub fn load<T: DeserializeOwned>(prefix: &str) -> Result<T, ConfigError> {
    // Variables that are not UTF-8 are none of ours.
    let all = std::env::vars_os();
    from(prefix, all.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))))
}

fn from<T: DeserializeOwned>(
    prefix: &str,
    variables: impl Iterator<Item = (String, String)>,
) -> Result<T, ConfigError> {
    let given: Vec<_> = variables.filter(|(_, value)| !value.trim().is_empty()).collect();
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
    }

    impl Default for Sample {
        fn default() -> Self {
            Self { port: 8080, limit: 1, host: Ipv4Addr::LOCALHOST.into(), name: None }
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
}
