//! A deadline that is moved for every request and almost never reached.

use std::future::{Future, poll_fn};
use std::ops::{Deref, DerefMut};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Setting, moving and clearing it costs a look at the clock. Its timer stays where it was and is only put forward when
/// it fires too early: one timer in all, where one for each request would be made, queued and taken out again.
#[derive(Debug, Default)]
pub struct Deadline {
    at: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    /// What the runtime's timers go by.
    #[expect(
        clippy::disallowed_methods,
        reason = "a timer is set by the runtime's own clock"
    )]
    pub fn now() -> Instant {
        Instant::now()
    }

    /// So long from now.
    pub fn set(&mut self, timeout: Duration) {
        self.set_at(Self::now() + timeout);
    }

    /// So long from now, unless it is set.
    pub fn set_once(&mut self, timeout: Duration) {
        if self.at.is_none() {
            self.set(timeout);
        }
    }

    pub fn set_at(&mut self, at: Instant) {
        self.at = Some(at);
    }

    pub fn clear(&mut self) {
        self.at = None;
    }

    /// Ready when it is reached; while it is not set, never.
    pub fn poll_reached(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else {
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if timer.deadline() > at {
            timer.as_mut().reset(at);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            if timer.deadline() >= at {
                return Poll::Ready(());
            }
            timer.as_mut().reset(at);
        }
    }
}

/// Where a deadline waits for its next user, so that its timer need not be made anew.
pub type SpareDeadline = Arc<Mutex<Option<Deadline>>>;

/// A deadline from there, which goes back when it is dropped.
#[derive(Debug)]
pub struct Borrowed {
    deadline: Deadline,
    home: SpareDeadline,
}

impl Borrowed {
    pub fn from(home: &SpareDeadline) -> Self {
        let spare = home.lock().unwrap_or_else(PoisonError::into_inner).take();
        Self {
            deadline: spare.unwrap_or_default(),
            home: Arc::clone(home),
        }
    }
}

impl Deref for Borrowed {
    type Target = Deadline;
    fn deref(&self) -> &Deadline {
        &self.deadline
    }
}

impl DerefMut for Borrowed {
    fn deref_mut(&mut self) -> &mut Deadline {
        &mut self.deadline
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        let mut home = self.home.lock().unwrap_or_else(PoisonError::into_inner);
        *home = Some(std::mem::take(&mut self.deadline));
    }
}

/// Timers for works that must end in time and nearly always do: used again, instead of made, queued and taken out of the
/// runtime's queue for each.
#[derive(Debug, Default)]
pub struct SpareDeadlines(Mutex<Vec<Deadline>>);

impl SpareDeadlines {
    const KEPT_MAX: usize = 256;

    /// What `work` gives, or None if it takes longer.
    pub async fn within<T>(&self, timeout: Duration, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let mut lent = Lent {
            deadline: self.kept().pop().unwrap_or_default(),
            home: self,
        };
        lent.deadline.set(timeout);
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => lent.deadline.poll_reached(cx).map(|()| None),
        })
        .await
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Deadline>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of them, until the work has ended or was dropped.
struct Lent<'a> {
    deadline: Deadline,
    home: &'a SpareDeadlines,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut kept = self.home.kept();
        if kept.len() < SpareDeadlines::KEPT_MAX {
            kept.push(std::mem::take(&mut self.deadline));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_reached_when_it_was_set_last() {
        let started = Deadline::now();
        let mut deadline = Deadline::default();
        deadline.set(Duration::from_secs(5));
        let reached = poll_fn(|cx| Poll::Ready(deadline.poll_reached(cx))).await;
        assert!(reached.is_pending());
        for seconds in [60, 2, 30] {
            deadline.set_at(started + Duration::from_secs(seconds));
            let reached = poll_fn(|cx| Poll::Ready(deadline.poll_reached(cx))).await;
            assert!(reached.is_pending(), "{seconds}");
        }
        deadline.set_once(Duration::from_secs(1));
        poll_fn(|cx| deadline.poll_reached(cx)).await;
        assert_eq!(started.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_never_reached_while_it_is_not_set() {
        let mut deadline = Deadline::default();
        deadline.set(Duration::from_secs(5));
        deadline.clear();
        let wait = poll_fn(|cx| deadline.poll_reached(cx));
        let reached = tokio::time::timeout(Duration::from_secs(3600), wait).await;
        assert!(reached.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_spare_one_is_as_good_as_a_new_one() {
        let spares = SpareDeadlines::default();
        let started = Deadline::now();
        for round in 1..=3 {
            let quick = spares.within(Duration::from_secs(5), async { 7 });
            assert_eq!(quick.await, Some(7));
            let slow = spares.within(Duration::from_secs(5), std::future::pending::<()>());
            let shorter = spares.within(Duration::from_secs(2), std::future::pending::<()>());
            assert_eq!(tokio::join!(slow, shorter), (None, None));
            assert_eq!(started.elapsed().as_secs(), round * 5);
        }
        assert_eq!(spares.kept().len(), 2);
        let given_up = spares.within(Duration::from_secs(9), std::future::pending::<()>());
        assert!(
            tokio::time::timeout(Duration::from_secs(1), given_up)
                .await
                .is_err()
        );
        assert_eq!(spares.kept().len(), 2, "it came back");
    }
}
