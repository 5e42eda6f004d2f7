//! Paces against the limits that they must keep.

use super::*;

const NOW: Duration = Duration::from_secs(1_000);
const SECOND: Duration = Duration::from_secs(1);

fn message(pacing: &mut Pacing, chat_id: i64, now: Duration) -> Result<(), Wait> {
    pacing.admit(chat_id, Weight::Message, 1, now)
}

fn length(wait: Wait) -> Duration {
    match wait {
        Wait::Chat(wait) | Wait::All(wait) => wait,
    }
}

/// When `count` calls go, one after another as soon as they may.
fn times(
    pacing: &mut Pacing,
    from: Duration,
    calls: impl Iterator<Item = (i64, Weight)>,
) -> Vec<Duration> {
    let mut now = from;
    calls
        .map(|(chat_id, weight)| {
            while let Err(wait) = pacing.admit(chat_id, weight, 1, now) {
                now += length(wait);
            }
            now
        })
        .collect()
}

/// The most in any window that begins with one of them.
fn most(times: &[Duration], window: Duration) -> usize {
    let within = |from: &Duration| {
        let all = times.iter();
        all.filter(|at| *at >= from && **at < *from + window)
            .count()
    };
    times.iter().map(within).max().unwrap_or(0)
}

#[test]
fn a_chat_has_a_small_burst_and_then_a_message_a_second() {
    let mut pacing = Pacing::default();
    for _ in 0..4 {
        assert_eq!(message(&mut pacing, 1, NOW), Ok(()));
    }
    let wait = message(&mut pacing, 1, NOW).expect_err("paced");
    assert!(matches!(wait, Wait::Chat(wait) if wait <= Duration::from_millis(1_050)));
    let answer = pacing.admit(1, Weight::Answer, 1, NOW);
    assert_eq!(answer, Ok(()), "answers are not held back");
    assert_eq!(message(&mut pacing, 2, NOW), Ok(()), "another chat is free");
    assert_eq!(message(&mut pacing, 1, NOW + length(wait)), Ok(()));
}

#[test]
fn no_second_has_more_than_telegram_allows() {
    let mut pacing = Pacing::default();
    let sent = times(
        &mut pacing,
        NOW,
        (0..300).map(|chat| (chat, Weight::Message)),
    );
    assert!(most(&sent, SECOND) <= 30);
    let took = sent[299] - sent[0];
    assert!(
        took < Duration::from_secs(11),
        "the limit is used: {took:?}"
    );
}

#[test]
fn no_minute_has_more_for_a_group_or_of_notifications_than_allowed() {
    let minute = Duration::from_secs(60);
    let mut pacing = Pacing::default();
    let group = times(&mut pacing, NOW, (0..60).map(|_| (-1, Weight::Message)));
    assert!(most(&group, minute) <= 20);
    let notices = times(&mut pacing, NOW, (0..40).map(|_| (5, Weight::Notification)));
    assert!(most(&notices, minute) <= 10);
}

#[test]
fn notifications_leave_room_for_answers() {
    let mut pacing = Pacing::default();
    let sent = times(
        &mut pacing,
        NOW,
        (0..200).map(|chat| (chat, Weight::Notification)),
    );
    assert!(most(&sent, SECOND) <= 25);
    let last = sent[199];
    for chat in 1_000..1_003 {
        assert_eq!(message(&mut pacing, chat, last), Ok(()));
    }
}

#[test]
fn a_flood_halts_one_chat_and_several_halt_all() {
    let mut pacing = Pacing::default();
    let half_a_minute = Duration::from_secs(30);
    pacing.flooded(1, Duration::from_secs(3_600), NOW);
    assert!(matches!(message(&mut pacing, 1, NOW), Err(Wait::Chat(_))));
    assert_eq!(message(&mut pacing, 9, NOW), Ok(()));
    pacing.flooded(2, half_a_minute, NOW);
    pacing.flooded(3, half_a_minute, NOW);
    assert_eq!(message(&mut pacing, 9, NOW), Err(Wait::All(half_a_minute)));
}

/// Calls that go within a second.
fn per_second(pacing: &mut Pacing, now: Duration, chats: i64) -> usize {
    let sent = times(pacing, now, (0..60).map(|n| (chats + n, Weight::Message)));
    sent.iter().filter(|at| **at < now + SECOND).count()
}

