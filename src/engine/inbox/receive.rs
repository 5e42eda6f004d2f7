//! Group commit: many waiting updates, one `INSERT`, one commit, then every waiter is answered.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{Id, JoinError, JoinSet};
use uuid::Uuid;

use super::admission::{Admission, AdmissionLimits, Place};
use super::write::{Arrivals, Write};
use crate::base::clock::Clock;
use crate::base::fault::{self, Mutant};
use crate::base::ids::Ids;
use crate::base::supervise::Shutdown;
use crate::engine::wake::Wake;

/// Batches that commit at once. While one waits for the disk the next is parsed and inserted; more would only make
/// each of them smaller and dearer.
pub const BATCHES_MAX: u32 = 3;
const BATCH_ROWS_MAX: usize = 512;
const BATCH_BYTES_MAX: usize = 8 << 20;
/// A batch that takes longer is given up; its statement should be, too.
pub const COMMIT_TIMEOUT: Duration = Duration::from_secs(5);
/// A sender is told after this at the latest; the update may still be stored then, and its repetition be known.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);

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
    /// As many wait already as the database seems to bear.
    #[error("too many updates are waiting to be stored")]
    Overloaded {
        /// When to try again, seconds.
        retry_after_s: u32,
    },
    /// The database did not take it.
    #[error("the database is not available")]
    Unavailable {
        /// When to try again, seconds.
        retry_after_s: u32,
        /// It surely was not stored: no connection could be had. Otherwise it may have been, and its answer was lost.
        surely: bool,
    },
}

/// Why a waiter has no receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotStored {
    /// Nothing was sent to the database.
    Surely,
    /// It was sent, and no answer came.
    Perhaps,
}

impl ReceiveError {
    /// When to try again, seconds; spread, so that not all come at once.
    pub fn retry_after_s(&self) -> u32 {
        match self {
            Self::Overloaded { retry_after_s } | Self::Unavailable { retry_after_s, .. } => {
                *retry_after_s
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) update: NewUpdate,
    pub(super) answer: oneshot::Sender<Result<Receipt, NotStored>>,
    /// Free when the update is written or given up, and not when its sender stops waiting.
    _place: Place,
}

/// The front of the inbox. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Receiver {
    queue: mpsc::Sender<Waiter>,
    admission: Arc<Admission>,
}

/// The one task that gathers batches and has them written.
#[derive(Debug)]
pub struct BatchWriter {
    queue: mpsc::Receiver<Waiter>,
    waiting: VecDeque<Waiter>,
    flying: Flying,
    write: Arc<Write>,
}

/// The batches being written.
#[derive(Debug, Default)]
struct Flying {
    tasks: JoinSet<()>,
    lanes_of: HashMap<Id, Vec<i64>>,
    /// Their lanes: another update of one of these waits, or it could be stored first.
    lanes: HashSet<i64>,
    rows: usize,
}

/// A receiver and its writer, with at most `limits` in hand. `stored` is notified after each commit.
pub fn channel(
    pool: PgPool,
    clock: Clock,
    ids: Ids,
    stored: Wake,
    limits: AdmissionLimits,
) -> (Receiver, BatchWriter) {
    let (sender, queue) = mpsc::channel(limits.updates_max);
    let admission = Admission::new(limits, clock.clone(), ids);
    let write = Write {
        pool,
        clock,
        admission: Arc::clone(&admission),
        stored,
        arrivals: Arrivals::none(),
    };
    let writer = BatchWriter {
        queue,
        waiting: VecDeque::new(),
        flying: Flying::default(),
        write: Arc::new(write),
    };
    let receiver = Receiver {
        queue: sender,
        admission,
    };
    (receiver, writer)
}

impl Receiver {
    /// Stores one update durably.
    ///
    /// # Errors
    /// [`ReceiveError`], within seconds whatever the database does.
    pub async fn receive(&self, update: NewUpdate) -> Result<Receipt, ReceiveError> {
        let overloaded = || ReceiveError::Overloaded {
            retry_after_s: self.admission.retry_after_s(),
        };
        let place = self.admission.enter(update.payload.len());
        let (answer, answered) = oneshot::channel();
        let waiter = Waiter {
            update,
            answer,
            _place: place.ok_or_else(overloaded)?,
        };
        self.queue.try_send(waiter).map_err(|_| overloaded())?;
        if fault::mutant(Mutant::AckBeforeCommit) {
            return Ok(Receipt::Stored);
        }
        let answered = tokio::time::timeout(ANSWER_TIMEOUT, answered).await;
        let why = match answered {
            Ok(Ok(Ok(receipt))) => return Ok(receipt),
            Ok(Ok(Err(why))) => why,
            // It may still be in the queue, or on its way.
            Ok(Err(_)) | Err(_) => NotStored::Perhaps,
        };
        Err(ReceiveError::Unavailable {
            retry_after_s: self.admission.retry_after_s(),
            surely: why == NotStored::Surely,
        })
    }
}

impl BatchWriter {
    /// What this writer commits.
    pub fn arrivals(&self) -> Arrivals {
        self.write.arrivals.clone()
    }

