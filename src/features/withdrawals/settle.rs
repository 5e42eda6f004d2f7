//! One step of a withdrawal, whoever makes it: state, money, audit, everybody's messages.

use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::cards;
use crate::base::fault::{self, Mutant, Point};
use crate::engine::admin_audit::{self, Act};
use crate::engine::inbox::HandleError;
use crate::engine::ledger::{self, Cause, House, InHouse, Payee, TransferKind};
use crate::engine::withdrawals::{self, Change, State, Withdrawal};
use crate::features::cx::{Env, Handled, Stop};

/// Who makes a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The one whose money it is.
    User(i64),
    /// An admin, in the chat.
    Admin(i64),
    /// An admin, by command.
    AtCommand {
        /// Who.
        admin_id: i64,
        /// As it is recorded, with whose command it was.
        name: String,
    },
}

impl Actor {
    /// As it is stored beside the step.
    pub fn name(&self) -> String {
        match self {
            Self::User(id) => format!("user {id}"),
            Self::Admin(id) => format!("admin {id}"),
            Self::AtCommand { name, .. } => name.clone(),
        }
    }

    /// The admin who decides.
    fn admin_id(&self) -> Option<i64> {
        match self {
            Self::User(_) => None,
            Self::Admin(id) | Self::AtCommand { admin_id: id, .. } => Some(*id),
        }
    }
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// It shall be paid.
    Approve,
    /// It shall not be paid.
    Reject {
        /// Why, for the user.
        reason: &'a str,
    },
    /// It was paid.
    Paid {
        /// Under which reference.
        reference: &'a str,
    },
    /// The user takes it back.
    Cancel,
}

impl Step<'_> {
    fn to(self) -> State {
        match self {
            Self::Approve => State::Approved,
            Self::Reject { .. } => State::Rejected,
            Self::Paid { .. } => State::Paid,
            Self::Cancel => State::Cancelled,
        }
    }
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stepped {
    /// Done.
    Now(Withdrawal),
    /// It had been done: nothing was changed.
    Before(Withdrawal),
    /// It cannot be done from where the withdrawal is: nothing was changed.
    NotFrom(Withdrawal),
    /// It is the admin's own, and there is another admin to approve it: nothing was changed.
    Own(Withdrawal),
    /// There is no such withdrawal.
    NotThere,
}

/// Makes a step, once: of two who make it together, or who make two that exclude each other, the second finds out.
///
/// # Errors
/// The database's, and what the books refuse, which would be our bug. Nothing has changed then once the caller's transaction
/// is rolled back.
pub async fn step(
    conn: &mut PgConnection,
    env: &Env,
    short_id: &str,
    step: Step<'_>,
    by: &Actor,
    correlation: Uuid,
) -> Handled<Stepped> {
    let now = env.clock.sql_now();
    // The row is locked from here on: who comes second reads what the first one has left.
    let Some(before) = withdrawals::find(conn, short_id).await? else {
        return Ok(Stepped::NotThere);
    };
    let to = step.to();
    if before.state == to {
        return Ok(Stepped::Before(before));
    }
    if !before.state.leads_to(to) {
        return Ok(Stepped::NotFrom(before));
    }
    let own = own(env, &before, to, by);
    if own == Own::ForAnother {
        tracing::warn!(withdrawal = %before.id, by = %by.name(), "an admin would approve the own withdrawal");
        return Ok(Stepped::Own(before));
    }
    let name = by.name();
    let (reason, external_ref) = match step {
        Step::Reject { reason } => (Some(reason), None),
        Step::Paid { reference } => (None, Some(reference)),
        Step::Approve | Step::Cancel => (None, None),
    };
    let change = Change {
        from: before.state,
        to,
        by: &name,
        reason,
        external_ref,
    };
    fault::reach(Point::PayoutStepping);
    if !withdrawals::change(conn, before.id, &change, now).await? {
        return Ok(Stepped::NotFrom(before));
    }
    settle(conn, env, &before, to, by, correlation).await?;
    audit(conn, env, &before, &change, (by, own), correlation).await?;
    let Some(after) = withdrawals::find(conn, short_id).await? else {
        return Ok(Stepped::NotThere);
    };
    tracing::info!(withdrawal = %after.id, from = before.state.name(), to = to.name(), by = %name, "a withdrawal has gone on");
    cards::refresh(conn, env, &after).await?;
    cards::tell_user(conn, env, &after).await?;
    fault::reach(Point::PayoutStepped);
    Ok(Stepped::Now(after))
}

