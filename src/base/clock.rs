//! The only place that reads a clock.
//!
//! Production compares times inside Postgres (`now()`), so that replicas with skewed clocks agree on
//! leases; tests inject a time. Both go through one parameter: SQL writes
//! `coalesce($n::timestamptz, now())` and is handed [`Clock::sql_now`].
#![expect(clippy::disallowed_methods, reason = "this is the home of the clock")]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tokio::sync::watch;

/// A source of time: the system's, or one that a test advances.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System {
        started: Instant,
        began: OffsetDateTime,
    },
    Manual(Arc<Manual>),
}

#[derive(Debug)]
struct Manual {
    started: OffsetDateTime,
    now: Mutex<OffsetDateTime>,
    advanced: watch::Sender<u64>,
}

/// The handle that moves a manual [`Clock`] forward.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Manual>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System {
            started: Instant::now(),
            began: OffsetDateTime::now_utc(),
        })
    }

    /// A clock that stands still until its handle advances it.
    pub fn manual(start: OffsetDateTime) -> (Self, ManualClock) {
        let manual = Arc::new(Manual {
            started: start,
            now: Mutex::new(start),
            advanced: watch::Sender::new(0),
        });
        (
            Self(Source::Manual(Arc::clone(&manual))),
            ManualClock(manual),
        )
    }

    /// Wall-clock time in UTC.
    pub fn now(&self) -> OffsetDateTime {
        match &self.0 {
            Source::System { started, .. } => wall(*started),
            Source::Manual(manual) => manual.now(),
        }
    }

    /// The time of day when this clock was made, moved on evenly since: for what waits in memory. Somebody who sets the
    /// machine's clock neither stretches nor cuts short such a wait.
    pub fn steady(&self) -> OffsetDateTime {
        match &self.0 {
            Source::System { started, began } => *began + started.elapsed(),
            Source::Manual(manual) => manual.now(),
        }
    }

    /// Time since this clock was made; never runs backwards.
    pub fn monotonic(&self) -> Duration {
        match &self.0 {
            Source::System { started, .. } => started.elapsed(),
            Source::Manual(manual) => (manual.now() - manual.started).unsigned_abs(),
        }
    }

    /// The time to hand to SQL: `None` in production, where the database's own clock decides.
    pub fn sql_now(&self) -> Option<OffsetDateTime> {
        match &self.0 {
            Source::System { .. } => None,
            Source::Manual(manual) => Some(manual.now()),
        }
    }

    /// Waits for `duration`; on a manual clock, until it was advanced that far.
    pub async fn sleep(&self, duration: Duration) {
        match &self.0 {
            Source::System { .. } => tokio::time::sleep(duration).await,
            Source::Manual(manual) => {
                let wake_at = manual.now() + duration;
                let mut advanced = manual.advanced.subscribe();
                while manual.now() < wake_at {
                    if advanced.changed().await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

#[cfg(not(feature = "faults"))]
fn wall(_: Instant) -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// As the machine's clock after somebody set it.
#[cfg(feature = "faults")]
fn wall(started: Instant) -> OffsetDateTime {
    OffsetDateTime::now_utc() + super::fault::clock_ahead(started.elapsed())
}

impl Manual {
    fn now(&self) -> OffsetDateTime {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ManualClock {
    /// Moves the clock forward and wakes every sleeper that is due.
    pub fn advance(&self, by: Duration) {
        *self.0.now.lock().unwrap_or_else(PoisonError::into_inner) += by;
        self.0.advanced.send_modify(|generation| *generation += 1);
    }

    /// The current time of the clock.
    pub fn now(&self) -> OffsetDateTime {
        self.0.now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[tokio::test]
    async fn a_sleeper_wakes_only_when_its_time_has_come() {
        let (clock, manual) = Clock::manual(datetime!(2026-01-01 0:00 UTC));
        let sleeper = clock.clone();
        let mut sleep = Box::pin(async move { sleeper.sleep(Duration::from_secs(10)).await });
        // The first poll fixes the hour of waking.
        assert!(futures_util::poll!(&mut sleep).is_pending());
        manual.advance(Duration::from_secs(9));
        assert!(futures_util::poll!(&mut sleep).is_pending());
        manual.advance(Duration::from_secs(1));
        sleep.await;
        assert_eq!(clock.monotonic(), Duration::from_secs(10));
        assert_eq!(clock.sql_now(), Some(datetime!(2026-01-01 0:00:10 UTC)));
    }

    #[test]
    fn steady_time_is_the_time_of_day_while_nobody_sets_the_clock() {
        let clock = Clock::system();
        let apart = (clock.steady() - clock.now()).abs();
        assert!(apart < Duration::from_secs(1), "{apart}");
        let (clock, manual) = Clock::manual(datetime!(2026-01-01 0:00 UTC));
        manual.advance(Duration::from_secs(10));
        assert_eq!(clock.steady(), clock.now());
    }
}
