//! Compares Telegram's list of Star transactions with ours: credits and refunds that never reached us are booked.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use sqlx::PgPool;
use uuid::Uuid;

use super::credit::{Booked, Found, book_refund, credit};
use super::refunds::failure;
use super::{Direction, StarsApi, Transaction};
use crate::base::fault::{self, Point};
use crate::engine::stars::{self, FoundBy};
use crate::engine::wake::Wake;
use crate::features::cx::Env;
use crate::features::processors::{Comparison, Difference, Processor};

const PAGE: u64 = 100;
/// More than a bot of this kind sells in its life; a list without an end must not keep us for ever.
const PAGES_MAX: u64 = 20_000;
const OURS_AT_ONCE: i64 = 10_000;
/// A payment of ours that Telegram does not list.
const UNKNOWN: &str = "unknown to Telegram";

/// Where Telegram's books and ours differed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What is wrong: `missing credit`, `missing refund`, `unknown to Telegram`.
    pub what: &'static str,
    /// Of which charge.
    pub charge: String,
    /// Of whom.
    pub user: Option<i64>,
    /// How many.
    pub stars: Option<i64>,
    /// Whether it was mended.
    pub is_mended: bool,
}

/// What a comparison brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Transactions in Telegram's list.
    pub transactions: usize,
    /// Each difference.
    pub findings: Vec<Finding>,
}

/// Compares.
#[derive(Clone)]
pub struct Reconciler {
    pool: PgPool,
    env: Arc<Env>,
    api: Arc<dyn StarsApi>,
    messages: Wake,
}

impl Reconciler {
    /// `messages` is notified after each commit that tells somebody.
    pub fn new(pool: PgPool, env: Arc<Env>, api: Arc<dyn StarsApi>, messages: Wake) -> Self {
        Self {
            pool,
            env,
            api,
            messages,
        }
    }

    /// Reads the whole list and books what is missing here; with `dry_run` only says what it would book.
    ///
    /// # Errors
    /// Telegram's or the database's; what was booked before stays.
    pub async fn run(&self, dry_run: bool) -> Result<Report, anyhow::Error> {
        let mut report = Report::default();
        let mut charges = BTreeSet::new();
        for page in 0..PAGES_MAX {
            let list = self.api.transactions(page * PAGE, PAGE).await?;
            for transaction in &list {
                report.transactions += 1;
                let Some(payer) = transaction.payer else {
                    continue;
                };
                charges.insert(transaction.id.clone());
                let found = self.compare(transaction, payer, dry_run, &report).await?;
                if let Some(finding) = found {
                    tracing::warn!(?finding, dry_run, "Telegram's books and ours differ");
                    report.findings.push(finding);
                }
            }
            if u64::try_from(list.len()).is_ok_and(|len| len < PAGE) {
                break;
            }
        }
        self.look_for_strangers(&charges, &mut report).await?;
        self.messages.notify();
        Ok(report)
    }

    async fn compare(
        &self,
        transaction: &Transaction,
        payer: i64,
        dry_run: bool,
        report: &Report,
    ) -> Result<Option<Finding>, anyhow::Error> {
        let correlation = self.env.ids.uuid();
        let mut tx = self.pool.begin().await?;
        let is_missing = match transaction.direction {
            Direction::In => {
                stars::payment(&mut tx, &transaction.id).await?.is_none()
                    && (dry_run
                        || self
                            .credit(&mut tx, transaction, payer, correlation)
                            .await?)
            }
            Direction::Out if dry_run => {
                let live = stars::live_refund(&mut tx, &transaction.id).await?;
                // Its payment may be missing, too: then it is about to be credited, and taken back.
                live.is_none_or(|refund| refund.is_asked)
                    && (stars::payment(&mut tx, &transaction.id).await?.is_some()
                        || report.findings.iter().any(|f| f.charge == transaction.id))
            }
            Direction::Out => {
                let booked = book_refund(&mut tx, &self.env, &transaction.id, correlation).await;
                match booked.map_err(failure)? {
                    Booked::Now | Booked::Finished => true,
                    Booked::Before | Booked::Unknown => false,
                }
            }
        };
        if dry_run {
            tx.rollback().await?;
        } else {
            if is_missing {
                fault::reach(Point::ReconcileBooking);
            }
            tx.commit().await?;
            if is_missing {
                fault::reach(Point::ReconcileBooked);
            }
        }
        Ok(is_missing.then(|| Finding {
            what: match transaction.direction {
                Direction::In => "missing credit",
                Direction::Out => "missing refund",
            },
            charge: transaction.id.clone(),
            user: Some(payer),
            stars: Some(transaction.stars),
            is_mended: !dry_run,
        }))
    }

    async fn credit(
        &self,
        conn: &mut sqlx::PgConnection,
        transaction: &Transaction,
        payer: i64,
        correlation: Uuid,
    ) -> Result<bool, anyhow::Error> {
        let found = Found {
            charge_id: &transaction.id,
            payload: &transaction.payload,
            user_id: payer,
            stars: transaction.stars,
            by: FoundBy::Reconciliation,
            correlation,
        };
        credit(conn, &self.env, &found).await.map_err(failure)
    }

    /// Payments of ours that Telegram does not list: for a person to look at, because nobody knows what to book.
    async fn look_for_strangers(
        &self,
        charges: &BTreeSet<String>,
        report: &mut Report,
    ) -> Result<(), anyhow::Error> {
        let mut strangers = BTreeSet::new();
        let mut after = String::new();
        loop {
            let ours = stars::charge_ids(&self.pool, &after, OURS_AT_ONCE).await?;
            let Some(last) = ours.last() else { break };
            after.clone_from(last);
            let mut unlisted = ours.into_iter().filter(|charge| !charges.contains(charge));
            strangers.extend(unlisted.by_ref());
        }
        let mut offset = u64::try_from(report.transactions)?;
        while !strangers.is_empty() {
            // They may have been paid after the list was read.
            let list = self.api.transactions(offset, PAGE).await?;
            if list.is_empty() {
                break;
            }
            offset += u64::try_from(list.len())?;
            for transaction in &list {
                strangers.remove(&transaction.id);
            }
        }
        for charge in strangers {
            tracing::error!(charge, "a payment of ours that Telegram does not list");
            report.findings.push(Finding {
                what: UNKNOWN,
                charge,
                user: None,
                stars: None,
                is_mended: false,
            });
        }
        Ok(())
    }
}

#[async_trait]
impl Processor for Reconciler {
    fn name(&self) -> &'static str {
        "stars"
    }

    async fn is_used(&self) -> Result<bool, anyhow::Error> {
        Ok(self.env.stars.is_offered() || stars::is_used(&self.pool).await?)
    }

    async fn compare(&self, dry_run: bool) -> Result<Comparison, anyhow::Error> {
        let report = self.run(dry_run).await?;
        let differences = report.findings.into_iter().map(|finding| Difference {
            what: finding.what.to_owned(),
            reference: finding.charge,
            user: finding.user,
            amount: finding.stars.map(|stars| format!("{stars} ⭐")).unwrap_or_default(),
            is_mendable: finding.what != UNKNOWN,
            is_mended: finding.is_mended,
            advice: if finding.what == UNKNOWN {
                "another bot's token, or a forged row: compare with the bot's balance at Telegram; correct with /grant"
                    .to_owned()
            } else {
                String::new()
            },
        });
        Ok(Comparison {
            transactions: report.transactions,
            differences: differences.collect(),
        })
    }
}
