//! Mending what the audit found: by movements with a reason, never by an edit.
//!
//! * Where a wallet shows something else than its rows say, a movement with `corrections` is written that explains the
//!   difference without changing the wallet; where it shows less, an ordinary one then gives the user what the rows say.
//!   In doubt it is the house that bears it: what a user has too much they keep, and a person may take it back.
//! * What is set aside for nothing is explained by a hold, and released; a hold without its job is resolved as the job ended.
//! * A job that was paid and should not have been is paid back from revenue, as a whole or in part, and what it brought to
//!   whoever brought its user in follows what stays paid; one that was not paid and should have been is borne by `losses`. A
//!   payment that was never credited is.
//! * Nothing is mended where rows are missing or were changed: no movement makes up for that, and a person has to look.
//!
//! Each mend looks again under the wallet's lock before it moves anything: done twice, or by two at once, it is done once.

mod paid_back;
mod subject;

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::paid_back::PaidBack;
use self::subject::{GAP, ROWS_CHANGED, Subject, advice};
use super::store::mend as store;
use super::{Cause, Finding, LedgerError, capture, release};
use crate::base::ids::Ids;
use crate::base::money::Amount;

/// Something that a mend moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MendStep {
    /// The transfer, or the hold that was resolved.
    pub id: Uuid,
    /// From which account, as people say it.
    pub from: String,
    /// To which.
    pub to: String,
    /// How much.
    pub amount: Amount,
    /// Of which currency.
    pub currency: String,
    /// Why.
    pub why: String,
}

/// What a mend came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// What it moved, in order; nothing if no movement mends it.
    pub steps: Vec<MendStep>,
    /// What a person has to do, or should know; empty if nothing.
    pub advice: String,
}

/// Who mends, and when.
#[derive(Clone, Copy, Debug)]
pub struct Mender<'a> {
    /// Makes the ids.
    pub ids: &'a Ids,
    /// Stands in the reasons.
    pub operator: &'a str,
    /// The admin whose decision it is; None: nobody has decided yet, it is only tried out.
    pub by_admin: Option<i64>,
    /// Follows all that it does.
    pub correlation: Uuid,
    /// The time for SQL.
    pub now: Option<OffsetDateTime>,
}

