//! Whether a topic survives the loss of a broker.

use std::fmt;

/// A topic that the loss of one broker can hurt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtRisk {
    /// Its name.
    pub topic: String,
    /// Copies of the partition that has fewest.
    pub replicas: usize,
    /// Copies that have a record when it is acknowledged (`min.insync.replicas`).
    pub acknowledged_by: usize,
}

impl AtRisk {
    /// `None` where an acknowledged record is on two brokers at least.
    pub(crate) fn of(topic: &str, replicas: usize, acknowledged_by: usize) -> Option<Self> {
        (replicas.min(acknowledged_by) < 2).then(|| Self {
            topic: topic.to_owned(),
            replicas,
            acknowledged_by,
        })
    }
}

impl fmt::Display for AtRisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { topic, replicas, acknowledged_by } = self;
        write!(
            f,
            "topic {topic} has {replicas} replicas and min.insync.replicas={acknowledged_by}: \
             what is acknowledged may be on one broker alone"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_brokers_must_have_what_is_acknowledged() {
        for (replicas, acknowledged_by, at_risk) in
            [(1, 1, true), (3, 1, true), (1, 2, true), (2, 2, false), (3, 2, false)]
        {
            assert_eq!(
                AtRisk::of("t", replicas, acknowledged_by).is_some(),
                at_risk,
                "{replicas} {acknowledged_by}"
            );
        }
    }
}
