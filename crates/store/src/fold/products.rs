//! What was ordered of each product, in each currency.

use std::collections::{HashMap, HashSet};

use super::{Held, TooMuch};
use crate::money::Money;
use crate::typed::Fields;

/// The event that it is made of.
pub(crate) const NAME: &str = "order.created";

/// What is summed up together; what nobody says is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) product_id: String,
    pub(crate) sku: String,
    pub(crate) currency: String,
}

/// What it comes to.
#[derive(Debug, Default)]
pub(crate) struct Sales {
    /// That of the latest order which has one.
    pub(crate) name: String,
    pub(crate) units: i64,
    pub(crate) revenue: Money,
    /// Different ids of orders.
    pub(crate) orders: u64,
    /// Items whose price can't be read.
    pub(crate) unreadable: u64,
    named: (i64, u128),
    order_ids: HashSet<String>,
}

/// Sums that grow order by order.
#[derive(Default)]
pub(crate) struct Products {
    sales: HashMap<Key, Sales>,
    held: Held,
}

impl Products {
    /// Adds an order that stands at this place in the order of events.
    pub(crate) fn add(&mut self, order: (i64, u128), properties: &str) -> Result<(), TooMuch> {
        let fields = Fields::of(properties);
        let (order_id, currency) = (fields.text("order_id"), fields.text("currency"));
        for item in fields.list("items") {
            let text = |name| item.text(name).to_string();
            let key =
                Key { product_id: text("product_id"), sku: text("sku"), currency: currency.to_string() };
            let name = item.text("name");
            if !self.sales.contains_key(&key) {
                self.held.add([key.product_id.as_str(), &key.sku, &key.currency, &*name])?;
            }
            let sales = self.sales.entry(key).or_default();
            if !name.is_empty() && order >= sales.named {
                (sales.name, sales.named) = (name.to_string(), order);
            }
            sales.units = sales.units.saturating_add(item.count("quantity").unwrap_or_default());
            match item.money("total_price") {
                Some(price) => sales.revenue += price,
                None => sales.unreadable += 1,
            }
            if !order_id.is_empty() && !sales.order_ids.contains(&*order_id) {
                self.held.add([&*order_id])?;
                sales.order_ids.insert(order_id.to_string());
                sales.orders += 1;
            }
        }
        Ok(())
    }

    /// In no order.
    pub(crate) fn sales(self) -> impl Iterator<Item = (Key, Sales)> {
        self.sales.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_add_up_by_product_and_currency() {
        let mut products = Products::default();
        for (at, properties) in [
            (
                5,
                r#"{"order_id":"o-1","currency":"EUR","items":[{"product_id":"p","sku":"s","name":"new","quantity":3,"total_price":"44.85"}]}"#,
            ),
            (
                3,
                r#"{"order_id":"o-1","currency":"EUR","items":[{"product_id":"p","sku":"s","name":"old","quantity":"2","total_price":0.1},
                {"product_id":"p","sku":"s","quantity":1.5,"total_price":"0.20"}, {"product_id":"p","sku":"s","quantity":1,"unit_price":9}]}"#,
            ),
            (
                9,
                r#"{"order_id":2,"currency":"EUR","items":[{"product_id":"p","sku":"s","name":"","quantity":1,"total_price":1}]}"#,
            ),
            (9, r#"{"currency":"USD","items":[{"product_id":"p","sku":"s","total_price":1}, null]}"#),
            (9, r#"{"order_id":"o-4","currency":"USD"}"#),
        ] {
            products.add((at, 0), properties).unwrap();
        }
        let mut sales: Vec<_> = products.sales().collect();
        sales.sort_by(|(a, _), (b, _)| a.cmp(b));
        let shown: Vec<_> = sales
            .iter()
            .map(|(key, it)| {
                format!(
                    "{}/{}/{} {} {} {} {} {}",
                    key.product_id,
                    key.sku,
                    key.currency,
                    it.name,
                    it.units,
                    it.revenue,
                    it.orders,
                    it.unreadable
                )
            })
            .collect();
        assert_eq!(shown, ["p/s/EUR new 7 46.15 2 1", "p/s/USD  0 1 0 0"]);
    }
}
