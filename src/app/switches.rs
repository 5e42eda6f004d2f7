//! Features that a part of the database can be missing for: switched off by what the schema lacks, on again when it is
//! there. What is free needs none of it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::engine::ledger;
use crate::engine::schema;
use crate::engine::task::Task;
use crate::features::cx::{Env, Switch};

/// Without any of these nothing can be paid with, or given back.
const MONEY: [&str; 4] = ["account", "transfer", "hold", "hold_resolution"];
/// Without any of these nothing can be bought for Telegram Stars.
const STARS: [&str; 3] = ["star_invoice", "star_payment", "star_refund"];

/// Without any of these nothing can be paid at a payment processor.
const PAYMENTS: [&str; 7] = [
    "payment_rate",
    "payment_intent",
    "payment_event",
    "payment",
    "payment_refund",
    "payment_return",
    "topup_question",
];

/// Without any of these nothing is earned with referrals, and nobody tips anybody.
const REWARDS: [&str; 8] = [
    "referral_code",
    "referral",
    "referral_reward",
    "referral_reversal",
    "referral_part_reversal",
    "referral_kept",
    "referral_return",
    "tip",
];

/// Sets the switches by the tables that there are.
pub(super) struct Switches {
    pool: PgPool,
    env: Arc<Env>,
}

impl Switches {
    pub(super) fn new(pool: PgPool, env: Arc<Env>) -> Self {
        Self { pool, env }
    }

    /// What is off, for an operator.
    pub(super) fn off(&self) -> Vec<&'static str> {
        let named = [
            ("money", &self.env.money),
            ("stars", &self.env.stars.switch),
            ("payments", &self.env.payments.switch),
            ("rewards", &self.env.tips.switch),
        ];
        let off = named.into_iter().filter(|(_, switch)| !switch.is_on());
        off.map(|(name, _)| name).collect()
    }

    /// What it switches for.
    pub(super) fn env(&self) -> &Arc<Env> {
        &self.env
    }

    /// Looks, and switches.
    pub(super) async fn set(&self) -> Result<(), sqlx::Error> {
        let money = schema::missing(&self.pool, &MONEY).await?;
        let stars = schema::missing(&self.pool, &STARS).await?;
        let payments = schema::missing(&self.pool, &PAYMENTS).await?;
        turn(
            &self.env.money,
            &money,
            "wallets, paid services and everything about money",
        );
        if money.is_empty() {
            self.open_house().await;
        }
        let rewards = schema::missing(&self.pool, &REWARDS).await?;
        let rewards = [money.clone(), rewards].concat();
        turn(
            &self.env.referrals.switch,
            &rewards,
            "rewards for referrals",
        );
        turn(&self.env.tips.switch, &rewards, "tips");
        // What was bought would have no wallet to go to.
        let payments = [money.clone(), payments].concat();
        turn(
            &self.env.payments.switch,
            &payments,
            "top-ups by card and from banks",
        );
        let stars = [money, stars].concat();
        turn(
            &self.env.stars.switch,
            &stars,
            "top-ups with Telegram Stars",
        );
        Ok(())
    }

    /// Without it money moves all the same, and now and then is tried again.
    async fn open_house(&self) {
        let currency = &self.env.currency().code;
        if let Err(error) = ledger::open_house(&self.pool, currency).await {
            tracing::warn!(%error, "the accounts of the house are not made in advance");
        }
    }
}

fn turn(switch: &Switch, missing: &[String], what: &str) {
    let is_on = missing.is_empty();
    if switch.set(is_on) == is_on {
        return;
    }
    if is_on {
        tracing::info!("switched on again: {what}");
    } else {
        let missing = missing.join(", ");
        tracing::warn!(%missing, "tables are missing; switched off: {what}. What is free goes on.");
    }
}

#[async_trait]
impl Task for Switches {
    fn name(&self) -> &'static str {
        "schema"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(300)
    }

    /// The start looks by itself, before all others.
    fn at_start(&self) -> bool {
        false
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        self.set().await?;
        Ok(json!({ "off": self.off() }))
    }
}

/// A task that has nothing to do while a feature is off.
struct Only {
    switch: Switch,
    task: Arc<dyn Task>,
}

/// This task, as long as the feature that it belongs to is on.
pub(super) fn only_while(switch: &Switch, task: impl Task) -> Arc<dyn Task> {
    Arc::new(Only {
        switch: switch.clone(),
        task: Arc::new(task),
    })
}

#[async_trait]
impl Task for Only {
    fn name(&self) -> &'static str {
        self.task.name()
    }

    fn every(&self) -> Duration {
        self.task.every()
    }

    fn at_start(&self) -> bool {
        self.task.at_start()
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        if self.switch.is_on() {
            self.task.run().await
        } else {
            Ok(json!({ "off": true }))
        }
    }
}