/// Whether an admin decides about the own money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    /// It is somebody else's, or nothing that an admin decides.
    No,
    /// It is, and another admin has to.
    ForAnother,
    /// It is, and there is nobody else: that is noted.
    NobodyElse,
}

/// Approving is what lets money out: whoever may do it must not do it for themselves. What they may still do is to reject it,
/// and to say that it was paid, once another one has approved it. By command the same holds as in the chat.
fn own(env: &Env, withdrawal: &Withdrawal, to: State, by: &Actor) -> Own {
    let Some(admin_id) = by.admin_id() else {
        return Own::No;
    };
    if to != State::Approved || admin_id != withdrawal.user_id {
        return Own::No;
    }
    match env.admin_ids.iter().any(|id| *id != admin_id) {
        true => Own::ForAnother,
        false => Own::NobodyElse,
    }
}

/// The money of a step.
async fn settle(
    conn: &mut PgConnection,
    env: &Env,
    withdrawal: &Withdrawal,
    to: State,
    by: &Actor,
    correlation: Uuid,
) -> Handled {
    let now = env.clock.sql_now();
    let cause = |idem_key: String| Cause {
        id: env.ids.uuid(),
        idem_key,
        note: format!("withdrawal:{}", withdrawal.short_id),
        by_admin: by.admin_id(),
        correlation,
    };
    let is_paid = match to {
        State::Requested | State::Approved => return Ok(()),
        State::Paid => true,
        State::Rejected | State::Cancelled => false,
    };
    let Some(hold) = ledger::hold_of(conn, withdrawal.id).await? else {
        let error = anyhow::anyhow!("the withdrawal {} has no hold", withdrawal.id);
        return Err(Stop::Failed(HandleError::Bug(error)));
    };
    fault::reach(Point::PayoutMoving);
    if is_paid {
        let paid = cause(format!("payout:{}", withdrawal.id));
        let payouts = Payee::House(House::Payouts);
        ledger::capture_to(conn, hold.id, withdrawal.amount, payouts, &paid, now).await?;
        if !withdrawal.fee.is_zero() {
            let fee = cause(format!("payout-fee:{}", withdrawal.id));
            let movement = InHouse {
                kind: TransferKind::PayoutFee,
                from: House::Payouts,
                to: House::Revenue,
                currency: &withdrawal.currency,
                amount: withdrawal.fee,
            };
            ledger::within_house(conn, &movement, &fee, now).await?;
        }
        if fault::mutant(Mutant::PayoutTakenTwice) {
            let (user_id, currency) = (withdrawal.user_id, &withdrawal.currency);
            let again = cause(format!("mistake:{}", withdrawal.id));
            // What is not there cannot be taken: the sums are to find it, and not a refusal.
            let has = ledger::wallet(conn, user_id, currency).await?.available;
            let twice = withdrawal.amount.min(has);
            if !twice.is_zero() {
                ledger::correct(conn, user_id, currency, -twice, &again, now).await?;
            }
        }
    } else if !fault::mutant(Mutant::PayoutNeverReleased) {
        let released = cause(format!("release:withdrawal:{}", withdrawal.id));
        ledger::release(conn, hold.id, &released, now).await?;
    }
    fault::reach(Point::PayoutMoved);
    Ok(())
}

/// What a user does with the own withdrawal stands in its row.
async fn audit(
    conn: &mut PgConnection,
    env: &Env,
    withdrawal: &Withdrawal,
    change: &Change<'_>,
    (by, own): (&Actor, Own),
    correlation: Uuid,
) -> Handled {
    let Some(admin_id) = by.admin_id() else {
        return Ok(());
    };
    let mut detail = json!({
        "withdrawal": withdrawal.id,
        "amount": withdrawal.amount,
        "fee": withdrawal.fee,
        "currency": withdrawal.currency,
        "from": change.from.name(),
        "by": change.by,
        "reason": change.reason,
        "reference": change.external_ref,
    });
    if own == Own::NobodyElse {
        detail["own"] = json!("the only admin approved the own withdrawal");
    }
    let action = format!("withdrawal {}", change.to.name());
    let row = Act {
        admin_id,
        action: &action,
        target: &withdrawal.short_id,
        detail: &detail,
        correlation,
    };
    admin_audit::record(conn, &row, env.clock.sql_now()).await?;
    Ok(())
}
