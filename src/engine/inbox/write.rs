//! Stores batches of updates, and remembers what was stored.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::PgPool;
use tokio::sync::Notify;

use super::admission::Admission;
use super::receive::{COMMIT_TIMEOUT, NewUpdate, NotStored, Receipt, Waiter};
use super::store;
use crate::base::clock::Clock;
use crate::base::db;
use crate::base::fault::{self, Point};
use crate::engine::lanes::Waiting;
use crate::engine::wake::Wake;

/// Rows that are handed over and not taken yet, at most; the dispatcher reads the others from the table.
const HANDED_MAX: usize = 64;

/// Which rows were committed since somebody looked.
///
/// Batches commit out of order, so a reader that remembers how far it came must go back for the later ones. A row that was
/// committed alone, as on a quiet day, is handed over as it is: its dispatcher need not look for it.
#[derive(Clone, Debug)]
pub struct Arrivals(Arc<Committed>);

#[derive(Debug)]
struct Committed {
    lowest: AtomicI64,
    handed: Mutex<Vec<Waiting>>,
    came: Notify,
    /// Somebody takes what is handed over.
    followed: AtomicBool,
}

impl Arrivals {
    pub(super) fn none() -> Self {
        Self(Arc::new(Committed {
            lowest: AtomicI64::new(i64::MAX),
            handed: Mutex::default(),
            came: Notify::new(),
            followed: AtomicBool::new(false),
        }))
    }

    /// This row may have been read past.
    pub(super) fn note(&self, seq: i64) {
        self.0.lowest.fetch_min(seq, Ordering::AcqRel);
    }

    /// The lowest `seq` committed since the last call.
    pub(super) fn take(&self) -> Option<i64> {
        let lowest = self.0.lowest.swap(i64::MAX, Ordering::AcqRel);
        (lowest != i64::MAX).then_some(lowest)
    }

    /// False if nobody takes rows fast enough: this one must be found in the table.
    fn hand(&self, row: Waiting) -> bool {
        let mut handed = self.0.handed.lock().unwrap_or_else(PoisonError::into_inner);
        if handed.len() >= HANDED_MAX || !self.0.followed.load(Ordering::Relaxed) {
            return false;
        }
        handed.push(row);
        drop(handed);
        self.0.came.notify_one();
        true
    }

    /// What was handed over, as soon as something is.
    pub(super) async fn handed(&self) -> Vec<Waiting> {
        self.0.followed.store(true, Ordering::Relaxed);
        loop {
            let rows =
                std::mem::take(&mut *self.0.handed.lock().unwrap_or_else(PoisonError::into_inner));
            if !rows.is_empty() {
                return rows;
            }
            self.0.came.notified().await;
        }
    }
}

/// Puts batches into the table.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) pool: PgPool,
    pub(super) clock: Clock,
    pub(super) admission: Arc<Admission>,
    pub(super) stored: Wake,
    pub(super) arrivals: Arrivals,
}

impl Write {
    /// Stores the batch and tells each of its waiters.
    pub(super) async fn write(&self, batch: Vec<Waiter>) {
        let updates: Vec<&NewUpdate> = batch.iter().map(|waiter| &waiter.update).collect();
        fault::reach(Point::BatchStoring);
        match self.insert(&updates).await {
            Ok(stored) => {
                fault::reach(Point::BatchStored);
                let handed = self.hand_over(&stored, &updates);
                for waiter in batch {
                    let receipt = stored.receipt(waiter.update.update_id);
                    // A waiter that went away will deliver again and be told that the update is known.
                    let _ = waiter.answer.send(Ok(receipt));
                }
                fault::reach(Point::BatchAnswered);
                if handed {
                    self.stored.notify_others();
                } else {
                    self.stored.notify();
                }
            }
            Err(WriteError::Data) if batch.len() > 1 => {
                for waiter in batch {
                    Box::pin(self.write(vec![waiter])).await;
                }
            }
            Err(error) => {
                let why = match error {
                    WriteError::Data => NotStored::Perhaps,
                    WriteError::Away(why) => why,
                };
                for waiter in batch {
                    let _ = waiter.answer.send(Err(why));
                }
            }
        }
    }

