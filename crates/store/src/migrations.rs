//! The tables' history: numbered files, each applied once and recorded with its checksum.

use std::time::Duration;

use clickhouse::{Client, Row};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::config::Config;
use crate::{Store, StoreError, within};

/// The files of `migrations/`, in order. A file that was released is never changed. Each statement but the last
/// ends with a semicolon at the end of its line, and can be repeated: a file whose statements were not all made
/// is made again from its first.
const FILES: [(&str, &str); 12] = [
    ("0001_events", include_str!("../../../migrations/0001_events.sql")),
    ("0002_idempotency_keys", include_str!("../../../migrations/0002_idempotency_keys.sql")),
    ("0003_write_buffers", include_str!("../../../migrations/0003_write_buffers.sql")),
    ("0004_mentions", include_str!("../../../migrations/0004_mentions.sql")),
    ("0005_alerts", include_str!("../../../migrations/0005_alerts.sql")),
    ("0006_words", include_str!("../../../migrations/0006_words.sql")),
    ("0007_months_at_rest", include_str!("../../../migrations/0007_months_at_rest.sql")),
    ("0008_rollups", include_str!("../../../migrations/0008_rollups.sql")),
    ("0009_conversation_hours", include_str!("../../../migrations/0009_conversation_hours.sql")),
    ("0010_rollup_money", include_str!("../../../migrations/0010_rollup_money.sql")),
    ("0011_slowest", include_str!("../../../migrations/0011_slowest.sql")),
    ("0012_alert_measures", include_str!("../../../migrations/0012_alert_measures.sql")),
];

/// The number of the last of them, which each row that is written bears.
///
/// A migration whose columns an older writer must not leave out says, in the same statement, `ADD CONSTRAINT
/// IF NOT EXISTS schema_<its number> CHECK schema_version >= <its number>`: from then on the table takes no
/// row of an older writer, and that writer knows the constraint by its name and holds. It must not take rows
/// away from readers: an older API goes on reading.
pub(crate) const SCHEMA_VERSION: u16 = 12;

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
    /// Brings the database up to date. Safe to run from many processes at once: each statement can be repeated,
    /// and recording a file twice is recording it once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.migrate_by(&FILES).await
    }

    async fn migrate_by(&self, files: &[(&str, &str)]) -> Result<(), StoreError> {
        self.run_ddl(&self.client.clone().with_database(""), CREATE_DATABASE).await?;
        self.run_ddl(&self.client, CREATE_RECORD).await?;
        for (name, sql) in pending(files, &self.applied().await?)? {
            for statement in statements(sql) {
                self.run_ddl(&self.client, statement).await?;
            }
            within(self.timeout(), self.client.query(RECORD).bind(name).bind(checksum(sql)).execute())
                .await?;
            tracing::info!(migration = name, "applied a migration");
        }
        Ok(())
    }

    /// Whether this program may write to the database as it is now: an error if files that it does not know
    /// were applied since it began.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        pending(&FILES, &self.applied().await?).map(drop)
    }

    async fn applied(&self) -> Result<Vec<Applied>, StoreError> {
        within(self.timeout(), self.client.query(APPLIED).fetch_all()).await
    }

    /// A cluster's servers may take as long as this does; else the answer would come before they are done.
    async fn run_ddl(&self, client: &Client, template: &str) -> Result<(), StoreError> {
        let limit = Duration::from_millis(self.config.ddl_timeout_ms);
        // Of all rows there are, which may be billions; begun again it would begin anew.
        let is_back_fill = template.lines().any(|line| line.starts_with("INSERT INTO {database}"));
        let limit = if is_back_fill { 100 * limit } else { limit };
        let ddl = client
            .query_raw(&substitute(template, &self.config))
            .with_setting("distributed_ddl_task_timeout", limit.as_secs().to_string());
        within(limit, ddl.execute()).await.map_err(StoreError::in_full)
    }
}

/// The files not applied yet; an error if the database was made by other files.
fn pending<'a>(
    files: &'a [(&'a str, &'a str)],
    applied: &[Applied],
) -> Result<Vec<(&'a str, &'a str)>, StoreError> {
    for Applied { name, checksum: recorded } in applied {
        let Some((_, sql)) = files.iter().find(|(file, _)| file == name) else {
            return Err(StoreError::Newer(format!(
                "the database has migration {name}, which this version does not know: run the version that made it, or a newer one"
            )));
        };
        if checksum(sql) != *recorded {
            return Err(StoreError::Migration(format!(
                "migration {name} was changed after it was applied: a released migration must stay as it is"
            )));
        }
    }
    Ok(files.iter().filter(|(file, _)| !applied.iter().any(|row| row.name == *file)).copied().collect())
}

