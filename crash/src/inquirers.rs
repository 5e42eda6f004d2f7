//! Admins who are asked what became of an order, or of a tip that is settled outside, whose answer was lost: they look at the
//! provider and say; one, two at once, one who mistypes at first, or nobody.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use sqlx::postgres::PgPool;
use uuid::Uuid;

use crate::clock;
use crate::dice::Dice;
use crate::outside::{Button, Outside};
use crate::people::{ADMINS, is_met};
use crate::promoters::{self, Fate, HASTY, PANEL};
use crate::tables::{self, OpenQuestion};
use crate::tippers;

/// They are asked after so long (`UNKNOWN_ASK_S`): longer than anybody is frozen, so that no request is on its way still.
pub const ASK_S: u64 = 30;
/// No order at the panel, no transfer and no task has this number.
pub const NO_TASK: &str = "99999999";

/// Who answers.
const ANSWERERS: [i64; 2] = [ADMINS[2], ADMINS[3]];
const PATIENCE: Duration = Duration::from_secs(12);

/// What an order is lost for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubtful {
    /// It went through, and an admin says so.
    There,
    /// It did not.
    Missing,
    /// It went through, and two say so at once.
    Together,
    /// An admin mistypes its number at first.
    MisTyped,
}

/// How a question is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    ByOne,
    AtOnce,
    MisTyped,
}

/// Answers what is asked for as long as the world goes on, but not everything.
pub async fn answers(outside: Arc<Outside>, pool: PgPool, mut dice: Dice) {
    let mut seen: HashSet<Uuid> = HashSet::new();
    while !outside.is_closing() {
        clock::pause(dice.between(1_000, 2_500)).await;
        // Postgres may be away.
        let open = tables::open_questions(&pool).await.unwrap_or_default();
        for question in open {
            if !seen.insert(question.job_id) {
                continue;
            }
            let how = match dice.between(1, 100) {
                1..=45 => Answer::ByOne,
                46..=75 => Answer::AtOnce,
                76..=85 => Answer::MisTyped,
                _ => continue,
            };
            answer(&outside, &question, how).await;
        }
    }
}

/// At the end, some of what is still open; how many.
pub async fn answers_some(outside: &Outside, pool: &PgPool) -> anyhow::Result<usize> {
    let mut count = 0;
    for question in tables::open_questions(pool).await? {
        // The others nobody ever answers, nor any for long: their money is released.
        let is_answered = question.is_fresh && question.job_id.as_u128() % 4 != 0;
        if is_answered && answer(outside, &question, Answer::ByOne).await.is_some() {
            count += 1;
        }
    }
    Ok(count)
}

/// With the truth.
async fn answer(outside: &Outside, question: &OpenQuestion, how: Answer) -> Option<()> {
    let task = truth(outside, question).await;
    if how == Answer::MisTyped {
        types(outside, question, NO_TASK).await?;
        clock::pause(2_000).await;
    }
    let Some(task) = task else {
        let no = format!("in:{}", question.short_id);
        return press(outside, &no, how).await;
    };
    let label = format!("iw:{}:", question.short_id);
    match named(outside, question, &label, &task).await {
        Some(button) => press(outside, &button.data, how).await,
        None => types(outside, question, &task).await,
    }
}

/// The same button, under the message of one or of both.
async fn press(outside: &Outside, data: &str, how: Answer) -> Option<()> {
    let count = if how == Answer::AtOnce { 2 } else { 1 };
    let mut buttons = Vec::new();
    for admin in ANSWERERS.into_iter().rev().take(count) {
        buttons.push((admin, outside.wait_for(admin, 0, data, PATIENCE).await?));
    }
    for (admin, button) in buttons {
        outside.presses(admin, &button).await.ok()?;
    }
    Some(())
}

/// The button that says "it is" with this task.
async fn named(
    outside: &Outside,
    question: &OpenQuestion,
    starts: &str,
    task: &str,
) -> Option<Button> {
    let admin = ANSWERERS[1];
    let no = format!("in:{}", question.short_id);
    outside.wait_for(admin, 0, &no, PATIENCE).await?;
    for message in outside.messages(admin, 0).await.iter().rev() {
        let message_id = message["message_id"].as_i64()?;
        for row in message["buttons"].as_array().into_iter().flatten() {
            for button in row.as_array().into_iter().flatten() {
                let data = button["callback_data"].as_str().unwrap_or_default();
                let label = button["text"].as_str().unwrap_or_default();
                if data.starts_with(starts) && label.contains(task) {
                    let data = data.to_owned();
                    return Some(Button { message_id, data });
                }
            }
        }
    }
    None
}

