//! Rolls the money of hours up.

use std::collections::BTreeMap;

use clickhouse::Row;
use serde::Deserialize;
use tokio::time::timeout;

use super::row::MoneyRow;
use crate::fold::revenue::{Hour, NAMES, Said};
use crate::insert::SETTINGS;
use crate::rollup::compute::{EVENTS, of_hours};
use crate::rollup::{Dirty, HOUR_MS, HOUR_S};
use crate::{Store, StoreError, within};

/// In the order of events.
const TYPED: &str = "
    SELECT toUnixTimestamp64Milli(created_at) AS at, event_name, properties FROM /* events */
        AND event_name IN {names:Array(String)}
    ORDER BY created_at, UUIDToNum(id)";

#[derive(Row, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct TypedRow<'a> {
    /// In milliseconds.
    at: i64,
    event_name: &'a str,
    properties: &'a str,
}

impl Store {
    /// Rolls up the money of hours of one tenant, which covers the marks that were counted of them. An hour of which
    /// more would have to be held than may be gets no row, and is read from its events.
    pub(in crate::rollup) async fn roll_up_money(&self, hours: &[Dirty]) -> Result<(), StoreError> {
        let limit = 4 * self.timeout();
        let folds = self.money_of(hours).await?;
        let insert = within(self.timeout(), self.writer.insert::<MoneyRow<'_>>("rollup_money")).await?;
        let insert = insert.with_timeouts(Some(self.timeout()), Some(limit));
        let mut insert =
            SETTINGS.into_iter().fold(insert, |insert, (name, value)| insert.with_setting(name, value));
        for Dirty { hour, marks, .. } in hours {
            if let Some(Some(fold)) = folds.get(&hour.start) {
                insert.write(&MoneyRow::new(hour.tenant.as_str(), hour.start, *marks, fold)).await?;
            }
        }
        Ok(insert.end().await?)
    }

    /// What the events of each hour come to, however many marks it has; none where that is too much.
    pub(super) async fn money_of(&self, hours: &[Dirty]) -> Result<BTreeMap<u32, Option<Hour>>, StoreError> {
        let limit = 4 * self.timeout();
        timeout(limit, self.fold_money_of(hours)).await.map_err(|_| StoreError::no_answer(limit))?
    }

    async fn fold_money_of(&self, hours: &[Dirty]) -> Result<BTreeMap<u32, Option<Hour>>, StoreError> {
        let mut folds: BTreeMap<_, _> =
            hours.iter().map(|dirty| (dirty.hour.start, Some(Hour::default()))).collect();
        let query = self.roller.query_raw(&TYPED.replace("/* events */", EVENTS));
        // Sorted when they are read: in the order of the table one thread reads them all.
        let query = query.with_setting("optimize_read_in_order", "0").param("names", NAMES.as_slice());
        let mut rows = of_hours(query, hours).fetch::<TypedRow<'_>>()?;
        while let Some(row) = rows.next().await? {
            let start = u32::try_from(row.at / HOUR_MS * i64::from(HOUR_S)).unwrap_or_default();
            let Some(fold) = folds.get_mut(&start) else { continue };
            let said = Said::of(row.event_name, row.properties);
            if fold.as_mut().is_some_and(|hour| hour.add(row.at % HOUR_MS, &said).is_err()) {
                tracing::warn!(hour = start, "the money of an hour is too much to be rolled up");
                *fold = None;
            }
        }
        Ok(folds)
    }
}
