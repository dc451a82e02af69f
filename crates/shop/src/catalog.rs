//! What the shop sells, where, and to whom.

use super::dice::Dice;
use super::object::Object;

/// Where users are.
#[derive(Debug)]
pub(super) struct City {
    country: &'static str,
    city: &'static str,
    /// What people there pay with.
    pub(super) currency: &'static str,
}

impl City {
    /// One of them.
    pub(super) fn any(dice: &mut Dice) -> &'static Self {
        let place = usize::try_from(dice.below(10)).unwrap_or_default();
        CITIES.get(place).unwrap_or(&CITIES[0])
    }

    /// Now and then one of its texts is absent.
    pub(super) fn json(&self) -> String {
        Object::new().text_if_any("country", self.country).text_if_any("city", self.city).close()
    }
}

const fn city(country: &'static str, city: &'static str, currency: &'static str) -> City {
    City { country, city, currency }
}

pub(super) const CITIES: [City; 10] = [
    city("DE", "Köln", "EUR"),
    city("DE", "Berlin", "EUR"),
    city("FR", "Paris", "EUR"),
    city("US", "New York", "USD"),
    city("US", "San José", "USD"),
    city("IN", "मुंबई", "USD"),
    city("CL", "Santiago", "USD"),
    city("JP", "東京", "USD"),
    city("AT", "", "EUR"),
    city("", "Paris", "EUR"),
];

/// Where stock lies; an order is served from one of them.
pub(super) const PLACES: [&str; 3] = ["berlin-1", "cologne-1", "nyc-1"];
pub(super) const SOURCES: [&str; 6] = ["newsletter", "google", "friend", "instagram", "ポスター", ""];
pub(super) const METHODS: [&str; 4] = ["google", "apple", "email", ""];
pub(super) const DEVICES: [&str; 3] = ["mobile", "desktop", "tablet"];
pub(super) const RELEASES: [&str; 3] = ["4.1.8", "4.1.9", "4.2.0"];
/// The release that fails while there is trouble.
pub(super) const GUILTY: &str = "4.2.0";
/// What people and models write, in many scripts.
pub(super) const SAYINGS: [&str; 8] = [
    "Wo ist mein Paket? Größe 42½, bitte!",
    "¿Cuándo llega mi pedido?",
    "注文はどこですか",
    "भुगतान विफल हुआ",
    "Καλημέρα — thanks 👩‍👩‍👧‍👦",
    "أين طلبي؟",
    "It said \"declined\"\\n\tand then nothing \u{0}\u{7f}.",
    "e\u{301}clair vs. \u{e9}clair, İstanbul, ß",
];

/// Products there are.
const PRODUCTS: i64 = 48;
const NAMES: [&str; 6] = ["Mug", "Tea", "Teekanne, groß", "Löffel", "茶碗", "Coaster \"round\""];
const VARIANTS: [&str; 3] = ["red", "blue", ""];

/// Something that can be bought: one variant of a product.
#[derive(Clone, Debug)]
pub(super) struct Article {
    pub(super) product_id: String,
    /// Empty for a product without variants.
    pub(super) variant_id: &'static str,
    pub(super) sku: String,
    pub(super) name: String,
    pub(super) cents: i64,
    /// Nobody buys it any more, or anybody ever has.
    pub(super) is_dead: bool,
}

/// All of it.
pub(super) fn articles() -> Vec<Article> {
    let variants = |product: i64| match product % 3 {
        0 => VARIANTS.get(2..).unwrap_or_default(),
        1 => VARIANTS.get(..1).unwrap_or_default(),
        _ => VARIANTS.get(..2).unwrap_or_default(),
    };
    (1..=PRODUCTS)
        .flat_map(|product| variants(product).iter().map(move |variant| article(product, variant)))
        .collect()
}

fn article(product: i64, variant_id: &'static str) -> Article {
    let kind =
        NAMES.get(usize::try_from(product).unwrap_or_default() % NAMES.len()).copied().unwrap_or_default();
    let separator = if variant_id.is_empty() { "" } else { "-" };
    Article {
        product_id: format!("p-{product}"),
        variant_id,
        sku: format!("SKU-{product}{separator}{}", variant_id.to_uppercase()),
        name: format!("{kind} {product}"),
        cents: 199 + (product * 7_919) % 9_000,
        is_dead: product % 8 == 0,
    }
}

/// The place of an article that is bought: a few are bought often.
pub(super) fn bought(dice: &mut Dice, articles: &[Article]) -> usize {
    let count = i64::try_from(articles.len()).unwrap_or_default();
    loop {
        let last = dice.below(count);
        let place = dice.between(0, last);
        let place = usize::try_from(place).unwrap_or_default();
        if articles.get(place).is_none_or(|article| !article.is_dead) {
            return place;
        }
    }
}
