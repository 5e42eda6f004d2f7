//! The picture in memory, by itself.

use std::time::Duration;

use time::OffsetDateTime;
use time::macros::datetime;

use super::queue::*;

const NOW: OffsetDateTime = datetime!(2026-01-01 0:00 UTC);

fn item(id: i64, lane: i64) -> Waiting {
    of_class(1, id, lane)
}

fn of_class(priority: u8, id: i64, lane: i64) -> Waiting {
    Waiting {
        id,
        lane,
        priority,
        not_before: None,
    }
}

fn take(queue: &mut Queue, now: OffsetDateTime) -> Option<i64> {
    queue.take(now, CLASSES).map(|item| item.id)
}

#[test]
fn a_lane_runs_in_order_of_id_one_at_a_time() {
    let mut queue = Queue::default();
    for id in [3, 1, 2] {
        queue.offer(item(id, 7), NOW);
        queue.offer(item(id, 7), NOW);
    }
    for id in [1, 2, 3] {
        assert_eq!(take(&mut queue, NOW), Some(id));
        assert_eq!(take(&mut queue, NOW), None, "the lane is busy");
        queue.offer(item(id, 7), NOW);
        queue.done(7, NOW);
    }
    assert_eq!((take(&mut queue, NOW), queue.len(1)), (None, 0));
}

#[test]
fn a_lane_is_forgotten_with_all_that_is_held_of_it() {
    let mut queue = Queue::default();
    for id in [1, 2, 3] {
        queue.offer(item(id, 7), NOW);
    }
    queue.offer(of_class(2, 4, 8), NOW);
    assert_eq!(take(&mut queue, NOW), Some(1));
    queue.forget(7);
    assert_eq!((queue.len(1), take(&mut queue, NOW)), (0, Some(4)));
    // In every phase: ready, and waiting.
    queue.offer(item(5, 7), NOW);
    queue.forget(7);
    queue.offer(item(6, 7), NOW);
    let first = queue.take(NOW, CLASSES).expect("ready");
    queue.again(first, NOW + Duration::from_secs(5));
    queue.forget(7);
    assert_eq!((queue.len(1), queue.next_wake()), (0, None));
    assert_eq!(take(&mut queue, NOW + Duration::from_secs(9)), None);
    // It can come back, from its beginning.
    for id in [3, 2] {
        queue.offer(item(id, 7), NOW);
    }
    assert_eq!(take(&mut queue, NOW), Some(2));
}

#[test]
fn a_waiting_lane_holds_up_only_itself() {
    let mut queue = Queue::default();
    queue.offer(item(1, 7), NOW);
    queue.offer(item(2, 7), NOW);
    queue.offer(item(3, 8), NOW);
    let first = queue.take(NOW, CLASSES).expect("ready");
    let later = NOW + Duration::from_secs(5);
    queue.again(first, later);
    assert_eq!(take(&mut queue, NOW), Some(3));
    assert_eq!(take(&mut queue, NOW), None);
    assert_eq!(queue.next_wake(), Some(later));
    assert_eq!(take(&mut queue, later), Some(1), "order holds over a retry");
}

#[test]
fn the_more_urgent_class_goes_first_and_in_it_the_older() {
    let mut queue = Queue::default();
    for (class, id) in [(2, 1), (1, 9), (0, 12), (1, 8)] {
        queue.offer(of_class(class, id, id), NOW);
    }
    let order: Vec<i64> = std::iter::from_fn(|| take(&mut queue, NOW)).collect();
    assert_eq!(order, [12, 8, 9, 1]);
}

#[test]
fn what_holds_up_an_urgent_row_is_as_urgent_and_still_goes_first() {
    let mut queue = Queue::default();
    queue.offer(of_class(2, 1, 7), NOW);
    queue.offer(of_class(2, 2, 8), NOW);
    let first = queue.take(NOW, CLASSES).expect("ready");
    queue.hold(first, NOW + Duration::from_secs(6));
    queue.offer(of_class(1, 3, 7), NOW);
    let held = queue.take(NOW, CLASSES).expect("not held any more");
    assert_eq!((held.id, held.priority), (1, 1));
    queue.done(7, NOW);
    assert_eq!(take(&mut queue, NOW), Some(3));
    assert_eq!(take(&mut queue, NOW), Some(2));
}

#[test]
fn a_retry_is_not_cut_short_by_something_urgent() {
    let mut queue = Queue::default();
    queue.offer(of_class(2, 1, 7), NOW);
    let first = queue.take(NOW, CLASSES).expect("ready");
    queue.again(first, NOW + Duration::from_secs(6));
    queue.offer(of_class(1, 3, 7), NOW);
    assert_eq!(take(&mut queue, NOW), None);
}

#[test]
fn a_lane_is_full_with_what_is_in_flight() {
    let mut queue = Queue::default();
    for id in 1..=3 {
        queue.offer(item(id, 7), NOW);
    }
    assert_eq!(queue.full(3).collect::<Vec<_>>(), [(7, 1)]);
    queue.take(NOW, CLASSES).expect("ready");
    assert_eq!(queue.full(3).collect::<Vec<_>>(), [(7, 1)]);
    assert_eq!(queue.full(4).count(), 0);
}

#[test]
fn what_waited_long_gets_its_share() {
    let mut queue = Queue::default();
    queue.offer(of_class(2, 1, 1), NOW);
    for id in 100..140 {
        queue.offer(item(id, id), NOW);
    }
    for id in 100..110 {
        assert_eq!(take(&mut queue, NOW), Some(id), "nothing has aged");
    }
    let later = NOW + AGED;
    let taken: Vec<i64> = (0..10).filter_map(|_| take(&mut queue, later)).collect();
    assert_eq!(taken[..8], [110, 111, 112, 113, 114, 115, 116, 117]);
    assert_eq!(taken[8..], [1, 118]);
}

#[test]
fn a_paused_class_lets_the_more_urgent_ones_through() {
    let mut queue = Queue::default();
    queue.offer(of_class(2, 1, 1), NOW);
    queue.offer(of_class(2, 2, 2), NOW);
    let first = queue.take(NOW, CLASSES).expect("ready");
    let later = NOW + Duration::from_millis(40);
    queue.pause(first, later, NOW);
    assert_eq!(take(&mut queue, NOW), None);
    assert_eq!(queue.next_wake(), Some(later));
    queue.offer(of_class(1, 3, 3), NOW);
    assert_eq!(take(&mut queue, NOW), Some(3));
    assert_eq!(take(&mut queue, later), Some(1));
    assert_eq!(queue.take(later, 2), None, "the class is not open");
}
