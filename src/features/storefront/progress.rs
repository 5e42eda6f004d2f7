//! What the user sees of an order under way, and how its money is settled when it ends.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::PgConnection;

use super::confirm::{DELIVERY, JOB_KIND};
use super::money::{hold_of, release, settled};
use super::pages::{home_button, labelled};
use super::store::{self, Order};
use super::summary::join;
use super::texts::{about, failure_key, speech};
use super::waiting::{self, Accepted};
use crate::base::fault::{self, Mutant};
use crate::base::money::Amount;
use crate::engine::jobs::{Artifact, Ending, Job, JobEvent, JobKind, Line};
use crate::engine::ledger::{self, Cause};
use crate::engine::outbox::{self, Action, FileRef, NewMessage, Priority, Target};
use crate::features::cx::{Env, Handled, button};
use crate::features::press::Press;
use crate::features::speech::{Args, Language, Speech};
use crate::providers::FailureReason;
use crate::telegram::{InlineKeyboard, MediaKind, Rich};

const BAR_CELLS: u64 = 10;
/// Edits of the progress message are this far apart in polls: Telegram dislikes more than about 20 a minute.
const POLLS_PER_EDIT: i32 = 2;

/// The owner of the storefront's jobs.
pub struct OrderJob {
    env: Arc<Env>,
}

impl OrderJob {
    /// Speaks and settles with what `env` knows.
    pub fn new(env: Arc<Env>) -> Self {
        Self { env }
    }
}

#[async_trait]
impl JobKind for OrderJob {
    fn name(&self) -> &'static str {
        JOB_KIND
    }

    async fn on_event(
        &self,
        conn: &mut PgConnection,
        job: &Job,
        event: &JobEvent,
    ) -> Result<(), anyhow::Error> {
        let order = store::by_id(conn, job.id)
            .await?
            .ok_or_else(|| anyhow::anyhow!("the job {} has no order", job.id))?;
        let view = View {
            env: &self.env,
            job,
            order: &order,
            speech: speech(Language::of_tag(&order.language)),
        };
        view.on_event(conn, event)
            .await
            .map_err(anyhow::Error::from)
    }
}

pub(super) struct View<'a> {
    pub(super) env: &'a Env,
    pub(super) job: &'a Job,
    pub(super) order: &'a Order,
    pub(super) speech: Speech<'static>,
}

