//! The breaker on a clock that stands still.

use time::macros::datetime;

use super::*;
use crate::base::clock::ManualClock;

fn breaker() -> (Breaker, ManualClock) {
    let (clock, manual) = Clock::manual(datetime!(2026-01-01 0:00 UTC));
    (
        Breaker::new(BreakerSettings::default(), clock, Ids::seeded(1)),
        manual,
    )
}

fn call(breaker: &Breaker, health: Health) -> bool {
    if breaker.admit().is_some() {
        return false;
    }
    breaker.end(breaker.begin(), health);
    true
}

/// Trips it and tells for how long it is open.
fn trip(breaker: &Breaker, clock: &Clock) -> Duration {
    for _ in 0..100 {
        if !call(breaker, Health::Ill) {
            break;
        }
    }
    match breaker.phase() {
        Phase::Open { until } => until - clock.monotonic(),
        phase => panic!("it is {phase:?}"),
    }
}

#[test]
fn few_failures_prove_nothing_and_many_open_it() {
    let (breaker, _manual) = breaker();
    for _ in 0..3 {
        assert!(call(&breaker, Health::Ill));
        assert_eq!(breaker.phase(), Phase::Closed);
    }
    assert!(call(&breaker, Health::Ill));
    assert!(breaker.is_open());
    assert!(breaker.admit().is_some());
}

#[test]
fn a_minority_of_failures_and_unclear_outcomes_leave_it_closed() {
    let (breaker, _manual) = breaker();
    for _ in 0..50 {
        call(&breaker, Health::Well);
        call(&breaker, Health::Well);
        call(&breaker, Health::Ill);
        call(&breaker, Health::Unclear);
    }
    assert_eq!(breaker.phase(), Phase::Closed);
}

#[test]
fn failures_that_left_the_window_do_not_count() {
    let (breaker, manual) = breaker();
    for _ in 0..12 {
        assert!(call(&breaker, Health::Ill));
        manual.advance(Duration::from_secs(25));
    }
    assert_eq!(breaker.phase(), Phase::Closed);
}

#[test]
fn probes_are_limited_and_enough_of_them_close_it() {
    let (breaker, manual) = breaker();
    manual.advance(trip(&breaker, &breaker.clock));
    assert_eq!(breaker.phase(), Phase::HalfOpen);
    assert_eq!((breaker.admit(), breaker.admit()), (None, None));
    assert!(breaker.admit().is_some(), "two probes are under way");
    let (first, second) = (breaker.begin(), breaker.begin());
    breaker.end(first, Health::Well);
    assert_eq!(breaker.phase(), Phase::HalfOpen);
    breaker.end(second, Health::Well);
    assert_eq!(breaker.phase(), Phase::Closed);
    assert!(
        call(&breaker, Health::Ill),
        "old failures are forgotten with the outage"
    );
    assert_eq!(breaker.phase(), Phase::Closed);
}

#[test]
fn a_probe_that_is_not_made_or_never_reports_frees_its_place() {
    let (breaker, manual) = breaker();
    manual.advance(trip(&breaker, &breaker.clock));
    assert_eq!((breaker.admit(), breaker.admit()), (None, None));
    breaker.give_back();
    assert_eq!(breaker.admit(), None);
    assert!(breaker.admit().is_some());
    manual.advance(BreakerSettings::default().probe_lease);
    assert_eq!(breaker.admit(), None);
}

#[test]
fn it_opens_longer_each_time_up_to_a_bound_and_forgets_after_a_quiet_while() {
    let (breaker, manual) = breaker();
    let settings = BreakerSettings::default();
    let mut opens = Vec::new();
    for _ in 0..10 {
        let open = trip(&breaker, &breaker.clock);
        manual.advance(open);
        opens.push(open);
    }
    for (open, doublings) in opens.iter().zip(0_u32..) {
        let least = (settings.open_min * 2_u32.pow(doublings)).min(settings.open_max);
        assert!(
            *open >= least && *open <= least * 5 / 4,
            "{doublings}: {open:?}"
        );
    }
    assert!(call(&breaker, Health::Well) && call(&breaker, Health::Well));
    assert_eq!(breaker.phase(), Phase::Closed);
    manual.advance(settings.forget_after);
    assert!(trip(&breaker, &breaker.clock) <= settings.open_min * 5 / 4);
}

#[test]
fn an_answer_from_before_the_outage_changes_nothing() {
    let (breaker, manual) = breaker();
    let (old_failure, old_success) = (breaker.begin(), breaker.begin());
    manual.advance(trip(&breaker, &breaker.clock));
    assert_eq!(breaker.phase(), Phase::HalfOpen);
    breaker.end(old_failure, Health::Ill);
    breaker.end(old_success, Health::Well);
    assert_eq!(breaker.phase(), Phase::HalfOpen);
}

#[test]
fn an_isolated_provider_stays_so_until_restored() {
    let (breaker, manual) = breaker();
    let under_way = breaker.begin();
    breaker.isolate();
    breaker.end(under_way, Health::Well);
    manual.advance(Duration::from_secs(86_400));
    assert!(breaker.is_open() && breaker.admit().is_some());
    breaker.restore();
    assert!(call(&breaker, Health::Well) && call(&breaker, Health::Well));
    assert_eq!(breaker.phase(), Phase::Closed);
}

#[test]
fn a_replica_adopts_what_is_newer_and_only_that() {
    let (ours, _manual) = breaker();
    let (theirs, _manual) = breaker();
    trip(&theirs, &theirs.clock);
    let newer = theirs.row();
    assert_eq!((newer.state.as_str(), newer.epoch), ("open", 1));
    ours.adopt(&newer);
    assert_eq!(ours.row(), newer);
    let closed = |epoch| BreakerRow {
        epoch,
        state: "closed".to_owned(),
        open_until: None,
    };
    ours.adopt(&closed(0));
    assert!(ours.is_open());
    ours.adopt(&closed(1));
    assert!(!ours.is_open(), "of two at once the written one stands");
    let absurd = BreakerRow {
        epoch: 9,
        state: "open".to_owned(),
        open_until: Some(datetime!(2099-01-01 0:00 UTC)),
    };
    ours.adopt(&absurd);
    let until = ours.row().open_until.unwrap();
    assert!(until <= ours.clock.now() + BreakerSettings::default().open_max * 5 / 4);
}

#[test]
fn a_latch_runs_out_so_that_one_order_can_find_out() {
    let (clock, manual) = Clock::manual(datetime!(2026-01-01 0:00 UTC));
    let latch = Latch::new(clock, Duration::from_secs(300));
    assert!(!latch.is_set());
    latch.set();
    manual.advance(Duration::from_secs(299));
    assert!(latch.is_set());
    manual.advance(Duration::from_secs(1));
    assert!(!latch.is_set());
    latch.set();
    latch.clear();
    assert!(!latch.is_set());
}
