//! Flood limits as documented: 1 message a second in a chat with short bursts, 20 a minute in a group, 30 a second in all.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use time::OffsetDateTime;

const PRIVATE_BURST: u32 = 5;
const PRIVATE_EVERY: Duration = Duration::from_secs(1);
const GROUP_MAX: usize = 20;
const GROUP_WINDOW: Duration = Duration::from_secs(60);
const OVERALL_MAX: usize = 30;
const OVERALL_WINDOW: Duration = Duration::from_secs(1);

/// What was sent lately.
#[derive(Debug)]
pub struct Limits {
    pub is_enabled: bool,
    /// When each private chat would be back at a full burst.
    private: HashMap<i64, OffsetDateTime>,
    groups: HashMap<i64, VecDeque<OffsetDateTime>>,
    overall: VecDeque<OffsetDateTime>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            is_enabled: true,
            private: HashMap::new(),
            groups: HashMap::new(),
            overall: VecDeque::new(),
        }
    }
}

impl Limits {
    /// Forgets what was sent.
    pub fn reset(&mut self) {
        *self = Self {
            is_enabled: self.is_enabled,
            ..Self::default()
        };
    }

    /// Counts messages to a chat.
    ///
    /// # Errors
    /// The seconds to wait; then nothing is counted.
    pub fn take(&mut self, chat_id: i64, count: usize, now: OffsetDateTime) -> Result<(), u64> {
        if !self.is_enabled {
            return Ok(());
        }
        let mut wait = window_wait(&mut self.overall, OVERALL_MAX, OVERALL_WINDOW, count, now);
        if chat_id > 0 {
            let full_at = self.private.get(&chat_id).copied().unwrap_or(now).max(now);
            let later = full_at + PRIVATE_EVERY * u32::try_from(count).unwrap_or(PRIVATE_BURST);
            wait = wait.max(later - (now + PRIVATE_EVERY * PRIVATE_BURST));
            if !wait.is_positive() {
                self.private.insert(chat_id, later);
            }
        } else {
            let sent = self.groups.entry(chat_id).or_default();
            wait = wait.max(window_wait(sent, GROUP_MAX, GROUP_WINDOW, count, now));
            if !wait.is_positive() {
                sent.extend(std::iter::repeat_n(now, count));
            }
        }
        if wait.is_positive() {
            return Err((wait.as_seconds_f64().ceil() as u64).max(1));
        }
        self.overall.extend(std::iter::repeat_n(now, count));
        Ok(())
    }
}

/// How long until `count` more fit into the window.
fn window_wait(
    sent: &mut VecDeque<OffsetDateTime>,
    max: usize,
    window: Duration,
    count: usize,
    now: OffsetDateTime,
) -> time::Duration {
    while sent.front().is_some_and(|at| *at + window <= now) {
        sent.pop_front();
    }
    // More than fits at all goes out alone.
    let room_for = count.min(max);
    match (sent.len() + room_for).checked_sub(max + 1) {
        None => time::Duration::ZERO,
        Some(last_to_leave) => sent[last_to_leave] + window - now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::from_millis(ms)
    }

    #[test]
    fn a_private_chat_takes_five_at_once_and_then_one_a_second() {
        let mut limits = Limits::default();
        for _ in 0..5 {
            assert_eq!(limits.take(1, 1, at(0)), Ok(()));
        }
        assert_eq!(limits.take(1, 1, at(0)), Err(1));
        assert_eq!(limits.take(2, 1, at(0)), Ok(()));
        assert_eq!(limits.take(1, 1, at(1000)), Ok(()));
        assert_eq!(limits.take(1, 1, at(1500)), Err(1));
    }

    #[test]
    fn a_group_takes_twenty_a_minute() {
        let mut limits = Limits::default();
        for second in 0..20 {
            assert_eq!(limits.take(-1, 1, at(second * 1000)), Ok(()));
        }
        assert_eq!(limits.take(-1, 1, at(20_000)), Err(40));
        assert_eq!(limits.take(-1, 1, at(60_000)), Ok(()));
    }

    #[test]
    fn all_chats_together_take_thirty_a_second() {
        let mut limits = Limits::default();
        for chat in 1..=30 {
            assert_eq!(limits.take(chat, 1, at(0)), Ok(()));
        }
        assert_eq!(limits.take(31, 1, at(500)), Err(1));
        assert_eq!(limits.take(31, 1, at(1000)), Ok(()));
        limits.is_enabled = false;
        for _ in 0..100 {
            assert_eq!(limits.take(31, 1, at(1000)), Ok(()));
        }
    }
}
