//! What the user reads while an order waits for its turn.

use super::pages::labelled;
use super::summary::join;
use super::texts::{about, between, place};
use crate::engine::jobs::Line;
use crate::features::press::Press;
use crate::features::speech::{Args, Speech};
use crate::telegram::{InlineKeyboard, Rich};

/// An order that was taken.
pub(super) struct Accepted<'a> {
    pub(super) title: &'a str,
    /// How long it usually takes once it has begun, by the catalogue.
    pub(super) estimate_s: u32,
    /// What is set aside, as shown; None for a free one.
    pub(super) held: Option<String>,
    /// Its place, if there is a line.
    pub(super) line: Option<Line>,
}

impl Accepted<'_> {
    pub(super) fn text(&self, speech: Speech<'_>) -> Rich {
        let title = Args::new().text("title", self.title);
        let mut lines = vec![speech.rich("order-accepted", &title)];
        match self.line {
            // Whoever stands in a line should not read how fast it goes without one.
            Some(line) => lines.push(in_line(speech, line)),
            None => {
                let time = about(speech, self.estimate_s.into());
                lines.push(speech.rich("order-estimate", &Args::new().text("time", time)));
            }
        }
        if let Some(price) = &self.held {
            lines.push(speech.rich("order-held", &Args::new().text("price", price)));
        }
        join(lines)
    }
}

fn in_line(speech: Speech<'_>, line: Line) -> Rich {
    let args = Args::new().text("place", place(speech.language(), line.before + 1));
    match line.wait {
        Some(wait) => {
            let time = between(speech, wait.from_s, wait.to_s);
            speech.rich("order-line-wait", &args.text("time", time))
        }
        None => speech.rich("order-line", &args),
    }
}

/// The button that takes it back.
pub(super) fn keyboard(speech: Speech<'_>, order: String) -> InlineKeyboard {
    let press = Press::CancelOrder { order };
    InlineKeyboard::new([vec![labelled(speech, "button-cancel-order", &press)]])
}
