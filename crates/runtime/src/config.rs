//! Configuration from environment variables.

use std::fmt::Display;

use serde::de::DeserializeOwned;

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
    let given = variables.filter(|(_, value)| !value.trim().is_empty());
    envy::prefixed(prefix).from_iter(given).map_err(|error| {
        // envy names the variable without its prefix, at the end.
        let text = error.to_string();
        let named =
            text.rsplit_once("provided by ").map(|(what, name)| format!("{what}provided by {prefix}{name}"));
        ConfigError(named.unwrap_or(text))
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(default)]
    struct Sample {
        port: u16,
        name: Option<String>,
    }

    impl Default for Sample {
        fn default() -> Self {
            Self { port: 8080, name: None }
        }
    }

    fn read(variables: &[(&str, &str)]) -> Result<Sample, ConfigError> {
        from("SAMPLE_", variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn absent_and_empty_variables_keep_their_defaults() {
        assert_eq!(read(&[("SAMPLE_PORT", ""), ("PORT", "1")]).unwrap(), Sample::default());
        let given = read(&[("SAMPLE_PORT", "1"), ("SAMPLE_NAME", "x")]).unwrap();
        assert_eq!(given, Sample { port: 1, name: Some("x".into()) });
    }

    #[test]
    fn a_value_that_does_not_parse_is_named_with_its_problem() {
        let text = read(&[("SAMPLE_PORT", "many")]).unwrap_err().to_string();
        assert!(
            text.contains("SAMPLE_PORT") && text.contains("many") && text.contains("invalid digit"),
            "{text}"
        );
    }
}
