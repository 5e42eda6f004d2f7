//! Small traits of the engines, joined to the parts that fulfil them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::switches::Switches;
use crate::base::clock::Clock;
use crate::base::db;
use crate::engine::jobs::{ArtifactStore, Links};
use crate::engine::outbox::{
    self, Action, DeadLetter, DeadLetters, FileStore, NewMessage, OutboxEvents, Priority,
};
use crate::engine::people;
use crate::features::cx::Env;
use crate::features::speech::{Args, Language};
use crate::features::storefront;
use crate::http::health::{NotReady, ReadinessProbe};
use crate::http::media::MediaSigner;
use crate::telegram::{Rich, UploadFile};

/// Results as the outbox wants them.
pub(super) struct Artifacts(pub(super) ArtifactStore);

#[async_trait]
impl FileStore for Artifacts {
    async fn open(&self, id: Uuid) -> Result<Option<UploadFile>, anyhow::Error> {
        Ok(self.0.open(id).await?.map(|file| UploadFile {
            file_name: file.file_name,
            mime: file.mime,
            len: file.size_bytes,
            body: file.body,
        }))
    }
}

/// The addresses that a provider is given.
pub(super) struct MediaAndCallbackLinks {
    pub(super) public_url: String,
    pub(super) signer: Arc<MediaSigner>,
    pub(super) ttl: Duration,
    pub(super) clock: Clock,
}

impl Links for MediaAndCallbackLinks {
    fn media(&self, file_id: &str) -> String {
        let expires_at = self.clock.now() + self.ttl;
        format!(
            "{}/media/{}",
            self.public_url,
            self.signer.sign(file_id, expires_at)
        )
    }

    fn callback(&self, provider: &str, token: &str) -> Option<String> {
        Some(format!("{}/callbacks/{provider}/{token}", self.public_url))
    }
}

/// What Telegram's answers mean for people, and for admins.
pub(super) struct Events(pub(super) Arc<Env>);

#[async_trait]
impl OutboxEvents for Events {
    async fn dead_letter(
        &self,
        conn: &mut PgConnection,
        letter: &DeadLetter,
    ) -> Result<(), sqlx::Error> {
        if letter.kind != Action::FILE || letter.is_notification {
            return Ok(());
        }
        let owner = people::by_id(conn, letter.chat_id).await?;
        let language = owner.map_or(Language::En, |owner| Language::of_tag(owner.language_tag()));
        let action = storefront::undelivered(language);
        let message = NewMessage::new(letter.chat_id, letter.correlation, action);
        outbox::enqueue(conn, &message, self.0.clock.sql_now()).await?;
        Ok(())
    }

    async fn report(
        &self,
        conn: &mut PgConnection,
        letters: &[DeadLetters],
    ) -> Result<(), sqlx::Error> {
        let speech = storefront::speech(Language::En);
        let total = letters.first().map_or(0, |cause| cause.total);
        let heading = Args::new().number("count", total);
        let mut text = speech.rich("admin-dead-letters", &heading);
        for cause in letters {
            let args = Args::new()
                .text("count", cause.count.to_string())
                .text("kind", &cause.kind)
                .text("chat", cause.chat_id.to_string())
                .text("error", &cause.error);
            text = text
                .then(Rich::literal("\n"))
                .then(speech.rich("admin-dead-letter", &args));
        }
        for admin_id in &self.0.admin_ids {
            let action = Action::Say {
                text: text.clone(),
                keyboard: None,
            };
            let message = NewMessage {
                priority: Priority::Low,
                merge_key: Some(outbox::ADMIN_NOTICES),
                ..NewMessage::new(*admin_id, outbox::REPORT, action)
            };
            outbox::enqueue(conn, &message, self.0.clock.sql_now()).await?;
        }
        Ok(())
    }

    async fn unreachable(&self, conn: &mut PgConnection, chat_id: i64) -> Result<(), sqlx::Error> {
        people::blocked(conn, chat_id, self.0.clock.sql_now()).await
    }

    async fn migrated(
        &self,
        conn: &mut PgConnection,
        from: i64,
        to: i64,
    ) -> Result<(), sqlx::Error> {
        people::migrated(conn, from, to, self.0.clock.sql_now()).await
    }
}

/// Whether this replica should get traffic.
pub(super) struct Readiness {
    pool: PgPool,
    switches: Arc<Switches>,
    migrated: AtomicBool,
    draining: AtomicBool,
}

impl Readiness {
    pub(super) fn new(pool: PgPool, switches: Arc<Switches>) -> Self {
        Self {
            pool,
            switches,
            migrated: AtomicBool::new(false),
            draining: AtomicBool::new(false),
        }
    }

    pub(super) fn set_migrated(&self) {
        self.migrated.store(true, Ordering::Relaxed);
    }

    pub(super) fn set_draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl ReadinessProbe for Readiness {
    fn off(&self) -> Vec<&'static str> {
        self.switches.off()
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    async fn check(&self) -> Result<(), NotReady> {
        if !self.migrated.load(Ordering::Relaxed) {
            return Err(NotReady::Starting);
        }
        db::ping(&self.pool).await.map_err(|_| NotReady::Database)
    }
}
