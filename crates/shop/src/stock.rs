//! What lies on the shelves, and the events that tell of it. Nobody's: they name no user.

use super::agenda::{Agenda, Todo};
use super::catalog::{Article, PLACES};
use super::dice::Dice;
use super::event::Event;
use super::object::Object;
use super::{DAY, HOUR};

/// The stock of one article at one place.
struct Stock {
    article: usize,
    place: &'static str,
    /// Pieces that are there.
    left: i64,
    /// More pieces are on their way.
    is_coming: bool,
}

/// All of it.
pub(super) struct Stocks {
    all: Vec<Stock>,
    /// Pieces that come at once.
    refill: i64,
}

impl Stocks {
    /// Shelves on which the pieces last for some days if so many are sold of an article at a place in all.
    pub(super) fn new(articles: &[Article], sold: i64) -> Self {
        let refill = (sold / 12).max(3);
        let at = |place: &'static str| {
            let stock = move |article| Stock { article, place, left: refill, is_coming: false };
            (0..articles.len()).map(stock)
        };
        Self { all: PLACES.iter().flat_map(|place| at(place)).collect(), refill }
    }

    /// The number of an article's stock at a place.
    pub(super) fn number(&self, article: usize, place: &str) -> usize {
        let places = PLACES.iter().position(|other| *other == place).unwrap_or_default();
        places * (self.all.len() / PLACES.len()) + article
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Pieces leave, which may be told, and may have others ordered.
    pub(super) fn sold(&mut self, number: usize, pieces: i64, at: i64, tell: &mut Teller<'_>) {
        let Some(stock) = self.all.get_mut(number) else { return };
        let before = stock.left;
        stock.left = (before - pieces).max(0);
        let threshold = (self.refill / 4).max(1);
        let name = match stock.left {
            0 if before > 0 => "inventory.out_of_stock",
            1.. if before > threshold && stock.left <= threshold => "inventory.low_stock",
            _ => return,
        };
        let quantity = Object::new().raw("current_quantity", stock.left).raw("threshold", threshold);
        tell.event(stock, at, name, quantity);
        if !stock.is_coming && tell.dice.chance(900) {
            stock.is_coming = true;
            tell.agenda.enter(at + tell.dice.between(9 * HOUR, 6 * DAY), Todo::Restocked(number));
        }
    }

    /// Pieces come.
    pub(super) fn restocked(&mut self, number: usize, at: i64, tell: &mut Teller<'_>) {
        let Some(stock) = self.all.get_mut(number) else { return };
        let before = stock.left;
        stock.left += self.refill;
        stock.is_coming = false;
        let quantity = Object::new()
            .raw("previous_quantity", before)
            .raw("new_quantity", format_args!("\"{}\"", stock.left))
            .raw("quantity_added", self.refill);
        tell.event(stock, at, "inventory.restocked", quantity);
    }

    /// Pieces are counted, and some are missing.
    pub(super) fn counted(&mut self, number: usize, at: i64, tell: &mut Teller<'_>) {
        let Some(stock) = self.all.get_mut(number) else { return };
        let missing = tell.dice.between(0, stock.left.min(2));
        stock.left -= missing;
        let quantity = Object::new()
            .raw("new_quantity", stock.left)
            .raw("adjustment", -missing)
            .text("reason", "counted");
        tell.event(stock, at, "inventory.adjusted", quantity);
    }
}

/// Enters the events of stocks.
pub(super) struct Teller<'a> {
    pub(super) articles: &'a [Article],
    pub(super) dice: &'a mut Dice,
    pub(super) agenda: &'a mut Agenda,
}

impl Teller<'_> {
    fn event(&mut self, stock: &Stock, at: i64, name: &'static str, quantity: Object) {
        let Some(article) = self.articles.get(stock.article) else { return };
        let properties = quantity
            .text("product_id", &article.product_id)
            .text("sku", &article.sku)
            .text("location_id", stock.place);
        // A variant that there isn't is absent, empty or null, which is the same.
        let properties = match (article.variant_id, self.dice.below(3)) {
            ("", 0) => properties.raw("variant_id", "null"),
            ("", 1) => properties.text("variant_id", ""),
            (variant_id, _) => properties.text_if_any("variant_id", variant_id),
        };
        let conversation_id = format!("stock-{}-{}", stock.place, at / DAY);
        let properties = properties.close();
        self.agenda.event(Event { at, name, conversation_id, properties, ..Event::default() });
    }
}
