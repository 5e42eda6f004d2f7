//! Wake-ups: a commit that made work for a queue shortens that queue's wait, here and on the other replicas.
//!
//! Guarantees: none about delivery. Polling finds every row; a wake-up only finds it sooner. A notice to the others is
//! sent by a task of its own, at most one each [`SPACING`], never inside a transaction that did the work: `NOTIFY`
//! takes a lock that makes all such commits wait for one another (facts: about ten times slower under load).
//!
//! ```text
//! commit ──▶ Wake::notify ──▶ this replica's queue
//!                 └──▶ bits ──(coalesced)──▶ NOTIFY ──▶ LISTEN of the others ──▶ their queues
//! ```
//! If the process dies, or the listening connection does, the others poll.

mod store;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use uuid::Uuid;

use crate::base::clock::Clock;
use crate::base::fault::{self, Point};
use crate::base::supervise::Shutdown;

/// The shortest time between two notices of one replica.
const SPACING: Duration = Duration::from_millis(25);
const CHANNEL: &str = "bulwark_wake";

/// Which queue has work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// Updates were stored.
    Inbox,
    /// Messages were committed.
    Outbox,
    /// Jobs are due.
    Jobs,
    /// Light jobs are due.
    Light,
}

impl Queue {
    const ALL: [Self; 4] = [Self::Inbox, Self::Outbox, Self::Jobs, Self::Light];

    const fn bit(self) -> u8 {
        match self {
            Self::Inbox => 1,
            Self::Outbox => 2,
            Self::Jobs => 4,
            Self::Light => 8,
        }
    }
}

/// Wakes one queue. Cheap to clone. The default one is heard by nobody else.
#[derive(Clone, Debug, Default)]
pub struct Wake {
    local: Arc<Notify>,
    bit: u8,
    others: Arc<Others>,
}

#[derive(Debug, Default)]
struct Others {
    bits: AtomicU8,
    changed: Notify,
}

impl Wake {
    /// Work was committed.
    pub fn notify(&self) {
        self.local.notify_one();
        self.notify_others();
    }

    /// Work was committed of which the queue here knows already.
    pub fn notify_others(&self) {
        if self.others.bits.fetch_or(self.bit, Ordering::Relaxed) & self.bit == 0 {
            self.others.changed.notify_one();
        }
    }

    /// What the queue itself waits on.
    pub fn local(&self) -> Arc<Notify> {
        Arc::clone(&self.local)
    }

    /// Waits for the next wake-up.
    pub async fn notified(&self) {
        self.local.notified().await;
    }
}

/// All wake-ups of a replica, and their exchange with the others.
#[derive(Clone, Debug)]
pub struct Wakes {
    worker: Uuid,
    queues: [Wake; 4],
    others: Arc<Others>,
}

impl Wakes {
    /// For `worker`, which must be fresh for each process: it knows its own notices by it.
    pub fn new(worker: Uuid) -> Self {
        let others = Arc::new(Others::default());
        let queues = Queue::ALL.map(|queue| Wake {
            local: Arc::default(),
            bit: queue.bit(),
            others: Arc::clone(&others),
        });
        Self {
            worker,
            queues,
            others,
        }
    }

    /// The wake-up of one queue.
    pub fn of(&self, queue: Queue) -> Wake {
        let [inbox, outbox, jobs, light] = &self.queues;
        match queue {
            Queue::Inbox => inbox.clone(),
            Queue::Outbox => outbox.clone(),
            Queue::Jobs => jobs.clone(),
            Queue::Light => light.clone(),
        }
    }

    /// Passes what happens here on to the others while there are any.
    pub async fn tell(
        self,
        pool: sqlx::PgPool,
        clock: Clock,
        replicas: Arc<AtomicUsize>,
        shutdown: Shutdown,
    ) {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.others.changed.notified() => {}
            }
            let bits = self.others.bits.swap(0, Ordering::Relaxed);
            if bits != 0 && replicas.load(Ordering::Relaxed) > 1 {
                let notice = format!("{} {bits}", self.worker);
                fault::reach(Point::NoticeSending);
                if let Err(error) = store::notify(&pool, CHANNEL, &notice).await {
                    tracing::debug!(error = %error, "the other replicas were not woken, they poll");
                }
                fault::reach(Point::NoticeSent);
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = clock.sleep(SPACING) => {}
            }
        }
    }

    /// Wakes our queues when another replica says so. Ends never by itself: a lost connection is made anew.
    pub async fn listen(
        self,
        direct: sqlx::postgres::PgConnectOptions,
        clock: Clock,
        shutdown: Shutdown,
    ) {
        let mut pause = Duration::from_secs(1);
        loop {
            let heard = tokio::select! {
                () = shutdown.cancelled() => return,
                heard = self.hear(&direct) => heard,
            };
            if let Err(error) = heard {
                tracing::debug!(error = %error, "cannot hear the other replicas, polling");
            }
            // Something may have been said while nobody listened.
            for wake in &self.queues {
                wake.local.notify_one();
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = clock.sleep(pause) => {}
            }
            pause = (pause * 2).min(Duration::from_secs(15));
        }
    }

    async fn hear(&self, direct: &sqlx::postgres::PgConnectOptions) -> Result<(), sqlx::Error> {
        let mut listener = store::listen(direct, CHANNEL).await?;
        while let Some(notice) = listener.try_recv().await? {
            self.take(notice.payload());
        }
        Ok(())
    }

    fn take(&self, notice: &str) {
        let Some((worker, bits)) = notice.split_once(' ') else {
            return;
        };
        let Ok(bits) = bits.parse::<u8>() else {
            return;
        };
        if worker == self.worker.to_string() {
            return;
        }
        for wake in self.queues.iter().filter(|wake| wake.bit & bits != 0) {
            wake.local.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    fn woken(wake: &Wake) -> bool {
        wake.notified().now_or_never().is_some()
    }

    #[test]
    fn a_notice_wakes_the_named_queues_of_the_others_only() {
        let (here, there) = (
            Wakes::new(Uuid::from_u128(1)),
            Wakes::new(Uuid::from_u128(2)),
        );
        let notice = format!("{} {}", here.worker, Queue::Jobs.bit() | Queue::Inbox.bit());
        there.take(&notice);
        assert!(woken(&there.of(Queue::Jobs)) && woken(&there.of(Queue::Inbox)));
        assert!(!woken(&there.of(Queue::Outbox)));
        here.take(&notice);
        for nonsense in ["", "x", "x 999", "x y", &notice] {
            here.take(nonsense);
        }
        assert!(Queue::ALL.iter().all(|queue| !woken(&here.of(*queue))));
    }

    #[test]
    fn what_is_said_before_it_is_sent_is_one_notice() {
        let wakes = Wakes::new(Uuid::from_u128(1));
        for _ in 0..100 {
            wakes.of(Queue::Inbox).notify();
            wakes.of(Queue::Outbox).notify();
        }
        let bits = wakes.others.bits.swap(0, Ordering::Relaxed);
        assert_eq!(bits, Queue::Inbox.bit() | Queue::Outbox.bit());
    }
}
