//! How a broadcast goes, as its admin sees it: one message, edited.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::speech;
use crate::base::clock::Clock;
use crate::engine::broadcast::{Announcer, Broadcast, State};
use crate::engine::outbox::{self, Action, NewMessage, Priority, Target};
use crate::features::cx::button;
use crate::features::press::{BroadcastAct, Press};
use crate::features::speech::{Args, Language, Speech};
use crate::telegram::{InlineKeyboard, Rich};

/// Shows the progress of broadcasts.
pub struct Progress {
    clock: Clock,
}

impl Progress {
    /// By this clock.
    pub fn new(clock: Clock) -> Self {
        Self { clock }
    }
}

#[async_trait]
impl Announcer for Progress {
    async fn progress(
        &self,
        conn: &mut PgConnection,
        broadcast: &Broadcast,
    ) -> Result<(), sqlx::Error> {
        let page = page(broadcast, self.clock.now());
        let message = NewMessage {
            priority: Priority::Low,
            ..edit(broadcast, page)
        };
        outbox::enqueue(conn, &message, self.clock.sql_now()).await?;
        Ok(())
    }
}

/// Text and buttons of the progress message.
pub(super) struct Page {
    pub(super) text: Rich,
    pub(super) keyboard: Option<InlineKeyboard>,
}

/// The edit that shows it; of several that wait the newest wins.
pub(super) fn edit(broadcast: &Broadcast, page: Page) -> NewMessage {
    let action = Action::Edit {
        target: Target::Ref(broadcast.progress_ref),
        text: page.text,
        keyboard: page.keyboard,
        else_say: true,
    };
    NewMessage {
        message_ref: Some(broadcast.progress_ref),
        coalesce_key: Some(broadcast.progress_ref),
        ..NewMessage::new(broadcast.chat_id, broadcast.correlation, action)
    }
}

pub(super) fn page(broadcast: &Broadcast, now: OffsetDateTime) -> Page {
    let speech = speech(Language::of_tag(&broadcast.language));
    let heading = match broadcast.state {
        State::Composing | State::Draft | State::Running => "heading-running",
        State::Paused => "heading-paused",
        State::Done => "heading-done",
        State::Cancelled => "heading-cancelled",
    };
    let counts = Args::new()
        .text("sent", broadcast.sent.to_string())
        .text("total", broadcast.total.to_string())
        .text("blocked", broadcast.blocked.to_string())
        .text("failed", broadcast.failed.to_string())
        .text("remaining", broadcast.remaining().to_string());
    let mut text = speech
        .rich(heading, &Args::new())
        .then(Rich::literal("\n"))
        .then(speech.rich("counts", &counts));
    if broadcast.state == State::Paused && broadcast.is_refused() {
        let why = speech.rich("refused-everywhere", &Args::new());
        text = text.then(Rich::literal("\n")).then(why);
    }
    if let Some(pace) = pace(speech, broadcast) {
        text = text.then(Rich::literal("\n")).then(pace);
    }
    let shown = now.time();
    let clock = format!(
        "{:02}:{:02}:{:02} UTC",
        shown.hour(),
        shown.minute(),
        shown.second()
    );
    let stamp = speech.rich("as-of", &Args::new().text("time", clock));
    Page {
        text: text.then(Rich::literal("\n")).then(stamp),
        keyboard: keyboard(speech, broadcast),
    }
}

/// The rate of late and what it means for the rest; nothing before there is a rate.
fn pace(speech: Speech<'_>, broadcast: &Broadcast) -> Option<Rich> {
    let left = broadcast.time_left()?;
    let rate = broadcast.rate_per_s?;
    let args = Args::new()
        .text("rate", format!("{rate:.1}"))
        .text("left", span(speech, left));
    Some(speech.rich("pace", &args))
}

/// A length of time to the minute, or below a minute to ten seconds: an estimate is no more exact.
fn span(speech: Speech<'_>, length: Duration) -> String {
    let seconds = length.as_secs();
    let number = |n: u64| Args::new().number("n", i64::try_from(n).unwrap_or(i64::MAX));
    if seconds < 60 {
        speech.plain("value-seconds", &number(seconds.div_ceil(10).max(1) * 10))
    } else if seconds < 90 * 60 {
        speech.plain("value-minutes", &number(seconds.div_ceil(60)))
    } else {
        speech.plain("value-hours", &number(seconds.div_ceil(3_600)))
    }
}

fn keyboard(speech: Speech<'_>, broadcast: &Broadcast) -> Option<InlineKeyboard> {
    let labelled = |key: &str, act| {
        let press = Press::Broadcast {
            id: broadcast.short_id.clone(),
            act,
        };
        button(speech.plain(key, &Args::new()), &press)
    };
    let first = match broadcast.state {
        State::Running => labelled("button-pause", BroadcastAct::Pause),
        State::Paused => labelled("button-resume", BroadcastAct::Resume),
        State::Composing | State::Draft | State::Done | State::Cancelled => return None,
    };
    let cancel = labelled("button-cancel", BroadcastAct::Cancel);
    Some(InlineKeyboard::new([vec![first, cancel]]))
}
