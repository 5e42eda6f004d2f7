//! Keeps below Telegram's limits: 30 calls a second overall, one message a second to a chat with a small burst, 20 a
//! minute to a group (facts: Bot FAQ, "Broadcasting to users"), and 10 notifications a minute to a chat, which is our
//! own rule.
//!
//! What Telegram really allows at a moment is nowhere written, so the pace learns: a 429 cuts it, and it comes back
//! slowly (additive increase, multiplicative decrease), for the chat and overall.

mod meter;

use std::collections::HashMap;
use std::time::Duration;

pub use meter::Rate;
use meter::{Caution, Meter, Window, whole};

/// The pace that is kept while Telegram does not complain.
#[derive(Clone, Copy, Debug)]
pub struct PacingLimits {
    /// Calls of all replicas together in any second.
    pub overall_per_s: u32,
    /// Of these, notifications: less, so that an answer always finds room.
    pub low_per_s: u32,
    /// Messages to one private chat.
    pub private_chat: Rate,
    /// Messages to one group.
    pub group: Rate,
    /// Notifications to one chat.
    pub notifications: Rate,
}

impl PacingLimits {
    /// The default ones, with these: calls a second of all and of notifications, and of these to one chat a minute.
    pub fn of(overall_per_s: u32, low_per_s: u32, notifications_per_minute: u32) -> Self {
        // The burst and what follows in the minute are the limit together; a little slower, so that clocks may differ.
        let burst = (notifications_per_minute / 3).clamp(1, 3);
        let rest = notifications_per_minute.saturating_sub(burst).max(1);
        Self {
            overall_per_s,
            low_per_s,
            notifications: Rate {
                every: Duration::from_millis(60_200) / rest,
                burst,
            },
            ..Self::default()
        }
    }
}

impl Default for PacingLimits {
    fn default() -> Self {
        let rate = |every_ms, burst| Rate {
            every: Duration::from_millis(every_ms),
            burst,
        };
        // The burst and what follows in the limit's own minute must stay below it together.
        Self {
            overall_per_s: 28,
            low_per_s: 24,
            private_chat: rate(1_050, 4),
            group: rate(4_100, 5),
            notifications: rate(8_600, 3),
        }
    }
}

/// What kind of call wants to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Answer,
    Message,
    Notification,
}

/// Who has to wait, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// This chat.
    Chat(Duration),
    /// Every call of this weight or a heavier one.
    All(Duration),
}

/// The state of all paces. Times are those of a monotonic clock.
#[derive(Debug, Default)]
pub struct Pacing {
    limits: PacingLimits,
    sent: Window,
    low: Meter,
    caution: Caution,
    chats: HashMap<i64, Chat>,
    halted_until: Duration,
    recent_floods: Vec<Flood>,
}

#[derive(Debug, Default)]
struct Chat {
    messages: Meter,
    notifications: Meter,
    caution: Caution,
    halted_until: Duration,
}

impl Chat {
    /// From when on a chat that is forgotten would be treated the same.
    fn at_rest_at(&self) -> Duration {
        self.messages
            .on_pace_at
            .max(self.notifications.on_pace_at)
            .max(self.halted_until)
            .max(self.caution.over_at(CHAT_RECOVERS_IN))
    }
}

#[derive(Clone, Copy, Debug)]
struct Flood {
    at: Duration,
    chat_id: i64,
    retry_after: Duration,
}

/// Notifications go one by one up to so many a second, and in so many small bursts beyond: a timer is no finer.
const LOW_BURSTS_PER_S: f64 = 50.0;
/// Chats remembered at most; those at rest are forgotten first.
const CHATS_MAX: usize = 20_000;
/// So many different chats flooded within [`FLOOD_WINDOW`] mean that the bot as a whole is too fast.
pub(super) const FLOODED_CHATS_MAX: usize = 3;
pub(super) const FLOOD_WINDOW: Duration = Duration::from_secs(5);
/// Calls in flight are refused together: they count as one complaint.
const CUT_EVERY: Duration = Duration::from_secs(1);
/// Two reports of one halt differ by the time that they take.
const SAME_HALT: Duration = Duration::from_millis(250);
const CUT_FOR_ONE_CHAT: f64 = 0.7;
const CUT_FOR_SEVERAL: f64 = 0.5;
const CUT_OF_CHAT: f64 = 0.5;
/// From nothing back to the full pace.
const RECOVERS_IN: Duration = Duration::from_secs(120);
const CHAT_RECOVERS_IN: Duration = Duration::from_secs(600);

