//! `/refund <charge id>`, for admins: a look at the payment, then the intent. Each intent leaves a row in the audit. What was
//! paid at a processor is [`pay`]'s.

use serde_json::json;

use super::{pay, speech};
use crate::base::fault::{self, Mutant, Point};
use crate::base::money::Amount;
use crate::engine::admin_audit::{self, Act};
use crate::engine::ledger::{self, LedgerError};
use crate::engine::people;
use crate::engine::stars::{self, NewRefund, Payment};
use crate::features::cx::{Cx, Handled, Stop, button};
use crate::features::press::Press;
use crate::features::speech::Args;
use crate::telegram::InlineKeyboard;

/// `/refund <charge id>`.
pub async fn refund(cx: &mut Cx<'_>, rest: &str) -> Handled {
    let Some(charge_id) = rest.split_whitespace().next() else {
        return refuse(cx, "refund-usage", Args::new());
    };
    if let Some(payment) = pay::find_payment(cx, charge_id).await? {
        return pay::look_at_refund(cx, &payment).await;
    }
    let Some(payment) = stars::payment(cx.conn, charge_id).await? else {
        return refuse(cx, "refund-unknown", Args::new());
    };
    refuse_second(cx, &payment).await?;
    let person = people::by_id(cx.conn, payment.user_id).await?;
    let name = person.map_or_else(String::new, |person| {
        person
            .username
            .map_or(person.first_name, |username| format!("@{username}"))
    });
    let wallet = ledger::wallet(cx.conn, payment.user_id, &payment.currency).await?;
    let args = about(cx, &payment)
        .text("name", name)
        .text("balance", cx.money(wallet.available));
    let speech = speech(cx.language);
    let keyboard = InlineKeyboard::new([vec![
        button(
            speech.plain("button-refund", &Args::new()),
            &Press::Refund {
                payment: payment.short_id.clone(),
            },
        ),
        button(
            speech.plain("button-no-refund", &Args::new()),
            &Press::NoRefund {
                payment: payment.short_id.clone(),
            },
        ),
    ]]);
    cx.say(speech.rich("refund-confirm", &args), Some(keyboard))
        .await
}

/// "Refund" was pressed: the money leaves the wallet with the intent, so that it cannot be spent meanwhile.
pub async fn confirm_refund(cx: &mut Cx<'_>, short_id: &str) -> Handled {
    if !cx.is_admin() {
        return refuse(cx, "admins-only", Args::new());
    }
    let Some(payment) = stars::payment_by_short_id(cx.conn, short_id).await? else {
        return pay::confirm_refund(cx, short_id).await;
    };
    refuse_second(cx, &payment).await?;
    let id = cx.env.ids.uuid();
    let now = cx.now();
    let mut cause = cx.cause(
        format!("stars-refund:{id}"),
        &format!("{} ⭐", payment.stars),
    );
    cause.by_admin = Some(cx.user_id);
    let (user_id, currency) = (payment.user_id, &payment.currency);
    fault::reach(Point::RefundTaking);
    match ledger::take_back(cx.conn, user_id, currency, payment.amount, &cause, now).await {
        Ok(_) if fault::mutant(Mutant::RefundNotTaken) => {
            cause.idem_key.push_str(":mistake");
            cause.id = cx.env.ids.uuid();
            ledger::undo_take_back(cx.conn, user_id, currency, payment.amount, &cause, now).await?;
        }
        Ok(_) => {}
        Err(LedgerError::Insufficient { available, .. }) => {
            let args = about(cx, &payment).text("available", cx.money(available));
            return refuse(cx, "refund-spent", args);
        }
        Err(error) => return Err(error.into()),
    }
    fault::reach(Point::RefundTaken);
    let intent = NewRefund {
        id,
        charge_id: &payment.charge_id,
        taken: payment.amount,
        lost: Amount::ZERO,
        admin_id: Some(cx.user_id),
        correlation: cx.correlation,
    };
    if !stars::add_refund(cx.conn, &intent, now).await? {
        return refuse(cx, "refund-twice", Args::new());
    }
    fault::reach(Point::RefundIntended);
    audit(cx, &payment, id).await?;
    let text = speech(cx.language).rich("refund-asked", &about(cx, &payment));
    cx.show(text, None).await
}

/// "Cancel" was pressed.
pub async fn cancel_refund(cx: &mut Cx<'_>) -> Handled {
    if !cx.is_admin() {
        return refuse(cx, "admins-only", Args::new());
    }
    let text = speech(cx.language).rich("refund-cancelled", &Args::new());
    cx.show(text, None).await
}

async fn refuse_second(cx: &mut Cx<'_>, payment: &Payment) -> Handled {
    match stars::live_refund(cx.conn, &payment.charge_id).await? {
        Some(refund) if refund.is_asked => refuse(cx, "refund-under-way", Args::new()),
        Some(_) => refuse(cx, "refund-twice", Args::new()),
        None => Ok(()),
    }
}

fn about(cx: &Cx<'_>, payment: &Payment) -> Args {
    Args::new()
        .text("stars", payment.stars.to_string())
        .text("amount", cx.money(payment.amount))
        .text("user", payment.user_id.to_string())
}

async fn audit(cx: &mut Cx<'_>, payment: &Payment, id: uuid::Uuid) -> Handled {
    let detail = json!({
        "charge": payment.charge_id,
        "stars": payment.stars,
        "amount": payment.amount,
        "currency": payment.currency,
        "refund": id,
    });
    let row = Act {
        admin_id: cx.user_id,
        action: "refund",
        target: &payment.user_id.to_string(),
        detail: &detail,
        correlation: cx.correlation,
    };
    let now = cx.now();
    admin_audit::record(cx.conn, &row, now).await?;
    Ok(())
}

fn refuse(cx: &Cx<'_>, key: &str, args: Args) -> Handled {
    Err(Stop::Refused(Box::new(
        speech(cx.language).rich(key, &args),
    )))
}
