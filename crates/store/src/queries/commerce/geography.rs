//! Where users are.

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ask::Besides;
use crate::filter::{Binder, USER, distinct};
use crate::{Field, Scope, Store, StoreError};

/// Of events that say where.
const PLACES: &str = "
    SELECT nullIf(place.1, '') AS country, nullIf(place.2, '') AS city,
        /* distinct users */ AS users, count() AS events
    FROM (SELECT place, /* user */ AS user FROM {events} WHERE place != ('', ''))
    GROUP BY place
    ORDER BY events DESC, place
    LIMIT {limit:UInt64}";

/// A place and what happened there.
#[derive(Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct Located {
    /// Null if only the city is known.
    #[schema(example = "DE")]
    pub country: Option<String>,
    /// Null if only the country is known.
    pub city: Option<String>,
    /// Different users.
    pub users: u64,
    /// All events.
    pub events: u64,
}

impl Store {
    /// The places of events that say one in the location of their properties, else of their context; most events
    /// first, at most `limit`.
    pub async fn geography(&self, scope: &Scope<'_>, limit: u64) -> Result<Vec<Located>, StoreError> {
        let mut besides = Besides::default();
        let mut place = |name: &str, field: fn(&'static str) -> Field| {
            let mut text = |part: &str, path| {
                Binder::new(&format!("{name}_{part}"), &mut besides.params).text_of(&field(path))
            };
            format!("({}, {})", text("country", "location.country"), text("city", "location.city"))
        };
        let (own, other) = (place("own", Field::property), place("other", Field::of_context));
        besides.columns = format!(", if({own} != ('', ''), {own}, {other}) AS place");
        self.ask_besides(
            scope,
            &PLACES.replace("/* user */", USER).replace("/* distinct users */", &distinct("user")),
            besides,
        )
        .param("limit", limit)
        .fetch_all()
        .await
    }
}