impl Pacing {
    /// With limits other than the default ones.
    pub fn new(limits: PacingLimits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Counts the call, or says who has to wait. `replicas` share the overall pace evenly.
    pub(super) fn admit(
        &mut self,
        chat_id: i64,
        weight: Weight,
        replicas: usize,
        now: Duration,
    ) -> Result<(), Wait> {
        let (overall, low) = self.overall(replicas, now);
        let mut ready_at = self.halted_until.max(self.sent.ready_at(overall));
        if weight == Weight::Notification {
            ready_at = ready_at.max(self.low.ready_at(low));
        }
        if ready_at > now {
            return Err(Wait::All(ready_at - now));
        }
        if weight != Weight::Answer {
            let (messages, notifications) = self.chat_rates(chat_id, now);
            self.make_room(now);
            let chat = self.chats.entry(chat_id).or_default();
            let mut ready_at = chat.halted_until.max(chat.messages.ready_at(messages));
            if weight == Weight::Notification {
                ready_at = ready_at.max(chat.notifications.ready_at(notifications));
            }
            if ready_at > now {
                return Err(Wait::Chat(ready_at - now));
            }
            chat.messages.count(now, messages);
            if weight == Weight::Notification {
                chat.notifications.count(now, notifications);
                self.low.count(now, low);
            }
        }
        self.sent.count(now, overall);
        Ok(())
    }

    /// The call that was admitted last was not made after all.
    pub(super) fn refund(&mut self, chat_id: i64, weight: Weight, replicas: usize, now: Duration) {
        self.sent.refund();
        if weight == Weight::Answer {
            return;
        }
        let (_, low) = self.overall(replicas, now);
        let (messages, notifications) = self.chat_rates(chat_id, now);
        if let Some(chat) = self.chats.get_mut(&chat_id) {
            chat.messages.refund(messages);
            if weight == Weight::Notification {
                chat.notifications.refund(notifications);
                self.low.refund(low);
            }
        }
    }

    /// Calls a second, of all and of notifications, for this replica at this moment.
    fn overall(&self, replicas: usize, now: Duration) -> (f64, Rate) {
        let replicas = u32::try_from(replicas.max(1)).unwrap_or(u32::MAX);
        let share = self.caution.factor(RECOVERS_IN, now) / f64::from(replicas);
        let low_per_s = f64::from(self.limits.low_per_s.max(1)) * share;
        let low = Rate {
            every: Duration::from_secs_f64(1.0 / low_per_s),
            burst: whole(low_per_s / LOW_BURSTS_PER_S),
        };
        (f64::from(self.limits.overall_per_s.max(1)) * share, low)
    }

    fn chat_rates(&self, chat_id: i64, now: Duration) -> (Rate, Rate) {
        let caution = self.chats.get(&chat_id).map(|chat| chat.caution);
        let factor = caution.map_or(1.0, |caution| caution.factor(CHAT_RECOVERS_IN, now));
        let messages = if chat_id < 0 {
            self.limits.group
        } else {
            self.limits.private_chat
        };
        (
            messages.times(factor),
            self.limits.notifications.times(factor),
        )
    }

    /// Forgets chats when there are too many: those at rest, and if that is not enough, those that are nearest to it.
    fn make_room(&mut self, now: Duration) {
        if self.chats.len() < CHATS_MAX {
            return;
        }
        self.chats.retain(|_, chat| chat.at_rest_at() > now);
        if self.chats.len() < CHATS_MAX / 4 * 3 {
            return;
        }
        let mut ends: Vec<Duration> = self.chats.values().map(Chat::at_rest_at).collect();
        let (_, median, _) = ends.select_nth_unstable(CHATS_MAX / 2);
        let median = *median;
        self.chats.retain(|_, chat| chat.at_rest_at() > median);
    }

    /// Telegram said 429 to a call for this chat.
    pub(super) fn flooded(&mut self, chat_id: i64, retry_after: Duration, now: Duration) {
        self.make_room(now);
        let chat = self.chats.entry(chat_id).or_default();
        chat.halted_until = chat.halted_until.max(now + retry_after);
        // A chat that is slowed down and still complains is its own trouble, not a sign of the overall pace.
        let is_news = chat.caution.over_at(CHAT_RECOVERS_IN) <= now;
        chat.caution
            .cut(CUT_OF_CHAT, CUT_EVERY, CHAT_RECOVERS_IN, now);
        self.recent_floods
            .retain(|flood| flood.at + FLOOD_WINDOW > now && flood.chat_id != chat_id);
        if self.recent_floods.len() > FLOODED_CHATS_MAX {
            self.recent_floods.remove(0);
        }
        self.recent_floods.push(Flood {
            at: now,
            chat_id,
            retry_after,
        });
        if self.recent_floods.len() >= FLOODED_CHATS_MAX {
            // The shortest of the pauses: a chat that has to rest for an hour does not silence the others.
            let pauses = self.recent_floods.iter().map(|flood| flood.retry_after);
            self.halt(pauses.min().unwrap_or(retry_after), now);
            self.caution
                .cut(CUT_FOR_SEVERAL, CUT_EVERY, RECOVERS_IN, now);
        } else if is_news {
            self.caution
                .cut(CUT_FOR_ONE_CHAT, CUT_EVERY, RECOVERS_IN, now);
        }
    }

    /// Another replica was told that the bot as a whole is too fast, or this one before it was started anew.
    pub(super) fn heard_of_halt(&mut self, left: Duration, now: Duration) {
        if now + left > self.halted_until + SAME_HALT {
            self.halt(left, now);
            self.caution
                .cut(CUT_FOR_SEVERAL, CUT_EVERY, RECOVERS_IN, now);
        }
    }

    /// Nothing at all goes out for this long.
    pub(super) fn halt(&mut self, pause: Duration, now: Duration) {
        self.halted_until = self.halted_until.max(now + pause);
    }
}

#[cfg(test)]
mod tests;
