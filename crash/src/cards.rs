//! Who pays at a processor (simulated Flutterwave): told and untold, twice, declined at first, late, told again and in the
//! other way, lied about; and what is done there when a payment is needed for something.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::postgres::PgPool;

use crate::clock;
use crate::dice::Dice;
use crate::outside::Outside;
use crate::payers::newest;
use crate::people::is_met;
use crate::refunders;
use crate::tables;
use crate::world::World;

/// Who pays at the processor on ordinary days.
pub const CARD_PAYERS: [i64; 2] = [131, 132];
/// Who pays there when a payment is needed for something.
pub const HASTY_PAYER: i64 = 139;

/// What is offered (`TOPUP_AMOUNTS`), in cents.
pub const AMOUNTS: &str = "300,500";
/// What a dollar costs there (`FLUTTERWAVE_RATES`), in naira.
pub const RATES: &str = "NGN=1600";
/// Opens the account.
pub const KEY: &str = bulwark_simulator::flutterwave::KEY;
/// What webhooks of version 3 carry.
pub const SECRET_HASH: &str = bulwark_simulator::flutterwave::SECRET_HASH;
/// What those of version 4 are signed with.
pub const SIGNING_KEY: &str = bulwark_simulator::flutterwave::SIGNING_KEY;

/// How long a step of a person may take.
pub const PATIENCE: Duration = Duration::from_secs(12);
const NUDGE_MS: u64 = 700;

/// How a person pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pays {
    /// Once.
    Once,
    /// Twice, by the same link.
    Twice,
    /// Nobody is told.
    Untold,
    /// The card is declined, and then it is not.
    DeclinedFirst,
    /// The bot is told of it again, and in the other way.
    ToldTwice,
    /// It takes a while, and the end of it is told before its beginning.
    Later,
    /// Less than was asked for.
    Less,
    /// Nothing is paid, and the bot is told that it was.
    NotAtAll,
}

/// What a payment is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardErrand {
    /// Itself.
    Payment,
    /// Nobody tells of it: it is looked up.
    Untold,
    /// It takes a while.
    Later,
    /// The bot is told of one that was declined.
    Lie,
    /// It is to go back.
    Refund,
    /// The same, and the processor's answer is lost.
    RefundLost,
    /// The same, and the request is lost: a person must say.
    RefundGone,
}

/// One who pays for as long as the world goes on.
pub async fn payer(outside: Arc<Outside>, user: i64, mut dice: Dice) {
    const WAYS: [Pays; 9] = [
        Pays::Once,
        Pays::Once,
        Pays::Twice,
        Pays::Untold,
        Pays::DeclinedFirst,
        Pays::ToldTwice,
        Pays::Later,
        Pays::Less,
        Pays::NotAtAll,
    ];
    let _ = outside.says(user, "/start").await;
    is_met(&outside, user).await;
    while !outside.is_closing() {
        let pays = *dice.pick(&WAYS);
        if tops_up(&outside, user, pays, &mut dice).await.is_none() {
            gives_up(&outside, user).await;
        }
        clock::pause(dice.between(1_000, 4_000)).await;
    }
}

/// Only a few payments may be begun at once: whoever sees no link calls theirs off.
async fn gives_up(outside: &Outside, user: i64) {
    if let Some(cancel) = outside.button(user, 0, "p:x:").await {
        let _ = outside.presses(user, &cancel).await;
    }
}

/// From `/topup` to the payment, as far as patience goes; its reference.
pub async fn tops_up(outside: &Outside, user: i64, pays: Pays, dice: &mut Dice) -> Option<String> {
    let since = newest(outside, user).await;
    outside.says(user, "/topup").await.ok()?;
    let way = outside.wait_for(user, since, "p:w:", PATIENCE).await?;
    outside.presses(user, &way).await.ok()?;
    let amount = format!("p:a:flutterwave:NGN:{}", dice.pick(&["300", "500"]));
    let amount = outside.wait_for(user, since, &amount, PATIENCE).await?;
    outside.presses(user, &amount).await.ok()?;
    let reference = reference(outside, user, since).await?;
    happens(outside, &reference, pays, dice).await?;
    Some(reference)
}

/// At the processor's page.
async fn happens(outside: &Outside, reference: &str, pays: Pays, dice: &mut Dice) -> Option<()> {
    let pay = async |how: Value| {
        let mut body = json!({ "reference": reference });
        for (name, value) in how.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let paid = outside.post("/sim/flutterwave/pay", &body).await.ok()?;
        paid["transaction_id"].as_u64()
    };
    let tell = async |id: u64, version: &str, claims: Value| {
        let body = json!({ "transaction_id": id, "version": version, "claims": claims });
        outside.post("/sim/flutterwave/webhook", &body).await.ok()
    };
    match pays {
        Pays::Once => drop(pay(json!({})).await?),
        Pays::Twice => {
            pay(json!({})).await?;
            pay(json!({})).await?;
        }
        Pays::Untold => drop(pay(json!({ "untold": true })).await?),
        Pays::DeclinedFirst => {
            pay(json!({ "status": "failed" })).await?;
            clock::pause(dice.between(0, 1_500)).await;
            pay(json!({})).await?;
        }
        Pays::ToldTwice => {
            let id = pay(json!({})).await?;
            tell(id, "v3", json!({})).await?;
            tell(id, "v4", json!({})).await?;
        }
        Pays::Later => {
            let id = pay(json!({ "status": "pending", "untold": true })).await?;
            tell(id, "v4", json!({ "status": "succeeded" })).await?;
            clock::pause(dice.between(200, 2_500)).await;
            let path = format!("/sim/flutterwave/transactions/{id}");
            let untold = json!({ "status": "successful", "untold": true });
            outside.post(&path, &untold).await.ok()?;
            tell(id, "v3", json!({ "status": "pending" })).await?;
        }
        Pays::Less => drop(pay(json!({ "amount": 1_000.0 })).await?),
        Pays::NotAtAll => {
            let id = pay(json!({ "status": "failed", "untold": true })).await?;
            let claims = json!({ "status": "successful", "amount": 1_000_000 });
            tell(id, *dice.pick(&["v3", "v4"]), claims).await?;
        }
    }
    Some(())
}

