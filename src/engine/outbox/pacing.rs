//! Keeps below Telegram's limits: about 30 calls a second overall, one message a second to a chat with a small burst,
//! 20 a minute to a group, 10 notifications a minute to a chat (facts: Bot FAQ, "Broadcasting to users").

use std::collections::HashMap;
use std::time::Duration;

/// The pace that is kept.
#[derive(Clone, Copy, Debug)]
pub struct PacingLimits {
    /// Overall.
    pub overall: Rate,
    /// Messages to one private chat.
    pub private_chat: Rate,
    /// Messages to one group.
    pub group: Rate,
    /// Notifications to one chat.
    pub notifications: Rate,
}

/// So many at once, then one each `every`.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Time between two.
    pub every: Duration,
    /// How many may go at once after a rest.
    pub burst: u32,
}

impl Default for PacingLimits {
    fn default() -> Self {
        let rate = |every_ms, burst| Rate {
            every: Duration::from_millis(every_ms),
            burst,
        };
        Self {
            overall: rate(34, 28),
            private_chat: rate(1_050, 4),
            group: rate(3_100, 15),
            notifications: rate(6_100, 5),
        }
    }
}

/// The state of all paces. Times are those of a monotonic clock.
#[derive(Debug, Default)]
pub struct Pacing {
    limits: PacingLimits,
    overall: Meter,
    chats: HashMap<i64, Chat>,
    halted_until: Duration,
    recent_floods: Vec<(Duration, i64)>,
}

#[derive(Debug, Default)]
struct Chat {
    messages: Meter,
    notifications: Meter,
    halted_until: Duration,
}

/// A generic cell rate: the time at which the next one would be exactly on pace.
#[derive(Clone, Copy, Debug, Default)]
struct Meter {
    on_pace_at: Duration,
}

impl Meter {
    fn ready_at(self, rate: Rate) -> Duration {
        self.on_pace_at
            .saturating_sub(rate.every * rate.burst.saturating_sub(1))
    }

    fn count(&mut self, now: Duration, rate: Rate) {
        self.on_pace_at = self.on_pace_at.max(now) + rate.every;
    }
}

/// What kind of call wants to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Answer,
    Message,
    Notification,
}

/// Chats remembered at most; those at rest are forgotten first.
const CHATS_MAX: usize = 20_000;
/// So many different chats flooded within [`FLOOD_WINDOW`] mean that the bot as a whole is too fast.
const FLOODED_CHATS_MAX: usize = 3;
const FLOOD_WINDOW: Duration = Duration::from_secs(5);

impl Pacing {
    /// With limits other than the default ones.
    pub fn new(limits: PacingLimits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Counts the call and returns None, or says how long it has to wait.
    pub(super) fn admit(
        &mut self,
        chat_id: i64,
        weight: Weight,
        now: Duration,
    ) -> Option<Duration> {
        let limits = self.limits;
        let chat_rate = if chat_id < 0 {
            limits.group
        } else {
            limits.private_chat
        };
        if self.chats.len() > CHATS_MAX {
            self.chats.retain(|_, chat| {
                chat.messages
                    .on_pace_at
                    .max(chat.notifications.on_pace_at)
                    .max(chat.halted_until)
                    > now
            });
        }
        let chat = self.chats.entry(chat_id).or_default();
        let mut ready_at = self.halted_until.max(self.overall.ready_at(limits.overall));
        if weight != Weight::Answer {
            ready_at = ready_at
                .max(chat.halted_until)
                .max(chat.messages.ready_at(chat_rate));
        }
        if weight == Weight::Notification {
            ready_at = ready_at.max(chat.notifications.ready_at(limits.notifications));
        }
        if ready_at > now {
            return Some(ready_at - now);
        }
        self.overall.count(now, limits.overall);
        if weight != Weight::Answer {
            chat.messages.count(now, chat_rate);
        }
        if weight == Weight::Notification {
            chat.notifications.count(now, limits.notifications);
        }
        None
    }

    /// Telegram said 429 to a call for this chat.
    pub(super) fn flooded(&mut self, chat_id: i64, retry_after: Duration, now: Duration) {
        let until = now + retry_after;
        let chat = self.chats.entry(chat_id).or_default();
        chat.halted_until = chat.halted_until.max(until);
        self.recent_floods
            .retain(|(at, chat)| *at + FLOOD_WINDOW > now && *chat != chat_id);
        self.recent_floods.push((now, chat_id));
        if self.recent_floods.len() >= FLOODED_CHATS_MAX {
            self.halt(retry_after, now);
        }
    }

    /// Nothing at all goes out for this long.
    pub(super) fn halt(&mut self, pause: Duration, now: Duration) {
        self.halted_until = self.halted_until.max(now + pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_000);

    #[test]
    fn a_chat_has_a_small_burst_and_then_a_message_a_second() {
        let mut pacing = Pacing::default();
        for _ in 0..4 {
            assert_eq!(pacing.admit(1, Weight::Message, NOW), None);
        }
        let wait = pacing.admit(1, Weight::Message, NOW).expect("paced");
        assert!(wait <= Duration::from_millis(1_050), "{wait:?}");
        assert_eq!(
            pacing.admit(1, Weight::Answer, NOW),
            None,
            "answers are not held back"
        );
        assert_eq!(
            pacing.admit(2, Weight::Message, NOW),
            None,
            "another chat is free"
        );
        assert_eq!(pacing.admit(1, Weight::Message, NOW + wait), None);
    }

    #[test]
    fn no_second_has_more_than_telegram_allows() {
        let mut pacing = Pacing::default();
        let (mut now, mut sent) = (NOW, Vec::new());
        for chat in 0..200 {
            while let Some(wait) = pacing.admit(chat, Weight::Message, now) {
                now += wait;
            }
            sent.push(now);
        }
        let later = |from: Duration| {
            sent.iter()
                .filter(|at| **at >= from && **at < from + Duration::from_secs(1))
                .count()
        };
        assert!(sent.iter().skip(30).all(|at| later(*at) <= 30));
    }

    #[test]
    fn a_flood_halts_one_chat_and_several_halt_all() {
        let mut pacing = Pacing::default();
        pacing.flooded(1, Duration::from_secs(30), NOW);
        assert_eq!(
            pacing.admit(1, Weight::Message, NOW),
            Some(Duration::from_secs(30))
        );
        assert_eq!(pacing.admit(9, Weight::Message, NOW), None);
        pacing.flooded(2, Duration::from_secs(30), NOW);
        pacing.flooded(3, Duration::from_secs(30), NOW);
        assert!(pacing.admit(9, Weight::Message, NOW).is_some());
    }
}
