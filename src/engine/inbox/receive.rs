//! Group commit: many waiting updates, one `INSERT`, one commit, then every waiter is answered.

use std::time::Duration;

use bytes::Bytes;
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::store;
use crate::base::clock::Clock;
use crate::base::db;
use crate::base::supervise::Shutdown;
use crate::engine::wake::Wake;

const BATCH_ROWS_MAX: usize = 512;
const BATCH_BYTES_MAX: usize = 8 << 20;
const COMMIT_TIMEOUT: Duration = Duration::from_secs(10);

/// An update as it came, with what its envelope says.
#[derive(Clone, Debug)]
pub struct NewUpdate {
    /// Telegram's id; the key against duplicates.
    pub update_id: i64,
    /// The chat, else the user, else 0.
    pub lane: i64,
    /// The name of the update's kind, for people.
    pub kind: String,
    /// The raw body.
    pub payload: Bytes,
    /// Follows the update through jobs and messages.
    pub correlation: Uuid,
    /// Over the flood limit: recorded, never handled.
    pub shed: bool,
}

/// What the table said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// New, and committed now.
    Stored,
    /// Known already.
    Duplicate,
}

/// Why an update was not committed. Either way the sender should try again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiveError {
    /// The queue before the writer is full.
    #[error("too many updates are waiting to be stored")]
    Overloaded,
    /// The database did not take it.
    #[error("the database is not available")]
    Unavailable,
}

struct Waiter {
    update: NewUpdate,
    answer: oneshot::Sender<Result<Receipt, ReceiveError>>,
}

/// The front of the inbox. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Receiver {
    queue: mpsc::Sender<Waiter>,
}

/// The one task that writes batches.
#[derive(Debug)]
pub struct BatchWriter {
    queue: mpsc::Receiver<Waiter>,
    pool: PgPool,
    clock: Clock,
    stored: Wake,
}

/// A receiver and its writer; at most `waiting_max` updates wait between them. `stored` is notified after each commit.
pub fn channel(
    pool: PgPool,
    clock: Clock,
    stored: Wake,
    waiting_max: usize,
) -> (Receiver, BatchWriter) {
    let (sender, queue) = mpsc::channel(waiting_max);
    (
        Receiver { queue: sender },
        BatchWriter {
            queue,
            pool,
            clock,
            stored,
        },
    )
}

impl Receiver {
    /// Stores one update durably.
    pub async fn receive(&self, update: NewUpdate) -> Result<Receipt, ReceiveError> {
        let (answer, answered) = oneshot::channel();
        self.queue
            .try_send(Waiter { update, answer })
            .map_err(|_| ReceiveError::Overloaded)?;
        answered.await.unwrap_or(Err(ReceiveError::Unavailable))
    }
}

impl BatchWriter {
    /// Writes until `shutdown` and the queue is empty. The caller stops intake first.
    pub async fn run(mut self, shutdown: Shutdown) {
        loop {
            let first = tokio::select! {
                biased;
                waiter = self.queue.recv() => waiter,
                () = shutdown.cancelled() => self.queue.try_recv().ok(),
            };
            let Some(first) = first else { return };
            let batch = self.gather(first);
            self.write(batch).await;
        }
    }

    /// Takes what is waiting already, without waiting for more: while one batch commits the next one fills.
    fn gather(&mut self, first: Waiter) -> Vec<Waiter> {
        let mut size_bytes = first.update.payload.len();
        let mut batch = vec![first];
        while batch.len() < BATCH_ROWS_MAX && size_bytes < BATCH_BYTES_MAX {
            let Ok(waiter) = self.queue.try_recv() else {
                break;
            };
            size_bytes += waiter.update.payload.len();
            batch.push(waiter);
        }
        batch
    }

    async fn write(&self, batch: Vec<Waiter>) {
        let updates: Vec<&NewUpdate> = batch.iter().map(|waiter| &waiter.update).collect();
        match self.insert(&updates).await {
            Ok(stored) => {
                for waiter in batch {
                    let receipt = if stored.contains(&waiter.update.update_id) {
                        Receipt::Stored
                    } else {
                        Receipt::Duplicate
                    };
                    // A waiter that went away will deliver again and be told that the update is known.
                    let _ = waiter.answer.send(Ok(receipt));
                }
                self.stored.notify();
            }
            Err(WriteError::Data) if batch.len() > 1 => {
                for waiter in batch {
                    Box::pin(self.write(vec![waiter])).await;
                }
            }
            Err(WriteError::Data | WriteError::Away) => {
                for waiter in batch {
                    let _ = waiter.answer.send(Err(ReceiveError::Unavailable));
                }
            }
        }
    }

    async fn insert(&self, updates: &[&NewUpdate]) -> Result<Vec<i64>, WriteError> {
        let insert = store::insert_batch(&self.pool, updates, self.clock.sql_now());
        match tokio::time::timeout(COMMIT_TIMEOUT, insert).await {
            Ok(Ok(stored)) => Ok(stored),
            Ok(Err(error)) if db::is_transient(&error) => {
                tracing::warn!(error = %error, updates = updates.len(), "cannot store updates, the database is away");
                Err(WriteError::Away)
            }
            Ok(Err(error)) => {
                tracing::error!(error = %error, updates = updates.len(), "a batch of updates was refused");
                Err(WriteError::Data)
            }
            Err(_) => {
                tracing::warn!(updates = updates.len(), "storing updates took too long");
                Err(WriteError::Away)
            }
        }
    }
}

enum WriteError {
    /// Nothing can be stored now.
    Away,
    /// Something in this batch cannot be stored; the others must not suffer.
    Data,
}
