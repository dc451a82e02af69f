//! Who there are events of. The one question that is not about one tenant: for those who may see all.

use model::Tenant;

use crate::{Store, StoreError, within};

/// Whose hours were ever written to: of that there is one row an hour, of events there are many.
const TENANTS: &str = "SELECT DISTINCT tenant FROM bucket_marks ORDER BY tenant LIMIT 1000";

impl Store {
    /// At most a thousand, by name.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        let names = within(self.timeout(), self.reader.query(TENANTS).fetch_all::<String>()).await?;
        // Nobody else could name the others.
        Ok(names.iter().filter_map(|name| Tenant::parse(name).ok()).collect())
    }
}
