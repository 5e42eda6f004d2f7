//! The invariants of the books, checked on a schedule and by command.
//!
//! The books are looked at in parts, each by one statement over a range (of wallets, or of pages of a table): a statement
//! is a consistent picture, and a range is a bounded one. How long a range is follows what the last one took. The recurring
//! task spends little time on each part and goes on where it, or another replica, came to; a complete audit goes through
//! everything.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, PgPool};

use crate::base::clock::Clock;
use crate::engine::task::Task;

mod store;

pub use store::{OpenFinding, open_findings, settled, untold};

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// Each broken invariant; none is a clean audit.
    pub findings: Vec<Finding>,
}

/// A broken invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub check: String,
    /// Where, as a person can look it up.
    pub subject: String,
}

impl AuditReport {
    /// Checks everything, range after range. At most 100 findings of each check and range.
    ///
    /// # Errors
    /// The database's.
    pub async fn make(conn: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let clock = Clock::system();
        let mut findings = Vec::new();
        for part in Part::ALL {
            let mut walk = Walk {
                part,
                cursor: part.start(),
                clock: &clock,
            };
            while !walk.step(conn, &mut findings).await? {}
        }
        Ok(Self { findings })
    }
}

/// A part of the books: what one statement looks at, over a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Wallets beside the rows that touched them, by account.
    Wallets,
    /// Holds, their resolutions, captures and jobs, by account.
    Holds,
    /// Each movement by itself, by pages.
    Movements,
    /// Live jobs, by pages.
    Jobs,
    /// Payments in Stars, by pages.
    Payments,
    /// Refunds of Stars, by pages.
    Refunds,
    /// Withdrawals, by pages.
    Withdrawals,
    /// What admins gave and took, by pages.
    Grants,
    /// Payments at processors, by pages.
    ProcessorPayments,
    /// Refunds at processors, by pages.
    ProcessorRefunds,
    /// Rewards for referrals, by pages.
    Rewards,
    /// Tips, by pages.
    Tips,
}

impl Part {
    const ALL: [Self; 12] = [
        Self::Wallets,
        Self::Holds,
        Self::Movements,
        Self::Jobs,
        Self::Payments,
        Self::Refunds,
        Self::Withdrawals,
        Self::Grants,
        Self::ProcessorPayments,
        Self::ProcessorRefunds,
        Self::Rewards,
        Self::Tips,
    ];

    /// The stored name.
    fn name(self) -> &'static str {
        match self {
            Self::Wallets => "wallets",
            Self::Holds => "holds",
            Self::Movements => "movements",
            Self::Jobs => "jobs",
            Self::Payments => "payments",
            Self::Refunds => "refunds",
            Self::Withdrawals => "withdrawals",
            Self::Grants => "grants",
            Self::ProcessorPayments => "processor_payments",
            Self::ProcessorRefunds => "processor_refunds",
            Self::Rewards => "rewards",
            Self::Tips => "tips",
        }
    }

    /// The table whose pages are its ranges; none: accounts are.
    fn table(self) -> Option<&'static str> {
        match self {
            Self::Wallets | Self::Holds => None,
            Self::Movements => Some("transfer"),
            Self::Jobs => Some("job"),
            Self::Payments => Some("star_payment"),
            Self::Refunds => Some("star_refund"),
            Self::Withdrawals => Some("withdrawal"),
            Self::Grants => Some("admin_grant"),
            Self::ProcessorPayments => Some("payment"),
            Self::ProcessorRefunds => Some("payment_refund"),
            Self::Rewards => Some("referral_reward"),
            Self::Tips => Some("tip"),
        }
    }

    fn start(self) -> Cursor {
        Cursor {
            position: 0,
            size: match self.table() {
                None => 5_000,
                Some(_) => 500,
            },
        }
    }

    /// The longest range: what a statement needs of memory and temporary files stays in the tens of megabytes.
    fn size_max(self) -> i64 {
        match self.table() {
            None => 20_000,
            Some(_) => 2_000,
        }
    }
}

/// Where the next range begins, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cursor {
    position: i64,
    size: i64,
}

