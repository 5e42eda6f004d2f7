//! Long polling, for a bot without a public address: the same intake as the webhook.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::base::clock::Clock;
use crate::base::supervise::Shutdown;
use crate::http::intake::{Intake, Taken};
use crate::telegram::methods::ALLOWED_UPDATES;
use crate::telegram::{CallError, Client, Update};

const WAIT: Duration = Duration::from_secs(25);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Polls until `shutdown`. An update is confirmed to Telegram only after its commit, by the next call's offset.
pub(super) async fn run(client: Client, intake: Arc<Intake>, clock: Clock, shutdown: Shutdown) {
    let mut offset = None;
    let mut pause = Duration::ZERO;
    loop {
        let updates = tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            updates = client.get_updates(offset, WAIT, &ALLOWED_UPDATES) => updates,
        };
        let taken = match updates {
            Ok(updates) => take_all(&client, &intake, updates, &mut offset).await,
            Err(CallError::FloodWait { retry_after_s }) => {
                clock.sleep(Duration::from_secs(retry_after_s.into())).await;
                true
            }
            Err(error) => {
                tracing::warn!(error = %error, "cannot poll Telegram");
                false
            }
        };
        pause = if taken {
            Duration::ZERO
        } else {
            (pause * 2).clamp(Duration::from_secs(1), PAUSE_MAX)
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = clock.sleep(pause) => {}
        }
    }
}

/// False if one could not be committed: it and those after it are polled again.
async fn take_all(
    client: &Client,
    intake: &Intake,
    updates: Vec<Update>,
    offset: &mut Option<i64>,
) -> bool {
    for update in updates {
        match intake.take(Bytes::from(update.raw)).await {
            Taken::Committed(call) => {
                if let Some(call) = call
                    && let Err(error) = client.call(call.method, &call.params).await
                {
                    tracing::warn!(error = %error, "cannot answer at once");
                }
            }
            Taken::FromMemory(call) => {
                if let Err(error) = client.call(call.method, &call.params).await {
                    tracing::warn!(error = %error, "cannot answer from memory");
                    return false;
                }
            }
            Taken::NotAnUpdate => tracing::warn!("Telegram sent something that is not an update"),
            Taken::TryAgain(error) => {
                tracing::warn!(error = %error, "an update could not be stored");
                return false;
            }
        }
        *offset = Some(update.update_id + 1);
    }
    true
}