    /// Writes until `shutdown` and the queue is empty. The caller stops intake first.
    pub async fn run(mut self, shutdown: Shutdown) {
        let mut received = Vec::with_capacity(BATCH_ROWS_MAX);
        let (mut closing, mut ended) = (false, false);
        loop {
            self.start_batches();
            if ended && self.waiting.is_empty() && self.flying.tasks.is_empty() {
                return;
            }
            let space = BATCH_ROWS_MAX.saturating_sub(self.waiting.len());
            tokio::select! {
                biased;
                () = shutdown.cancelled(), if !closing => {
                    closing = true;
                    self.queue.close();
                }
                Some(joined) = self.flying.tasks.join_next_with_id() => self.flying.land(&joined),
                count = self.queue.recv_many(&mut received, space), if !ended && space > 0 => {
                    ended = count == 0;
                    self.waiting.extend(received.drain(..));
                }
            }
        }
    }

    /// At once when nothing is being written. Else only when there is a fair share of what is in hand already: small
    /// batches cost the database much more for each row.
    fn start_batches(&mut self) {
        let batches_max = BATCHES_MAX as usize;
        while self.flying.tasks.len() < batches_max
            && !self.waiting.is_empty()
            && self.waiting.len() >= self.flying.rows / batches_max
        {
            let batch = self.gather();
            if batch.is_empty() {
                return;
            }
            self.flying.start(Arc::clone(&self.write), batch);
        }
    }

    /// Takes what waits already, without waiting for more, but for lanes that are being written.
    fn gather(&mut self) -> Vec<Waiter> {
        let mut size_bytes = 0;
        let mut batch = Vec::with_capacity(self.waiting.len());
        let mut kept = VecDeque::new();
        while let Some(waiter) = self.waiting.pop_front() {
            if self.flying.lanes.contains(&waiter.update.lane) {
                kept.push_back(waiter);
                continue;
            }
            size_bytes += waiter.update.payload.len();
            batch.push(waiter);
            if batch.len() == BATCH_ROWS_MAX || size_bytes >= BATCH_BYTES_MAX {
                break;
            }
        }
        kept.append(&mut self.waiting);
        self.waiting = kept;
        batch
    }
}

impl Flying {
    fn start(&mut self, write: Arc<Write>, batch: Vec<Waiter>) {
        let lanes: Vec<i64> = batch.iter().map(|waiter| waiter.update.lane).collect();
        self.rows += lanes.len();
        self.lanes.extend(&lanes);
        let task = self.tasks.spawn(async move { write.write(batch).await });
        self.lanes_of.insert(task.id(), lanes);
    }

    fn land(&mut self, joined: &Result<(Id, ()), JoinError>) {
        let id = match joined {
            Ok((id, ())) => *id,
            Err(error) => {
                // Its waiters were told with it: their channel closed.
                tracing::error!(error = %error, "writing a batch of updates was aborted");
                error.id()
            }
        };
        for lane in self.lanes_of.remove(&id).unwrap_or_default() {
            self.rows -= 1;
            self.lanes.remove(&lane);
        }
    }
}
