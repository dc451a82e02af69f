//! What is sold most.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::filled;
use crate::fold::products::{Key, NAME, Products, Sales};
use crate::money::Money;
use crate::{Scope, Store, StoreError};

/// By what products are ordered, greatest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProductOrder {
    /// `revenue`, whatever its currency.
    #[default]
    Revenue,
    /// `units`
    Units,
}

/// A product in one currency.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct ProductRow {
    /// Null if the items don't say it, like the others.
    pub product_id: Option<String>,
    /// The stock-keeping unit.
    pub sku: Option<String>,
    /// What it was called last.
    pub name: Option<String>,
    /// The currency of its orders.
    #[schema(example = "EUR")]
    pub currency: Option<String>,
    /// How many were ordered.
    pub units: i64,
    /// The sum of its items' `total_price`.
    #[schema(value_type = f64)]
    pub revenue: Money,
    /// Orders that it is among, by their ids.
    pub orders: u64,
    /// Items whose price can't be read.
    pub unreadable: u64,
}

impl Store {
    /// The products of the orders that were created, greatest first, at most `limit`.
    pub async fn products(
        &self,
        scope: &Scope<'_>,
        order: ProductOrder,
        limit: usize,
    ) -> Result<Vec<ProductRow>, StoreError> {
        let mut products = Products::default();
        let mut rows = self.typed(scope, &[NAME])?;
        while let Some(row) = rows.next().await? {
            products.add(row.order(), row.properties)?;
        }
        let mut sales: Vec<_> = products.sales().collect();
        sales.sort_by(|(a_key, a), (b_key, b)| {
            let greater = match order {
                ProductOrder::Revenue => b.revenue.cmp(&a.revenue),
                ProductOrder::Units => b.units.cmp(&a.units),
            };
            greater.then_with(|| a_key.cmp(b_key))
        });
        Ok(sales.into_iter().take(limit).map(row).collect())
    }
}

fn row((key, sales): (Key, Sales)) -> ProductRow {
    ProductRow {
        product_id: filled(key.product_id),
        sku: filled(key.sku),
        name: filled(sales.name),
        currency: filled(key.currency),
        units: sales.units,
        revenue: sales.revenue,
        orders: sales.orders,
        unreadable: sales.unreadable,
    }
}
