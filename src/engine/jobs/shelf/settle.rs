//! What changes a job by hand.

use std::sync::Arc;

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::store::{self, Locked};
use crate::engine::jobs::job::{Ending, Job, JobEvent, JobKind};
use crate::engine::jobs::store::{end, job_with_task};
use crate::engine::operator::{self, Act, Operator, Outcome, Queue, Verb};
use crate::providers::FailureReason;

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// The database's refusal.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The owner of the job could not settle its money, so nothing was done.
    #[error("the owner of the job cannot settle it, nothing was changed: {0:#}")]
    Owner(anyhow::Error),
}

/// Makes a live job due now. One that has ended never runs again.
///
/// # Errors
/// The database's; nothing has changed then.
pub async fn retry(
    pool: &PgPool,
    id: Uuid,
    by: &Operator,
    now: Option<OffsetDateTime>,
) -> Result<Outcome, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let Some(job) = store::lock(&mut tx, id, now).await? else {
        return ended(pool, id).await;
    };
    if job.state == "unknown" {
        let why = "whether the provider has it is unknown, so it is never sent again; find out there, then: \
                   jobs resolve --task <its id there>, or --release";
        return Ok(Outcome::Refused(why.to_owned()));
    }
    if job.state == "stuck" {
        store::unpark(&mut tx, id, now).await?;
        record(&mut tx, Verb::Retry, &job, by, now).await?;
        tx.commit().await?;
        let done = "due now: it goes on from where it was parked";
        return Ok(Outcome::Changed(done.to_owned()));
    }
    if job.in_hand {
        return Ok(Outcome::Already(
            "already in the hands of a worker".to_owned(),
        ));
    }
    if job.due || job.state == "submitting" {
        return Ok(Outcome::Already("already waiting".to_owned()));
    }
    store::make_due(&mut tx, id, now).await?;
    record(&mut tx, Verb::Retry, &job, by, now).await?;
    tx.commit().await?;
    Ok(Outcome::Changed(match job.state.as_str() {
        "running" => "due now: the provider is asked how it stands".to_owned(),
        _ => "due now".to_owned(),
    }))
}

/// Ends a live job as cancelled; its owner releases the money.
///
/// # Errors
/// [`SettleError`]; nothing has changed then.
pub async fn discard(
    pool: &PgPool,
    kinds: &[Arc<dyn JobKind>],
    id: Uuid,
    by: &Operator,
    now: Option<OffsetDateTime>,
) -> Result<Outcome, SettleError> {
    let mut tx = pool.begin().await?;
    let Some(locked) = store::lock(&mut tx, id, now).await? else {
        return Ok(match ended(pool, id).await? {
            Outcome::Refused(_) if store::is_cancelled(pool, id).await? => {
                Outcome::Already("already cancelled".to_owned())
            }
            Outcome::Already(why) => Outcome::Refused(format!("{why}: nothing to discard")),
            other => other,
        });
    };
    finish(&mut tx, kinds, id, Ending::Cancelled, now).await?;
    record(&mut tx, Verb::Discard, &locked, by, now).await?;
    tx.commit().await?;
    Ok(Outcome::Changed(match locked.state.as_str() {
        "queued" => "cancelled; its money is released".to_owned(),
        _ => "cancelled; its money is released; the provider may still do it, and charge us"
            .to_owned(),
    }))
}

/// An operator found the task of an unknown job at the provider: it is asked how the task stands, and that decides.
///
/// # Errors
/// The database's; nothing has changed then.
pub async fn resolve_as_task(
    pool: &PgPool,
    id: Uuid,
    external_id: &str,
    by: &Operator,
    now: Option<OffsetDateTime>,
) -> Result<Outcome, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let Some(job) = store::lock(&mut tx, id, now).await? else {
        return ended(pool, id).await;
    };
    if job.state != "unknown" {
        return Ok(not_unknown(&job.state));
    }
    let names = crate::providers::task_names(external_id);
    if let Some(other) = job_with_task(&mut tx, id, &names).await? {
        let why = format!("task {external_id} is that of job {other}");
        return Ok(Outcome::Refused(why));
    }
    if store::is_named(&mut tx, id, external_id).await? {
        let why = "that task was named already; it is looked at";
        return Ok(Outcome::Already(why.to_owned()));
    }
    store::name_task(&mut tx, id, external_id, now).await?;
    record(&mut tx, Verb::Resolve, &job, by, now).await?;
    tx.commit().await?;
    let done = "the provider is asked about the task, and its answer decides";
    Ok(Outcome::Changed(done.to_owned()))
}

/// An operator found that the provider never got an unknown job: it ends, and its owner releases the money.
///
/// # Errors
/// [`SettleError`]; nothing has changed then.
pub async fn resolve_as_not_there(
    pool: &PgPool,
    kinds: &[Arc<dyn JobKind>],
    id: Uuid,
    by: &Operator,
    now: Option<OffsetDateTime>,
) -> Result<Outcome, SettleError> {
    let mut tx = pool.begin().await?;
    let Some(locked) = store::lock(&mut tx, id, now).await? else {
        return Ok(ended(pool, id).await?);
    };
    if locked.state != "unknown" {
        return Ok(not_unknown(&locked.state));
    }
    let ending = Ending::Failed(FailureReason::NotReceived);
    finish(&mut tx, kinds, id, ending, now).await?;
    record(&mut tx, Verb::Resolve, &locked, by, now).await?;
    tx.commit().await?;
    let done = "ended as failed; its money is released";
    Ok(Outcome::Changed(done.to_owned()))
}

fn not_unknown(state: &str) -> Outcome {
    Outcome::Refused(format!("it is {state}, not unknown"))
}

/// What to say of a job that lives no more.
async fn ended(pool: &PgPool, id: Uuid) -> Result<Outcome, sqlx::Error> {
    Ok(match store::find(pool, id, None).await? {
        None => Outcome::NotFound,
        Some(job) if job.state == "succeeded" => Outcome::Already("already done".to_owned()),
        Some(job) => Outcome::Refused(format!(
            "it ended as {} and its money is settled, so it never runs again; its user can order anew",
            job.state
        )),
    })
}

/// Ends the job under a lease token of ours and has its owner settle it, in the caller's transaction.
async fn finish(
    conn: &mut PgConnection,
    kinds: &[Arc<dyn JobKind>],
    id: Uuid,
    ending: Ending,
    now: Option<OffsetDateTime>,
) -> Result<(), SettleError> {
    let job: Job = store::seize(&mut *conn, id).await?;
    let Some(kind) = kinds.iter().find(|kind| kind.name() == job.kind) else {
        let error = anyhow::anyhow!("no owner for jobs of kind {}", job.kind);
        return Err(SettleError::Owner(error));
    };
    if !end(&mut *conn, &job, &ending, now).await? {
        return Err(SettleError::Database(sqlx::Error::RowNotFound));
    }
    kind.on_event(conn, &job, &JobEvent::Ended(ending))
        .await
        .map_err(SettleError::Owner)
}

async fn record(
    conn: &mut PgConnection,
    verb: Verb,
    job: &Locked,
    by: &Operator,
    now: Option<OffsetDateTime>,
) -> Result<(), sqlx::Error> {
    let act = Act {
        by,
        verb,
        queue: Queue::Jobs,
        item: &job.id.to_string(),
        correlation: job.correlation,
    };
    operator::record(conn, &act, now).await
}
