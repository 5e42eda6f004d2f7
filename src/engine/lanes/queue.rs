//! The in-memory picture of a queue in lanes. Pure: no clock, no database.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use time::OffsetDateTime;

/// One row that waits in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Orders items within their lane; unique in the table.
    pub id: i64,
    /// Items of one lane run one after another.
    pub lane: i64,
    /// Its class: 0 is served first. A row that holds up a more urgent one of its lane has that one's.
    pub priority: u8,
    /// Not to be started earlier.
    pub not_before: Option<OffsetDateTime>,
}

/// Classes of priority.
pub const CLASSES: usize = 3;
/// What has waited for this long while it could have started is not passed over for ever.
pub const AGED: Duration = Duration::from_secs(30);
/// So many more urgent ones may go before an aged one of a lower class.
const PASSED_OVER_MAX: u32 = 8;

#[derive(Debug, Default)]
struct Lane {
    items: BTreeMap<i64, Waiting>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Idle,
    Ready(Place),
    Busy(i64),
    /// By its pace, which another class may not have.
    Held(OffsetDateTime),
    Waiting(OffsetDateTime),
}

/// Where a lane stands among those that may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    class: usize,
    head: i64,
    since: OffsetDateTime,
}

impl Lane {
    /// The most urgent of its items decides for all: the others stand in its way.
    fn class(&self) -> usize {
        self.items.values().map(class_of).min().unwrap_or(CLASSES)
    }
}

fn class_of(item: &Waiting) -> usize {
    usize::from(item.priority).min(CLASSES - 1)
}

/// Items by lane, with the lanes that may start in order of class and of age.
#[derive(Debug, Default)]
pub(super) struct Queue {
    lanes: HashMap<i64, Lane>,
    ready: [BTreeSet<(i64, i64)>; CLASSES],
    paused: [Option<OffsetDateTime>; CLASSES],
    waiting: BTreeSet<(OffsetDateTime, i64)>,
    len: [usize; CLASSES],
    passed_over: u32,
    /// Takes a lane's last item instead of its first: a mistake that the crash suite seeds.
    pub(super) from_behind: bool,
}

impl Queue {
    /// Items held of a class.
    pub(super) fn len(&self, class: usize) -> usize {
        self.len[class]
    }

    /// Lanes that hold at least `rows` items, the one in flight included, with their class.
    pub(super) fn full(&self, rows: usize) -> impl Iterator<Item = (i64, usize)> {
        let full = self.lanes.iter().filter(move |(_, lane)| {
            lane.items.len() + usize::from(matches!(lane.phase, Phase::Busy(_))) >= rows
        });
        full.map(|(id, lane)| (*id, lane.class()))
    }

    /// Takes in a row; of one that is known already only a more urgent class changes anything.
    pub(super) fn offer(&mut self, item: Waiting, now: OffsetDateTime) {
        let lane = self.lanes.entry(item.lane).or_default();
        if lane.phase == Phase::Busy(item.id) {
            return;
        }
        let before = lane.class();
        match lane.items.get_mut(&item.id) {
            Some(known) if class_of(known) <= class_of(&item) => return,
            Some(known) => {
                self.len[class_of(known)] -= 1;
                known.priority = item.priority;
            }
            None => {
                lane.items.insert(item.id, item);
            }
        }
        self.len[class_of(&item)] += 1;
        match lane.phase {
            Phase::Idle | Phase::Ready(_) => self.make_ready(item.lane, now),
            Phase::Held(at) if lane.class() < before => {
                self.waiting.remove(&(at, item.lane));
                self.make_ready(item.lane, now);
            }
            Phase::Held(_) | Phase::Waiting(_) | Phase::Busy(_) => {}
        }
    }

    /// The next item that may start, with its lane marked busy. Only the first `open` classes are looked at.
    pub(super) fn take(&mut self, now: OffsetDateTime, open: usize) -> Option<Waiting> {
        self.wake(now);
        loop {
            let class = self.next_class(now, open)?;
            let (_, lane_id) = self.ready[class].pop_first()?;
            let Some(lane) = self.lanes.get_mut(&lane_id) else {
                continue;
            };
            let first = if self.from_behind {
                lane.items.last_entry()
            } else {
                lane.items.first_entry()
            };
            let Some(entry) = first else {
                self.lanes.remove(&lane_id);
                continue;
            };
            if let Some(at) = entry.get().not_before.filter(|at| *at > now) {
                lane.phase = Phase::Waiting(at);
                self.waiting.insert((at, lane_id));
                continue;
            }
            let item = entry.remove();
            self.len[class_of(&item)] -= 1;
            lane.phase = Phase::Busy(item.id);
            let priority = u8::try_from(class).unwrap_or(item.priority);
            return Some(Waiting { priority, ..item });
        }
    }

