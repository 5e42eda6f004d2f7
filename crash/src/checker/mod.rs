//! The one judge: what Telegram and the provider saw, against what the database says, guarantee by guarantee
//! (design.md §1). It runs after the faults have ended and the service has had time to come to rest.

mod cards;
mod inquiry;
mod intake;
mod jobs;
pub mod messages;
mod money;
mod panels;
mod payouts;
mod rewards;
mod secrecy;
mod stars;
mod tips;

use std::collections::{HashMap, HashSet};

use anyhow::Context as _;
use bulwark_simulator::log::Call;
use serde_json::Value;
use sqlx::postgres::PgPool;
use uuid::Uuid;

pub use messages::REFUSED;

use crate::outside::Outside;
use crate::promoters;
use crate::tables::{self, Dead, Order, Refill, Sent, StarPayment, StarRefund, Update};
use crate::tables::{AskedAbout, CardPayment, CardRefund, Resolve};
use crate::tables::{Payout, Reward, Tip};
use crate::tippers;
use crate::world::{Plan, World};

/// A guarantee that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// G1 to G8.
    pub guarantee: &'static str,
    /// What was found.
    pub what: String,
}

/// What was found, and what was looked at.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Everything that is wrong.
    pub violations: Vec<Violation>,
    /// Updates that Telegram delivered.
    pub updates: usize,
    /// Orders that were placed.
    pub orders: usize,
    /// Messages of the bot in all chats.
    pub messages: usize,
    /// Of these, repeated ones: each after a lost answer.
    pub repeated: usize,
    /// Payments in Stars.
    pub charges: usize,
    /// Of these, given back.
    pub given_back: usize,
    /// Orders that the panel made.
    pub made: usize,
    /// Of these, ended in part.
    pub in_part: usize,
    /// Orders at the panel whose fate the service could not know.
    pub unknown: usize,
    /// Refills that the panel took.
    pub refills: usize,
    /// Withdrawals.
    pub payouts: usize,
    /// Of these, paid.
    pub paid_out: usize,
    /// What referrals brought.
    pub rewards: usize,
    /// Of these, taken back.
    pub reversed: usize,
    /// Tips that were given.
    pub tips: usize,
    /// Transfers at the service that settles them.
    pub settled: usize,
    /// Payments at the processor.
    pub card_payments: usize,
    /// Of these, given back.
    pub card_refunds: usize,
    /// Orders and tips about which admins were asked.
    pub questions: usize,
    /// Of these, answered.
    pub answered: usize,
    /// Of the questions, those about tips.
    pub asked_of_tips: usize,
    /// Of these, answered.
    pub answered_of_tips: usize,
}

impl Verdict {
    fn add(&mut self, guarantee: &'static str, what: impl Into<String>) {
        let what = what.into();
        self.violations.push(Violation { guarantee, what });
    }
}

/// Everything that the checks look at.
struct Facts {
    /// As in `GET /sim/updates`.
    delivered: Vec<Value>,
    /// The bot's messages by chat, oldest first.
    chats: HashMap<i64, Vec<Value>>,
    /// All calls that Telegram and the provider received.
    calls: Vec<Call>,
    /// As in `GET /sim/kie/tasks`.
    tasks: Vec<Value>,
    updates: Vec<Update>,
    sent: Vec<Sent>,
    dead: Vec<Dead>,
    named: Vec<(i64, i64)>,
    orders: Vec<Order>,
    tokens: Vec<String>,
    wallets: Vec<(i64, i64, i64)>,
    /// Transactions as in `GET /sim/payments`.
    star_lines: Vec<Value>,
    star_payments: Vec<StarPayment>,
    star_refunds: Vec<StarRefund>,
    /// Orders as in `GET /sim/panel/{name}/orders`.
    panel_orders: Vec<Value>,
    refills: Vec<Refill>,
    payouts: Vec<Payout>,
    rewards: Vec<Reward>,
    /// Who came by whose link.
    referrals: Vec<(i64, i64)>,
    /// The words in people's links.
    links: Vec<(i64, String)>,
    /// As `wallets`, with what was earned.
    earnings: Vec<(i64, i64, i64)>,
    /// Of that, what was moved to the main wallet: user and sum.
    moved: Vec<(i64, i64)>,
    tips: Vec<Tip>,
    /// As in `GET /sim/settlement`.
    transfers: Vec<Value>,
    settles_outside: bool,
    /// As in `GET /sim/flutterwave`.
    card_books: Value,
    card_payments: Vec<CardPayment>,
    card_refunds: Vec<CardRefund>,
    questions: Vec<AskedAbout>,
    resolves: Vec<Resolve>,
    /// The messages in which admins were asked: job, admin, number.
    asked_in: Vec<(Uuid, i64, i64)>,
    /// The messages that show how orders go: order, chat, number.
    shown: Vec<(Uuid, i64, i64)>,
    audit: Vec<String>,
}

