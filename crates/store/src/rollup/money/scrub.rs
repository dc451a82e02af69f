//! Whether the money of an hour is what its events say.

use super::row::MoneyRow;
use crate::rollup::{Dirty, Hour};
use crate::{Store, StoreError};

const SAID: &str = "
    SELECT tenant, toUnixTimestamp(hour) AS hour, covered, entries, no_currency, no_location, orders
    FROM rollup_money FINAL
    WHERE tenant = {tenant:String} AND hour = toDateTime({start:UInt32}, 'UTC')";

impl Store {
    /// Whether there is a row of the hour which is not what its events come to.
    pub(in crate::rollup) async fn money_differs(&self, hour: &Hour) -> Result<bool, StoreError> {
        let folds =
            self.money_of(&[Dirty { hour: hour.clone(), marks: 0, events: 0, counted_at: 0 }]).await?;
        let Some(Some(fold)) = folds.get(&hour.start) else { return Ok(false) };
        // The client library knows no names in tuples.
        let query =
            self.roller.clone().with_validation(false).query_raw(SAID).param("tenant", hour.tenant.as_str());
        let mut rows = query.param("start", hour.start).fetch::<MoneyRow<'_>>()?;
        let said = rows.next().await?;
        Ok(said
            .is_some_and(|said| said != MoneyRow::new(hour.tenant.as_str(), hour.start, said.covered, fold)))
    }
}
