//! Whose events are taken in.

use model::Tenant;

use crate::config::listed;

/// Some tenants, or all.
#[derive(Debug)]
pub(crate) enum Tenants {
    Any,
    Listed(Vec<Tenant>),
}

impl Tenants {
    /// Reads `a,b,c`, or `*` for any.
    pub(crate) fn parse(list: &str) -> anyhow::Result<Self> {
        if list.trim() == "*" {
            return Ok(Self::Any);
        }
        let tenants = listed(list).into_iter().map(Tenant::parse).collect::<Result<Vec<_>, _>>();
        match tenants {
            Ok(tenants) if !tenants.is_empty() => Ok(Self::Listed(tenants)),
            _ => anyhow::bail!("REDIS_TENANTS must be * or a list of tenants, not {list:?}"),
        }
    }

    pub(crate) fn allow(&self, tenant: &Tenant) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(tenants) => tenants.contains(tenant),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_allows_what_it_names_and_a_star_any() {
        let allows =
            |list: &str, name: &str| Tenants::parse(list).unwrap().allow(&Tenant::parse(name).unwrap());
        assert!(allows("*", "acme") && allows(" acme, default ", "default") && !allows("acme", "acme2"));
        for list in ["", " , ", "acme,no such", "acme,*"] {
            let error = Tenants::parse(list).unwrap_err().to_string();
            assert!(error.contains("REDIS_TENANTS"), "{error}");
        }
    }
}
