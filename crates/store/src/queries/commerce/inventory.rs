//! Stock: what ran short, for how long, and what is not sold.

use model::{Span, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

use super::{at_times, filled};
use crate::fold::Held;
use crate::fold::inventory::{Item, NAMES, SOLD, Sold, Stock, sell};
use crate::fold::percentile;
use crate::{Scope, Store, StoreError};

/// How long before a range last sales are looked for first.
const BEFORE_MS: i64 = 30 * 86_400_000;

/// What stock is like.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct Inventory {
    /// What was low, most often first.
    pub low_stock: Vec<Shortages>,
    /// What was out of stock, most often first.
    pub out_of_stock: Vec<Shortages>,
    /// The shortages that ended.
    pub restock: Restock,
    /// What was sold of what there was, most units first.
    pub turnover: Vec<Turnover>,
    /// What is there and is not sold, most first.
    pub dead_stock: Vec<DeadStock>,
}

/// How often a variant of a product was short at a place.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Shortages {
    /// Null if nobody says it, like the others.
    pub product_id: Option<String>,
    /// The variant.
    pub variant_id: Option<String>,
    /// The stock-keeping unit.
    pub sku: Option<String>,
    /// The place.
    pub location_id: Option<String>,
    /// Events that say so.
    pub count: u64,
}

/// Shortages that a restock has ended, from the first event that tells of one on.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct Restock {
    /// How many.
    pub count: usize,
    /// The median; null if there is none, like the mean.
    pub p50_seconds: Option<f64>,
    /// The mean.
    pub mean_seconds: Option<f64>,
}

/// How much of a stock-keeping unit was sold.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct Turnover {
    /// The stock-keeping unit.
    pub sku: String,
    /// What was ordered in the range.
    pub units_sold: i64,
    /// The mean of what was there where the range begins and where it ends; null if either is unknown.
    pub average_quantity: Option<f64>,
    /// What was ordered over that; null if it is unknown or 0.
    pub turnover: Option<f64>,
}

/// What is there and is not sold.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeadStock {
    /// The stock-keeping unit.
    pub sku: String,
    /// What is there.
    pub quantity: i64,
    /// When it was sold last; null if it never was.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_sold_at: Option<Timestamp>,
}

impl Store {
    /// Stock of the range; what was not sold for so long before its end is dead, or before now if that comes first.
    /// Each list is of at most `limit`.
    pub async fn inventory(
        &self,
        scope: &Scope<'_>,
        dead_after: &Span,
        limit: usize,
    ) -> Result<Inventory, StoreError> {
        let (from, to) = (scope.range.from().millis(), scope.range.counted_to().millis());
        let up_to_end = at_times(scope, 0, to);
        let mut stock = Stock::new(from);
        let mut rows = self.typed_in_order(&up_to_end, &NAMES)?;
        while let Some(row) = rows.next().await? {
            stock.add(row.at, row.event_name, row.properties)?;
        }
        let (at_from, at_end) = stock.quantities();
        // Of what was sold in the range the last sale is there; what is left was mostly sold not long before.
        let (mut sold, mut held, mut behind) = (BTreeMap::new(), Held::default(), to);
        for begin in [from, (from - BEFORE_MS).max(0), 0] {
            let of_part = at_times(scope, begin, behind);
            let mut rows = self.typed(&of_part, &[SOLD])?;
            while let Some(row) = rows.next().await? {
                sell(&mut sold, &mut held, row.at, row.at >= from, row.properties)?;
            }
            behind = begin;
            if there(&at_end).all(|(sku, _)| sold.contains_key(sku)) {
                break;
            }
        }
        let dead_before = scope.range.to().min(scope.range.now()).millis() - dead_after.millis();
        Ok(Inventory {
            low_stock: shortages(stock.low, limit),
            out_of_stock: shortages(stock.out, limit),
            restock: restock(stock.shortages),
            turnover: turnover(&sold, &at_from, &at_end, limit),
            dead_stock: dead_stock(&sold, &at_end, dead_before, limit),
        })
    }
}

/// What there is some of, by its stock-keeping unit.
fn there(at_end: &BTreeMap<String, i64>) -> impl Iterator<Item = (&String, &i64)> {
    at_end.iter().filter(|(sku, quantity)| **quantity > 0 && !sku.is_empty())
}

fn shortages(counts: BTreeMap<(Item, String), u64>, limit: usize) -> Vec<Shortages> {
    let row = |((item, sku), count): ((Item, String), u64)| Shortages {
        product_id: filled(item.product_id),
        variant_id: filled(item.variant_id),
        sku: filled(sku),
        location_id: filled(item.location_id),
        count,
    };
    let mut rows: Vec<_> = counts.into_iter().map(row).collect();
    // Equal ones stay in the order of their items.
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    rows.truncate(limit);
    rows
}

#[expect(clippy::cast_precision_loss, reason = "shortages are shorter and fewer than 2^52")]
fn restock(mut millis: Vec<i64>) -> Restock {
    let count = millis.len();
    let mean = (count > 0).then(|| millis.iter().sum::<i64>() as f64 / count as f64 / 1_000.0);
    Restock {
        count,
        p50_seconds: percentile(&mut millis, 50).map(|p50| p50 as f64 / 1_000.0),
        mean_seconds: mean,
    }
}

#[expect(clippy::cast_precision_loss, reason = "units are fewer than 2^52")]
fn turnover(
    sold: &BTreeMap<String, Sold>,
    at_from: &BTreeMap<String, i64>,
    at_end: &BTreeMap<String, i64>,
    limit: usize,
) -> Vec<Turnover> {
    let in_range = sold.iter().filter(|(_, sales)| sales.units != 0).map(|(sku, _)| sku);
    let skus: BTreeSet<_> = in_range.chain(at_end.keys()).filter(|sku| !sku.is_empty()).collect();
    let row = |sku: &String| {
        let units_sold = sold.get(sku).map_or(0, |sales| sales.units);
        let both = at_from.get(sku).zip(at_end.get(sku));
        let average = both.map(|(first, last)| f64::midpoint(*first as f64, *last as f64));
        let turnover = average.filter(|average| *average != 0.0).map(|average| units_sold as f64 / average);
        Turnover { sku: sku.clone(), units_sold, average_quantity: average, turnover }
    };
    let mut rows: Vec<_> = skus.into_iter().map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.units_sold));
    rows.truncate(limit);
    rows
}

fn dead_stock(
    sold: &BTreeMap<String, Sold>,
    at_end: &BTreeMap<String, i64>,
    dead_before: i64,
    limit: usize,
) -> Vec<DeadStock> {
    let dead = there(at_end).filter_map(|(sku, quantity)| {
        let last = sold.get(sku).map(|sales| sales.last);
        let row = || DeadStock {
            sku: sku.clone(),
            quantity: *quantity,
            last_sold_at: last.and_then(Timestamp::from_millis),
        };
        last.is_none_or(|last| last < dead_before).then(row)
    });
    let mut rows: Vec<_> = dead.collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.quantity));
    rows.truncate(limit);
    rows
}
