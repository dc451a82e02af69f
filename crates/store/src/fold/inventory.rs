//! Stock: how often it ran short, how long that took, and how much there was and was sold.

use std::collections::{BTreeMap, HashMap};

use super::{Held, TooMuch};
use crate::typed::Fields;

/// The names of the events that stock is known by.
pub(crate) const NAMES: [&str; 4] =
    ["inventory.low_stock", "inventory.out_of_stock", "inventory.restocked", "inventory.adjusted"];

/// The name of those that it is sold by.
pub(crate) const SOLD: &str = "order.created";

/// A variant of a product at a place; what nobody says is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Item {
    pub(crate) product_id: String,
    pub(crate) variant_id: String,
    pub(crate) location_id: String,
}

/// By an item and its stock-keeping unit.
type Counts = BTreeMap<(Item, String), u64>;

/// Stock of a range, from all events of stock up to its end.
pub(crate) struct Stock {
    /// Where the range begins, in milliseconds.
    from: i64,
    pub(crate) low: Counts,
    pub(crate) out: Counts,
    /// How long the shortages took that ended in the range, in milliseconds.
    pub(crate) shortages: Vec<i64>,
    /// Since when an item is short; none of one that was.
    short: HashMap<Item, Option<i64>>,
    quantities: HashMap<(Item, String), i64>,
    at_from: Option<BTreeMap<String, i64>>,
    held: Held,
}

/// Sales of a stock-keeping unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sold {
    /// In the range.
    pub(crate) units: i64,
    /// When it was sold last, in milliseconds.
    pub(crate) last: i64,
}

impl Stock {
    pub(crate) fn new(from: i64) -> Self {
        let (low, out) = (Counts::new(), Counts::new());
        Self {
            from,
            low,
            out,
            shortages: vec![],
            short: HashMap::new(),
            quantities: HashMap::new(),
            at_from: None,
            held: Held::default(),
        }
    }

    /// Adds an event of one of the [`NAMES`], none of which was earlier than those before.
    pub(crate) fn add(&mut self, at: i64, event_name: &str, properties: &str) -> Result<(), TooMuch> {
        let fields = Fields::of(properties);
        let text = |name| fields.text(name).to_string();
        let item = Item {
            product_id: text("product_id"),
            variant_id: text("variant_id"),
            location_id: text("location_id"),
        };
        let key = (item, text("sku"));
        let is_inside = at >= self.from;
        if is_inside && self.at_from.is_none() {
            self.at_from = Some(self.by_sku());
        }
        let quantity = fields.count("current_quantity").or_else(|| fields.count("new_quantity"));
        let quantity = if event_name == "inventory.out_of_stock" { Some(0) } else { quantity };
        let counts = match event_name {
            "inventory.low_stock" => Some(&mut self.low),
            "inventory.out_of_stock" => Some(&mut self.out),
            _ => None,
        };
        if let Some(counts) = counts {
            if is_inside {
                if !counts.contains_key(&key) {
                    self.held.add(texts(&key))?;
                }
                *counts.entry(key.clone()).or_default() += 1;
            }
            if !self.short.contains_key(&key.0) {
                self.held.add(texts(&key))?;
            }
            self.short.entry(key.0.clone()).or_default().get_or_insert(at);
        } else if event_name == "inventory.restocked"
            && let Some(since) = self.short.get_mut(&key.0).and_then(Option::take)
            && is_inside
        {
            self.shortages.push(at - since);
        }
        if let Some(quantity) = quantity {
            if !self.quantities.contains_key(&key) {
                self.held.add(texts(&key))?;
            }
            self.quantities.insert(key, quantity);
        }
        Ok(())
    }

    /// What is known to be there of each stock-keeping unit where the range begins, and where it ends.
    pub(crate) fn quantities(&self) -> (BTreeMap<String, i64>, BTreeMap<String, i64>) {
        let at_end = self.by_sku();
        (self.at_from.clone().unwrap_or_else(|| at_end.clone()), at_end)
    }

    fn by_sku(&self) -> BTreeMap<String, i64> {
        let mut sums = BTreeMap::new();
        for ((_, sku), quantity) in &self.quantities {
            let sum: &mut i64 = sums.entry(sku.clone()).or_default();
            *sum = sum.saturating_add(*quantity);
        }
        sums
    }
}

