//! What goes back at the processor: because an admin wants it, or by hand in its dashboard; and an admin who says what became
//! of a refund of which the service cannot know.

use std::sync::Arc;

use serde_json::{Value, json};
use sqlx::postgres::PgPool;

use crate::cards::{CARD_PAYERS, HASTY_PAYER, PATIENCE, books, list, payer_of};
use crate::clock;
use crate::dice::Dice;
use crate::outside::{Button, Outside};
use crate::payers::gives_back;
use crate::people::ADMINS;
use crate::promoters::PROMOTERS;
use crate::tables;

/// The admin who gives back on ordinary days, and the one who does so when it is needed.
const CASHIERS: [i64; 2] = [ADMINS[1], ADMINS[3]];

/// Gives back what others have paid: on most days because an admin wants it.
pub async fn cashier(outside: Arc<Outside>, mut dice: Dice) {
    while !outside.is_closing() {
        clock::pause(dice.between(3_000, 7_000)).await;
        let of_others = |payer: i64| CARD_PAYERS.contains(&payer) || PROMOTERS.contains(&payer);
        let kept = kept(&books(&outside).await, of_others);
        if kept.is_empty() {
            continue;
        }
        let (id, by_hand, twice) = (dice.pick(&kept), dice.percent(20), dice.percent(25));
        if by_hand {
            let _ = gives_by_hand(&outside, id).await;
        } else {
            let charge = format!("flutterwave:{id}");
            gives_back(&outside, CASHIERS[0], &charge, twice).await;
        }
    }
}

/// Transactions that went through and did not go back, of these payers.
fn kept(books: &Value, is_wanted: impl Fn(i64) -> bool) -> Vec<String> {
    let is_back = |id: &Value| list(books, "refunds").any(|refund| refund["tx_id"] == *id);
    list(books, "transactions")
        .filter(|one| one["status"] == "successful" && is_wanted(payer_of(one)))
        .filter(|one| !is_back(&one["id"]))
        .map(|one| one["id"].to_string())
        .collect()
}

async fn gives_by_hand(outside: &Outside, id: &str) -> anyhow::Result<()> {
    let id: u64 = id.parse()?;
    let body = json!({ "transaction_id": id });
    outside
        .post("/sim/flutterwave/refunds", &body)
        .await
        .map(drop)
}

/// An admin gives the payment of this reference back, as soon as its payer has the receipt; its transaction.
pub async fn gives_back_now(outside: &Outside, reference: &str) -> Option<String> {
    let id = receipted(outside, reference).await?;
    let charge = format!("flutterwave:{id}");
    gives_back(outside, CASHIERS[1], &charge, false).await?;
    Some(id)
}

/// Somebody gives it back in the dashboard.
pub async fn by_hand_now(outside: &Outside, reference: &str) -> Option<()> {
    let id = receipted(outside, reference).await?;
    gives_by_hand(outside, &id).await.ok()
}

/// What cannot be given back before it is known.
async fn receipted(outside: &Outside, reference: &str) -> Option<String> {
    let end = clock::now() + PATIENCE;
    while clock::now() < end {
        let books = books(outside).await;
        let id = list(&books, "transactions")
            .find(|one| one["tx_ref"] == reference && one["status"] == "successful")
            .map(|one| one["id"].to_string());
        if let Some(id) = id {
            let charge = format!("flutterwave:{id}");
            let messages = outside.messages(HASTY_PAYER, 0).await;
            let has_it = |message: &Value| {
                let text = message["text"].as_str();
                text.is_some_and(|text| text.contains(&charge))
            };
            if messages.iter().any(has_it) {
                return Some(id);
            }
        }
        clock::pause(300).await;
    }
    None
}

/// The hours pass after which nobody looks for this refund any more, and an admin says what became of it.
pub async fn says_now(outside: &Outside, pool: &PgPool, id: &str) -> Option<()> {
    let end = clock::now() + PATIENCE * 2;
    while clock::now() < end {
        clock::pause(400).await;
        // Postgres may be away for a moment.
        let _ = tables::age_card_refunds(pool, Some(id)).await;
        if answers(outside, Some(id)).await.ok()? > 0 {
            return Some(());
        }
    }
    None
}

/// An admin says what became of refunds, or of one, of which the service cannot know: what the processor's dashboard says. How
/// many.
pub async fn answers(outside: &Outside, only: Option<&str>) -> anyhow::Result<usize> {
    let books = books(outside).await;
    let mut count = 0;
    for message in outside.messages(CASHIERS[1], 0).await {
        let Some(id) = transaction_in(&message) else {
            continue;
        };
        if only.is_some_and(|only| only != id) {
            continue;
        }
        let went_back =
            list(&books, "refunds").any(|refund| refund["tx_id"].as_u64() == id.parse().ok());
        let code = if went_back { "p:y:" } else { "p:n:" };
        if let Some(button) = button_in(&message, code) {
            outside.presses(CASHIERS[1], &button).await?;
            count += 1;
        }
    }
    Ok(count)
}

fn transaction_in(message: &Value) -> Option<String> {
    let (_, rest) = message["text"].as_str()?.split_once("flutterwave:")?;
    Some(rest.chars().take_while(char::is_ascii_digit).collect())
}

/// The button of a message whose data begins so.
pub fn button_in(message: &Value, starts: &str) -> Option<Button> {
    let message_id = message["message_id"].as_i64()?;
    for row in message["buttons"].as_array()? {
        for button in row.as_array().into_iter().flatten() {
            let data = button["callback_data"].as_str().unwrap_or_default();
            if data.starts_with(starts) {
                let data = data.to_owned();
                return Some(Button { message_id, data });
            }
        }
    }
    None
}
