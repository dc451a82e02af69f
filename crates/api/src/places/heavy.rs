//! How many heavy questions each tenant asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::Tenant;

use crate::error::ApiError;

/// Those that are being answered, by tenant; a tenant without one takes no memory.
pub(super) struct Heavy {
    most: u32,
    asked: Arc<Asked>,
}

#[derive(Default)]
struct Asked(Mutex<HashMap<Tenant, u32>>);

/// The place of one question.
pub(super) struct HeavyPermit {
    tenant: Tenant,
    asked: Arc<Asked>,
}

impl Heavy {
    /// So many of each tenant.
    pub(super) fn new(most: u32) -> Self {
        Self { most, asked: Arc::default() }
    }

    /// A place among those of the tenant; the error is a 429.
    pub(super) fn take(&self, tenant: &Tenant) -> Result<HeavyPermit, ApiError> {
        let mut asked = self.asked.locked();
        let count = asked.entry(tenant.clone()).or_default();
        if *count >= self.most {
            return Err(ApiError::TooMany(format!(
                "{} questions of this tenant are being answered: please retry",
                self.most
            )));
        }
        *count += 1;
        Ok(HeavyPermit { tenant: tenant.clone(), asked: Arc::clone(&self.asked) })
    }
}

impl Drop for HeavyPermit {
    fn drop(&mut self) {
        let mut asked = self.asked.locked();
        if let Some(count) = asked.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                asked.remove(&self.tenant);
            }
        }
    }
}

impl Asked {
    fn locked(&self) -> MutexGuard<'_, HashMap<Tenant, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_takes_no_place_of_another() {
        let heavy = Heavy::new(2);
        let [acme, globex] = ["acme", "globex"].map(|name| Tenant::parse(name).unwrap());
        let [first, second] = [&acme, &acme].map(|tenant| heavy.take(tenant).unwrap());
        assert!(matches!(heavy.take(&acme), Err(ApiError::TooMany(_))));
        drop(heavy.take(&globex).unwrap());
        drop(first);
        drop(heavy.take(&acme).unwrap());
        drop(second);
        assert!(heavy.asked.locked().is_empty());
    }
}
