//! In which partitions acknowledged operations are, while the partitions in use become more.

use bus::Schedule;
use model::Timestamp;

use audit::ledger::Ledger;

/// Counts of acknowledged operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Placement {
    /// Those of events from before all partitions came into use.
    pub(super) in_few: u64,
    /// Those of events from later.
    pub(super) in_all: u64,
    /// Those of either that are not in their event's partition.
    pub(super) misplaced: u64,
}

impl Placement {
    /// Where the promised operations are, by a schedule of which the last count holds from `all_from` on.
    pub(super) fn of(ledger: &Ledger, schedule: &Schedule, all_from: Timestamp) -> Self {
        let mut placement = Self::default();
        for (place, operations) in ledger.promises() {
            for operation in operations {
                let id = operation.key.id;
                let at = id.created_at();
                let count = if at < all_from { &mut placement.in_few } else { &mut placement.in_all };
                *count += 1;
                let own = schedule.partition(id.to_string().as_bytes(), at);
                placement.misplaced += u64::from(place.partition != own);
            }
        }
        placement
    }
}

#[cfg(test)]
mod tests {
    use model::{EventId, EventKey, Tenant};

    use super::*;
    use audit::operation::{Kind, Operation, Place};

    #[test]
    fn an_operation_belongs_where_its_events_time_puts_it() {
        let all_from = Timestamp::parse("2027-01-01T00:00:00Z").unwrap();
        let schedule = Schedule::parse(&format!("1,{all_from}=2")).unwrap();
        let (mut ledger, mut all_in_first) = (Ledger::default(), 0);
        for offset in 0..100 {
            let at = all_from.millis() + if offset < 40 { -1 } else { 0 };
            let id = EventId::new(Timestamp::from_millis(at).unwrap());
            all_in_first += u64::from(
                offset >= 40 && schedule.partition(id.to_string().as_bytes(), id.created_at()) == 0,
            );
            let key = EventKey { tenant: Tenant::default(), id };
            let operation = Operation::new(Kind::Delete, key, None);
            ledger.acknowledge(Place { partition: i32::from(offset >= 40), offset }, operation);
        }
        let placement = Placement::of(&ledger, &schedule, all_from);
        assert_eq!(placement, Placement { in_few: 40, in_all: 60, misplaced: all_in_first });
        assert!((1..60).contains(&all_in_first));
    }
}
