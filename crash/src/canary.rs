//! How long the service was away: some chats, spread over the lanes, ask something, and each must be answered.

use std::time::{Duration, Instant};

use crate::clock;
use crate::outside::Outside;

/// Spread over the shards: a dead replica held at least one of them, almost surely.
const CHATS: std::ops::Range<i64> = 9_001..9_007;
/// Beyond this nothing recovers by itself.
const PATIENCE: Duration = Duration::from_secs(45);
/// Stands for a recovery that did not come.
pub const NEVER: Duration = Duration::from_secs(999);

/// Asks in all the chats now; how long after `since` the last of them was answered. None: somebody never was.
pub async fn ask(outside: &Outside, since: Instant) -> Option<Duration> {
    let before = outside.last_call();
    for chat in CHATS {
        let _ = outside.says(chat, "/help").await;
    }
    let answered = clock::until(PATIENCE, || {
        CHATS
            .into_iter()
            .all(|chat| outside.has_answered(chat, before))
            .then_some(())
    });
    answered.await?;
    Some(clock::now() - since)
}
