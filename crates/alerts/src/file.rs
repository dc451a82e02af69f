//! The file of rules, which may change meanwhile.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::Timestamp;

use crate::rules::{Rules, RulesError};
use crate::webhook::{Webhook, WebhookError};

/// The rules in force, as last read.
pub struct RulesFile {
    path: PathBuf,
    current: Arc<Current>,
    /// What the file said when it was last looked at, and when its rules were last taken or refused.
    seen: Text,
    taken: Text,
}

/// What is in force.
pub(crate) struct Current {
    pub(crate) rules: Rules,
    pub(crate) webhook: Option<Webhook>,
    /// When the rules were read: what came in before fires none that is new.
    pub(crate) since: Timestamp,
}

/// The text of the file and of its secret, or why they can't be read.
type Text = Result<(String, String), String>;

/// Rules that can't be put in force.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file, or the secret of its webhook, can't be read.
    #[error("{0}")]
    Unreadable(String),
    /// It can't be meant.
    #[error("{path}: {error}")]
    Rules {
        /// Where it is.
        path: String,
        /// What is wrong.
        error: RulesError,
    },
    /// Nobody could be told.
    #[error("{path}: webhook: {error}")]
    Webhook {
        /// Where it is.
        path: String,
        /// What is wrong.
        error: WebhookError,
    },
}

impl RulesFile {
    /// Reads it for the first time.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let text = read(path);
        let current = Arc::new(take(path, &text)?);
        tracing::info!(rules = current.rules.rules.len(), "rules of alerts are in force");
        Ok(Self { path: path.to_owned(), current, seen: text.clone(), taken: text })
    }

    /// Those in force.
    pub(crate) fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current)
    }

    /// Looks whether the file has changed; says what came of that, if something did. A change counts when it is seen
    /// twice: some write a file in pieces. What can't be read leaves the rules as they were.
    pub(crate) fn look(&mut self) -> Option<Result<(), FileError>> {
        let text = read(&self.path);
        let is_settled = self.seen == text;
        self.seen = text;
        if !is_settled || self.taken == self.seen {
            return None;
        }
        self.taken = self.seen.clone();
        Some(take(&self.path, &self.seen).map(|current| self.current = Arc::new(current)))
    }
}

/// The file, and the secret that it names.
fn read(path: &Path) -> Text {
    let text =
        |path: &Path| std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()));
    let rules = text(path)?;
    // What can't be parsed is said when it is taken.
    let webhook = Rules::parse(&rules).ok().and_then(|rules| rules.webhook);
    let secret = match webhook {
        Some(webhook) => text(&path.parent().unwrap_or(Path::new("")).join(webhook.secret_file))?,
        None => String::new(),
    };
    Ok((rules, secret))
}

fn take(path: &Path, text: &Text) -> Result<Current, FileError> {
    let (text, secret) = text.as_ref().map_err(|error| FileError::Unreadable(error.clone()))?;
    let path = || path.display().to_string();
    let rules = Rules::parse(text).map_err(|error| FileError::Rules { path: path(), error })?;
    let webhook = rules.webhook.as_ref().map(|webhook| Webhook::new(&webhook.url, secret.trim())).transpose();
    let webhook = webhook.map_err(|error| FileError::Webhook { path: path(), error })?;
    Ok(Current { rules, webhook, since: Timestamp::now() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAG: &str = "[[rule]]\nname = \"lag\"\nlag_over = 1\n";
    const WEBHOOK: &str = "[webhook]\nurl = \"http://127.0.0.1:9/\"\nsecret_file = \"secret\"\n";

    #[test]
    fn a_change_that_cant_be_read_leaves_the_rules_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts.toml");
        let write = |text: &str| std::fs::write(&path, text).unwrap();
        assert!(RulesFile::open(&path).is_err_and(|error| error.to_string().contains("alerts.toml")));
        write("[[rule]]\nname = \"bad\"\n");
        let error = RulesFile::open(&path).err().unwrap().to_string();
        assert!(error.contains("alerts.toml: rule \"bad\": it must have one of"), "{error}");

        write(LAG);
        let mut file = RulesFile::open(&path).unwrap();
        let names = |file: &RulesFile| {
            file.current().rules.rules.iter().map(|it| it.name.clone()).collect::<Vec<_>>()
        };
        assert!(file.look().is_none());
        write("[[rule]]\nname = \"lag\"\nlag_over = \"many\"\n");
        assert!(file.look().is_none(), "it may be written still");
        let error = file.look().unwrap().unwrap_err().to_string();
        assert!(error.contains("rule \"lag\": invalid type"), "{error}");
        assert!(file.look().is_none() && names(&file) == ["lag"], "it is said once");

        write(&[LAG, &LAG.replace("lag\"", "more\"")].concat());
        assert!(file.look().is_none());
        file.look().unwrap().unwrap();
        assert_eq!(names(&file), ["lag", "more"]);
        std::fs::remove_file(&path).unwrap();
        assert!(file.look().is_none());
        assert!(file.look().unwrap().is_err() && names(&file) == ["lag", "more"]);
    }

    #[test]
    fn the_secret_stands_beside_the_file_and_is_read_again_too() {
        let folder = tempfile::tempdir().unwrap();
        let (path, secret) = (folder.path().join("alerts.toml"), folder.path().join("secret"));
        std::fs::write(&path, WEBHOOK).unwrap();
        let error = RulesFile::open(&path).err().unwrap().to_string();
        assert!(error.contains("secret"), "{error}");
        std::fs::write(&secret, "\n").unwrap();
        let error = RulesFile::open(&path).err().unwrap().to_string();
        assert!(error.contains("the secret is empty"), "{error}");
        std::fs::write(&secret, "one\n").unwrap();
        let mut file = RulesFile::open(&path).unwrap();
        std::fs::write(&secret, "two\n").unwrap();
        assert!(file.look().is_none());
        file.look().unwrap().unwrap();
    }
}
