//! Where users come from.

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{MAX_ROWS, texts};
use crate::range::{BucketStart, START};
use crate::{Grid, Limits, Scope, Store, StoreError};

const REGISTRATIONS: &str = "
    SELECT /* start */ AS start, if(referral = '', 'organic', referral) AS source,
        if(registration = '', 'email', registration) AS method, count() AS registrations
    FROM (
        SELECT /* bucket */ AS bucket, referral, registration FROM {events}
        WHERE event_name = 'user.registered')
    GROUP BY start, source, method
    ORDER BY start, source, method";

/// Registrations that began alike.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Registrations {
    /// When their bucket begins.
    #[schema(value_type = String, format = DateTime)]
    pub start: BucketStart,
    /// What referred them; `organic` if nothing did.
    #[schema(example = "newsletter")]
    pub source: String,
    /// How they registered; `email` if nobody says.
    #[schema(example = "google")]
    pub method: String,
    /// `user.registered` events.
    pub registrations: u64,
}

#[derive(Row, Deserialize)]
struct RegistrationsRow {
    start: i64,
    source: String,
    method: String,
    registrations: u64,
}

impl Store {
    /// By bucket, oldest first. Rows without any are left out; too many are too large.
    pub async fn acquisition(
        &self,
        scope: &Scope<'_>,
        grid: &Grid,
    ) -> Result<Vec<Registrations>, StoreError> {
        let columns = texts(&[("referral", "referral_source"), ("registration", "registration_method")]);
        let sql = REGISTRATIONS.replace("/* start */", START).replace("/* bucket */", &grid.bucket());
        let limits = Limits { rows: MAX_ROWS as u64, ..scope.limits };
        let scope = Scope { limits, ..scope.clone() };
        let rows: Vec<RegistrationsRow> = self.ask_besides(&scope, &sql, columns).fetch_all().await?;
        let row = |row: RegistrationsRow| {
            let RegistrationsRow { start, source, method, registrations } = row;
            Some(Registrations { start: grid.start_of(start)?, source, method, registrations })
        };
        Ok(rows.into_iter().filter_map(row).collect())
    }
}
