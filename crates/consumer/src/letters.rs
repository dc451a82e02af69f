//! Which dead letters a batch leaves, and how they are written.

use bus::{Delivery, SendError};
use dead_letters::{Reason, UNKNOWN_EVENT, Writer};

use crate::fold::Fate;

/// Where dead letters go: to their topic, or nowhere while a part of the topic is replayed, which only counts them.
pub(crate) struct Letters(Option<Writer>);

impl Letters {
    /// Letters that `writer` puts on the topic of dead letters.
    pub(crate) fn kept_by(writer: Writer) -> Self {
        Self(Some(writer))
    }

    /// Letters that are not written.
    pub(crate) fn only_counted() -> Self {
        Self(None)
    }

    /// Whether letters are written.
    pub(crate) fn are_kept(&self) -> bool {
        self.0.is_some()
    }

    /// Makes a dead letter of each rejected delivery; `rejects` names deliveries by their indexes. Returns once
    /// the log has acknowledged all of them.
    pub(crate) async fn write(
        &self,
        deliveries: &[Delivery],
        rejects: &[(usize, Reason)],
    ) -> Result<(), SendError> {
        match &self.0 {
            Some(writer) => writer.write_all(deliveries, rejects).await,
            None => Ok(()),
        }
    }
}

/// The updates that found no event, each by its delivery's index and with the reason of its letter. `indexes` are
/// those of the deliveries of the operations that met `fates`.
pub(crate) fn unknown_updates(indexes: &[usize], fates: &[Fate]) -> Vec<(usize, Reason)> {
    let unknown = indexes.iter().zip(fates).filter(|(_, fate)| **fate == Fate::UnknownEvent);
    let reason = || Reason::new(UNKNOWN_EVENT, "an update of an event that is not there");
    unknown.map(|(index, _)| (*index, reason())).collect()
}
