//! Who settles a tip: the ledger itself, at once, or an outside service, in its own time.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use super::checks::{self, refuse};
use super::store::{self, State, Tip};
use super::{job, speech, told};
use crate::base::fault::{self, Mutant, Point};
use crate::engine::inbox::HandleError;
use crate::engine::jobs::{self, Enqueued, NewJob, Snapshot, Unique};
use crate::engine::ledger::{self, LedgerError, Purpose, Transfer, TransferKind, WalletKey};
use crate::engine::limits;
use crate::features::cx::{Cx, Handled, Stop};
use crate::features::speech::Args;
use crate::providers::Standing;

/// What counts against a sender's day.
pub(super) const ALLOWANCE: &str = "tips";
/// A tip that its service cannot be asked for within this time is given back.
const QUEUE_MAX_S: u32 = 10 * 60;
const ESTIMATE_S: u32 = 60;

/// Moves the money of tips, in the transaction that gives them or later, once each.
#[async_trait]
pub trait Settlement: Send + Sync + 'static {
    /// Settles a tip whose checks are done, or sees to it that it will be; tells those whom it concerns. Its id is the key by
    /// which it is settled once.
    async fn settle(&self, cx: &mut Cx<'_>, tip: &Tip) -> Handled;

    /// The provider that it needs; None: it needs nobody.
    fn provider(&self) -> Option<&str> {
        None
    }
}

/// Refuses where tips could not be settled now, before anything is asked or held.
pub(super) fn stands(cx: &Cx<'_>) -> Handled {
    let Some(provider) = cx.env.tips.settled_by() else {
        return Ok(());
    };
    match (cx.env.standing)(provider) {
        Some(standing) if standing.takes_orders() => Ok(()),
        Some(Standing::Isolated) => refuse(cx, "paused", Args::new()),
        Some(_) | None => refuse(cx, "unavailable", Args::new()),
    }
}

/// Takes the sender's allowance and has the tip settled.
pub(super) async fn give(cx: &mut Cx<'_>, tip: &Tip) -> Handled {
    let (user_id, now, per_day) = (cx.user_id, cx.now(), cx.env.tips.per_day);
    let units = tip.amount.0;
    fault::reach(Point::TipGiving);
    if !limits::take_units(cx.conn, user_id, ALLOWANCE, units, per_day.0, now).await? {
        let args = Args::new().text("max", cx.money(per_day));
        return refuse(cx, "too-much-today", args);
    }
    let settlement = Arc::clone(&cx.env.tips.settlement);
    settlement.settle(cx, tip).await
}

/// The built-in one: one movement between two wallets.
#[derive(Clone, Copy, Debug)]
pub struct InLedger;

#[async_trait]
impl Settlement for InLedger {
    async fn settle(&self, cx: &mut Cx<'_>, tip: &Tip) -> Handled {
        let movement = Transfer {
            kind: TransferKind::Tip,
            from: WalletKey::main(tip.sender_id, &tip.currency),
            to: WalletKey::main(tip.recipient_id, &tip.currency),
            amount: tip.amount,
        };
        let (cause, now) = (cx.cause(format!("tip:{}", tip.id), &tip.note), cx.now());
        match ledger::transfer(cx.conn, &movement, &cause, now).await {
            Ok(_) => {}
            Err(LedgerError::Insufficient { available, .. }) => {
                return Err(checks::insufficient(cx, available));
            }
            Err(error) => return Err(error.into()),
        }
        fault::reach(Point::TipMoved);
        if fault::mutant(Mutant::TipMovedTwice) {
            let again = cx.cause(format!("mistake:{}", tip.id), &tip.note);
            ledger::transfer(cx.conn, &movement, &again, now).await?;
        }
        store::turn(cx.conn, tip.id, (State::Settling, State::Done), now).await?;
        tracing::info!(tip = %tip.id, amount = tip.amount.0, "a tip is given");
        let text = told::given(cx.conn, cx.env, tip).await?;
        if cx.pressed.is_some() {
            told::edit(cx.conn, cx.env, tip, text).await?;
        } else {
            told::begin(cx, tip, text, None).await?;
        }
        told::recipient(cx.conn, cx.env, tip).await
    }
}

/// An outside service, which is a provider: the tip is a job of the same id, and its money held until that ends.
#[derive(Clone, Debug)]
pub struct AtGateway {
    /// The provider's name.
    pub provider: String,
}

#[async_trait]
impl Settlement for AtGateway {
    async fn settle(&self, cx: &mut Cx<'_>, tip: &Tip) -> Handled {
        stands(cx)?;
        let wallet = WalletKey::main(tip.sender_id, &tip.currency);
        let (cause, now) = (
            cx.cause(format!("hold:tip:{}", tip.id), &tip.note),
            cx.now(),
        );
        let paid = (Purpose::Tip, tip.id);
        match ledger::hold_for(cx.conn, wallet, tip.amount, paid, &cause, now).await {
            Ok(_) => {}
            Err(LedgerError::Insufficient { available, .. }) => {
                return Err(checks::insufficient(cx, available));
            }
            Err(error) => return Err(error.into()),
        }
        fault::reach(Point::TipHeld);
        self.queue(cx, tip).await?;
        fault::reach(Point::TipQueued);
        let name = told::recipient_name(cx.conn, tip).await?;
        let args = Args::new()
            .text("amount", cx.money(tip.amount))
            .text("name", name);
        let text = speech(cx.language).rich("settling", &args);
        if cx.pressed.is_some() {
            told::edit(cx.conn, cx.env, tip, text).await
        } else {
            told::begin(cx, tip, text, None).await
        }
    }

    fn provider(&self) -> Option<&str> {
        Some(&self.provider)
    }
}

impl AtGateway {
    async fn queue(&self, cx: &mut Cx<'_>, tip: &Tip) -> Handled {
        let job = NewJob {
            id: tip.id,
            kind: job::KIND,
            user_id: tip.sender_id,
            chat_id: tip.chat_id,
            priority: 0,
            run_at: None,
            unique_key: format!("tip:{}", tip.id),
            unique: Unique::Ever,
            snapshot: Snapshot {
                cost: None,
                v: 1,
                provider: self.provider.clone(),
                // No service of any catalogue.
                provider_service: format!("${}", job::KIND),
                service: job::KIND.to_owned(),
                price: tip.amount,
                params: json!({
                    "key": tip.id,
                    "from": tip.sender_id,
                    "to": tip.recipient_id,
                    "amount": tip.amount,
                    "currency": tip.currency,
                }),
                result: job::KIND.to_owned(),
                estimate_s: ESTIMATE_S,
                language: cx.language.code().to_owned(),
                units: None,
                stoppable: false,
            },
            callback_token: cx.env.ids.token(),
            queue_max_s: QUEUE_MAX_S,
            correlation: cx.correlation,
        };
        let now = cx.now();
        match jobs::enqueue(cx.conn, &job, now).await? {
            Enqueued::Created => {
                cx.has_jobs = true;
                Ok(())
            }
            Enqueued::Existing { .. } => {
                let error = anyhow::anyhow!("the tip {} was queued before", tip.id);
                Err(Stop::Failed(HandleError::Bug(error)))
            }
        }
    }
}
