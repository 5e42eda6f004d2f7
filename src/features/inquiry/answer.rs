//! An admin's tap, or the id that they type.

use serde_json::json;
use uuid::Uuid;

use super::watch::{edit, language_of, who_said};
use super::{page, speech, store};
use crate::base::fault::{self, Point};
use crate::engine::admin_audit::{self, Act};
use crate::engine::jobs::{self, Answered, Question, Verdict};
use crate::features::cx::{Cx, Handled, Stop};
use crate::features::speech::Args;
use crate::telegram::{IncomingMessage, Rich};

/// "It went through": as one of the tasks that it may be.
pub async fn choose(cx: &mut Cx<'_>, short_id: &str, candidate: u16) -> Handled {
    let question = find(cx, short_id).await?;
    let task = question.doubt.candidates.get(usize::from(candidate));
    let Some(task) = task.cloned() else {
        return refuse(cx, "question-gone");
    };
    say(cx, &question, Verdict::WentThrough(task)).await
}

/// "It did not."
pub async fn not_there(cx: &mut Cx<'_>, short_id: &str) -> Handled {
    let question = find(cx, short_id).await?;
    say(cx, &question, Verdict::NotThere).await
}

/// "It went through": which task it is they write next.
pub async fn type_task(cx: &mut Cx<'_>, short_id: &str) -> Handled {
    let question = find(cx, short_id).await?;
    if let Some(said) = &question.said {
        let person = who_said(cx.conn, &question).await?;
        let line = page::answer_line(cx.language, said, person.as_ref());
        return cx.answer(Some(line), true).await;
    }
    if question.is_closed {
        let text = speech(cx.language).plain("settled-itself", &Args::new());
        return cx.answer(Some(text), true).await;
    }
    let (admin_id, now) = (cx.user_id, cx.now());
    store::await_task(cx.conn, admin_id, question.job_id, now).await?;
    let text = speech(cx.language).rich("type-task", &Args::new());
    cx.say(text, None).await
}

/// Whether the message that has come should name a task.
pub async fn is_awaited(cx: &mut Cx<'_>) -> Handled<bool> {
    if !cx.is_admin() {
        return Ok(false);
    }
    Ok(store::awaited(cx.conn, cx.user_id).await?.is_some())
}

/// An admin who gives a command does not name a task any more.
pub async fn put_away(cx: &mut Cx<'_>) -> Handled {
    if cx.is_admin() {
        store::forget(cx.conn, cx.user_id).await?;
    }
    Ok(())
}

/// What they wrote.
pub async fn typed(cx: &mut Cx<'_>, message: &IncomingMessage) -> Handled {
    let task = message.text.as_deref().unwrap_or_default().trim();
    let question = match store::awaited(cx.conn, cx.user_id).await? {
        Some(job_id) => jobs::question(cx.conn, job_id).await?,
        None => None,
    };
    let Some(question) = question else {
        return refuse(cx, "question-gone");
    };
    say(cx, &question, Verdict::WentThrough(task.to_owned())).await
}

async fn find(cx: &mut Cx<'_>, short_id: &str) -> Handled<Question> {
    if !cx.is_admin() {
        return refuse(cx, "admins-only");
    }
    match jobs::question_named(cx.conn, short_id).await? {
        Some(question) => Ok(question),
        None => refuse(cx, "question-gone"),
    }
}

async fn say(cx: &mut Cx<'_>, question: &Question, verdict: Verdict) -> Handled {
    let (job_id, by, now) = (question.job_id, cx.user_id, cx.now());
    let answered = jobs::answer(cx.conn, job_id, &verdict, by, now).await?;
    let spoken = speech(cx.language);
    match answered {
        Answered::Taken => {
            audit(cx, question, &verdict).await?;
            store::forget_job(cx.conn, job_id).await?;
            fault::reach(Point::AnswerTaken);
            cx.has_jobs = true;
            tell_everybody(cx, job_id).await?;
            reply(cx, spoken.plain("taken", &Args::new())).await
        }
        Answered::Before(said) => {
            store::forget(cx.conn, by).await?;
            let question = jobs::question(cx.conn, job_id).await?;
            let person = match &question {
                Some(question) => who_said(cx.conn, question).await?,
                None => None,
            };
            let line = page::answer_line(cx.language, &said, person.as_ref());
            let args = Args::new().text("answer", line);
            reply(cx, spoken.plain("answered-before", &args)).await
        }
        Answered::Settled => {
            store::forget(cx.conn, by).await?;
            reply(cx, spoken.plain("settled-itself", &Args::new())).await
        }
        Answered::OfAnother(other) => {
            let args = Args::new().text("job", other.to_string());
            reply(cx, spoken.plain("task-of-another", &args)).await
        }
        Answered::NoId => reply(cx, spoken.plain("no-id", &Args::new())).await,
    }
}

/// Everybody who was asked sees the answer, whoever gave it.
async fn tell_everybody(cx: &mut Cx<'_>, job_id: Uuid) -> Handled {
    let (Some(job), Some(question)) = (
        jobs::live(cx.conn, job_id).await?,
        jobs::question(cx.conn, job_id).await?,
    ) else {
        return Ok(());
    };
    let Some(said) = &question.said else {
        return Ok(());
    };
    let person = who_said(cx.conn, &question).await?;
    for (admin_id, message_ref) in store::messages(cx.conn, job_id).await? {
        let language = language_of(cx.conn, admin_id).await?;
        let about = page::subject(cx.env, &job, language);
        let text = page::answered(language, &about, said, person.as_ref());
        cx.post(&edit(&job, admin_id, message_ref, text, None))
            .await?;
    }
    Ok(())
}

/// To a tap as a notice, to a message as a message.
async fn reply(cx: &mut Cx<'_>, text: String) -> Handled {
    if cx.pressed.is_some() {
        return cx.answer(Some(text), true).await;
    }
    cx.say(Rich::literal(text), None).await
}

async fn audit(cx: &mut Cx<'_>, question: &Question, verdict: &Verdict) -> Handled {
    let (verdict, task) = match verdict {
        Verdict::WentThrough(task) => ("went_through", Some(task)),
        Verdict::NotThere => ("not_there", None),
    };
    let detail = json!({ "verdict": verdict, "task": task, "evidence": question.doubt });
    let now = cx.now();
    let row = Act {
        admin_id: cx.user_id,
        action: "resolve",
        target: &question.job_id.to_string(),
        detail: &detail,
        correlation: cx.correlation,
    };
    admin_audit::record(cx.conn, &row, now).await?;
    Ok(())
}

fn refuse<T>(cx: &Cx<'_>, key: &str) -> Handled<T> {
    let text = speech(cx.language).rich(key, &Args::new());
    Err(Stop::Refused(Box::new(text)))
}