    /// Whether the dispatcher here was given the row itself. Otherwise it is to look for what was stored.
    fn hand_over(&self, stored: &Stored, updates: &[&NewUpdate]) -> bool {
        let Some(lowest) = stored.lowest() else {
            return false;
        };
        let alone = match (stored, updates) {
            (Stored::All { .. }, [update]) if !update.shed => Some(*update),
            (Stored::All { .. } | Stored::New(_), _) => None,
        };
        let row = alone.map(|update| Waiting {
            id: lowest,
            lane: update.lane,
            priority: 0,
            not_before: None,
        });
        let handed = row.is_some_and(|row| self.arrivals.hand(row));
        if !handed {
            self.arrivals.note(lowest);
        }
        handed
    }

    /// Repetitions are rare, so they are looked for only when there is one. `sent` is set once anything may have been stored.
    async fn store(
        &self,
        updates: &[&NewUpdate],
        sent: &AtomicBool,
    ) -> Result<Stored, sqlx::Error> {
        let now = self.clock.sql_now();
        let columns = || store::Columns::of(updates);
        let mut conn = self.pool.acquire().await?;
        sent.store(true, Ordering::Relaxed);
        let inserted = match updates {
            [update] => store::insert_one(&mut conn, update, now).await.map(Some),
            _ => store::insert_new(&mut conn, &columns(), now).await,
        };
        match inserted {
            Ok(lowest) => Ok(Stored::All { lowest }),
            Err(error) if db::is_repetition(&error) => {
                let columns = columns();
                let seqs = store::insert_unknown(&mut conn, &columns, now).await?;
                Ok(Stored::New(seqs))
            }
            Err(error) => Err(error),
        }
    }

    async fn insert(&self, updates: &[&NewUpdate]) -> Result<Stored, WriteError> {
        let sent = AtomicBool::new(false);
        let insert = self.store(updates, &sent);
        let began = self.clock.monotonic();
        match tokio::time::timeout(COMMIT_TIMEOUT, insert).await {
            Ok(Ok(stored)) => {
                let took = self.clock.monotonic() - began;
                self.admission.committed(updates.len(), took);
                Ok(stored)
            }
            Ok(Err(error)) if db::is_transient(&error) => {
                self.admission.failed();
                tracing::warn!(error = %error, updates = updates.len(), "cannot store updates, the database is away");
                Err(WriteError::away(&sent))
            }
            Ok(Err(error)) => {
                tracing::error!(error = %error, updates = updates.len(), "a batch of updates was refused");
                Err(WriteError::Data)
            }
            Err(_) => {
                self.admission.failed();
                tracing::warn!(updates = updates.len(), "storing updates took too long");
                Err(WriteError::away(&sent))
            }
        }
    }
}

/// What a batch has become.
enum Stored {
    /// All of it was new.
    All { lowest: Option<i64> },
    /// Some was known; the new ones with their `seq`.
    New(HashMap<i64, i64>),
}

impl Stored {
    fn lowest(&self) -> Option<i64> {
        match self {
            Self::All { lowest } => *lowest,
            Self::New(seqs) => seqs.values().min().copied(),
        }
    }

    fn receipt(&self, update_id: i64) -> Receipt {
        match self {
            Self::New(seqs) if !seqs.contains_key(&update_id) => Receipt::Duplicate,
            Self::All { .. } | Self::New(_) => Receipt::Stored,
        }
    }
}

enum WriteError {
    /// Nothing can be stored now.
    Away(NotStored),
    /// Something in this batch cannot be stored; the others must not suffer.
    Data,
}

impl WriteError {
    fn away(sent: &AtomicBool) -> Self {
        Self::Away(if sent.load(Ordering::Relaxed) {
            NotStored::Perhaps
        } else {
            NotStored::Surely
        })
    }
}
