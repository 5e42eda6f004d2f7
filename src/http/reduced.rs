//! What intake does with a free request while the database is away: it is answered from memory, and the answer is the
//! acknowledgement.
//!
//! Why this keeps what an acknowledgement promises. A 2xx says to Telegram that it may forget the update; so an update is
//! committed first, whatever becomes of it. A request that is answered here has no effect that could be lost: the one
//! thing it asks for travels in the same response as the 2xx. If that response is lost, so is the 2xx, and Telegram delivers the
//! request again. A 503 with an answer sent beside it would be worse twice over: the request would be answered again
//! from its row later, and until then Telegram would hold back everything else from that chat.
//!
//! So that nobody is answered twice: the database is asked whether it is there before such a request is handed to it, and one
//! that was handed to it is answered here only if it surely was not stored. What may have been stored (the database went
//! away between the two) is remembered, and left to Telegram and the database. Twice an answer comes only when the first
//! replica's doubt is not known to the second, or if a row was stored, its 2xx lost, and the database away at the
//! repetition: then one is marked as reduced, and the other is the ordinary one.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::Mutex as AsyncMutex;

use crate::base::clock::Clock;
use crate::base::db;
use crate::features::storefront;
use crate::telegram::methods::Call;

/// That the database is away is taken to be so for this long, so that not everybody waits to find it out.
const ASKED_EVERY_MS: u64 = 2_000;
const ASK_MAX: Duration = Duration::from_secs(1);
/// Updates of which nobody knows whether they were stored; there are at most those of the batches that broke.
const DOUBTS_MAX: usize = 4096;

/// Answers from memory, carefully.
pub struct Reduced {
    answers: Arc<storefront::Reduced>,
    pool: PgPool,
    clock: Clock,
    asking: AsyncMutex<()>,
    /// When the database was found to be away, on the monotonic clock; zero: it was not.
    away_since_ms: AtomicU64,
    doubts: Mutex<VecDeque<i64>>,
}

impl Reduced {
    /// Asks the database behind `pool` whether it is back.
    pub fn new(answers: Arc<storefront::Reduced>, pool: PgPool, clock: Clock) -> Self {
        Self {
            answers,
            pool,
            clock,
            asking: AsyncMutex::default(),
            away_since_ms: AtomicU64::new(0),
            doubts: Mutex::default(),
        }
    }

    /// Whether this update could be answered here, if need be.
    pub(super) fn is_for(&self, update_id: i64, body: &[u8]) -> bool {
        self.answers.could_answer(body) && !self.doubts().contains(&update_id)
    }

    /// The answer from memory.
    pub(super) fn answer(&self, body: &[u8]) -> Option<Call> {
        let call = self.answers.answer(body);
        if call.is_some() {
            tracing::warn!("the database is away: a free request was answered from memory");
        }
        call
    }

    /// It may have been stored: nobody but the database answers it from now on.
    pub(super) fn doubt(&self, update_id: i64) {
        let mut doubts = self.doubts();
        if !doubts.contains(&update_id) {
            if doubts.len() >= DOUBTS_MAX {
                doubts.pop_front();
            }
            doubts.push_back(update_id);
        }
    }

    /// Whether the database answers. It is asked by one at a time.
    pub(super) async fn is_there(&self) -> bool {
        let _one = self.asking.lock().await;
        let away_since_ms = self.away_since_ms.load(Ordering::Relaxed);
        if away_since_ms != 0 && self.now_ms() < away_since_ms + ASKED_EVERY_MS {
            return false;
        }
        let ping = tokio::time::timeout(ASK_MAX, db::ping(&self.pool)).await;
        let is_there = matches!(ping, Ok(Ok(())));
        let away_since_ms = if is_there { 0 } else { self.now_ms() };
        self.away_since_ms.store(away_since_ms, Ordering::Relaxed);
        is_there
    }

    /// It has stored something: what comes after that must not be answered before it.
    pub(super) fn has_stored(&self) {
        if self.away_since_ms.load(Ordering::Relaxed) != 0 {
            self.away_since_ms.store(0, Ordering::Relaxed);
        }
    }

    /// Never zero, which stands for none.
    fn now_ms(&self) -> u64 {
        u64::try_from(self.clock.monotonic().as_millis()).map_or(u64::MAX / 2, |ms| ms + 1)
    }

    fn doubts(&self) -> std::sync::MutexGuard<'_, VecDeque<i64>> {
        self.doubts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