#[test]
fn the_pace_is_cut_by_complaints_and_comes_back_slowly() {
    let mut pacing = Pacing::default();
    assert_eq!(per_second(&mut pacing, NOW, 100), 28);
    let now = NOW + Duration::from_secs(60);
    for chat_id in 1..=20 {
        pacing.flooded(chat_id, SECOND, now);
    }
    let after = per_second(&mut pacing, now + SECOND, 200);
    assert!((12..=20).contains(&after), "cut once: {after}");
    for (n, chat_id) in (21..=30).enumerate() {
        pacing.flooded(
            chat_id,
            SECOND,
            now + SECOND * u32::try_from(n).expect("few") * 2,
        );
    }
    let later = now + Duration::from_secs(25);
    let low = per_second(&mut pacing, later, 300);
    assert!((1..=10).contains(&low), "cut again and again: {low}");
    let middle = per_second(&mut pacing, later + Duration::from_secs(40), 400);
    assert!((low + 1..28).contains(&middle), "{middle}");
    assert_eq!(
        per_second(&mut pacing, later + Duration::from_secs(150), 500),
        28
    );
}

#[test]
fn a_flooded_chat_goes_on_at_half_its_pace() {
    let mut pacing = Pacing::default();
    pacing.flooded(1, SECOND, NOW);
    let sent = times(
        &mut pacing,
        NOW + SECOND,
        (0..10).map(|_| (1, Weight::Message)),
    );
    assert!(most(&sent, SECOND * 4) <= 3, "{sent:?}");
    // The same chat once more is no news about the others.
    pacing.flooded(1, SECOND, NOW + Duration::from_secs(90));
    assert_eq!(
        per_second(&mut pacing, NOW + Duration::from_secs(200), 100),
        28
    );
}

#[test]
fn replicas_share_the_overall_pace() {
    let mut pacing = Pacing::default();
    let mut sent = 0;
    for chat in 0..60 {
        sent += usize::from(pacing.admit(chat, Weight::Message, 4, NOW).is_ok());
    }
    assert_eq!(sent, 7);
    let wait = pacing.admit(99, Weight::Message, 100, NOW + SECOND);
    assert!(
        matches!(wait, Err(Wait::All(wait)) if wait > SECOND),
        "{wait:?}"
    );
}

#[test]
fn a_call_that_was_not_made_costs_nothing() {
    let mut pacing = Pacing::default();
    for _ in 0..50 {
        assert_eq!(pacing.admit(1, Weight::Notification, 1, NOW), Ok(()));
        pacing.refund(1, Weight::Notification, 1, NOW);
    }
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut pacing = Pacing::default();
    for chat_id in 0..60_000 {
        pacing.flooded(chat_id, Duration::from_secs(9_999), NOW);
    }
    assert!(pacing.chats.len() <= CHATS_MAX, "{}", pacing.chats.len());
    let later = NOW + Duration::from_secs(100_000);
    let sent = times(
        &mut pacing,
        later,
        (0..50_000).map(|chat| (chat, Weight::Message)),
    );
    assert_eq!(sent.len(), 50_000);
    assert!(pacing.chats.len() <= CHATS_MAX, "{}", pacing.chats.len());
}

#[test]
fn a_halt_that_is_heard_of_stops_everything_and_slows_what_follows_once() {
    let mut pacing = Pacing::default();
    let left = Duration::from_secs(20);
    for heard_ms in [0, 40, 900, 5_000] {
        let since = Duration::from_millis(heard_ms);
        pacing.heard_of_halt(left - since, NOW + since);
    }
    assert_eq!(message(&mut pacing, 1, NOW), Err(Wait::All(left)));
    let after = per_second(&mut pacing, NOW + left, 100);
    assert!((14..=24).contains(&after), "cut by half, once: {after}");
}

#[test]
fn limits_of_an_operator_are_kept() {
    for per_minute in [1, 2, 5, 10, 20] {
        let mut pacing = Pacing::new(PacingLimits::of(200, 150, per_minute));
        let minute = Duration::from_secs(60);
        let notices = times(&mut pacing, NOW, (0..50).map(|_| (5, Weight::Notification)));
        let most_a_minute = most(&notices, minute);
        let allowed = usize::try_from(per_minute).expect("small");
        assert!(
            (allowed.div_ceil(2)..=allowed).contains(&most_a_minute),
            "{most_a_minute} of {per_minute}"
        );
    }
    let mut pacing = Pacing::new(PacingLimits::of(200, 150, 10));
    let sent = times(
        &mut pacing,
        NOW,
        (0..600).map(|chat| (chat, Weight::Notification)),
    );
    assert!((140..=154).contains(&most(&sent, SECOND)));
    let all = times(
        &mut pacing,
        NOW + SECOND * 60,
        (1_000..1_600).map(|chat| (chat, Weight::Message)),
    );
    assert_eq!(most(&all, SECOND), 200);
}