impl View<'_> {
    async fn on_event(&self, conn: &mut PgConnection, event: &JobEvent) -> Handled {
        match event {
            JobEvent::Waiting(line) => self.waiting(conn, *line).await,
            JobEvent::Started { stoppable } => {
                if self.job.state == "unknown" {
                    self.found(conn).await?;
                }
                self.edit(conn, self.working(None, 0), self.while_working(*stoppable))
                    .await
            }
            JobEvent::Progress {
                stoppable, counts, ..
            } if self.job.snapshot.result == DELIVERY => {
                self.counted(conn, *counts, *stoppable).await
            }
            JobEvent::Progress {
                stoppable,
                percent,
                running_s,
                ..
            } if self.job.polls % POLLS_PER_EDIT == 1 => {
                let text = self.working(*percent, *running_s);
                self.edit(conn, text, self.while_working(*stoppable)).await
            }
            JobEvent::Progress { .. } => Ok(()),
            JobEvent::Unsure => {
                self.edit(conn, self.speech.rich("order-unsure", &self.title()), None)
                    .await
            }
            JobEvent::Undecided { .. } => {
                let text = self.speech.rich("order-undecided", &self.title());
                self.edit(conn, text, None).await
            }
            JobEvent::Stuck => {
                self.tell_admins(conn, "admin-stuck-job").await?;
                let text = self.speech.rich("order-stuck", &self.title());
                self.edit(conn, text, None).await
            }
            JobEvent::Ended(Ending::Succeeded(artifacts)) => self.succeeded(conn, artifacts).await,
            JobEvent::Ended(Ending::Delivered(counts)) => self.delivered(conn, *counts).await,
            JobEvent::Ended(Ending::Partial {
                units,
                remains,
                start,
            }) => self.partial(conn, *units, *remains, *start).await,
            JobEvent::Ended(Ending::Failed(reason)) => self.failed(conn, *reason, "failed").await,
            JobEvent::Ended(Ending::TimedOut) => {
                self.failed(conn, FailureReason::TimedOut, "timed_out")
                    .await
            }
            JobEvent::Ended(Ending::Cancelled) => self.cancelled(conn, "cancelled").await,
        }
    }

    pub(super) fn title(&self) -> Args {
        Args::new().text("title", self.service_title())
    }

    fn service_title(&self) -> String {
        self.env.catalog.service(&self.order.service).map_or_else(
            || self.order.service.clone(),
            |service| service.title.get(self.speech.language().code()).to_owned(),
        )
    }

    /// A button only where it does something.
    pub(super) fn while_working(&self, stoppable: bool) -> Option<InlineKeyboard> {
        let order = self.order.short_id.clone();
        let cancel = labelled(
            self.speech,
            "button-cancel-order",
            &Press::CancelOrder { order },
        );
        stoppable.then(|| InlineKeyboard::new([vec![cancel]]))
    }

    async fn waiting(&self, conn: &mut PgConnection, line: Line) -> Handled {
        let price = self.job.snapshot.price;
        let accepted = Accepted {
            title: &self.service_title(),
            estimate_s: self.job.snapshot.estimate_s,
            held: (price > Amount::ZERO).then(|| self.env.currency().format(price)),
            line: Some(line),
        };
        let keyboard = waiting::keyboard(self.speech, self.order.short_id.clone());
        self.edit(conn, accepted.text(self.speech), Some(keyboard))
            .await
    }

    async fn cancelled(&self, conn: &mut PgConnection, state: &str) -> Handled {
        let (env, order, title) = (self.env, self.order, self.service_title());
        store::finish(conn, order.id, state, env.clock.sql_now()).await?;
        let correlation = self.job.correlation;
        let text =
            super::orders::taken_back(conn, env, self.speech, order, &title, correlation).await?;
        self.edit(conn, text, Some(self.after(true))).await
    }

    /// By the provider's figure if there is one, else by the usual time, which never reaches the end by itself.
    fn working(&self, percent: Option<u8>, running_s: u64) -> Rich {
        let usual_s = u64::from(self.job.snapshot.estimate_s.max(1));
        let percent = percent.map_or((running_s * 100 / usual_s).min(95), |percent| {
            u64::from(percent.min(100))
        });
        let args = self
            .title()
            .text("bar", bar(percent))
            .number("percent", percent.cast_signed());
        let time = if running_s <= usual_s {
            let left = about(self.speech, (usual_s - running_s).max(1));
            self.speech
                .rich("order-remaining", &Args::new().text("time", left))
        } else {
            self.speech.rich("order-longer", &Args::new())
        };
        join([self.speech.rich("order-working", &args), time])
    }

    async fn succeeded(&self, conn: &mut PgConnection, artifacts: &[Artifact]) -> Handled {
        let lines = [
            self.speech.rich("order-done", &self.title()),
            self.paid(conn).await?,
        ];
        self.edit(conn, join(lines), None).await?;
        if fault::mutant(Mutant::ResultLost) {
            return Ok(());
        }
        for (position, artifact) in artifacts.iter().enumerate() {
            let keyboard = (position + 1 == artifacts.len()).then(|| self.after(false));
            self.send(conn, artifact, keyboard).await?;
        }
        Ok(())
    }

    /// The order succeeded: all of its money is taken. What to say of that.
    pub(super) async fn paid(&self, conn: &mut PgConnection) -> Handled<Rich> {
        let (env, now) = (self.env, self.env.clock.sql_now());
        store::finish(conn, self.order.id, "succeeded", now).await?;
        if let Some(hold) = hold_of(conn, self.order).await? {
            let cause = self.cause(env, format!("capture:job:{}", self.order.id));
            ledger::capture(conn, hold.id, hold.amount, &cause, now).await?;
            self.reward(conn, hold.amount).await?;
            #[cfg(feature = "faults")]
            super::mistakes::after_capture(conn, env, self.order, hold.amount).await?;
            let wallet = ledger::wallet(conn, self.order.user_id, &env.currency().code).await?;
            let args = Args::new()
                .text("price", env.currency().format(hold.amount))
                .text("balance", env.currency().format(wallet.available));
            Ok(self.speech.rich("order-charged", &args))
        } else {
            Ok(self.speech.rich("order-free", &Args::new()))
        }
    }

    async fn send(
        &self,
        conn: &mut PgConnection,
        artifact: &Artifact,
        keyboard: Option<InlineKeyboard>,
    ) -> Handled {
        let action = Action::File {
            kind: shown_as(&self.job.snapshot.result, &artifact.mime),
            file: FileRef::Stored {
                id: artifact.id,
                size_bytes: artifact.size_bytes,
                url: Some(artifact.url.clone()),
            },
            caption: self.speech.rich("result-caption", &self.title()),
            keyboard,
        };
        let message = NewMessage {
            owed: true,
            ..NewMessage::new(self.order.chat_id, self.job.correlation, action)
        };
        outbox::enqueue(conn, &message, self.env.clock.sql_now()).await?;
        Ok(())
    }

    pub(super) async fn failed(
        &self,
        conn: &mut PgConnection,
        reason: FailureReason,
        state: &str,
    ) -> Handled {
        if reason == FailureReason::Cancelled && self.job.is_cancel_requested {
            // What its user asked for did work, and so they read; the order's state is its job's all the same.
            return self.cancelled(conn, state).await;
        }
        store::finish(conn, self.order.id, state, self.env.clock.sql_now()).await?;
        let released = release(conn, self.env, self.order, self.job.correlation).await?;
        let why = self.speech.plain(failure_key(reason), &Args::new());
        let head = self
            .speech
            .rich("order-failed", &self.title().text("reason", why));
        let money = settled(conn, self.env, self.speech, self.order.user_id, released).await?;
        if reason == FailureReason::Unknown {
            self.tell_admins(conn, "admin-unknown-job").await?;
        }
        self.edit(
            conn,
            join([head, Rich::default(), money]),
            Some(self.after(true)),
        )
        .await
    }

    /// What only a person can find out or mend.
    pub(super) async fn tell_admins(&self, conn: &mut PgConnection, key: &'static str) -> Handled {
        for admin_id in &self.env.admin_ids {
            let text = speech(Language::En).rich(
                key,
                &Args::new()
                    .text("job", self.job.id.to_string())
                    .text("service", &self.order.service),
            );
            let action = Action::Say {
                text,
                keyboard: None,
            };
            let message = NewMessage {
                priority: Priority::Low,
                merge_key: Some(outbox::ADMIN_NOTICES),
                ..NewMessage::new(*admin_id, self.job.correlation, action)
            };
            outbox::enqueue(conn, &message, self.env.clock.sql_now()).await?;
        }
        Ok(())
    }

    pub(super) fn after(&self, failed: bool) -> InlineKeyboard {
        let order = || self.order.short_id.clone();
        let again = if failed {
            "button-retry"
        } else {
            "button-again"
        };
        InlineKeyboard::new([
            vec![
                labelled(self.speech, again, &Press::Again { order: order() }),
                labelled(
                    self.speech,
                    "button-change",
                    &Press::Change { order: order() },
                ),
            ],
            vec![if failed {
                home_button(self.speech)
            } else {
                let label = self.speech.plain("button-home", &Args::new());
                button(label, &Press::Home { fresh: true })
            }],
        ])
    }

    /// Whoever was told that nobody knows is told that it is known now, in a message of its own: the progress is edited on.
    async fn found(&self, conn: &mut PgConnection) -> Handled {
        let action = Action::Say {
            text: self.speech.rich("order-found", &self.title()),
            keyboard: None,
        };
        let message = NewMessage::new(self.order.chat_id, self.job.correlation, action);
        outbox::enqueue(conn, &message, self.env.clock.sql_now()).await?;
        Ok(())
    }

    pub(super) async fn edit(
        &self,
        conn: &mut PgConnection,
        text: Rich,
        keyboard: Option<InlineKeyboard>,
    ) -> Handled {
        let reference = self.order.progress_ref;
        let action = Action::Edit {
            target: Target::Ref(reference),
            text,
            keyboard,
            else_say: true,
        };
        let message = NewMessage {
            message_ref: Some(reference),
            coalesce_key: Some(reference),
            ..NewMessage::new(self.order.chat_id, self.job.correlation, action)
        };
        outbox::enqueue(conn, &message, self.env.clock.sql_now()).await?;
        Ok(())
    }

    pub(super) fn cause(&self, env: &Env, idem_key: String) -> Cause {
        Cause {
            id: env.ids.uuid(),
            idem_key,
            note: self.order.service.clone(),
            by_admin: None,
            correlation: self.job.correlation,
        }
    }
}

/// So many percent, drawn.
pub(super) fn bar(percent: u64) -> String {
    let filled = percent * BAR_CELLS / 100;
    (0..BAR_CELLS)
        .map(|cell| if cell < filled { '▓' } else { '░' })
        .collect()
}

/// What a file is shown as: what the service promises, if the file is of that kind.
fn shown_as(promised: &str, mime: &str) -> MediaKind {
    match (promised, mime.split('/').next().unwrap_or_default(), mime) {
        ("document", _, _) => MediaKind::Document,
        // Telegram shows these as photos; other image types (SVG, HEIC) only travel as files.
        (_, "image", "image/png" | "image/jpeg" | "image/webp") => MediaKind::Image,
        (_, "video", "video/mp4") => MediaKind::Video,
        // sendAudio takes MP3 and M4A (Bot API docs, "sendAudio").
        (_, "audio", "audio/mpeg" | "audio/mp4") => MediaKind::Audio,
        _ => MediaKind::Document,
    }
}
