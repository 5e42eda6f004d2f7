//! `bulwark reconcile`: every invariant of the books, what payment processors say beside them, and what is left at the
//! providers; and the movements that mend what can be mended.
//!
//! It looks first, and says what it would do; with `--fix` it then does that: each mend by itself, in a transaction that
//! looks again under lock, with a row in the admins' audit. Afterwards all of the books are looked at once more.

mod print;
mod providers;
mod report;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

pub use providers::{ProviderLine, Verdict};
pub use report::{Entry, Report, State};

use super::decider::Decider;
use crate::base::clock::Clock;
use crate::base::ids::Ids;
use crate::base::money::Currency;
use crate::base::redact;
use crate::engine::admin_audit::{self, Act};
use crate::engine::books;
use crate::engine::ledger::{self, AuditReport, Finding, LedgerError, Mended, Mender};
use crate::features::processors::{Comparison, Processor};
use crate::providers::Provider;

/// How it is asked for.
#[derive(Args, Clone, Debug, Default)]
pub struct Options {
    /// Only say what would be done; so it is without --fix, too
    #[arg(long, conflicts_with = "fix")]
    pub dry_run: bool,
    /// Mend what movements can mend, after saying what that is
    #[arg(long)]
    pub fix: bool,
    /// Also what is in order, and every movement
    #[arg(long, short)]
    pub verbose: bool,
    /// What the comparisons of the last nights came to, instead of looking
    #[arg(long, conflicts_with_all = ["fix", "dry_run", "csv"])]
    pub status: bool,
    /// Into this file, as comma-separated values
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// Who mends, for the record: the Telegram id of an admin; --fix needs it
    #[arg(long = "as", value_name = "ADMIN")]
    pub name: Option<String>,
}

/// What is reconciled.
#[derive(Clone)]
pub struct Reconciliation {
    /// Our books.
    pub pool: PgPool,
    /// The time.
    pub clock: Clock,
    /// Makes ids.
    pub ids: Ids,
    /// How amounts are written.
    pub currency: Currency,
    /// Whose balances are looked at.
    pub providers: Vec<Arc<dyn Provider>>,
    /// Whose books are compared.
    pub processors: Vec<Arc<dyn Processor>>,
    /// Whose command it is, for the record.
    pub operator: String,
    /// Who may mend.
    pub admin_ids: Vec<i64>,
}

impl Reconciliation {
    /// Looks, tells, and with `--fix` mends. False: something is for a person.
    ///
    /// # Errors
    /// The database's, or a processor's; what was mended before stays.
    pub async fn run(
        &self,
        options: &Options,
        out: &mut (impl Write + Send),
    ) -> Result<bool, anyhow::Error> {
        if options.status {
            return self.status(options, out).await;
        }
        let by = match options.fix {
            true => {
                let given = options.name.as_deref();
                Some(Decider::named(given, &self.admin_ids, &self.operator)?)
            }
            false => None,
        };
        let mut report = self.look().await.map_err(without_secrets)?;
        if let Some(by) = &by {
            if !options.json {
                print::plan(&report, &self.currency, out)?;
            }
            self.mend(&mut report, by).await.map_err(without_secrets)?;
        }
        if let Some(path) = &options.csv {
            File::create(path)?.write_all(report.csv(&self.currency).as_bytes())?;
        }
        if options.json {
            serde_json::to_writer_pretty(&mut *out, &report)?;
            writeln!(out)?;
        } else {
            print::report(&report, options.verbose, &self.currency, out)?;
        }
        Ok(report.needs_nobody())
    }

    /// Everything, without changing anything.
    ///
    /// # Errors
    /// The database's, or a processor's.
    pub async fn look(&self) -> Result<Report, anyhow::Error> {
        let mut report = Report::default();
        let audit = {
            let mut conn = self.pool.acquire().await?;
            AuditReport::make(&mut conn).await?
        };
        // Two wallets of one user are one finding: what mends the one mends the other.
        let findings: BTreeSet<_> = audit
            .findings
            .iter()
            .map(|finding| (&finding.check, &finding.subject))
            .collect();
        for (check, subject) in findings {
            let finding = &Finding {
                check: check.clone(),
                subject: subject.clone(),
            };
            let planned = self.plan(finding).await;
            report.book(finding, planned);
        }
        report.processors(&self.compare(true).await?, false);
        report.providers(self.provider_lines().await?);
        Ok(report)
    }

