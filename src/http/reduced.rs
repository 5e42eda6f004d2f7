//! What intake does with a free request while the database is away: it is answered from memory, and the answer is the
//! acknowledgement.
//!
//! Why this keeps what an acknowledgement promises. A 2xx says to Telegram that it may forget the update; so an update is
//! committed first, whatever becomes of it. A request that is answered here has no effect that could be lost: the one
//! thing it asks for travels in the same response as the 2xx. If that response is lost, so is the 2xx, and Telegram delivers the
//! request again. A 503 with an answer sent beside it would be worse twice over: the request would be answered again
//! from its row later, and until then Telegram would hold back everything else from that chat.
//!
//! So that nobody is answered twice: an update that was handed to the database is answered here only if it surely was
//! not stored. While the database is known to be away nothing is handed to it: it is asked first whether it is back. What may have
//! been stored (the connection broke after it was sent) is remembered, and left to Telegram and the database. Twice an
//! answer comes only when the first replica's doubt is not known to the second, or if a row was stored, its 2xx lost, and the
//! database away at the repetition: then one is marked as reduced, and the other is the ordinary one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::Mutex as AsyncMutex;

use crate::base::clock::Clock;
use crate::base::db;
use crate::features::storefront;
use crate::telegram::methods::Call;

/// An answer of the database to "are you back?" is good for this long.
const ASKED_EVERY: Duration = Duration::from_secs(2);
const ASK_MAX: Duration = Duration::from_secs(1);
/// Updates of which nobody knows whether they were stored; there are at most those of the batches that broke.
const DOUBTS_MAX: usize = 4096;

/// Answers from memory, carefully.
pub struct Reduced {
    answers: Arc<storefront::Reduced>,
    pool: PgPool,
    clock: Clock,
    /// When the database was asked, and whether it answered.
    asked: AsyncMutex<Option<(Duration, bool)>>,
    doubts: Mutex<VecDeque<i64>>,
}

impl Reduced {
    /// Asks the database behind `pool` whether it is back.
    pub fn new(answers: Arc<storefront::Reduced>, pool: PgPool, clock: Clock) -> Self {
        Self {
            answers,
            pool,
            clock,
            asked: AsyncMutex::default(),
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

    /// Whether the database answers. Asked seldom, and by one at a time.
    pub(super) async fn is_back(&self) -> bool {
        let mut asked = self.asked.lock().await;
        let now = self.clock.monotonic();
        if let Some((at, answered)) = *asked
            && at + ASKED_EVERY > now
        {
            return answered;
        }
        let ping = tokio::time::timeout(ASK_MAX, db::ping(&self.pool)).await;
        let answered = matches!(ping, Ok(Ok(())));
        *asked = Some((self.clock.monotonic(), answered));
        answered
    }

    fn doubts(&self) -> std::sync::MutexGuard<'_, VecDeque<i64>> {
        self.doubts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
