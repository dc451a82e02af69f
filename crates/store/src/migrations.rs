//! The tables' history: numbered files, each applied once and recorded with its checksum.

use clickhouse::{Client, Row};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::config::Config;
use crate::{Store, StoreError, within};

/// The files of `migrations/`, in order. A file that was released is never changed.
const FILES: [(&str, &str); 1] = [("0001_events", include_str!("../../../migrations/0001_events.sql"))];

/// Rows that are read for one: a quarter of ClickHouse's default makes reads of one event or conversation
/// a third faster, and scans no slower. A table keeps the one that it was made with.
const INDEX_GRANULARITY: u32 = 2_048;

const CREATE_DATABASE: &str = "CREATE DATABASE IF NOT EXISTS {database} {on_cluster}";
const CREATE_RECORD: &str = "
    CREATE TABLE IF NOT EXISTS {database}.schema_migrations {on_cluster}
    (name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
    ENGINE = {replicated}ReplacingMergeTree ORDER BY name {record_settings}";
const APPLIED: &str =
    "SELECT name, any(checksum) AS checksum FROM schema_migrations GROUP BY name ORDER BY name";
const RECORD: &str = "INSERT INTO schema_migrations (name, checksum) SELECT ?, ?";

#[derive(Row, Deserialize)]
struct Applied {
    name: String,
    checksum: String,
}

impl Store {
    /// Brings the database up to date. Safe to run from many processes at once: each file says
    /// `IF NOT EXISTS`, and recording one twice is recording it once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.run_ddl(&self.client.clone().with_database(""), CREATE_DATABASE).await?;
        self.run_ddl(&self.client, CREATE_RECORD).await?;
        let applied: Vec<Applied> = within(self.timeout(), self.client.query(APPLIED).fetch_all()).await?;
        let applied: Vec<_> = applied.iter().map(|row| (row.name.as_str(), row.checksum.as_str())).collect();
        for (name, sql) in pending(&FILES, &applied)? {
            self.run_ddl(&self.client, sql).await?;
            within(self.timeout(), self.client.query(RECORD).bind(name).bind(checksum(sql)).execute())
                .await?;
            tracing::info!(migration = name, "applied a migration");
        }
        Ok(())
    }

    async fn run_ddl(&self, client: &Client, template: &str) -> Result<(), StoreError> {
        let statement = client.query_raw(&substitute(template, &self.config));
        within(self.timeout(), statement.execute()).await.map_err(StoreError::in_full)
    }
}

/// The files not applied yet; an error if the database was made by other files.
fn pending<'a>(
    files: &'a [(&'a str, &'a str)],
    applied: &[(&str, &str)],
) -> Result<Vec<(&'a str, &'a str)>, StoreError> {
    for (name, recorded) in applied {
        let Some((_, sql)) = files.iter().find(|(file, _)| file == name) else {
            return Err(StoreError::Migration(format!(
                "the database has migration {name}, which this version does not know: run the version that made it, or a newer one"
            )));
        };
        if checksum(sql) != *recorded {
            return Err(StoreError::Migration(format!(
                "migration {name} was changed after it was applied: a released migration must stay as it is"
            )));
        }
    }
    Ok(files.iter().filter(|(file, _)| !applied.iter().any(|(name, _)| name == file)).copied().collect())
}

/// Fills in what depends on the set-up. The configuration lets only plain names through.
fn substitute(template: &str, config: &Config) -> String {
    let on_cluster = config.cluster.as_ref().map_or_else(String::new, |name| format!("ON CLUSTER {name}"));
    let replicated = if config.cluster.is_some() { "Replicated" } else { "" };
    let fsync = if config.fsync { "fsync_after_insert = 1, fsync_part_directory = 1" } else { "" };
    let granularity = format!("index_granularity = {INDEX_GRANULARITY}");
    template
        .replace("{database}", &config.database)
        .replace("{on_cluster}", &on_cluster)
        .replace("{replicated}", replicated)
        .replace("{settings}", &settings(&[&granularity, fsync]))
        .replace("{record_settings}", &settings(&[fsync]))
}

/// Those of a table, if it has any of its own.
fn settings(all: &[&str]) -> String {
    let given: Vec<_> = all.iter().copied().filter(|setting| !setting.is_empty()).collect();
    if given.is_empty() { String::new() } else { format!("SETTINGS {}", given.join(", ")) }
}

/// SHA-256 of the file as it is in the repository, in hexadecimal.
fn checksum(sql: &str) -> String {
    Sha256::digest(sql).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: (&str, &str) = ("0001_a", "CREATE a");
    const NEW: (&str, &str) = ("0002_b", "CREATE b");

    #[test]
    fn only_what_was_not_applied_is_pending() {
        let old = checksum(OLD.1);
        assert_eq!(pending(&[OLD, NEW], &[]).unwrap(), [OLD, NEW]);
        assert_eq!(pending(&[OLD, NEW], &[(OLD.0, &old)]).unwrap(), [NEW]);
    }

    #[test]
    fn a_changed_file_and_a_table_from_the_future_are_refused() {
        let old = checksum(OLD.1);
        let changed = pending(&[OLD], &[(OLD.0, "0000")]).unwrap_err();
        assert!(changed.to_string().contains("0001_a was changed"));
        let future = pending(&[OLD], &[(OLD.0, &old), (NEW.0, "0000")]).unwrap_err();
        assert!(future.to_string().contains("0002_b, which this version does not know"));
    }

    #[test]
    fn a_cluster_gets_a_replicated_table() {
        let cluster = Config { cluster: Some("main".into()), ..Config::default() };
        let sql = substitute(FILES[0].1, &cluster);
        assert!(sql.contains("event_analytics.events ON CLUSTER main"));
        assert!(sql.contains("ENGINE = ReplicatedReplacingMergeTree(version, is_deleted)"));
        assert!(!substitute(FILES[0].1, &Config::default()).contains('{') || sql.contains("'{}'"));
    }
}
