//! The in-memory picture of a queue in lanes. Pure: no clock, no database.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use time::OffsetDateTime;

/// One row that waits in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Orders items within their lane; unique in the table.
    pub id: i64,
    /// Items of one lane run one after another.
    pub lane: i64,
    /// 0 is served first.
    pub priority: u8,
    /// Not to be started earlier.
    pub not_before: Option<OffsetDateTime>,
}

const PRIORITIES: usize = 3;

#[derive(Debug, Default)]
struct Lane {
    items: BTreeMap<i64, Waiting>,
    phase: Phase,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Ready,
    Busy(i64),
    Waiting(OffsetDateTime),
}

/// Items by lane, with the lanes that may start in order of priority.
#[derive(Debug, Default)]
pub(super) struct Queue {
    lanes: HashMap<i64, Lane>,
    ready: [VecDeque<i64>; PRIORITIES],
    waiting: BTreeSet<(OffsetDateTime, i64)>,
    len: usize,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Takes in a row; one that is known already changes nothing.
    pub(super) fn offer(&mut self, item: Waiting) {
        let fresh = !self.lanes.contains_key(&item.lane);
        let lane = self.lanes.entry(item.lane).or_default();
        if lane.phase == Phase::Busy(item.id) || lane.items.insert(item.id, item).is_some() {
            return;
        }
        self.len += 1;
        if fresh {
            self.make_ready(item.lane);
        }
    }

    /// The next item that may start, with its lane marked busy.
    pub(super) fn take(&mut self, now: OffsetDateTime) -> Option<Waiting> {
        self.wake(now);
        for priority in 0..PRIORITIES {
            while let Some(lane_id) = self.ready[priority].pop_front() {
                let Some(lane) = self.lanes.get_mut(&lane_id) else {
                    continue;
                };
                let Some(entry) = lane.items.first_entry() else {
                    self.lanes.remove(&lane_id);
                    continue;
                };
                if let Some(at) = entry.get().not_before.filter(|at| *at > now) {
                    lane.phase = Phase::Waiting(at);
                    self.waiting.insert((at, lane_id));
                    continue;
                }
                let item = entry.remove();
                lane.phase = Phase::Busy(item.id);
                self.len -= 1;
                return Some(item);
            }
        }
        None
    }

    /// The lane's item is done with: its next one may start.
    pub(super) fn done(&mut self, lane_id: i64) {
        let Some(lane) = self.lanes.get_mut(&lane_id) else {
            return;
        };
        if lane.items.is_empty() {
            self.lanes.remove(&lane_id);
        } else {
            self.make_ready(lane_id);
        }
    }

    /// The item goes back to the head of its lane, which waits until `at`.
    pub(super) fn again(&mut self, item: Waiting, at: OffsetDateTime) {
        let lane = self.lanes.entry(item.lane).or_default();
        lane.items.insert(
            item.id,
            Waiting {
                not_before: None,
                ..item
            },
        );
        lane.phase = Phase::Waiting(at);
        self.len += 1;
        self.waiting.insert((at, item.lane));
    }

    /// When the next waiting lane may start.
    pub(super) fn next_wake(&self) -> Option<OffsetDateTime> {
        self.waiting.first().map(|(at, _)| *at)
    }

    fn wake(&mut self, now: OffsetDateTime) {
        while let Some((at, lane)) = self.waiting.first().copied() {
            if at > now {
                return;
            }
            self.waiting.pop_first();
            self.make_ready(lane);
        }
    }

    fn make_ready(&mut self, lane_id: i64) {
        if let Some(lane) = self.lanes.get_mut(&lane_id) {
            lane.phase = Phase::Ready;
            let head = lane.items.values().next();
            let priority = head.map_or(0, |item| usize::from(item.priority));
            self.ready[priority.min(PRIORITIES - 1)].push_back(lane_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-01-01 0:00 UTC);

    fn item(id: i64, lane: i64) -> Waiting {
        Waiting {
            id,
            lane,
            priority: 1,
            not_before: None,
        }
    }

    #[test]
    fn a_lane_runs_in_order_of_id_one_at_a_time() {
        let mut queue = Queue::default();
        for id in [3, 1, 2] {
            queue.offer(item(id, 7));
            queue.offer(item(id, 7));
        }
        for id in [1, 2, 3] {
            assert_eq!(queue.take(NOW).map(|item| item.id), Some(id));
            assert_eq!(queue.take(NOW), None, "the lane is busy");
            queue.offer(item(id, 7));
            queue.done(7);
        }
        assert_eq!((queue.take(NOW), queue.len()), (None, 0));
    }

    #[test]
    fn a_waiting_lane_holds_up_only_itself() {
        let mut queue = Queue::default();
        queue.offer(item(1, 7));
        queue.offer(item(2, 7));
        queue.offer(item(3, 8));
        let first = queue.take(NOW).expect("ready");
        let later = NOW + Duration::from_secs(5);
        queue.again(first, later);
        assert_eq!(queue.take(NOW).map(|item| item.id), Some(3));
        assert_eq!(queue.take(NOW), None);
        assert_eq!(queue.next_wake(), Some(later));
        assert_eq!(
            queue.take(later).map(|item| item.id),
            Some(1),
            "order holds over a retry"
        );
    }

    #[test]
    fn higher_priority_lanes_go_first() {
        let mut queue = Queue::default();
        queue.offer(Waiting {
            priority: 2,
            ..item(1, 1)
        });
        queue.offer(Waiting {
            priority: 0,
            ..item(2, 2)
        });
        assert_eq!(queue.take(NOW).map(|item| item.id), Some(2));
        assert_eq!(queue.take(NOW).map(|item| item.id), Some(1));
    }
}
