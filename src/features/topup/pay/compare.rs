//! Compares the processors' lists of transactions with ours: what never reached us is credited, what was given back there is
//! booked.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use time::OffsetDateTime;

use super::desk::Desk;
use super::intents::user_of;
use super::refunds::{book, whole};
use super::returns::Parts;
use super::settle::{Settled, settle};
use super::wording;
use crate::base::fault::{self, Point};
use crate::base::money::Amount;
use crate::engine::payments::{self, FoundBy, Payment};
use crate::features::processors::{self, Comparison, Difference};
use crate::features::topup::refunds::failure;
use crate::providers::payments::{Processor, Standing, Transaction};

/// Lists are read back so far: links live for an hour, transfers between banks take days.
const LOOKED_BACK: Duration = Duration::from_secs(7 * 24 * 3600);
/// Some tens of thousands of transactions; a list without an end must not keep us for ever.
const PAGES_MAX: u32 = 5_000;
const OURS_AT_ONCE: i64 = 500;
const MISSING_CREDIT: &str = "missing credit";
const MISSING_REFUND: &str = "missing refund";
const MISSING_PART: &str = "missing partial refund";
/// A payment of ours that its processor does not know.
const UNKNOWN: &str = "unknown to the processor";

/// Where a processor's books and ours differed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PaymentFinding {
    /// What is wrong: `missing credit`, `missing refund`, `missing partial refund`, `other amount`, `unknown to the processor`.
    pub what: &'static str,
    /// Where.
    pub processor: &'static str,
    /// Of which transaction.
    pub transaction: String,
    /// Of whom, if a reference of ours says.
    pub user: Option<i64>,
    /// How much, in minor units of `currency`.
    pub paid: i64,
    /// The payer's.
    pub currency: String,
    /// Whether it was mended.
    pub is_mended: bool,
}

/// What a comparison brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ComparedPayments {
    /// Transactions in the lists, of whomever.
    pub transactions: usize,
    /// Each difference.
    pub findings: Vec<PaymentFinding>,
}

/// Compares the books of one processor with ours.
#[derive(Clone)]
pub struct PaymentComparison {
    desk: Desk,
    processor: Arc<dyn Processor>,
}

impl PaymentComparison {
    /// With the database and the clock of a desk.
    pub(super) fn new(desk: Desk, processor: Arc<dyn Processor>) -> Self {
        Self { desk, processor }
    }

    /// Compares the processor's list of the last days with the ledger and books what is missing here; with `dry_run` only
    /// says what it would book. Nothing is credited that the look-up of its transaction does not confirm.
    ///
    /// # Errors
    /// The processor's or the database's; what was booked before stays.
    pub async fn run(&self, dry_run: bool) -> Result<ComparedPayments, anyhow::Error> {
        let mut report = ComparedPayments::default();
        self.compare_list(self.processor.as_ref(), dry_run, &mut report)
            .await?;
        for finding in &report.findings {
            tracing::warn!(?finding, dry_run, "a processor's books and ours differ");
        }
        self.desk.messages.notify();
        Ok(report)
    }

    async fn compare_list(
        &self,
        processor: &dyn Processor,
        dry_run: bool,
        report: &mut ComparedPayments,
    ) -> Result<(), anyhow::Error> {
        let now = self.desk.env.clock.now();
        let since = now - LOOKED_BACK;
        // A day more on both sides: their days need not be ours.
        let (from, to) = (
            (since - time::Duration::DAY).date(),
            (now + time::Duration::DAY).date(),
        );
        let mut listed = BTreeSet::new();
        for number in 1..=PAGES_MAX {
            let page = processor.listed(from, to, number).await?;
            for transaction in &page.transactions {
                report.transactions += 1;
                if transaction.standing != Standing::Successful
                    || !listed.insert(transaction.id.clone())
                {
                    continue;
                }
                let found = self.missing(processor, transaction, dry_run).await?;
                report.findings.extend(found);
            }
            if number >= page.pages {
                break;
            }
        }
        self.look_for_strangers(processor, since, &listed, report)
            .await?;
        let mut returned = BTreeSet::new();
        for number in 1..=PAGES_MAX {
            let page = processor.returns(from, to, number).await?;
            returned.extend(page.transaction_ids);
            if number >= page.pages {
                break;
            }
        }
        for id in returned {
            let found = self.given_back(processor, &id, dry_run).await?;
            report.findings.extend(found);
        }
        Ok(())
    }

    /// A payment of the list that is not credited here.
    async fn missing(
        &self,
        processor: &dyn Processor,
        transaction: &Transaction,
        dry_run: bool,
    ) -> Result<Option<PaymentFinding>, anyhow::Error> {
        let Some(user) = user_of(&transaction.reference) else {
            return Ok(None);
        };
        let Desk { pool, env, .. } = &self.desk;
        let mut tx = pool.begin().await?;
        let known = payments::payment(&mut tx, processor.name(), &transaction.id).await?;
        tx.rollback().await?;
        let finding = |what, is_mended| PaymentFinding {
            what,
            processor: processor.name(),
            transaction: transaction.id.clone(),
            user: Some(user),
            paid: transaction.paid.0,
            currency: transaction.currency.clone(),
            is_mended,
        };
        match known {
            Some(known)
                if (known.paid, &known.paid_currency)
                    != (transaction.paid, &transaction.currency) =>
            {
                return Ok(Some(finding("other amount", false)));
            }
            Some(_) => return Ok(None),
            None if dry_run => return Ok(Some(finding(MISSING_CREDIT, false))),
            None => {}
        }
        // A list is made for eyes; what money moves by is the look-up.
        let confirmed = processor.transaction(&transaction.id).await?;
        let confirmed = confirmed.filter(|one| one.standing == Standing::Successful);
        let Some(confirmed) = confirmed else {
            return Ok(Some(finding(MISSING_CREDIT, false)));
        };
        let mut tx = pool.begin().await?;
        let (by, correlation) = (FoundBy::Reconciliation, env.ids.uuid());
        let settled = settle(&mut tx, env, processor.name(), &confirmed, by, correlation).await;
        let settled = settled.map_err(failure)?;
        fault::reach(Point::CompareBooking);
        tx.commit().await?;
        fault::reach(Point::CompareBooked);
        Ok(match settled {
            Settled::Now => Some(finding(MISSING_CREDIT, true)),
            Settled::Aside => Some(finding(MISSING_CREDIT, false)),
            Settled::Before | Settled::NotOurs => None,
        })
    }

