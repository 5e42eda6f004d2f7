//! What was done to the service, and when: excuses that the checker accepts, and figures for the report.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;

use crate::clock;

/// The cause of a death that nobody aimed.
pub const AT_RANDOM: &str = "at random";
/// A replica has another time than the others.
pub const CLOCK_SET: &str = "clock set";

/// One thing that was done.
#[derive(Clone, Debug)]
pub struct Event {
    /// Since when.
    pub from: OffsetDateTime,
    /// Until when; the same for what takes no time.
    pub to: OffsetDateTime,
    /// What.
    pub what: String,
}

#[derive(Debug, Default)]
struct Pages {
    events: Vec<Event>,
    kills: BTreeMap<String, u32>,
    recoveries: Vec<(Duration, String)>,
}

/// All of a world's.
#[derive(Debug, Default)]
pub struct Journal(Mutex<Pages>);

impl Journal {
    /// Notes what began at `from` and is over now.
    pub fn note(&self, from: OffsetDateTime, what: impl Into<String>) {
        let (to, what) = (clock::wall(), what.into());
        self.pages().events.push(Event { from, to, what });
    }

    /// Notes the death of a process.
    pub fn killed(&self, from: OffsetDateTime, how: &str) {
        self.note(from, format!("killed: {how}"));
        *self.pages().kills.entry(how.to_owned()).or_default() += 1;
    }

    /// Notes how long it took until the service answered everybody again.
    pub fn recovered(&self, took: Duration, what: &str) {
        let from = clock::wall() - took;
        self.note(from, format!("recovered from: {what}"));
        self.pages().recoveries.push((took, what.to_owned()));
    }

    /// Whether something was done that may have lost an answer that came at `at`.
    pub fn excuses(&self, at: OffsetDateTime) -> bool {
        let (before, after) = (Duration::from_secs(1), Duration::from_secs(10));
        let pages = self.pages();
        let done = |event: &&Event| !event.what.starts_with("recovered");
        let mut events = pages.events.iter().filter(done);
        events.any(|event| at >= event.from - after && at <= event.to + before)
    }

    /// Whether this was done at any time.
    pub fn has(&self, what: &str) -> bool {
        self.pages().events.iter().any(|event| event.what == what)
    }

    /// Everything that was done.
    pub fn events(&self) -> Vec<Event> {
        self.pages().events.clone()
    }

    /// Deaths by cause.
    pub fn kills(&self) -> BTreeMap<String, u32> {
        self.pages().kills.clone()
    }

    /// Times of recovery, with what was recovered from.
    pub fn recoveries(&self) -> Vec<(Duration, String)> {
        self.pages().recoveries.clone()
    }

    fn pages(&self) -> std::sync::MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
