//! `/balance` and the welcome gift.

use super::speech;
use crate::base::money::Amount;
use crate::engine::ledger::{self, Movement, MovementKind, WalletKind};
use crate::features::cx::{Cx, Handled, Stop, button};
use crate::features::press::{Press, WithdrawPress};
use crate::features::speech::{Args, Speech};
use crate::telegram::{InlineKeyboard, Rich};
use time::macros::format_description;

const PAGE: i64 = 6;

/// What a new user starts with, once for ever. The amount, if it was given now.
pub async fn welcome_grant(cx: &mut Cx<'_>) -> Handled<Option<Amount>> {
    let amount = cx.env.welcome_grant;
    if amount <= Amount::ZERO {
        return Ok(None);
    }
    let note = speech(cx.language).plain("welcome-note", &Args::new());
    let cause = cx.cause(format!("welcome:{}", cx.user_id), &note);
    let (currency, now) = (cx.env.currency().code.clone(), cx.now());
    let given = ledger::grant_to_new(cx.conn, cx.user_id, &currency, amount, &cause, now).await?;
    Ok(given.then_some(amount))
}

/// What is said where there are no wallets at present.
pub fn off(cx: &Cx<'_>) -> Stop {
    let text = speech(cx.language).rich("money-off", &Args::new());
    Stop::Refused(Box::new(text))
}

/// `/balance`, and its pages.
pub async fn balance(cx: &mut Cx<'_>, page: u16) -> Handled {
    let speech = speech(cx.language);
    let currency = cx.env.currency().code.clone();
    let wallet = ledger::wallet(cx.conn, cx.user_id, &currency).await?;
    let offset = i64::from(page) * PAGE;
    let mut movements = ledger::movements(cx.conn, cx.user_id, &currency, offset, PAGE + 1).await?;
    let more = movements.len() > usize::try_from(PAGE).unwrap_or(usize::MAX);
    movements.truncate(usize::try_from(PAGE).unwrap_or(0));

    let args = Args::new().text("available", cx.money(wallet.available));
    let mut text = speech.rich("balance", &args);
    if wallet.held > Amount::ZERO {
        let held = speech.rich("held", &Args::new().text("held", cx.money(wallet.held)));
        text = text.then(Rich::literal("\n")).then(held);
    }
    for (kind, other) in ledger::wallets(cx.conn, cx.user_id, &currency).await? {
        let key = match kind {
            WalletKind::Main => continue,
            WalletKind::Affiliate => "earned",
            WalletKind::ReplyCredits => "reply-credits",
        };
        if other.available > Amount::ZERO {
            let args = Args::new().text("available", cx.money(other.available));
            text = text.then(Rich::literal("\n")).then(speech.rich(key, &args));
        }
    }
    let heading = if movements.is_empty() {
        "no-movements"
    } else {
        "movements"
    };
    text = text
        .then(Rich::literal("\n\n"))
        .then(speech.rich(heading, &Args::new()));
    for movement in &movements {
        text = text
            .then(Rich::literal("\n"))
            .then(line(cx, speech, movement));
    }
    let mut turn = Vec::new();
    if page > 0 {
        turn.push(button(
            speech.plain("button-newer", &Args::new()),
            &Press::Balance { page: page - 1 },
        ));
    }
    if more {
        turn.push(button(
            speech.plain("button-older", &Args::new()),
            &Press::Balance {
                page: page.saturating_add(1),
            },
        ));
    }
    let plain = |key: &str, press: Press| button(speech.plain(key, &Args::new()), &press);
    let mut pay = Vec::new();
    if cx.env.has_topup() {
        pay.push(plain("button-topup", Press::TopUp { draft: None }));
    }
    if cx.env.catalog.withdrawals.is_some() {
        let begin = Press::Withdraw(WithdrawPress::Begin);
        pay.push(plain("button-withdraw", begin));
    }
    let all = Press::History {
        filter: "all".to_owned(),
        page: 0,
    };
    let mut further = vec![plain("button-history", all)];
    if cx.env.referrals.is_on() {
        further.push(plain("button-referrals", Press::Referrals { page: 0 }));
    }
    let last = vec![
        plain("button-menu", Press::Categories { page: 0 }),
        plain("button-home", Press::Home { fresh: false }),
    ];
    cx.show(text, Some(InlineKeyboard::new([turn, pay, further, last])))
        .await
}

fn line(cx: &Cx<'_>, speech: Speech<'_>, movement: &Movement) -> Rich {
    let key = match movement.kind {
        MovementKind::Grant => "movement-grant",
        MovementKind::Correction => "movement-correction",
        MovementKind::Hold => "movement-hold",
        MovementKind::Charge => "movement-charge",
        MovementKind::Release => "movement-release",
        MovementKind::TopUp => "movement-topup",
        MovementKind::Refund => "movement-refund",
        MovementKind::Tip if movement.amount > Amount::ZERO => "movement-tip-received",
        MovementKind::Tip => "movement-tip-sent",
        MovementKind::Own => "movement-own",
        MovementKind::Reward => "movement-reward",
        MovementKind::Payout => "movement-payout",
    };
    // An order's note is its service's id: shown by the title that it has today.
    let note = cx
        .env
        .catalog
        .service(&movement.note)
        .map_or(movement.note.as_str(), |service| {
            service.title.get(speech.language().code())
        });
    let withdrawal = movement.note.strip_prefix("withdrawal:").map(|id| {
        let args = Args::new().text("id", id);
        speech.plain("movement-withdrawal", &args)
    });
    let note = withdrawal.as_deref().unwrap_or(note);
    let note = if movement.kind == MovementKind::Tip {
        other_of(note, movement.amount)
    } else {
        note
    };
    let date = movement
        .at
        .format(format_description!("[year]-[month]-[day] [hour]:[minute]"))
        .unwrap_or_default();
    // A release moves nothing in sum: the line shows what came back without a sign.
    let sign = if movement.amount > Amount::ZERO && movement.kind != MovementKind::Release {
        "+"
    } else {
        ""
    };
    let args = Args::new()
        .text("date", date)
        .text("amount", format!("{sign}{}", cx.money(movement.amount)))
        .text("what", speech.plain(key, &Args::new().text("note", note)));
    speech.rich("movement", &args)
}

/// A tip's note names both who gave it and who got it; this is the one who is not the reader.
fn other_of(note: &str, amount: Amount) -> &str {
    let names = if amount > Amount::ZERO {
        note.rsplit_once(" → ").map(|(from, _)| from)
    } else {
        note.split_once(" → ").map(|(_, to)| to)
    };
    names.unwrap_or(note)
}
