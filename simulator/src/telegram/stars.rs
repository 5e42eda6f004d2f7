//! Telegram Stars: invoices, questions before a payment, payments, refunds, the list of transactions.
//!
//! What the Bot API server itself refuses is worded as in `Client.cpp` (`get_input_message_invoice`); the words of the
//! servers behind it are not public as source and stand here as bots report them.

mod invoice;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::sync::oneshot;

use super::params::Params;
use super::refusal::Refusal;
use super::world::{Callback, Message, World};
use crate::core::Core;

pub(super) use invoice::send_invoice;

/// Bot API docs, "answerPreCheckoutQuery".
const ANSWER_WITHIN: time::Duration = time::Duration::seconds(10);
/// Bot API docs, "getStarTransactions".
const PAGE_MAX: i64 = 100;
/// Real ids are longer than callback data may be.
const CHARGE_ID_LEN: usize = 93;

/// Everything about Stars.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Stars {
    invoices: Vec<Invoice>,
    checkouts: Vec<Checkout>,
    /// Oldest first.
    transactions: Vec<Transaction>,
}

/// What an invoice does not show.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Invoice {
    chat_id: i64,
    message_id: i64,
    payload: String,
    stars: i64,
}

/// Somebody has pressed "Pay".
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Checkout {
    id: String,
    user_id: i64,
    payload: String,
    stars: i64,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Outcome {
    /// For the bot's answer; after ten seconds the payment has failed.
    Waiting,
    Paid {
        charge_id: String,
    },
    Refused {
        reason: String,
    },
}

/// What came in (positive) or went out.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Transaction {
    id: String,
    date: i64,
    user_id: i64,
    payload: String,
    stars: i64,
}

impl Stars {
    fn charge(&self, charge_id: &str) -> Option<&Transaction> {
        let mut paid = self.transactions.iter().filter(|t| t.stars > 0);
        paid.find(|transaction| transaction.id == charge_id)
    }

    fn is_refunded(&self, charge_id: &str) -> bool {
        let mut refunds = self.transactions.iter().filter(|t| t.stars < 0);
        refunds.any(|transaction| transaction.id == charge_id)
    }

    /// For `GET /sim/payments`: what became of each press of "Pay", and all transactions.
    pub(crate) fn shown(&self, now: OffsetDateTime) -> Value {
        let checkouts = self.checkouts.iter().map(|checkout| {
            let mut shown = json!(checkout);
            if checkout.outcome == Outcome::Waiting && now - checkout.at > ANSWER_WITHIN {
                shown["outcome"] = json!({"state": "timed_out"});
            }
            shown
        });
        json!({
            "checkouts": checkouts.collect::<Vec<_>>(),
            "transactions": self.transactions,
        })
    }
}

/// A payment that waits for the bot's answer.
pub(crate) struct Asked {
    pub(crate) query_id: String,
    pub(crate) update_id: u64,
    /// Takes the parameters of the first answer.
    pub(crate) answer: oneshot::Receiver<Value>,
}

/// A person presses "Pay" under an invoice, or under a copy of it that was forwarded to them.
///
/// # Errors
/// There is no such invoice.
pub(crate) fn pay(
    core: &Core,
    user_id: i64,
    chat_id: i64,
    message_id: i64,
) -> Result<Asked, &'static str> {
    let now = core.clock.now();
    let query_id = format!("{}", 1 + core.random_below(u64::MAX / 2));
    let (answered, answer) = oneshot::channel();
    let query = {
        let mut world = core.telegram.world();
        let invoice = invoice(&world, chat_id, message_id)?;
        let from = world.user(user_id).json();
        let callback = Callback {
            at: now,
            answered: Some(answered),
        };
        world.callbacks.insert(query_id.clone(), callback);
        world.stars.checkouts.push(Checkout {
            id: query_id.clone(),
            user_id,
            payload: invoice.payload.clone(),
            stars: invoice.stars,
            at: now,
            outcome: Outcome::Waiting,
        });
        json!({
            "id": query_id,
            "from": from,
            "currency": "XTR",
            "total_amount": invoice.stars,
            "invoice_payload": invoice.payload,
        })
    };
    let update_id = {
        let mut state = core.telegram.state();
        state.updates.push("pre_checkout_query", query, now)
    };
    core.telegram.wake();
    Ok(Asked {
        query_id,
        update_id,
        answer,
    })
}

fn invoice(world: &World, chat_id: i64, message_id: i64) -> Result<Invoice, &'static str> {
    let mut invoices = world.stars.invoices.iter();
    invoices
        .find(|invoice| (invoice.chat_id, invoice.message_id) == (chat_id, message_id))
        .cloned()
        .ok_or("no such invoice in this chat")
}

/// The bot has answered the question before a payment in time.
pub(super) fn answered(core: &Core, query_id: &str, is_ok: bool, reason: &str) {
    let charge_id = new_charge_id(core);
    let paid = {
        let mut world = core.telegram.world();
        let mut checkouts = world.stars.checkouts.iter_mut();
        let checkout = checkouts
            .find(|checkout| checkout.id == query_id && checkout.outcome == Outcome::Waiting);
        let Some(checkout) = checkout else { return };
        checkout.outcome = match is_ok {
            true => Outcome::Paid {
                charge_id: charge_id.clone(),
            },
            false => Outcome::Refused {
                reason: reason.to_owned(),
            },
        };
        is_ok.then(|| checkout.clone())
    };
    if let Some(checkout) = paid {
        take(
            core,
            &charge_id,
            checkout.user_id,
            checkout.payload,
            checkout.stars,
            true,
        );
    }
}

