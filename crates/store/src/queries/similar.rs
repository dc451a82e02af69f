//! The events whose vectors are nearest to another one's.

use std::collections::HashMap;

use clickhouse::Row;
use model::{Event, EventId};
use serde::Deserialize;
use uuid::Uuid;

use super::Extent;
use crate::ask::Besides;
use crate::{Scope, Store, StoreError};

/// Vectors of another length are of another model. The distance to one without a length is no number.
const NEAREST: &str = "
    SELECT id, cosineDistance(/* vectors */, {vector:Array(Float32)}) AS distance
    FROM {events}
    WHERE isFinite(distance)
    ORDER BY distance, created_at DESC, UUIDToNum(id) DESC
    LIMIT {limit:UInt64}";

/// What must hold in `{events}`, before distances are computed.
const COMPARABLE: &str = " AND length(/* vectors */) = length({vector:Array(Float32)}) AND id != {own:UUID}";

/// Which of an event's vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VectorOf {
    /// Its input's.
    Input,
    /// Its output's.
    Output,
}

impl VectorOf {
    fn column(self) -> &'static str {
        match self {
            Self::Input => "input_embeddings",
            Self::Output => "output_embeddings",
        }
    }

    /// The event's vector; `None` if it has none.
    pub fn of(self, event: &Event<'_>) -> Option<Vec<f32>> {
        let vector = match self {
            Self::Input => &event.content.input_embeddings,
            Self::Output => &event.content.output_embeddings,
        };
        Some(vector.as_slice().to_vec()).filter(|vector| !vector.is_empty())
    }
}

#[derive(Row, Deserialize)]
struct Near {
    #[serde(with = "clickhouse::serde::uuid")]
    id: Uuid,
    distance: f32,
}

impl Store {
    /// The events of the scope, but for this one, whose vectors are nearest to a vector of it by the cosine of the
    /// angle between them: 0 is the same direction, 2 the opposite. At most `limit`, the nearest first, of equals the
    /// newest.
    pub async fn similar(
        &self,
        scope: &Scope<'_>,
        to: EventId,
        by: VectorOf,
        vector: &[f32],
        limit: usize,
        extent: Extent,
    ) -> Result<Vec<(Event<'static>, f32)>, StoreError> {
        let vectors = by.column();
        let comparable = COMPARABLE.replace("/* vectors */", vectors);
        let besides = Besides { conditions: comparable, ..Besides::default() };
        let question = self.ask_besides(scope, &NEAREST.replace("/* vectors */", vectors), besides);
        let question = question.param("vector", vector).param("own", to.to_string()).param("limit", limit);
        let nearest: Vec<Near> = question.fetch_all().await?;
        // An id that can't be one is in a row that somebody else wrote.
        let near = |Near { id, distance }: &Near| Some((EventId::from_uuid(*id).ok()?, *distance));
        let nearest: Vec<_> = nearest.iter().filter_map(near).collect();
        let ids: Vec<_> = nearest.iter().map(|(id, _)| *id).collect();
        let (events, _) = self.events_of(scope, &ids, extent).await?;
        let distances: HashMap<_, _> = nearest.into_iter().collect();
        let with_distance = |event: Event<'static>| Some((distances.get(&event.id).copied()?, event));
        Ok(events.into_iter().filter_map(with_distance).map(|(distance, event)| (event, distance)).collect())
    }
}