    /// What each processor in use says.
    ///
    /// # Errors
    /// The database's, or a processor's.
    pub async fn compare(
        &self,
        dry_run: bool,
    ) -> Result<Vec<(&'static str, Comparison)>, anyhow::Error> {
        let mut all = Vec::new();
        for processor in &self.processors {
            if processor.is_used().await? {
                all.push((processor.name(), processor.compare(dry_run).await?));
            }
        }
        Ok(all)
    }

    /// What is left at each provider beside what our jobs say.
    ///
    /// # Errors
    /// The database's.
    pub async fn provider_lines(&self) -> Result<Vec<ProviderLine>, sqlx::Error> {
        let mut lines = Vec::new();
        books::carry_costs(&self.pool, self.clock.sql_now()).await?;
        for provider in &self.providers {
            lines.push(providers::line(&self.pool, provider.as_ref(), &self.clock).await?);
        }
        Ok(lines)
    }

    fn mender<'a>(
        &'a self,
        operator: &'a str,
        by_admin: Option<i64>,
        correlation: Uuid,
    ) -> Mender<'a> {
        Mender {
            ids: &self.ids,
            operator,
            by_admin,
            correlation,
            now: self.clock.sql_now(),
        }
    }

    /// Mends and rolls back: what would be done, as it would be done.
    async fn plan(&self, finding: &Finding) -> Result<Mended, LedgerError> {
        let mut tx = self.pool.begin().await?;
        let mender = self.mender(&self.operator, None, self.ids.uuid());
        let mended = mender.mend(&mut tx, finding).await;
        tx.rollback().await?;
        mended
    }

    async fn mend(&self, report: &mut Report, by: &Decider) -> Result<(), anyhow::Error> {
        let mut has_moved = false;
        for entry in report.mendable() {
            let finding = entry.finding();
            match self.mend_one(&finding, by).await {
                Ok(mended) => {
                    has_moved |= !mended.steps.is_empty();
                    entry.mended(mended);
                }
                Err(error) => entry.failed(redact::text(&error.to_string()).into_owned()),
            }
        }
        if has_moved {
            let mut conn = self.pool.acquire().await?;
            let again = AuditReport::make(&mut conn).await?;
            report.seen_again(&again.findings);
        }
        let compared = self.compare(false).await?;
        report.processors(&compared, true);
        Ok(())
    }

    async fn mend_one(&self, finding: &Finding, by: &Decider) -> Result<Mended, anyhow::Error> {
        let (correlation, operator) = (self.ids.uuid(), by.name());
        let mut tx = self.pool.begin().await?;
        let mender = self.mender(&operator, Some(by.admin_id), correlation);
        let mended = mender.mend(&mut tx, finding).await?;
        if !mended.steps.is_empty() {
            let steps = mended.steps.iter().map(|step| {
                json!({ "id": step.id, "from": step.from, "to": step.to, "amount": step.amount,
                        "currency": step.currency, "reason": step.why })
            });
            let detail = json!({ "operator": operator, "check": finding.check,
                                 "movements": steps.collect::<Vec<_>>() });
            let act = Act {
                admin_id: by.admin_id,
                action: "reconcile",
                target: &finding.subject,
                detail: &detail,
                correlation,
            };
            admin_audit::record(&mut tx, &act, self.clock.sql_now()).await?;
            ledger::settled(&mut tx, finding).await?;
        }
        tx.commit().await?;
        for step in &mended.steps {
            tracing::warn!(check = %finding.check, subject = %finding.subject, movement = %step.id, amount = step.amount.0,
                from = %step.from, to = %step.to, operator = %operator, "the books were mended");
        }
        Ok(mended)
    }

    async fn status(&self, options: &Options, out: &mut impl Write) -> Result<bool, anyhow::Error> {
        const NIGHTS: i64 = 14;
        const FINDINGS: i64 = 50;
        let nights = books::reconciliations(&self.pool, NIGHTS).await?;
        let (findings, count) = ledger::open_findings(&self.pool, FINDINGS).await?;
        print::status(&nights, &findings, count, options.json, out)?;
        let is_good = nights.first().is_none_or(|night| night.findings == 0);
        Ok(is_good && count == 0)
    }
}

fn without_secrets(error: anyhow::Error) -> anyhow::Error {
    anyhow::anyhow!("{}", redact::text(&format!("{error:#}")))
}
