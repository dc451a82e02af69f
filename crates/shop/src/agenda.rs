//! What is still to happen, by when.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::event::Event;
use super::operation::Operation;

/// Something that happens at its time.
#[derive(Debug)]
pub(super) enum Todo {
    /// An event is sent.
    Happens(Box<Event>),
    /// An event is changed or deleted.
    Changes(Operation),
    /// So many pieces leave the stock of this number.
    Sold(usize, i64),
    /// More pieces come to the stock of this number.
    Restocked(usize),
    /// The pieces of the stock of this number are counted.
    Counted(usize),
}

/// First what comes first; of what comes at once, what was entered first.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    order: BinaryHeap<Reverse<(i64, u64)>>,
    todos: BTreeMap<u64, Todo>,
    entered: u64,
}

impl Agenda {
    /// Enters something to be done at this time, in Unix milliseconds.
    pub(super) fn enter(&mut self, at: i64, todo: Todo) {
        self.order.push(Reverse((at, self.entered)));
        self.todos.insert(self.entered, todo);
        self.entered += 1;
    }

    /// Enters an event to be sent when it happens.
    pub(super) fn event(&mut self, event: Event) {
        self.enter(event.at, Todo::Happens(Box::new(event)));
    }

    /// The next thing that is to be done before `end`, and when.
    pub(super) fn next_before(&mut self, end: i64) -> Option<(i64, Todo)> {
        let &Reverse((at, number)) = self.order.peek().filter(|Reverse((at, _))| *at < end)?;
        self.order.pop();
        self.todos.remove(&number).map(|todo| (at, todo))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_come_by_their_time_and_then_as_they_were_entered() {
        let mut agenda = Agenda::default();
        for (at, stock) in [(5, 0), (3, 1), (5, 2), (9, 3)] {
            agenda.enter(at, Todo::Restocked(stock));
        }
        let done: Vec<_> = std::iter::from_fn(|| agenda.next_before(9))
            .map(|(at, todo)| (at, if let Todo::Restocked(stock) = todo { stock } else { 99 }))
            .collect();
        assert_eq!(done, [(3, 1), (5, 0), (5, 2)]);
        assert!(agenda.next_before(10).is_some_and(|(at, _)| at == 9));
    }
}