    /// Payments of ours that the processor does not know: for a person to look at, because nobody knows what to book.
    async fn look_for_strangers(
        &self,
        processor: &dyn Processor,
        since: OffsetDateTime,
        listed: &BTreeSet<String>,
        report: &mut ComparedPayments,
    ) -> Result<(), anyhow::Error> {
        let (pool, name) = (&self.desk.pool, processor.name());
        let since = since + time::Duration::DAY;
        let mut after = String::new();
        loop {
            let ours = payments::payments_since(pool, name, since, &after, OURS_AT_ONCE).await?;
            let Some(last) = ours.last() else { break };
            after.clone_from(&last.transaction_id);
            for payment in &ours {
                let id = &payment.transaction_id;
                if listed.contains(id) {
                    continue;
                }
                // It may have come after the list was read.
                let found = processor.transaction(id).await?;
                if found.is_none_or(|found| found.standing != Standing::Successful) {
                    tracing::error!(
                        processor = name,
                        transaction = id,
                        "a payment of ours that its processor does not know"
                    );
                    let finding = of_ours(name, payment, UNKNOWN, false);
                    report.findings.push(finding);
                }
            }
        }
        Ok(())
    }

    /// A payment that was given back there without us, in whole or in part.
    async fn given_back(
        &self,
        processor: &dyn Processor,
        id: &str,
        dry_run: bool,
    ) -> Result<Option<PaymentFinding>, anyhow::Error> {
        let (Desk { pool, env, .. }, name) = (&self.desk, processor.name());
        let payment = {
            let mut conn = pool.acquire().await?;
            let live = payments::live_refund(&mut conn, name, id).await?;
            let payment = payments::payment(&mut conn, name, id).await?;
            payment.filter(|_| live.is_none())
        };
        let Some(payment) = payment else {
            return Ok(None);
        };
        let returned = processor.returned(id, &payment.paid_currency).await?;
        let mut tx = pool.begin().await?;
        // Locked, so that a refund that an admin asks for just now is either there, or comes afterwards and is refused.
        payments::payment(&mut tx, name, id).await?;
        if payments::live_refund(&mut tx, name, id).await?.is_some() {
            return Ok(None);
        }
        let booked = payments::returns(&mut tx, name, id).await?;
        let parts = Parts::of(&returned, &booked, payment.paid);
        let is_whole = booked.is_empty() && whole(&returned, payment.paid).is_some();
        let missing = parts.unbooked();
        let found = |is_mended| match is_whole {
            true => of_ours(name, &payment, MISSING_REFUND, is_mended),
            false => PaymentFinding {
                paid: missing.0,
                ..of_ours(name, &payment, MISSING_PART, is_mended)
            },
        };
        if !is_whole && missing.is_zero() {
            return Ok(None);
        }
        if dry_run {
            return Ok(Some(found(false)));
        }
        let correlation = env.ids.uuid();
        let done = match is_whole {
            true => book(&mut tx, env, &payment, correlation).await.map(drop),
            false => parts.book(&mut tx, env, &payment, correlation).await,
        };
        done.map_err(failure)?;
        fault::reach(Point::CompareReturning);
        tx.commit().await?;
        fault::reach(Point::CompareReturned);
        Ok(Some(found(true)))
    }
}

fn of_ours(
    processor: &'static str,
    payment: &Payment,
    what: &'static str,
    is_mended: bool,
) -> PaymentFinding {
    PaymentFinding {
        what,
        processor,
        transaction: payment.transaction_id.clone(),
        user: Some(payment.user_id),
        paid: payment.paid.0,
        currency: payment.paid_currency.clone(),
        is_mended,
    }
}

#[async_trait]
impl processors::Processor for PaymentComparison {
    fn name(&self) -> &'static str {
        self.processor.name()
    }

    async fn is_used(&self) -> Result<bool, anyhow::Error> {
        let Desk { pool, env, .. } = &self.desk;
        let is_on = env.payments.switch.is_on();
        Ok(is_on && payments::is_used(pool, self.processor.name()).await?)
    }

    async fn compare(&self, dry_run: bool) -> Result<Comparison, anyhow::Error> {
        let report = self.run(dry_run).await?;
        let differences = report.findings.into_iter().map(|finding| {
            let is_mendable =
                [MISSING_CREDIT, MISSING_REFUND, MISSING_PART].contains(&finding.what);
            Difference {
                what: finding.what.to_owned(),
                reference: format!("{}:{}", finding.processor, finding.transaction),
                user: finding.user,
                amount: wording::paid(Amount(finding.paid), &finding.currency),
                is_mendable,
                is_mended: finding.is_mended,
                advice: if is_mendable {
                    String::new()
                } else {
                    "look into the processor's dashboard; correct with /grant".to_owned()
                },
            }
        });
        Ok(Comparison {
            transactions: report.transactions,
            differences: differences.collect(),
        })
    }
}
