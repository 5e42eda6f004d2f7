//! Asking people what became of a submit whose answer was lost.
//!
//! Nobody but the provider knows, it cannot be looked up, and it must never be sent again blindly. So what speaks for and
//! against its arrival is gathered and kept, and after a while a person is asked. What they say is evidence like a
//! callback's, written down once: the worker acts upon it under its lease, and a word of the provider's own goes before it.
//! An id that the provider does not know opens the question again. Without an answer the job ends at its deadline, and its
//! money is released.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::store;
use crate::base::fault::{self, Mutant};
use crate::providers::Arrived;

const TASK_CHARS_MAX: usize = 100;

/// What speaks for and against the arrival.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// What it looks like.
    pub arrived: Arrived,
    /// Tasks there that no job has, one of which this may be.
    pub candidates: Vec<String>,
    /// What it looks so by.
    pub seen: Value,
}

/// What a person says became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It arrived: this is its task there.
    WentThrough(String),
    /// It never came there.
    NotThere,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What.
    pub verdict: Verdict,
    /// By which admin.
    pub by: i64,
    /// When.
    pub at: OffsetDateTime,
}

/// A question, and its answer if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// About which job.
    pub job_id: Uuid,
    /// Its name in buttons.
    pub short_id: String,
    /// What was known when it was asked.
    pub doubt: Doubt,
    /// When it was asked.
    pub asked_at: OffsetDateTime,
    /// The answer that counts.
    pub said: Option<Said>,
    /// The job has gone on, or ended.
    pub is_closed: bool,
}

/// What became of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It counts, and is acted upon.
    Taken,
    /// Somebody was quicker.
    Before(Said),
    /// The job has gone on or ended by itself.
    Settled,
    /// That task is another job's.
    OfAnother(Uuid),
    /// No provider has such ids.
    NoId,
}

/// Writes down what `by` says became of a job, if nobody has said it before. In the caller's transaction: of two who
/// answer at once one is first.
///
/// # Errors
/// The database's.
pub async fn answer(
    conn: &mut PgConnection,
    job_id: Uuid,
    verdict: &Verdict,
    by: i64,
    now: Option<OffsetDateTime>,
) -> Result<Answered, sqlx::Error> {
    // The job first, as whoever ends it does.
    let state = store::lock_state(&mut *conn, job_id).await?;
    let is_open = state.as_deref() == Some("unknown");
    let before = store::question(&mut *conn, job_id).await?;
    let said = before.and_then(|question| question.said);
    if fault::mutant(Mutant::AnswerTakenTwice) && said.is_some() {
        return Ok(Answered::Taken);
    }
    if let Some(said) = said {
        return Ok(Answered::Before(said));
    }
    if !is_open {
        return Ok(Answered::Settled);
    }
    if let Verdict::WentThrough(task) = verdict {
        if !is_id(task) {
            return Ok(Answered::NoId);
        }
        let names = crate::providers::task_names(task);
        if let Some(other) = store::job_with_task(&mut *conn, job_id, &names).await? {
            return Ok(Answered::OfAnother(other));
        }
    }
    if !store::say(&mut *conn, job_id, verdict, by, now).await? {
        return Ok(Answered::Settled);
    }
    store::take_back(conn, job_id, now).await?;
    Ok(Answered::Taken)
}

/// As ids at providers are written.
fn is_id(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    (1..=TASK_CHARS_MAX).contains(&text.len()) && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_an_id_is_taken_for_one() {
        for id in ["23501", "abc-DEF_1.2", "veo:1f"] {
            assert!(is_id(id), "{id}");
        }
        let long = "1".repeat(TASK_CHARS_MAX + 1);
        for other in ["", "two words", "1;2", "https://x/y", "№5", long.as_str()] {
            assert!(!is_id(other), "{other}");
        }
    }
}
