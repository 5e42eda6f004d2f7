//! Asks, and changes what was asked, as the job goes: in the same transaction as whatever else follows from it.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::PgConnection;

use super::page::{self, End};
use super::{speech, store};
use crate::base::fault::{self, Point};
use crate::engine::jobs::{self, Job, JobEvent, JobKind, Question};
use crate::engine::outbox::{self, Action, NewMessage, Target};
use crate::engine::people::{self, Person};
use crate::features::cx::Env;
use crate::features::speech::{Args, Language};
use crate::telegram::{InlineKeyboard, Rich};

/// A kind of job about which admins are asked when its submit's answer was lost.
pub struct Watched {
    kind: Arc<dyn JobKind>,
    env: Arc<Env>,
}

impl Watched {
    /// Settled by `kind` as ever.
    pub fn new(kind: Arc<dyn JobKind>, env: Arc<Env>) -> Self {
        Self { kind, env }
    }
}

#[async_trait]
impl JobKind for Watched {
    fn name(&self) -> &'static str {
        self.kind.name()
    }

    async fn on_event(
        &self,
        conn: &mut PgConnection,
        job: &Job,
        event: &JobEvent,
    ) -> Result<(), anyhow::Error> {
        self.kind.on_event(conn, job, event).await?;
        match event {
            JobEvent::Undecided { wrong_task } => {
                ask(conn, &self.env, job, wrong_task.as_deref()).await?;
            }
            JobEvent::Started { .. } if job.state == "unknown" => {
                let task = jobs::task_of(&mut *conn, job.id).await?.unwrap_or_default();
                close(conn, &self.env, job, &End::GoesOn { task }).await?;
            }
            JobEvent::Ended(_) if job.state == "unknown" => {
                close(conn, &self.env, job, &End::Released).await?;
            }
            JobEvent::Started { .. }
            | JobEvent::Ended(_)
            | JobEvent::Waiting(_)
            | JobEvent::Progress { .. }
            | JobEvent::Unsure
            | JobEvent::Stuck => {}
        }
        Ok(())
    }
}

/// Asks every admin; those who were asked before are told that what was named is not there.
async fn ask(
    conn: &mut PgConnection,
    env: &Env,
    job: &Job,
    wrong_task: Option<&str>,
) -> Result<(), sqlx::Error> {
    let Some(question) = jobs::question(&mut *conn, job.id).await? else {
        return Ok(());
    };
    for admin_id in &env.admin_ids {
        let language = language_of(&mut *conn, *admin_id).await?;
        let about = page::subject(env, job, language);
        let mut text = page::asking(language, &about, &question);
        if let Some(task) = wrong_task {
            let args = Args::new().text("task", task);
            let wrong = speech(language).rich("no-such-task", &args);
            text = wrong.then(Rich::literal("\n\n")).then(text);
        }
        let keyboard = Some(page::keyboard(language, &question));
        let message_ref = env.ids.uuid();
        let asked = store::messages(&mut *conn, job.id).await?;
        match asked.iter().find(|(admin, _)| admin == admin_id) {
            Some((_, message_ref)) => {
                let message = edit(job, *admin_id, *message_ref, text, keyboard);
                outbox::enqueue(&mut *conn, &message, env.clock.sql_now()).await?;
            }
            None => {
                store::asked(&mut *conn, job.id, *admin_id, message_ref).await?;
                let message = NewMessage {
                    message_ref: Some(message_ref),
                    ..NewMessage::new(*admin_id, job.correlation, Action::Say { text, keyboard })
                };
                outbox::enqueue(&mut *conn, &message, env.clock.sql_now()).await?;
            }
        }
    }
    Ok(())
}

/// The question is answered by what happened.
async fn close(
    conn: &mut PgConnection,
    env: &Env,
    job: &Job,
    end: &End,
) -> Result<(), sqlx::Error> {
    let now = env.clock.sql_now();
    let Some(question) = jobs::close_question(&mut *conn, job.id, now).await? else {
        return Ok(());
    };
    store::forget_job(&mut *conn, job.id).await?;
    let person = who_said(&mut *conn, &question).await?;
    for (admin_id, message_ref) in store::messages(&mut *conn, job.id).await? {
        let language = language_of(&mut *conn, admin_id).await?;
        let about = page::subject(env, job, language);
        let said = question.said.as_ref().map(|said| (said, person.as_ref()));
        let text = page::ended(language, &about, said, end);
        let message = edit(job, admin_id, message_ref, text, None);
        outbox::enqueue(&mut *conn, &message, now).await?;
    }
    fault::reach(Point::QuestionClosed);
    Ok(())
}

/// The message in which an admin was asked, changed.
pub(super) fn edit(
    job: &Job,
    admin_id: i64,
    message_ref: uuid::Uuid,
    text: Rich,
    keyboard: Option<InlineKeyboard>,
) -> NewMessage {
    let action = Action::Edit {
        target: Target::Ref(message_ref),
        text,
        keyboard,
        else_say: true,
    };
    NewMessage {
        message_ref: Some(message_ref),
        coalesce_key: Some(message_ref),
        ..NewMessage::new(admin_id, job.correlation, action)
    }
}

/// Whoever gave the answer that counts.
pub(super) async fn who_said(
    conn: &mut PgConnection,
    question: &Question,
) -> Result<Option<Person>, sqlx::Error> {
    match &question.said {
        Some(said) => people::by_id(conn, said.by).await,
        None => Ok(None),
    }
}

pub(super) async fn language_of(
    conn: &mut PgConnection,
    admin_id: i64,
) -> Result<Language, sqlx::Error> {
    let person = people::by_id(conn, admin_id).await?;
    Ok(person.map_or(Language::En, |person| {
        Language::of_tag(person.language_tag())
    }))
}