/// The reference of the link that came after message `since`.
async fn reference(outside: &Outside, user: i64, since: i64) -> Option<String> {
    let end = clock::now() + PATIENCE;
    while clock::now() < end && !outside.is_closing() {
        if let Some(id) = link_in(&outside.messages(user, since).await) {
            let books = books(outside).await;
            let link = list(&books, "links").find(|link| link["id"] == *id);
            let reference = link.and_then(|link| link["tx_ref"].as_str());
            return reference.map(str::to_owned);
        }
        clock::pause(120).await;
    }
    None
}

/// What the newest link in messages ends with.
fn link_in(messages: &[Value]) -> Option<String> {
    let mut newest = None;
    for message in messages {
        for row in message["buttons"].as_array().into_iter().flatten() {
            for button in row.as_array().into_iter().flatten() {
                let url = button["url"].as_str();
                newest = url.and_then(|url| url.rsplit('/').next()).or(newest);
            }
        }
    }
    newest.map(str::to_owned)
}

/// The processor's own books.
pub async fn books(outside: &Outside) -> Value {
    outside.get("/sim/flutterwave").await.unwrap_or_default()
}

/// A list of them.
pub fn list<'b>(books: &'b Value, name: &str) -> impl Iterator<Item = &'b Value> + use<'b> {
    books[name].as_array().into_iter().flatten()
}

/// Who paid: our references say it.
pub fn payer_of(transaction: &Value) -> i64 {
    let reference = transaction["tx_ref"].as_str().unwrap_or_default();
    let payer = reference.split('-').nth(1);
    payer.and_then(|payer| payer.parse().ok()).unwrap_or(0)
}

/// Has somebody pay now, at a processor that may lose what it is asked for.
pub async fn begins(world: &mut World, errand: CardErrand) -> anyhow::Result<()> {
    let rule = match errand {
        CardErrand::RefundLost => Some(json!({ "drop_after": true })),
        CardErrand::RefundGone => Some(json!({ "drop_before": true })),
        CardErrand::Payment
        | CardErrand::Untold
        | CardErrand::Later
        | CardErrand::Lie
        | CardErrand::Refund => None,
    };
    if let Some(mut rule) = rule {
        rule["target"] = json!("flutterwave.refund");
        // On the same day others may be given back, too.
        rule["times"] = json!(2);
        world.outside.fault(rule).await?;
    }
    let runs = runs(Arc::clone(&world.outside), world.pool().await?, errand);
    world.errands.spawn(runs);
    Ok(())
}

/// Somebody pays now, or is given back; the service looks more often than it would by itself.
async fn runs(outside: Arc<Outside>, pool: PgPool, errand: CardErrand) {
    let looked_often = async {
        loop {
            clock::pause(NUDGE_MS).await;
            // Postgres may be away; the errand goes on.
            let _ = tables::nudge_payments(&pool).await;
        }
    };
    tokio::select! {
        _ = does(&outside, &pool, errand) => {}
        () = looked_often => {}
    }
    pool.close().await;
}

async fn does(outside: &Outside, pool: &PgPool, errand: CardErrand) -> Option<()> {
    let mut dice = Dice::new(outside.number(), 139);
    let pays = match errand {
        CardErrand::Payment
        | CardErrand::Refund
        | CardErrand::RefundLost
        | CardErrand::RefundGone => Pays::Once,
        CardErrand::Untold => Pays::Untold,
        CardErrand::Later => Pays::Later,
        CardErrand::Lie => Pays::NotAtAll,
    };
    is_met(outside, HASTY_PAYER).await;
    let Some(reference) = tops_up(outside, HASTY_PAYER, pays, &mut dice).await else {
        gives_up(outside, HASTY_PAYER).await;
        return None;
    };
    match errand {
        CardErrand::Refund | CardErrand::RefundLost => {
            refunders::gives_back_now(outside, &reference).await?;
        }
        CardErrand::RefundGone => {
            let id = refunders::gives_back_now(outside, &reference).await?;
            refunders::says_now(outside, pool, &id).await?;
        }
        CardErrand::Payment | CardErrand::Untold | CardErrand::Later | CardErrand::Lie => {}
    }
    // What follows from it is looked at more often, too.
    clock::pause(8_000).await;
    Some(())
}

/// A payment, or a refund by hand, of which nobody tells the bot, and which it does not look up soon: the operator finds it.
pub async fn is_missed(outside: &Outside, is_refund: bool) {
    let mut dice = Dice::new(outside.number(), 139);
    let pays = if is_refund { Pays::Once } else { Pays::Untold };
    let paid = tops_up(outside, HASTY_PAYER, pays, &mut dice).await;
    match paid {
        Some(reference) if is_refund => drop(refunders::by_hand_now(outside, &reference).await),
        Some(_) => {}
        None => gives_up(outside, HASTY_PAYER).await,
    }
}