/// Judges a world that has come to rest.
pub async fn judge(world: &World, pool: &PgPool) -> anyhow::Result<Verdict> {
    let (outside, logs) = (&*world.outside, &*world.folder);
    let facts = gather(outside, pool, &world.plan).await?;
    let mut verdict = Verdict {
        updates: facts.delivered.len(),
        orders: facts.orders.len(),
        messages: facts.chats.values().map(Vec::len).sum(),
        ..Verdict::default()
    };
    intake::check(&facts, &mut verdict);
    money::check(&facts, &mut verdict);
    stars::check(&facts, &mut verdict);
    cards::check(&facts, &mut verdict);
    panels::check(&facts, outside, &mut verdict);
    payouts::check(&facts, &mut verdict);
    rewards::check(&facts, &mut verdict);
    tips::check(&facts, outside, &mut verdict);
    inquiry::check(&facts, &mut verdict);
    jobs::check(&facts, &mut verdict);
    messages::check(&facts, outside, &mut verdict);
    secrecy::check(&facts, logs, &mut verdict);
    Ok(verdict)
}

async fn gather(outside: &Outside, pool: &PgPool, plan: &Plan) -> anyhow::Result<Facts> {
    let list = |value: Value| value.as_array().cloned().unwrap_or_default();
    let mut chats = HashMap::new();
    for chat in list(outside.get("/sim/chats").await?) {
        let id = chat["id"].as_i64().context("a chat's id")?;
        let mut messages = outside.messages(id, 0).await;
        messages.retain(|message| message["sender"] == "bot");
        chats.insert(id, messages);
    }
    Ok(Facts {
        delivered: list(outside.get("/sim/updates").await?),
        chats,
        calls: outside.sim().core().log.since(0, None),
        tasks: list(outside.get("/sim/kie/tasks").await?["tasks"].clone()),
        updates: tables::updates(pool).await?,
        sent: tables::sent(pool).await?,
        dead: tables::dead(pool).await?,
        named: tables::named(pool).await?,
        orders: panels::with_links(tables::orders(pool).await?, outside).await,
        tokens: tables::tokens(pool).await?,
        wallets: tables::wallets(pool).await?,
        star_lines: list(outside.get("/sim/payments").await?["transactions"].clone()),
        star_payments: tables::star_payments(pool).await?,
        star_refunds: tables::star_refunds(pool).await?,
        panel_orders: promoters::list(outside).await,
        refills: tables::refills(pool).await?,
        payouts: tables::payouts(pool).await?,
        rewards: tables::rewards(pool).await?,
        referrals: tables::referrals(pool).await?,
        links: tables::links(pool).await?,
        earnings: tables::earnings(pool).await?,
        moved: tables::moved(pool).await?,
        tips: tables::tips(pool).await?,
        transfers: tippers::list(outside).await,
        settles_outside: plan.settled_outside,
        card_books: crate::cards::books(outside).await,
        card_payments: tables::card_payments(pool).await?,
        card_refunds: tables::card_refunds(pool).await?,
        questions: tables::questions(pool).await?,
        resolves: tables::resolves(pool).await?,
        asked_in: tables::asked_in(pool).await?,
        shown: tables::shown(pool).await?,
        audit: tables::audit(pool).await?,
    })
}

impl Facts {
    /// How many messages of a chat have said this, of those that the service knows of: what it sent again after a lost answer
    /// counts once. A button under a message may have made another page of it since.
    fn read(&self, chat: i64, is_it: impl Fn(&str) -> bool) -> usize {
        let sent = self.sent.iter().filter(|sent| sent.chat_id == chat);
        let named = self.named.iter().filter(|(of, _)| *of == chat);
        let known: HashSet<i64> = sent
            .filter_map(|sent| sent.message_id)
            .chain(named.map(|(_, id)| *id))
            .collect();
        let says_it = |message: &Value| {
            let edits = message["edits"].as_array().into_iter().flatten();
            let mut texts = edits
                .chain([message])
                .filter_map(|one| one["text"].as_str());
            texts.any(&is_it)
        };
        let messages = self.chats.get(&chat).into_iter().flatten();
        let ours = messages.filter(|message| {
            let id = message["message_id"].as_i64();
            id.is_some_and(|id| known.contains(&id))
        });
        ours.filter(|message| says_it(message)).count()
    }

    /// The user's words of a delivered message: who, in which chat, what.
    fn said(&self) -> impl Iterator<Item = (i64, i64, &str)> {
        self.delivered
            .iter()
            .filter(|record| record["fate"] == "delivered")
            .filter_map(|record| {
                let message = &record["update"]["message"];
                let who = message["from"]["id"].as_i64()?;
                Some((
                    who,
                    message["chat"]["id"].as_i64()?,
                    message["text"].as_str()?,
                ))
            })
    }
}