/// What a range should take at least, else the next one is longer.
const RANGE_MIN: Duration = Duration::from_millis(250);
/// What it should take at most, else the next one is shorter.
const RANGE_MAX: Duration = Duration::from_secs(1);

struct Walk<'a> {
    part: Part,
    cursor: Cursor,
    clock: &'a Clock,
}

impl Walk<'_> {
    /// Looks at the next range. True: it was the last one, and the cursor is at the beginning again.
    async fn step(
        &mut self,
        conn: &mut PgConnection,
        findings: &mut Vec<Finding>,
    ) -> Result<bool, sqlx::Error> {
        let Cursor { position, size } = self.cursor;
        let end = store::end(conn, self.part.table()).await?;
        let started = self.clock.monotonic();
        let range = position..position.saturating_add(size);
        match store::findings(conn, self.part, range).await {
            Ok(found) => findings.extend(found),
            Err(error) if store::took_too_long(&error) && size > 1 => {
                self.cursor.size = (size / 8).max(1);
                return Ok(false);
            }
            Err(error) => {
                // What cannot be looked at must not hide what comes after it.
                self.cursor.position = position + 1;
                return Err(error);
            }
        }
        let took = self.clock.monotonic() - started;
        self.cursor = Cursor {
            position: position + size,
            size: self.next_size(took),
        };
        let is_last = self.cursor.position >= end;
        if is_last {
            self.cursor.position = 0;
        }
        Ok(is_last)
    }

    fn next_size(&self, took: Duration) -> i64 {
        let size = self.cursor.size;
        if took > RANGE_MAX {
            (size / 2).max(1)
        } else if took < RANGE_MIN {
            size.saturating_mul(2).min(self.part.size_max())
        } else {
            size
        }
    }
}

/// The recurring audit. It alarms; it never repairs by itself.
#[derive(Debug)]
pub struct Audit {
    pool: PgPool,
    clock: Clock,
}

/// What a run spends on each part. Three of them are long: at most 18 s of 300, on one connection. A million wallets with
/// five million rows are gone through in about an hour.
const PART_TIME: Duration = Duration::from_secs(6);

impl Audit {
    /// Audits the books behind `pool`.
    pub fn new(pool: PgPool, clock: Clock) -> Self {
        Self { pool, clock }
    }

    /// Goes on with a part. True if it came to its end.
    async fn go_on(&self, part: Part, findings: &mut Vec<Finding>) -> Result<bool, sqlx::Error> {
        let mut conn = self.pool.acquire().await?;
        let known = store::cursor(&mut conn, part).await?;
        let (cursor, rounds) = known.unwrap_or((part.start(), 0));
        let mut walk = Walk {
            part,
            cursor,
            clock: &self.clock,
        };
        let started = self.clock.monotonic();
        loop {
            let mut found = Vec::new();
            let from = walk.cursor.position;
            let walked = walk.step(&mut conn, &mut found).await;
            let is_last = matches!(walked, Ok(true));
            store::keep(&mut conn, part, &found).await?;
            findings.append(&mut found);
            let mut tx = conn.begin().await?;
            if is_last {
                store::forget(&mut tx, part).await?;
            }
            if !store::remember(&mut tx, part, (from, rounds), walk.cursor, is_last).await? {
                return Ok(false);
            }
            tx.commit().await?;
            walked?;
            if is_last || self.clock.monotonic() - started > PART_TIME {
                return Ok(is_last);
            }
        }
    }
}

#[async_trait]
impl Task for Audit {
    fn name(&self) -> &'static str {
        "audit_ledger"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(300)
    }

    /// It repairs nothing, so nobody waits for it.
    fn at_start(&self) -> bool {
        false
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        let mut findings = Vec::new();
        let mut unfinished = Vec::new();
        let mut failed = None;
        for part in Part::ALL {
            match self.go_on(part, &mut findings).await {
                Ok(true) => {}
                Ok(false) => unfinished.push(part.name()),
                // The others are looked at all the same.
                Err(error) => failed = Some(error),
            }
        }
        for finding in &findings {
            tracing::error!(check = %finding.check, subject = %finding.subject, "the books do not balance");
        }
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(json!({ "findings": findings.len(), "to_be_continued": unfinished })),
        }
    }
}
