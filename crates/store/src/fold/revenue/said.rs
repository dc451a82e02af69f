//! What an order, a payment or a refund says.

use model::Text;

use super::{Part, Sums};
use crate::fold::orders::OrderHash;
use crate::money::Money;
use crate::typed::Fields;

/// What is read of one event.
pub(crate) struct Said<'a> {
    kind: Kind,
    /// Which order it is, or is of; none if it doesn't say.
    pub(crate) order: Option<OrderHash>,
    /// Empty if it doesn't say.
    pub(crate) currency: Text<'a>,
    /// Empty if it doesn't say.
    pub(crate) location_id: Text<'a>,
    /// None if it can't be read.
    pub(super) amount: Option<Money>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Order,
    Payment,
    Refund,
}

impl<'a> Said<'a> {
    /// By an event of one of the [`NAMES`](super::NAMES).
    pub(crate) fn of(event_name: &str, properties: &'a str) -> Self {
        let (kind, amount) = match event_name {
            "order.created" => (Kind::Order, "total_amount"),
            "payment.processed" => (Kind::Payment, "amount"),
            _ => (Kind::Refund, "refund_amount"),
        };
        let fields = Fields::of(properties);
        Self {
            kind,
            order: OrderHash::of(&fields.text("order_id")),
            currency: fields.text("currency"),
            location_id: fields.text("location_id"),
            amount: fields.money(amount),
        }
    }

    /// Whether it is an order itself.
    pub(crate) fn is_order(&self) -> bool {
        self.kind == Kind::Order
    }

    /// What it adds to, if it is of an order.
    pub(super) fn part(&self) -> Option<Part> {
        match self.kind {
            Kind::Order => None,
            _ if self.amount.is_none() => Some(Part::Unreadable),
            Kind::Payment => Some(Part::Paid),
            Kind::Refund => Some(Part::Refunded),
        }
    }

    /// What it comes to.
    pub(super) fn sums(&self) -> Sums {
        let (amount, none) = (self.amount.unwrap_or_default(), Money::default());
        let of = |kind| if self.kind == kind { amount } else { none };
        Sums {
            events: 1,
            orders: u64::from(self.is_order()),
            revenue: of(Kind::Order),
            paid: of(Kind::Payment),
            refunded: of(Kind::Refund),
            unreadable: u64::from(self.amount.is_none()),
        }
    }
}