/// "It went through", and its number.
async fn types(outside: &Outside, question: &OpenQuestion, task: &str) -> Option<()> {
    let admin = ANSWERERS[1];
    let button = format!("it:{}", question.short_id);
    let button = outside.wait_for(admin, 0, &button, PATIENCE).await?;
    outside.presses(admin, &button).await.ok()?;
    // What is typed before the bot has asked for it answers nothing.
    clock::pause(1_500).await;
    outside.says(admin, task).await.ok()?;
    Some(())
}

/// What the provider has of it: the task's id.
async fn truth(outside: &Outside, question: &OpenQuestion) -> Option<String> {
    if question.provider == PANEL {
        let link = question.link.clone();
        let link = link.or_else(|| outside.link_of(&question.order))?;
        let orders = promoters::list(outside).await;
        let mut orders = orders.iter();
        let made = orders.find(|order| order["fields"]["link"] == *link)?;
        return Some(made["order"].to_string());
    }
    if question.provider == tippers::SETTLEMENT {
        let key = question.job_id.to_string();
        let transfers = tippers::list(outside).await;
        let made = transfers.iter().find(|transfer| transfer["key"] == key)?;
        return made["id"].as_str().map(str::to_owned);
    }
    let known = outside.get("/sim/kie/tasks").await.ok()?;
    let is_its = |task: &&Value| {
        let url = task["callback_url"].as_str().unwrap_or_default();
        url.ends_with(&question.callback_token)
    };
    let mut tasks = known["tasks"].as_array()?.iter();
    let task = tasks.find(is_its)?;
    task["task_id"].as_str().map(str::to_owned)
}

/// Somebody orders now, the answer is lost, and it is asked about at once.
pub async fn runs(outside: Arc<Outside>, pool: PgPool, what: Doubtful) {
    let _ = does(&outside, &pool, what).await;
    pool.close().await;
}

async fn does(outside: &Outside, pool: &PgPool, what: Doubtful) -> Option<()> {
    let mut dice = Dice::new(outside.number(), 128);
    is_met(outside, HASTY).await;
    let is_lost = if what == Doubtful::Missing {
        "drop_before"
    } else {
        "drop_after"
    };
    // Others order there at the same time.
    let mut rule = serde_json::json!({ "target": "panel.add", "times": 4 });
    rule[is_lost] = Value::Bool(true);
    outside.fault(rule).await.ok()?;
    let placed = promoters::orders(outside, HASTY, Fate::Whole, 50, &mut dice).await?;
    let end = clock::now() + PATIENCE * 2;
    while clock::now() < end {
        clock::pause(500).await;
        // Postgres may be away for a moment.
        let _ = tables::age_lost(pool, Some(&placed.draft)).await;
        let open = tables::open_questions(pool).await.unwrap_or_default();
        let mut all = open.iter();
        let own = all.find(|one| one.order == placed.draft);
        // Its answer may have come, and that of somebody else was lost.
        let Some(question) = own.or(open.first()) else {
            continue;
        };
        let how = match what {
            Doubtful::There | Doubtful::Missing => Answer::ByOne,
            Doubtful::Together => Answer::AtOnce,
            Doubtful::MisTyped => Answer::MisTyped,
        };
        return answer(outside, question, how).await;
    }
    None
}

/// A tip is given, its answer is lost, and it is asked about at once; two say so at once.
pub async fn runs_of_tip(outside: Arc<Outside>, pool: PgPool) {
    let end = clock::now() + PATIENCE * 2;
    while clock::now() < end {
        clock::pause(500).await;
        // Postgres may be away for a moment.
        let _ = tables::age_lost_tips(&pool).await;
        let open = tables::open_questions(&pool).await.unwrap_or_default();
        let mut all = open.iter();
        if let Some(question) = all.find(|one| one.provider == tippers::SETTLEMENT) {
            let _ = answer(&outside, question, Answer::AtOnce).await;
            break;
        }
    }
    pool.close().await;
}
