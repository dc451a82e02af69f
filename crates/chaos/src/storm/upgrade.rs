//! A rolling upgrade halfway: a version to come has altered the table, and only the present one runs.

use clickhouse::{Client, Compression};

/// The number of the migration to come: the one behind the last that the present version knows.
const NEXT: &str = "SELECT toUInt16(max(toUInt16OrZero(substring(name, 1, 4))) + 1) FROM schema_migrations";

/// In one statement, so that the table takes no row that lacks the column.
const ALTER: &str = "
    ALTER TABLE events
        ADD COLUMN IF NOT EXISTS storm_extra String DEFAULT 'none' AFTER context,
        ADD CONSTRAINT IF NOT EXISTS schema_{next} CHECK schema_version >= {next}";
const RECORD: &str = "INSERT INTO schema_migrations (name, checksum) SELECT '{name}', repeat('0', 64)";

const ALTER_BACK: &str = "
    ALTER TABLE events DROP CONSTRAINT IF EXISTS schema_{next}, DROP COLUMN IF EXISTS storm_extra";
const FORGET: &str = "ALTER TABLE schema_migrations DELETE WHERE name = '{name}'";

/// ClickHouse itself, by no way that can go bad.
pub(super) struct Upgrade {
    client: Client,
}

impl Upgrade {
    /// Of the tables of a ClickHouse at this address.
    pub(super) fn new(url: &str, database: &str) -> Self {
        let client = Client::default().with_url(url).with_database(database);
        let client = client.with_compression(Compression::None).with_setting("mutations_sync", "2");
        Self { client }
    }

    /// Does what the first process of a version to come does. Gives the number of its migration.
    pub(super) async fn begin(&self) -> clickhouse::error::Result<u16> {
        let next = self.client.query(NEXT).fetch_one().await?;
        self.run(ALTER, next).await?;
        self.run(RECORD, next).await?;
        Ok(next)
    }

    /// Undoes the migration of this number.
    pub(super) async fn take_back(&self, number: u16) -> clickhouse::error::Result<()> {
        self.run(ALTER_BACK, number).await?;
        self.run(FORGET, number).await
    }

    async fn run(&self, sql: &str, next: u16) -> clickhouse::error::Result<()> {
        let sql = sql.replace("{name}", &format!("{next:04}_storm")).replace("{next}", &next.to_string());
        self.client.query_raw(&sql).execute().await
    }
}