    /// The most urgent class in which something may start; an aged lower one when it was passed over often enough.
    fn next_class(&mut self, now: OffsetDateTime, open: usize) -> Option<usize> {
        let can = |class: &usize| {
            self.paused[*class].is_none_or(|until| until <= now) && !self.ready[*class].is_empty()
        };
        let mut classes = (0..open.min(CLASSES)).filter(can);
        let first = classes.next()?;
        let aged = classes.find(|class| {
            let head = self.ready[*class].first();
            let phase = head
                .and_then(|(_, lane)| self.lanes.get(lane))
                .map(|lane| lane.phase);
            matches!(phase, Some(Phase::Ready(place)) if place.since + AGED <= now)
        });
        let Some(aged) = aged else {
            self.passed_over = 0;
            return Some(first);
        };
        self.passed_over += 1;
        if self.passed_over <= PASSED_OVER_MAX {
            return Some(first);
        }
        self.passed_over = 0;
        Some(aged)
    }

    /// The lane's item is done with: its next one may start.
    pub(super) fn done(&mut self, lane_id: i64, now: OffsetDateTime) {
        let Some(lane) = self.lanes.get_mut(&lane_id) else {
            return;
        };
        if lane.items.is_empty() {
            self.lanes.remove(&lane_id);
        } else {
            lane.phase = Phase::Idle;
            self.make_ready(lane_id, now);
        }
    }

    /// The lane's item is done with, and nothing is known of the lane any more.
    pub(super) fn forget(&mut self, lane_id: i64) {
        let Some(lane) = self.lanes.remove(&lane_id) else {
            return;
        };
        for item in lane.items.values() {
            self.len[class_of(item)] -= 1;
        }
        match lane.phase {
            Phase::Ready(place) => drop(self.ready[place.class].remove(&(place.head, lane_id))),
            Phase::Held(at) | Phase::Waiting(at) => drop(self.waiting.remove(&(at, lane_id))),
            Phase::Idle | Phase::Busy(_) => {}
        }
    }

    /// The item goes back to the head of its lane, which waits until `at` whatever comes.
    pub(super) fn again(&mut self, item: Waiting, at: OffsetDateTime) {
        self.put_back(item, Phase::Waiting(at));
        self.waiting.insert((at, item.lane));
    }

    /// The item goes back to the head of its lane, which waits until `at` unless something more urgent comes into it.
    pub(super) fn hold(&mut self, item: Waiting, at: OffsetDateTime) {
        self.put_back(item, Phase::Held(at));
        self.waiting.insert((at, item.lane));
    }

    /// The item goes back, and nothing of its class or a lower one starts before `until`.
    pub(super) fn pause(&mut self, item: Waiting, until: OffsetDateTime, now: OffsetDateTime) {
        for paused in &mut self.paused[class_of(&item)..] {
            *paused = Some(paused.map_or(until, |at| at.max(until)));
        }
        self.put_back(item, Phase::Idle);
        self.make_ready(item.lane, now);
    }

    fn put_back(&mut self, item: Waiting, phase: Phase) {
        let lane = self.lanes.entry(item.lane).or_default();
        let not_before = None;
        lane.items.insert(item.id, Waiting { not_before, ..item });
        lane.phase = phase;
        self.len[class_of(&item)] += 1;
    }

    /// When the next lane that waits may start.
    pub(super) fn next_wake(&self) -> Option<OffsetDateTime> {
        let waiting = self.waiting.first().map(|(at, _)| *at);
        let paused = (0..CLASSES).filter(|class| !self.ready[*class].is_empty());
        let paused = paused.filter_map(|class| self.paused[class]);
        waiting.into_iter().chain(paused).min()
    }

    fn wake(&mut self, now: OffsetDateTime) {
        for paused in &mut self.paused {
            *paused = paused.filter(|until| *until > now);
        }
        while let Some((at, lane)) = self.waiting.first().copied() {
            if at > now {
                return;
            }
            self.waiting.pop_first();
            self.make_ready(lane, now);
        }
    }

    /// Puts the lane where its head and its class belong; one that stood elsewhere keeps the age of its wait.
    fn make_ready(&mut self, lane_id: i64, now: OffsetDateTime) {
        let Some(lane) = self.lanes.get_mut(&lane_id) else {
            return;
        };
        let Some(head) = lane.items.keys().next().copied() else {
            return;
        };
        let class = lane.class().min(CLASSES - 1);
        let mut since = now;
        if let Phase::Ready(old) = lane.phase {
            self.ready[old.class].remove(&(old.head, lane_id));
            since = old.since;
        }
        lane.phase = Phase::Ready(Place { class, head, since });
        self.ready[class].insert((head, lane_id));
    }
}
