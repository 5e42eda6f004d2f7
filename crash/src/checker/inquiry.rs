//! G5, where an answer was lost: each question about it ends with its order, one word of an admin counts and is acted upon
//! once, and nobody is asked any more.

use super::{Facts, Verdict};
use crate::inquirers::NO_TASK;
use crate::refunders::button_in;
use crate::tables::AskedAbout;

/// What the buttons of a question begin with.
const BUTTONS: [&str; 3] = ["iw:", "it:", "in:"];

pub(super) fn check(facts: &Facts, verdict: &mut Verdict) {
    verdict.questions = facts.questions.len();
    for question in &facts.questions {
        verdict.answered += usize::from(question.answer.is_some());
        verdict.asked_of_tips += usize::from(question.is_tip);
        verdict.answered_of_tips += usize::from(question.is_tip && question.answer.is_some());
        if !question.is_closed || question.state.is_none() {
            verdict.add("G5", format!("{question:?} has not ended"));
        }
        acted_upon(question, verdict);
        resolved_once(facts, question, verdict);
    }
    for (job_id, admin, number) in &facts.asked_in {
        let mut chat = facts.chats.get(admin).into_iter().flatten();
        let Some(message) = chat.find(|message| message["message_id"] == *number) else {
            continue;
        };
        let is_open = |starts: &&str| button_in(message, starts).is_some();
        if BUTTONS.iter().any(is_open) {
            verdict.add("G6", format!("admin {admin} is still asked about {job_id}"));
        }
    }
}

/// What was said is what came of it.
fn acted_upon(question: &AskedAbout, verdict: &mut Verdict) {
    let state = question.state.as_deref().unwrap_or_default();
    let failure = question.failure.as_deref().unwrap_or_default();
    let is_released = (state, failure) == ("failed", "not_received");
    let right = match question.answer.as_deref() {
        Some("not_there") => is_released,
        Some(_) => !is_released && question.external_id == question.task,
        None => !is_released,
    };
    if !right {
        verdict.add("G5", format!("{question:?} did not end as was said"));
    }
}

/// An answer that counts leaves one row in the audit; one that the provider did not know was taken back.
fn resolved_once(facts: &Facts, question: &AskedAbout, verdict: &mut Verdict) {
    let id = question.job_id.to_string();
    let rows = facts.resolves.iter().filter(|row| row.job_id == id);
    let counted: Vec<_> = rows
        .filter(|row| row.task.as_deref() != Some(NO_TASK))
        .map(|row| (Some(&row.verdict), row.task.as_ref(), Some(row.admin_id)))
        .collect();
    let answer = question.answer.as_ref();
    let expected: Vec<_> = answer
        .map(|answer| (Some(answer), question.task.as_ref(), question.answered_by))
        .filter(|(_, task, _)| task.is_none_or(|task| task != NO_TASK))
        .into_iter()
        .collect();
    if counted != expected {
        let what = format!("the answers to {question:?} that count are {counted:?}");
        verdict.add("G5", what);
    }
}