impl Mender<'_> {
    fn cause(&self, idem_key: String, why: &str) -> Cause {
        Cause {
            id: self.ids.uuid(),
            idem_key,
            note: why.to_owned(),
            by_admin: self.by_admin,
            correlation: self.correlation,
        }
    }

    /// Mends a finding, in the caller's transaction. Rolled back, it has only said what it would do.
    ///
    /// # Errors
    /// The ledger's; the caller rolls back.
    pub async fn mend(
        &self,
        conn: &mut PgConnection,
        finding: &Finding,
    ) -> Result<Mended, LedgerError> {
        let subject = Subject::read(&finding.subject);
        match (finding.check.as_str(), subject) {
            ("available and held are what the transfers say", Some(Subject::User(user))) => {
                self.balances(conn, user).await
            }
            ("held is the sum of open holds", Some(Subject::User(user))) => {
                self.held(conn, user).await
            }
            ("an open hold belongs to a live job", Some(Subject::Hold(hold))) => {
                self.orphan(conn, hold).await
            }
            (
                "a job is paid if and only if it succeeded, in part if in part",
                Some(Subject::Job(job)),
            ) => self.wrongly_paid(conn, job).await,
            ("a payment is credited once, to its payer", Some(Subject::Charge(charge))) => {
                self.uncredited(conn, charge).await
            }
            (check, _) => Ok(Mended::advice(advice(check))),
        }
    }

    async fn balances(&self, conn: &mut PgConnection, user: i64) -> Result<Mended, LedgerError> {
        let mut mended = Mended::default();
        for wallet in store::wallets_locked(conn, user).await? {
            let difference = wallet.available + wallet.held - wallet.moved;
            if difference == 0 {
                continue;
            }
            if wallet.rows != wallet.version {
                mended.advice = advice(GAP).to_owned();
                continue;
            }
            let key = |what: &str| format!("mend:{what}:{}:{}", wallet.id, wallet.version);
            let why = format!(
                "reconciled by {}: the balance was not what its movements say",
                self.operator
            );
            let explain = self.cause(key("explained"), &why);
            store::with_corrections(
                conn,
                &wallet,
                difference,
                store::Balance::Stays,
                &explain,
                self.now,
            )
            .await?;
            mended.push(&wallet, &explain, difference, &why);
            if difference > 0 {
                mended.advice = format!(
                    "user {user} keeps what they had too much; if it is not theirs, take it back with /grant and a reason"
                );
                continue;
            }
            let restore = self.cause(key("restored"), &why);
            store::with_corrections(
                conn,
                &wallet,
                -difference,
                store::Balance::Moves,
                &restore,
                self.now,
            )
            .await?;
            mended.push(&wallet, &restore, -difference, &why);
        }
        Ok(mended)
    }

    async fn held(&self, conn: &mut PgConnection, user: i64) -> Result<Mended, LedgerError> {
        let mut mended = Mended::default();
        for wallet in store::wallets_locked(conn, user).await? {
            let difference = wallet.held - wallet.open;
            if difference == 0 {
                continue;
            }
            if wallet.rows != wallet.version {
                mended.advice = advice(GAP).to_owned();
                continue;
            }
            let size = difference.abs();
            let why = format!(
                "reconciled by {}: what was set aside was not what its holds say",
                self.operator
            );
            let cause = self.cause(format!("mend:held:{}:{}", wallet.id, wallet.version), &why);
            if difference < 0 && wallet.available < size {
                mended.advice = format!(
                    "user {user} has too little to set aside what their open holds say: give it with /grant, then again"
                );
                continue;
            }
            let reference = self.ids.uuid();
            if difference > 0 {
                store::explain_hold(conn, &wallet, size, reference, &cause, self.now).await?;
                let freed = self.cause(format!("{}:freed", cause.idem_key), &why);
                release(conn, cause.id, &freed, self.now).await?;
            } else {
                store::hold_again(conn, &wallet, size, reference, &cause, self.now).await?;
            }
            let (set_aside, free) = (
                format!("{} of user {user}, set aside", wallet.kind),
                format!("{} of user {user}", wallet.kind),
            );
            let (from, to) = if difference > 0 {
                (set_aside, free)
            } else {
                (free, set_aside)
            };
            mended.steps.push(MendStep {
                id: cause.id,
                from,
                to,
                amount: Amount(size),
                currency: wallet.currency.clone(),
                why,
            });
        }
        Ok(mended)
    }

    /// A hold whose job is not live.
    async fn orphan(&self, conn: &mut PgConnection, hold: Uuid) -> Result<Mended, LedgerError> {
        let Some(found) = store::orphan_locked(conn, hold).await? else {
            return Ok(Mended::default());
        };
        let due = found.due.unwrap_or(0);
        let ended = found.state.as_deref().unwrap_or("unknown");
        if found.due.is_none() && found.state.is_some() {
            let text = "its job is no order and has ended well: look at `bulwark trace job`, then resolve it by hand";
            return Ok(Mended::advice(text));
        }
        let why = format!(
            "reconciled by {}: the job had ended ({ended}), its hold had not",
            self.operator
        );
        let cause = self.cause(format!("mend:hold:{hold}"), &why);
        let wallet = format!("{} of user {}", found.wallet_kind, found.user_id);
        let to = if due > 0 {
            capture(conn, hold, Amount(due), &cause, self.now).await?;
            "revenue".to_owned()
        } else {
            release(conn, hold, &cause, self.now).await?;
            wallet.clone()
        };
        Ok(Mended {
            steps: vec![MendStep {
                id: hold,
                from: format!("{wallet}, set aside"),
                to,
                amount: Amount(if due > 0 { due } else { found.amount }),
                currency: found.currency,
                why,
            }],
            advice: String::new(),
        })
    }

    /// An ended job whose hold was resolved in another way than it ended.
    async fn wrongly_paid(
        &self,
        conn: &mut PgConnection,
        job: Uuid,
    ) -> Result<Mended, LedgerError> {
        let Some(paid) = store::wrongly_paid_locked(conn, job).await? else {
            return Ok(Mended::default());
        };
        let Some(due) = paid.due else {
            let text = "how much of it was delivered is not known: look at `bulwark trace job`, and correct with /grant";
            return Ok(Mended::advice(text));
        };
        let too_much = paid.captured - due;
        let wallet = paid.wallet();
        if too_much > 0 {
            let stays = Amount(paid.left - too_much);
            return self.pay_too_much_back(conn, job, &wallet, stays).await;
        }
        if too_much < 0 {
            let why = format!(
                "reconciled by {}: delivered and not paid, borne by the house",
                self.operator
            );
            let cause = self.cause(format!("mend:borne:{job}"), &why);
            store::within_house(
                conn,
                "losses",
                "revenue",
                -too_much,
                &wallet.currency,
                &cause,
                self.now,
            )
            .await?;
            return Ok(Mended::one(
                &cause,
                "losses",
                "revenue",
                -too_much,
                &wallet.currency,
                &why,
            ));
        }
        Ok(Mended::default())
    }

    /// A payment in Stars without the movement that it names.
    async fn uncredited(
        &self,
        conn: &mut PgConnection,
        charge: &str,
    ) -> Result<Mended, LedgerError> {
        let Some(payment) = store::payment(conn, charge).await? else {
            return Ok(Mended::default());
        };
        if payment.is_moved {
            return Ok(Mended::advice(advice(ROWS_CHANGED)));
        }
        let why = format!("{} ⭐", payment.stars);
        let cause = Cause {
            id: payment.transfer_id,
            ..self.cause(format!("stars:{charge}"), &why)
        };
        super::top_up(
            conn,
            payment.user_id,
            &payment.currency,
            Amount(payment.amount),
            &cause,
            self.now,
        )
        .await?;
        let to = format!("wallet of user {}", payment.user_id);
        let why = format!(
            "reconciled by {}: the payment was never credited",
            self.operator
        );
        Ok(Mended::one(
            &cause,
            "stars",
            &to,
            payment.amount,
            &payment.currency,
            &why,
        ))
    }
}

impl Mended {
    fn advice(text: &str) -> Self {
        Self {
            steps: Vec::new(),
            advice: text.to_owned(),
        }
    }

    fn one(cause: &Cause, from: &str, to: &str, amount: i64, currency: &str, why: &str) -> Self {
        Self {
            steps: vec![MendStep {
                id: cause.id,
                from: from.to_owned(),
                to: to.to_owned(),
                amount: Amount(amount),
                currency: currency.to_owned(),
                why: why.to_owned(),
            }],
            advice: String::new(),
        }
    }

    /// A movement with `corrections`; positive: to the wallet.
    fn push(&mut self, wallet: &store::Books, cause: &Cause, amount: i64, why: &str) {
        let (house, wallet_name) = ("corrections".to_owned(), wallet.name());
        let (from, to) = if amount > 0 {
            (house, wallet_name)
        } else {
            (wallet_name, house)
        };
        self.steps.push(MendStep {
            id: cause.id,
            from,
            to,
            amount: Amount(amount.abs()),
            currency: wallet.currency.clone(),
            why: why.to_owned(),
        });
    }
}
