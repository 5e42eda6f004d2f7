//! Who pays with Telegram Stars, an admin who gives Stars back, and a Telegram that now and then does so by itself.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::clock;
use crate::dice::Dice;
use crate::inviters;
use crate::outside::Outside;
use crate::people::{ADMINS, BUYERS, is_met};

/// What is offered (`TOPUP_STARS`).
pub const PACKAGES: &str = "50,100";
/// What a Star is worth, in cents (`TOPUP_STAR_RATE`).
pub const RATE: i64 = 2;
/// Who pays when a payment is needed for something.
pub const PAYER: i64 = 160;
/// The admin who gives back on ordinary days, and the one who does so when it is needed for something.
const CASHIERS: [i64; 2] = [ADMINS[2], ADMINS[3]];

const PATIENCE: Duration = Duration::from_secs(12);

/// How a person pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pays {
    /// Once.
    Once,
    /// Two taps at the same moment: Telegram may let both through.
    Twice,
    /// Once, and the bot is never told.
    Untold,
}

/// From `/topup` to the payment, as far as patience goes.
pub async fn tops_up(outside: &Outside, user: i64, pays: Pays, dice: &mut Dice) -> Option<()> {
    let since = newest(outside, user).await;
    outside.says(user, "/topup").await.ok()?;
    let way = outside.wait_for(user, since, "p:s", PATIENCE).await?;
    outside.presses(user, &way).await.ok()?;
    let package = format!("tp:{}", dice.pick(&["50", "100"]));
    let button = outside.wait_for(user, since, &package, PATIENCE).await?;
    outside.presses(user, &button).await.ok()?;
    let invoice = invoice(outside, user, since).await?;
    let path = format!("/sim/users/{user}/pay");
    let body = json!({ "message_id": invoice, "untold": pays == Pays::Untold });
    outside.post(&path, &body).await.ok()?;
    if pays == Pays::Twice {
        outside.post(&path, &body).await.ok()?;
    }
    Some(())
}

/// Gives back what others have paid, on most days because an admin wants it.
pub async fn cashier(outside: Arc<Outside>, mut dice: Dice) {
    while !outside.is_closing() {
        clock::pause(dice.between(1_500, 4_000)).await;
        let of_buyers = |payer: i64| BUYERS.contains(&payer) || inviters::is_friend(payer);
        let charges = kept_charges(&outside, of_buyers).await;
        if charges.is_empty() {
            continue;
        }
        let charge = dice.pick(&charges).clone();
        let (by_itself, untold, twice) = (dice.percent(20), dice.percent(30), dice.percent(25));
        if by_itself {
            let body = json!({ "charge_id": charge, "untold": untold });
            // The admin of another moment may have been faster.
            let _ = outside.post("/sim/refunds", &body).await;
        } else {
            gives_back(&outside, CASHIERS[0], &charge, twice).await;
        }
    }
}

/// `/refund`, and a press, or two, of its button.
pub async fn gives_back(outside: &Outside, admin: i64, charge: &str, twice: bool) -> Option<()> {
    let since = newest(outside, admin).await;
    let words = format!("/refund {charge}");
    outside.says(admin, &words).await.ok()?;
    let few = Duration::from_secs(5);
    let button = outside.wait_for(admin, since, "ry:", few).await?;
    for _ in 0..1 + usize::from(twice) {
        outside.presses(admin, &button).await.ok()?;
    }
    Some(())
}

/// Somebody pays now.
pub async fn pays_now(outside: Arc<Outside>, pays: Pays) {
    // Whoever pays before the own first word was heard came by nobody's link, and earns nobody anything.
    is_met(&outside, PAYER).await;
    let mut dice = Dice::new(outside.number(), 160);
    tops_up(&outside, PAYER, pays, &mut dice).await;
}

/// An admin gives a payment back now; Telegram does it of its own accord where `by_itself`.
pub async fn gives_back_now(outside: Arc<Outside>, by_itself: bool) {
    let of_payer = |payer: i64| payer == PAYER;
    if kept_charges(&outside, of_payer).await.is_empty() {
        pays_now(Arc::clone(&outside), Pays::Once).await;
    }
    let end = clock::now() + PATIENCE;
    while clock::now() < end {
        for charge in kept_charges(&outside, of_payer).await {
            if !is_receipted(&outside, &charge).await {
                continue;
            }
            if by_itself {
                let body = json!({ "charge_id": charge, "untold": false });
                let _ = outside.post("/sim/refunds", &body).await;
            } else {
                gives_back(&outside, CASHIERS[1], &charge, false).await;
            }
            return;
        }
        clock::pause(120).await;
    }
}

/// What cannot be given back before it is known.
async fn is_receipted(outside: &Outside, charge: &str) -> bool {
    let messages = outside.messages(PAYER, 0).await;
    let text = |message: &Value| message["text"].as_str().map(|text| text.contains(charge));
    messages.iter().any(|message| text(message) == Some(true))
}

/// What `payers` have paid and not got back, oldest first.
async fn kept_charges(outside: &Outside, payers: impl Fn(i64) -> bool) -> Vec<String> {
    let payments = outside.get("/sim/payments").await.unwrap_or_default();
    let transactions = payments["transactions"].as_array();
    let lines: Vec<(&str, i64, i64)> = transactions
        .into_iter()
        .flatten()
        .filter_map(|line| {
            let (id, stars) = (line["id"].as_str()?, line["stars"].as_i64()?);
            Some((id, stars, line["user_id"].as_i64()?))
        })
        .collect();
    let is_back = |id: &str| {
        lines
            .iter()
            .any(|(other, stars, _)| *other == id && *stars < 0)
    };
    lines
        .iter()
        .filter(|(id, stars, payer)| *stars > 0 && payers(*payer) && !is_back(id))
        .map(|(id, ..)| (*id).to_owned())
        .collect()
}

/// The number of the newest message of a chat.
pub async fn newest(outside: &Outside, chat: i64) -> i64 {
    let messages = outside.messages(chat, 0).await;
    let ids = messages.iter().filter_map(|m| m["message_id"].as_i64());
    ids.max().unwrap_or(0)
}

async fn invoice(outside: &Outside, user: i64, since: i64) -> Option<i64> {
    let end = clock::now() + PATIENCE;
    while clock::now() < end {
        let messages = outside.messages(user, since).await;
        let found = messages.iter().find(|m| m["invoice"].is_object());
        if let Some(id) = found.and_then(|message| message["message_id"].as_i64()) {
            return Some(id);
        }
        clock::pause(120).await;
    }
    None
}