fn texts((item, sku): &(Item, String)) -> [&str; 4] {
    [&item.product_id, &item.variant_id, &item.location_id, sku]
}

/// Adds an order's items to what was sold of each stock-keeping unit.
pub(crate) fn sell(
    sold: &mut BTreeMap<String, Sold>,
    held: &mut Held,
    at: i64,
    is_inside: bool,
    properties: &str,
) -> Result<(), TooMuch> {
    for item in Fields::of(properties).list("items") {
        let sku = item.text("sku");
        let units = if is_inside { item.count("quantity").unwrap_or_default() } else { 0 };
        let sales = match sold.get_mut(&*sku) {
            Some(sales) => sales,
            None => {
                held.add([&*sku])?;
                sold.entry(sku.to_string()).or_default()
            }
        };
        sales.units = sales.units.saturating_add(units);
        sales.last = sales.last.max(at);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: &str = r#"{"product_id":"p","variant_id":"red","sku":"MUG","location_id":"k"#;

    fn stock(from: i64, events: &[(i64, &str, &str)]) -> Stock {
        let mut stock = Stock::new(from);
        for (at, name, rest) in events {
            stock.add(*at, &format!("inventory.{name}"), &format!("{RED}{rest}}}")).unwrap();
        }
        stock
    }

    #[test]
    fn a_shortage_runs_from_its_first_event_to_the_restock() {
        let shortages = |from| {
            let events = [
                (5, "low_stock", r#"","current_quantity":2"#),
                (7, "out_of_stock", r#"""#),
                // Of another place.
                (8, "restocked", r#"2","new_quantity":5"#),
                (20, "restocked", r#"","new_quantity":40"#),
                (25, "restocked", r#"","new_quantity":50"#),
                (30, "out_of_stock", r#"""#),
                (31, "adjusted", r#"","new_quantity":9"#),
                (42, "restocked", r#"","new_quantity":50"#),
                (50, "low_stock", r#"""#),
            ];
            stock(from, &events).shortages
        };
        assert_eq!(
            (shortages(0), shortages(20), shortages(21), shortages(43)),
            (vec![15, 12], vec![15, 12], vec![12], vec![])
        );
    }

    #[test]
    fn quantities_are_the_last_known_of_each_variant_and_place() {
        let events = [
            (1, "adjusted", r#"","new_quantity":"11""#),
            (2, "low_stock", r#"2","current_quantity":3"#),
            (3, "restocked", r#"","note":"how many nobody says""#),
            (10, "out_of_stock", r#"2","current_quantity":7"#),
            (12, "restocked", r#"","current_quantity":20,"new_quantity":4"#),
        ];
        let of = |from| {
            let (at_from, at_end) = stock(from, &events).quantities();
            (at_from.get("MUG").copied(), at_end.get("MUG").copied())
        };
        assert_eq!(
            (of(1), of(2), of(10), of(11), of(99)),
            (
                (None, Some(20)),
                (Some(11), Some(20)),
                (Some(14), Some(20)),
                (Some(11), Some(20)),
                (Some(20), Some(20))
            )
        );
        let stock = stock(2, &events);
        assert_eq!((stock.low.values().sum::<u64>(), stock.out.len()), (1, 1));
    }

    #[test]
    fn events_of_one_item_are_held_once() {
        let mut stock = Stock::new(0);
        let one = r#"{"product_id":"p"}"#;
        for name in ["inventory.low_stock", "inventory.restocked", "inventory.out_of_stock"] {
            stock.add(1, name, one).unwrap();
        }
        let held = stock.held.0;
        for at in 2..9 {
            for name in NAMES {
                stock.add(at, name, one).unwrap();
            }
        }
        assert_eq!((stock.held.0, stock.shortages.len()), (held, 8));
    }

    #[test]
    fn units_are_sold_in_the_range_and_the_last_time_is_of_all() {
        let mut sold = BTreeMap::new();
        let mut held = Held::default();
        sell(
            &mut sold,
            &mut held,
            9,
            true,
            r#"{"items":[{"sku":"a","quantity":2},{"sku":"a","quantity":"3"},{"sku":5}]}"#,
        )
        .unwrap();
        sell(&mut sold, &mut held, 4, false, r#"{"items":[{"sku":"a","quantity":50}]}"#).unwrap();
        assert_eq!(sold["a"], Sold { units: 5, last: 9 });
        assert_eq!(sold["5"], Sold { units: 0, last: 9 });
    }
}
