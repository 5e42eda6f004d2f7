//! `/refund processor:transaction`, for admins: a look at the payment, then the intent. Each leaves a row in the audit.

use serde_json::json;

use super::amounts::refuse;
use super::settle::house;
use super::wording;
use crate::base::fault::{self, Point};
use crate::base::money::Amount;
use crate::engine::admin_audit::{self, Act};
use crate::engine::ledger::{self, HouseMove, LedgerError, TransferKind, WalletKey};
use crate::engine::payments::{self, Ended, NewRefund, Payment};
use crate::engine::people;
use crate::features::cx::{Cx, Handled, button};
use crate::features::press::Press;
use crate::features::speech::Args;
use crate::features::topup::speech;
use crate::telegram::InlineKeyboard;

/// The payment of this charge, as it stands on a receipt.
pub(crate) async fn find(cx: &mut Cx<'_>, charge: &str) -> Handled<Option<Payment>> {
    let charge = charge.split_once(':');
    let Some((processor, id)) = charge.filter(|_| cx.env.payments.switch.is_on()) else {
        return Ok(None);
    };
    Ok(payments::payment(cx.conn, processor, id).await?)
}

/// Shows what would be given back, and asks.
pub(crate) async fn look(cx: &mut Cx<'_>, payment: &Payment) -> Handled {
    refuse_second(cx, payment).await?;
    let person = people::by_id(cx.conn, payment.user_id).await?;
    let name = person.map_or_else(String::new, |person| {
        let username = person.username.map(|username| format!("@{username}"));
        username.unwrap_or(person.first_name)
    });
    let wallet = ledger::wallet(cx.conn, payment.user_id, &payment.currency).await?;
    let args = about(cx, payment)
        .text("name", name)
        .text("balance", cx.money(wallet.available));
    let speech = speech(cx.language);
    let id = || payment.short_id.clone();
    let keyboard = InlineKeyboard::new([vec![
        button(
            speech.plain("button-refund", &Args::new()),
            &Press::Refund { payment: id() },
        ),
        button(
            speech.plain("button-no-refund", &Args::new()),
            &Press::NoRefund { payment: id() },
        ),
    ]]);
    let text = speech.rich("card-refund-confirm", &args);
    cx.say(text, Some(keyboard)).await
}

/// "Refund" was pressed: the money leaves the wallet with the intent, so that it cannot be spent meanwhile. A payment that was
/// set aside left nothing there.
pub(crate) async fn confirm(cx: &mut Cx<'_>, short_id: &str) -> Handled {
    if !cx.env.payments.switch.is_on() {
        return refuse(cx, "refund-unknown", Args::new());
    }
    let Some(payment) = payments::payment_by_short_id(cx.conn, short_id).await? else {
        return refuse(cx, "refund-unknown", Args::new());
    };
    refuse_second(cx, &payment).await?;
    let id = cx.env.ids.uuid();
    let now = cx.now();
    if payment.amount > Amount::ZERO {
        let paid = wording::paid(payment.paid, &payment.paid_currency);
        let mut cause = cx.cause(format!("payment-refund:{id}"), &paid);
        cause.by_admin = Some(cx.user_id);
        let movement = HouseMove {
            kind: TransferKind::Refund,
            house: house(&payment.processor)?,
            wallet: WalletKey::main(payment.user_id, &payment.currency),
            amount: -payment.amount,
        };
        match ledger::with_house(cx.conn, &movement, &cause, now).await {
            Ok(_) => {}
            Err(LedgerError::Insufficient { available, .. }) => {
                let args = about(cx, &payment).text("available", cx.money(available));
                return refuse(cx, "refund-spent", args);
            }
            Err(error) => return Err(error.into()),
        }
    }
    let intent = NewRefund {
        id,
        processor: &payment.processor,
        transaction_id: &payment.transaction_id,
        taken: payment.amount,
        lost: Amount::ZERO,
        admin_id: Some(cx.user_id),
        correlation: cx.correlation,
    };
    fault::reach(Point::CardRefundTaken);
    if !payments::add_refund(cx.conn, &intent, now).await? {
        return refuse(cx, "refund-twice", Args::new());
    }
    fault::reach(Point::CardRefundIntended);
    audit(cx, &payment, "refund", id).await?;
    let text = speech(cx.language).rich("card-refund-asked", &about(cx, &payment));
    cx.show(text, None).await
}

/// An admin says what became of a refund that nobody else knows of.
pub(super) async fn was(cx: &mut Cx<'_>, short_id: &str, made: bool) -> Handled {
    if !cx.is_admin() {
        return refuse(cx, "admins-only", Args::new());
    }
    let Some(payment) = payments::payment_by_short_id(cx.conn, short_id).await? else {
        return refuse(cx, "refund-unknown", Args::new());
    };
    let (processor, id) = (&payment.processor, &payment.transaction_id);
    let live = payments::live_refund(cx.conn, processor, id).await?;
    let Some(refund) = live.filter(|refund| refund.is_asked && refund.has_left) else {
        return refuse(cx, "refund-not-open", Args::new());
    };
    let ended = if made { Ended::Done } else { Ended::Refused };
    let why = "an admin looked";
    super::refunds::finish(cx.conn, cx.env, &refund, ended, None, Some(why)).await?;
    fault::reach(Point::CardRefundSaid);
    audit(cx, &payment, "refund_resolved", refund.id).await?;
    cx.remove_buttons().await
}

async fn refuse_second(cx: &mut Cx<'_>, payment: &Payment) -> Handled {
    let (processor, id) = (&payment.processor, &payment.transaction_id);
    match payments::live_refund(cx.conn, processor, id).await? {
        Some(refund) if refund.is_asked => refuse(cx, "refund-under-way", Args::new()),
        Some(_) => refuse(cx, "refund-twice", Args::new()),
        None => refuse_rest(cx, payment).await,
    }
}

/// The whole cannot be given back any more, and of a part nobody but the dashboard knows how large it shall be.
async fn refuse_rest(cx: &mut Cx<'_>, payment: &Payment) -> Handled {
    let (processor, id) = (&payment.processor, &payment.transaction_id);
    let parts = payments::returns(cx.conn, processor, id).await?;
    if parts.is_empty() {
        return Ok(());
    }
    let part = Amount(parts.iter().map(|one| one.returned.0).sum());
    let part = wording::paid(part, &payment.paid_currency);
    let args = about(cx, payment).text("part", part);
    refuse(cx, "refund-in-part", args)
}

fn about(cx: &Cx<'_>, payment: &Payment) -> Args {
    Args::new()
        .text("paid", wording::paid(payment.paid, &payment.paid_currency))
        .text("amount", cx.money(payment.amount))
        .text("user", payment.user_id.to_string())
}

async fn audit(
    cx: &mut Cx<'_>,
    payment: &Payment,
    action: &'static str,
    id: uuid::Uuid,
) -> Handled {
    let detail = json!({
        "charge": format!("{}:{}", payment.processor, payment.transaction_id),
        "paid": payment.paid,
        "paid_currency": payment.paid_currency,
        "amount": payment.amount,
        "currency": payment.currency,
        "refund": id,
    });
    let row = Act {
        admin_id: cx.user_id,
        action,
        target: &payment.user_id.to_string(),
        detail: &detail,
        correlation: cx.correlation,
    };
    let now = cx.now();
    admin_audit::record(cx.conn, &row, now).await?;
    Ok(())
}
