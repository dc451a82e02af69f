//! The table as it is, by queries of the auditor's own.

use std::collections::BTreeMap;

use clickhouse::{Client, Compression};
use model::{EventId, EventKey, Tenant};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::AsyncBufReadExt;

use crate::AuditError;
use crate::columns::FIELDS;

const LIVE: &str = "
    SELECT tenant, id, source, idempotency_keys,
        toUnixTimestamp64Milli(created_at) AS created_ms,
        toUnixTimestamp64Milli(received_at) AS received_ms,
        toUnixTimestamp64Milli(updated_at) AS updated_ms,
        {fields}
    FROM events FINAL";

/// FINAL would hide them.
const TOMBSTONES: &str = "
    SELECT tenant, id FROM events
    GROUP BY tenant, created_at, id
    HAVING argMax(is_deleted, version) = 1";

/// Every row of one event that is still there.
const VERSIONS: &str = "
    SELECT * FROM events WHERE tenant = {tenant:String} AND id = {id:UUID} ORDER BY version";

/// The table of an installation.
pub struct Table {
    client: Client,
}

/// A live event, as the table has it. Times are in milliseconds since the Unix epoch.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) key: EventKey,
    pub(crate) source: String,
    pub(crate) created_at: i64,
    pub(crate) received_at: i64,
    pub(crate) updated_at: i64,
    /// The JSON of each.
    pub(crate) fields: BTreeMap<&'static str, Box<RawValue>>,
    pub(crate) idempotency_keys: Vec<u64>,
}

pub(crate) type Columns<'a> = BTreeMap<&'a str, &'a RawValue>;

impl Table {
    /// The table in the database of this configuration.
    pub fn new(config: &store::Config) -> Result<Self, store::ConfigError> {
        let mut client = Client::default()
            .with_url(config.url()?)
            .with_database(&config.database)
            .with_user(&config.user)
            .with_compression(Compression::None)
            .with_setting("do_not_merge_across_partitions_select_final", "1")
            .with_setting("output_format_json_quote_64bit_integers", "0");
        if !config.password.is_empty() {
            client = client.with_password(&config.password);
        }
        Ok(Self { client })
    }

    /// Hands every row that a reader sees to `take`.
    pub(crate) async fn live(&self, mut take: impl FnMut(Row)) -> Result<(), AuditError> {
        let fields: Vec<_> = FIELDS.iter().map(|(name, _)| *name).collect();
        self.each(&LIVE.replace("{fields}", &fields.join(", ")), |columns| {
            take(Row {
                key: key(columns)?,
                source: column(columns, "source")?,
                idempotency_keys: column(columns, "idempotency_keys")?,
                created_at: column(columns, "created_ms")?,
                received_at: column(columns, "received_ms")?,
                updated_at: column(columns, "updated_ms")?,
                fields: FIELDS
                    .iter()
                    .filter_map(|(name, _)| Some((*name, (*columns.get(name)?).to_owned())))
                    .collect(),
            });
            Ok(())
        })
        .await
    }

    /// Hands every deleted event to `take`.
    pub(crate) async fn tombstones(&self, mut take: impl FnMut(EventKey)) -> Result<(), AuditError> {
        self.each(TOMBSTONES, |columns| {
            take(key(columns)?);
            Ok(())
        })
        .await
    }

    /// All rows of an event, those that don't count included, a line each.
    pub(crate) async fn versions(&self, key: &EventKey) -> Result<String, AuditError> {
        let query = self.client.query_raw(VERSIONS);
        let query = query.param("tenant", key.tenant.as_str()).param("id", key.id.to_string());
        let bytes = query.fetch_bytes("JSONEachRow")?.collect().await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Hands every line of an answer to `take`.
    pub(crate) async fn each(
        &self,
        sql: &str,
        mut take: impl FnMut(&Columns<'_>) -> Result<(), AuditError>,
    ) -> Result<(), AuditError> {
        let mut lines = self.client.query_raw(sql).fetch_bytes("JSONEachRow")?.lines();
        while let Some(line) = lines.next_line().await? {
            let columns: Columns<'_> =
                serde_json::from_str(&line).map_err(|error| AuditError::Row(error.to_string()))?;
            take(&columns)?;
        }
        Ok(())
    }
}

fn key(columns: &Columns<'_>) -> Result<EventKey, AuditError> {
    let (tenant, id): (String, String) = (column(columns, "tenant")?, column(columns, "id")?);
    let tenant = Tenant::parse(&tenant).map_err(|error| AuditError::Row(format!("{tenant:?}: {error}")))?;
    let id = EventId::parse(&id).map_err(|error| AuditError::Row(format!("{id:?}: {error}")))?;
    Ok(EventKey { tenant, id })
}

/// A column of a line.
pub(crate) fn column<'a, T: Deserialize<'a>>(columns: &Columns<'a>, name: &str) -> Result<T, AuditError> {
    let json = columns.get(name).map_or("null", |json| json.get());
    serde_json::from_str(json).map_err(|error| AuditError::Row(format!("{name}: {error}")))
}