/// The server takes one at a time.
fn statements(file: &str) -> impl Iterator<Item = &str> {
    let is_said =
        |statement: &&str| statement.lines().any(|line| !line.is_empty() && !line.starts_with("--"));
    file.split(";\n").map(|statement| statement.trim().trim_end_matches(';')).filter(is_said)
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
        .replace("{processes}", &config.processes())
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

    fn applied(rows: &[(&str, &str)]) -> Vec<Applied> {
        let row = |(name, checksum): &(&str, &str)| Applied {
            name: (*name).to_owned(),
            checksum: (*checksum).to_owned(),
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn only_what_was_not_applied_is_pending() {
        let old = checksum(OLD.1);
        assert_eq!(pending(&[OLD, NEW], &[]).unwrap(), [OLD, NEW]);
        assert_eq!(pending(&[OLD, NEW], &applied(&[(OLD.0, &old)])).unwrap(), [NEW]);
    }

    #[test]
    fn rows_bear_the_number_of_the_last_file() {
        let (last, _) = FILES[FILES.len() - 1];
        assert_eq!(last[..4].parse(), Ok(SCHEMA_VERSION));
        assert!(FILES.is_sorted());
    }

    #[test]
    fn a_file_has_any_number_of_statements() {
        let all = |file| statements(file).collect::<Vec<_>>();
        assert_eq!(all("CREATE a"), ["CREATE a"]);
        assert_eq!(
            all("-- Why; and how.\nCREATE a (b String DEFAULT ';');\n"),
            ["-- Why; and how.\nCREATE a (b String DEFAULT ';')"]
        );
        assert_eq!(
            all("CREATE a;\n\n-- More.\nALTER b\n  ADD c;\nALTER d;"),
            ["CREATE a", "-- More.\nALTER b\n  ADD c", "ALTER d"]
        );
        assert_eq!(all("CREATE a;\n-- The end.\n"), ["CREATE a"]);
        assert_eq!(all(""), [""; 0]);
    }

    #[tokio::test]
    async fn a_file_is_recorded_when_all_of_its_statements_are_made() {
        let url = tokio::task::spawn_blocking(testing::engine::url).await.unwrap().to_string();
        let config = Config { url: Some(url), database: testing::unique("store"), ..Config::default() };
        let store = Store::new(config).unwrap();
        store.migrate().await.unwrap();
        let broken =
            "CREATE TABLE IF NOT EXISTS {database}.a (n UInt8) ENGINE = Memory;\nALTER TABLE none;\n";
        let whole = "CREATE TABLE IF NOT EXISTS {database}.a (n UInt8) ENGINE = Memory;\n
            -- What the first version forgot.\nALTER TABLE {database}.a ADD COLUMN IF NOT EXISTS m UInt8;";
        let with = |last| FILES.into_iter().chain([("9999_a", last)]).collect::<Vec<_>>();
        store.migrate_by(&with(broken)).await.unwrap_err();
        store.client.query("SELECT n FROM a").execute().await.unwrap();
        store.check_schema().await.expect("the file is not recorded");
        store.migrate_by(&with(whole)).await.unwrap();
        store.client.query("SELECT n, m FROM a").execute().await.unwrap();
        assert!(matches!(store.check_schema().await, Err(StoreError::Newer(_))));
    }

    /// It is made again if the process ends before it is recorded.
    #[test]
    fn every_statement_can_be_repeated() {
        for (name, sql) in FILES {
            for statement in statements(sql) {
                let code: Vec<_> = statement.lines().filter(|line| !line.starts_with("--")).collect();
                let can = [
                    "IF NOT EXISTS",
                    "IF EXISTS",
                    "MODIFY SETTING",
                    "MODIFY COLUMN",
                    "INTO {database}.mentions",
                    "INTO {database}.bucket_marks",
                    "INTO {database}.conversation_hours",
                    "SELECT throwIf",
                ];
                let code = code.join(" ");
                assert!(can.iter().any(|word| code.contains(word)), "{name}: {code}");
            }
        }
    }

    #[test]
    fn a_changed_file_and_a_table_from_the_future_are_refused() {
        let old = checksum(OLD.1);
        let changed = pending(&[OLD], &applied(&[(OLD.0, "0000")])).unwrap_err();
        assert!(changed.to_string().contains("0001_a was changed"));
        let future = pending(&[OLD], &applied(&[(OLD.0, &old), (NEW.0, "0000")])).unwrap_err();
        assert!(matches!(future, StoreError::Newer(_)));
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