fn new_charge_id(core: &Core) -> String {
    format!("stx{}", core.random_name(CHARGE_ID_LEN))
}

/// A payment of which the bot is never told: as if its update had been lost.
///
/// # Errors
/// There is no such invoice.
pub(crate) fn pay_untold(
    core: &Core,
    user_id: i64,
    chat_id: i64,
    message_id: i64,
) -> Result<String, &'static str> {
    let invoice = invoice(&core.telegram.world(), chat_id, message_id)?;
    let charge_id = new_charge_id(core);
    take(
        core,
        &charge_id,
        user_id,
        invoice.payload,
        invoice.stars,
        false,
    );
    Ok(charge_id)
}

/// The Stars change hands.
fn take(core: &Core, charge_id: &str, user_id: i64, payload: String, stars: i64, is_told: bool) {
    let payment = json!({"successful_payment": {
        "currency": "XTR",
        "total_amount": stars,
        "invoice_payload": payload,
        "telegram_payment_charge_id": charge_id,
        "provider_payment_charge_id": format!("{user_id}_{stars}"),
    }});
    book(core, charge_id, user_id, payload, stars);
    service_message(core, user_id, payment, is_told);
}

fn book(core: &Core, charge_id: &str, user_id: i64, payload: String, stars: i64) {
    let transaction = Transaction {
        id: charge_id.to_owned(),
        date: core.clock.now().unix_timestamp(),
        user_id,
        payload,
        stars,
    };
    core.telegram.world().stars.transactions.push(transaction);
}

/// A message that nobody wrote, in the person's chat with the bot.
fn service_message(core: &Core, user_id: i64, mut content: Value, is_told: bool) {
    let now = core.clock.now();
    {
        let mut world = core.telegram.world();
        let message_id = world.next_message_id(user_id);
        content["message_id"] = json!(message_id);
        content["from"] = world.user(user_id).json();
        world.chat(user_id);
        content["chat"] = world.chat_json(user_id);
        content["date"] = json!(now.unix_timestamp());
        let message = Message {
            json: content.clone(),
            from_bot: false,
            is_deleted: false,
            edits: Vec::new(),
        };
        world.chat(user_id).messages.insert(message_id, message);
    }
    core.chat_changed(user_id);
    if is_told {
        core.telegram.state().updates.push("message", content, now);
        core.telegram.wake();
    }
}

/// refundStarPayment.
pub(super) fn refund(core: &Core, params: &Params) -> Result<Value, Refusal> {
    let user_id = params
        .integer("user_id")
        .filter(|id| *id > 0)
        .ok_or_else(|| Refusal::bad("invalid user_id specified"))?;
    let charge_id = required(params, "telegram_payment_charge_id")?;
    give_back(core, Some(user_id), &charge_id, true).map_err(Refusal::bad)?;
    Ok(json!(true))
}

/// Gives the Stars of a payment back.
///
/// # Errors
/// Telegram's word for why not.
pub(crate) fn give_back(
    core: &Core,
    user_id: Option<i64>,
    charge_id: &str,
    is_told: bool,
) -> Result<(), &'static str> {
    let charge = {
        let world = core.telegram.world();
        let charge = world.stars.charge(charge_id).cloned();
        let charge = charge.ok_or("CHARGE_ID_INVALID")?;
        if user_id.is_some_and(|user_id| user_id != charge.user_id) {
            return Err("USER_ID_INVALID");
        }
        if world.stars.is_refunded(charge_id) {
            return Err("CHARGE_ALREADY_REFUNDED");
        }
        charge
    };
    let Transaction {
        user_id,
        payload,
        stars,
        ..
    } = charge;
    let refunded = json!({"refunded_payment": {
        "currency": "XTR",
        "total_amount": stars,
        "invoice_payload": payload,
        "telegram_payment_charge_id": charge_id,
    }});
    book(core, charge_id, user_id, payload, -stars);
    service_message(core, user_id, refunded, is_told);
    Ok(())
}

fn required(params: &Params, field: &str) -> Result<String, Refusal> {
    let text = params.text(field).filter(|text| !text.is_empty());
    text.ok_or_else(|| Refusal::bad(format!("parameter \"{field}\" is required")))
}

/// getStarTransactions. Offset and limit are bent to what is allowed (`Client.cpp`, `get_integer_arg`).
pub(super) fn transactions(core: &Core, params: &Params) -> Value {
    let offset = params.integer("offset").unwrap_or(0).max(0);
    let limit = params.integer("limit").filter(|limit| *limit != 0);
    let limit = limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    let world = core.telegram.world();
    let page = world
        .stars
        .transactions
        .iter()
        .skip(usize::try_from(offset).unwrap_or(usize::MAX))
        .take(usize::try_from(limit).unwrap_or(0));
    let shown = page.map(|transaction| {
        let partner = json!({
            "type": "user",
            "transaction_type": "invoice_payment",
            "user": world.users.get(&transaction.user_id).map(super::world::User::json),
            "invoice_payload": transaction.payload,
        });
        let side = if transaction.stars > 0 {
            "source"
        } else {
            "receiver"
        };
        json!({
            "id": transaction.id,
            "date": transaction.date,
            "amount": transaction.stars.abs(),
            side: partner,
        })
    });
    json!({"transactions": shown.collect::<Vec<_>>()})
}
