//! One event by its id.

use std::slice;

use model::EventKey;

use crate::{Store, StoreError, Stored};

impl Store {
    /// What the table holds of this event. The id says where in the table it is.
    pub async fn event(&self, key: &EventKey) -> Result<Option<Stored<'static>>, StoreError> {
        Ok(self.lookup(slice::from_ref(key)).await?.remove(key))
    }
}
