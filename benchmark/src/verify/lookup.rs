//! Some events by their ids.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Verifier;
use super::compare::difference;
use crate::http::Client;
use crate::plan::Fate;

#[derive(Deserialize)]
struct Found {
    data: Map<String, Value>,
}

impl Verifier {
    pub(super) async fn look_up(&self, client: &mut Client, sample: u64) -> anyhow::Result<()> {
        let sizes = self.plan.sizes();
        let touched = sizes.updates + sizes.deletes;
        for range in [0..sizes.updates, sizes.updates..touched, touched..sizes.inserts] {
            // All of them if there are so few.
            let few = range.end - range.start <= sample;
            let count = sample.min(range.end - range.start);
            for number in 0..count {
                let index = if few { range.start + number } else { rand::random_range(range.clone()) };
                if !self.unknown.contains(&index) {
                    self.look_at(client, index).await?;
                }
            }
        }
        Ok(())
    }

    async fn look_at(&self, client: &mut Client, index: u64) -> anyhow::Result<()> {
        let id = self.plan.id(index);
        let returned: Option<Found> = client.read(&format!("/event/{id}")).await?;
        let mismatch = match (self.plan.fate(index), returned) {
            (Fate::Deleted, None) => None,
            (Fate::Deleted, Some(_)) => Some("is still there, though it was deleted".to_owned()),
            (Fate::Live(_), None) => Some("is missing".to_owned()),
            (Fate::Live(sent), Some(found)) => difference(&sent, &found.data),
        };
        self.note(|found| {
            found.looked_up += 1;
            if let Some(what) = mismatch {
                found.mismatch(format!("event {id} by its id: {what}"));
            }
        });
        Ok(())
    }
}
