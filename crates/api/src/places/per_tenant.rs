//! How many places each tenant has taken, of those of which it has few.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::Tenant;

/// Those that are taken, by tenant; a tenant without one takes no memory.
pub(super) struct PerTenant {
    most: u32,
    taken: Arc<Taken>,
}

#[derive(Default)]
struct Taken(Mutex<HashMap<Tenant, u32>>);

/// The place of one request.
pub(super) struct TenantPermit {
    tenant: Tenant,
    taken: Arc<Taken>,
}

impl PerTenant {
    /// So many of each tenant.
    pub(super) fn new(most: u32) -> Self {
        Self { most, taken: Arc::default() }
    }

    /// How many a tenant has.
    pub(super) fn most(&self) -> u32 {
        self.most
    }

    /// A place among those of the tenant; `None` if all are taken.
    pub(super) fn take(&self, tenant: &Tenant) -> Option<TenantPermit> {
        let mut taken = self.taken.locked();
        let count = taken.entry(tenant.clone()).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(TenantPermit { tenant: tenant.clone(), taken: Arc::clone(&self.taken) })
    }
}

impl Drop for TenantPermit {
    fn drop(&mut self) {
        let mut taken = self.taken.locked();
        if let Some(count) = taken.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.tenant);
            }
        }
    }
}

impl Taken {
    fn locked(&self) -> MutexGuard<'_, HashMap<Tenant, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_takes_no_place_of_another() {
        let places = PerTenant::new(2);
        let [acme, globex] = ["acme", "globex"].map(|name| Tenant::parse(name).unwrap());
        let [first, second] = [&acme, &acme].map(|tenant| places.take(tenant).unwrap());
        assert!(places.take(&acme).is_none());
        drop(places.take(&globex).unwrap());
        drop(first);
        drop(places.take(&acme).unwrap());
        drop(second);
        assert!(places.taken.locked().is_empty());
    }
}
