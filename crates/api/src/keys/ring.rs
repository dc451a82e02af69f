//! The keys that are known: those of the configuration, and those of a file that may change meanwhile.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::sleep;

use super::Keys;

/// How often the file of keys is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The keys of the configuration and those of its file, as last read.
pub(crate) struct KeyRing {
    configured: Keys,
    file: Option<PathBuf>,
    current: RwLock<Arc<Keys>>,
}

impl KeyRing {
    /// `None` if neither keys nor a file are configured. An error is a key or a file that can't be read. An empty
    /// file lets nobody in.
    pub(crate) fn new(configured: &str, file: Option<&Path>) -> anyhow::Result<Option<Self>> {
        if configured.is_empty() && file.is_none() {
            return Ok(None);
        }
        let configured = Keys::parse(configured).map_err(|error| anyhow::anyhow!("API_KEYS: {error}"))?;
        let ring = Self { configured, file: file.map(Path::to_owned), current: RwLock::default() };
        let text = ring.read().map_err(|error| anyhow::anyhow!("API_KEYS_FILE: {error}"))?;
        let variable = if ring.file.is_some() { "API_KEYS_FILE" } else { "API_KEYS" };
        let keys = ring.take(&text).map_err(|error| anyhow::anyhow!("{variable}: {error}"))?;
        tracing::info!(keys, "keys are asked for");
        Ok(Some(ring))
    }

    /// Those that are known now.
    pub(crate) fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the file of keys again when it changes, for ever. A change counts when it is seen twice: some write a
    /// file in pieces.
    pub(crate) async fn watch(&self) {
        if self.file.is_none() {
            return std::future::pending().await;
        }
        let (mut taken, mut seen) = (None, None);
        loop {
            sleep(LOOK_EVERY).await;
            let read = self.read();
            let settled = seen.as_ref() == Some(&read);
            // What can't be read is said once, and the keys stay as they were.
            if settled && taken.as_ref() != Some(&read) {
                match read.clone().and_then(|text| self.take(&text)) {
                    Ok(keys) => tracing::info!(keys, "the keys were read"),
                    Err(error) => {
                        tracing::error!(error, "the keys could not be read: they stay as they were");
                    }
                }
                taken = Some(read.clone());
            }
            seen = Some(read);
        }
    }

    /// The text of the file; nothing if there is none. The error names it.
    fn read(&self) -> Result<String, String> {
        let Some(file) = &self.file else { return Ok(String::new()) };
        std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
    }

    /// From now on these keys are known, and those of the configuration; tells how many.
    fn take(&self, text: &str) -> Result<usize, String> {
        let keys = self.configured.and(Keys::parse(text)?)?;
        let count = keys.len();
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use model::Tenant;

    use super::*;
    use crate::keys::{Entry, Scopes};

    // `printf secret | sha256sum`
    const SECRET: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

    #[test]
    fn a_file_that_cant_be_read_leaves_the_keys_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        let error = |keys, file| KeyRing::new(keys, file).err().unwrap().to_string();
        assert!(error("", Some(&*file)).starts_with("API_KEYS_FILE: "));
        std::fs::write(&file, "acme").unwrap();
        assert!(error("", Some(&*file)).starts_with("API_KEYS_FILE: entry 1: "));
        assert!(error("acme", None).starts_with("API_KEYS: entry 1: "));

        std::fs::write(&file, "").unwrap();
        let ring = KeyRing::new(&format!("acme:read:{SECRET}"), Some(&file)).unwrap().unwrap();
        let is_known = || ring.keys().find(b"secret").is_some();
        assert!(ring.take("acme").is_err() && is_known());
        assert!(ring.take(&format!("b:admin:{SECRET}")).unwrap_err().contains("the same key") && is_known());
        let (_, other) = Entry::generate(Tenant::default(), Scopes::ALL);
        assert_eq!(ring.take(&other.to_string()), Ok(2));
    }
}
