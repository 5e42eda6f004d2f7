//! From `/withdraw` to the summary, one question after another. What a user gives is never repeated in a refusal: those are
//! logged.

use std::sync::Arc;

use super::draft::{Asking, Draft, Talk, current};
use super::sums::{self, Room, fee, refuse_many};
use super::{admin, batch, refuse, speech};
use crate::base::money::Amount;
use crate::catalog::{DetailField, PayeeField, PayoutMethod, Withdrawals};
use crate::engine::ledger::WalletKind;
use crate::features::cx::{Cx, Handled, Stop, button};
use crate::features::press::{Press, WithdrawPress};
use crate::features::speech::{Args, Speech};
use crate::telegram::{Button, IncomingMessage, InlineKeyboard, Rich};

/// `/withdraw`, or "Withdraw" was pressed.
pub async fn begin(cx: &mut Cx<'_>) -> Handled {
    let catalog = Arc::clone(&cx.env.catalog);
    let Some(offer) = catalog
        .withdrawals
        .as_ref()
        .filter(|_| cx.env.money.is_on())
    else {
        return refuse(cx, "refused-off", Args::new());
    };
    let room = Room::look(cx, offer).await?;
    refuse_many(cx, offer, &room)?;
    let least = offer.methods.iter().map(|method| method.min).min();
    if least.is_some_and(|least| room.available < least) {
        let args = Args::new()
            .text("available", cx.money(room.available))
            .text("least", cx.money(least.unwrap_or_default()));
        let key = match sums::wallet(cx.user_id, offer, "").kind {
            WalletKind::Affiliate => "refused-nothing-earned",
            WalletKind::Main | WalletKind::ReplyCredits => "refused-nothing",
        };
        return refuse(cx, key, args);
    }
    let mut draft = Draft::new(cx.env.ids.short());
    if let [only] = offer.methods.as_slice() {
        draft.method = Some(only.id.clone());
    }
    go_on(cx, offer, &draft, true).await
}

/// Keeps the draft and asks what it asks next.
async fn go_on(cx: &mut Cx<'_>, offer: &Withdrawals, draft: &Draft, in_place: bool) -> Handled {
    Talk::Draft(draft.clone()).save(cx).await?;
    ask(cx, offer, draft, in_place).await
}

async fn ask(cx: &mut Cx<'_>, offer: &Withdrawals, draft: &Draft, in_place: bool) -> Handled {
    let (text, mut rows) = match draft.asking(offer) {
        Asking::Method => methods(cx, offer, draft).await?,
        Asking::Field(method, position) => field(cx, method, position),
        Asking::Amount(method) => amount(cx, offer, draft, method).await?,
        Asking::Summary(method, amount) => summary(cx, draft, method, amount),
    };
    rows.push(ways_out(cx, offer, draft));
    let keyboard = Some(InlineKeyboard::new(rows));
    if in_place {
        cx.show(text, keyboard).await
    } else {
        cx.say(text, keyboard).await
    }
}

/// The buttons that every question has.
fn ways_out(cx: &Cx<'_>, offer: &Withdrawals, draft: &Draft) -> Vec<Button> {
    let speech = speech(cx.language);
    let id = || draft.id.clone();
    let back = WithdrawPress::Back { draft: id() };
    let discard = WithdrawPress::Discard { draft: id() };
    let mut buttons = Vec::new();
    if draft.clone().pop(offer) {
        buttons.push(labelled(speech, "button-back", back));
    }
    buttons.push(labelled(speech, "button-cancel", discard));
    buttons
}

type Page = (Rich, Vec<Vec<Button>>);

async fn methods(cx: &mut Cx<'_>, offer: &Withdrawals, draft: &Draft) -> Handled<Page> {
    let room = Room::look(cx, offer).await?;
    let speech = speech(cx.language);
    let args = Args::new().text("available", cx.money(room.available));
    let mut text = speech.rich("choose-method", &args);
    let mut rows = Vec::new();
    for (method, position) in offer.methods.iter().zip(0_u16..) {
        let title = method.title.get(cx.language.code());
        let args = Args::new()
            .text("title", title)
            .text("min", cx.money(method.min))
            .text("max", cx.money(method.max))
            .text("fee", fee(cx, speech, method));
        text = text
            .then(Rich::literal("\n"))
            .then(speech.rich("method", &args));
        let press = WithdrawPress::Method {
            draft: draft.id.clone(),
            method: position,
        };
        rows.push(vec![button(title, &Press::Withdraw(press))]);
    }
    Ok((text, rows))
}

fn field(cx: &Cx<'_>, method: &PayoutMethod, position: usize) -> Page {
    let speech = speech(cx.language);
    let Some(field) = method.fields.get(position) else {
        return (Rich::default(), Vec::new());
    };
    let args = Args::new()
        .text("method", method.title.get(cx.language.code()))
        .text("title", field.title.get(cx.language.code()));
    let mut text = speech.rich("ask-field", &args);
    if let Some(hint) = &field.hint {
        text = text
            .then(Rich::literal("\n"))
            .then(Rich::literal(hint.get(cx.language.code())));
    }
    (text, Vec::new())
}

async fn amount(
    cx: &mut Cx<'_>,
    offer: &Withdrawals,
    draft: &Draft,
    method: &PayoutMethod,
) -> Handled<Page> {
    let room = Room::look(cx, offer).await?;
    let speech = speech(cx.language);
    let args = Args::new()
        .text("available", cx.money(room.available))
        .text("min", cx.money(method.min))
        .text("max", cx.money(method.max))
        .text("fee", fee(cx, speech, method));
    let text = speech.rich("ask-amount", &args);
    let rows = room.most(method).map(|most| {
        let label = speech.plain("button-most", &Args::new().text("price", cx.money(most)));
        let press = WithdrawPress::Most {
            draft: draft.id.clone(),
        };
        vec![button(label, &Press::Withdraw(press))]
    });
    Ok((text, rows.into_iter().collect()))
}

fn summary(cx: &Cx<'_>, draft: &Draft, method: &PayoutMethod, amount: Amount) -> Page {
    let speech = speech(cx.language);
    let code = cx.language.code();
    let fee = method.fee_of(amount);
    let args = Args::new()
        .text("method", method.title.get(code))
        .text("amount", cx.money(amount))
        .text("fee", cx.money(fee))
        .text("net", cx.money(amount - fee));
    let mut text = speech.rich("summary", &args);
    for field in &method.fields {
        let given = draft.details.0.get(&field.id);
        let args = Args::new()
            .text("title", field.title.get(code))
            .text("value", given.map_or("", String::as_str));
        text = text
            .then(Rich::literal("\n"))
            .then(speech.rich("detail", &args));
    }
    let label = speech.plain(
        "button-confirm",
        &Args::new().text("price", cx.money(amount)),
    );
    let press = WithdrawPress::Confirm {
        draft: draft.id.clone(),
    };
    (text, vec![vec![button(label, &Press::Withdraw(press))]])
}

/// A message that was awaited has come.
pub async fn message(cx: &mut Cx<'_>, message: &IncomingMessage) -> Handled {
    let catalog = Arc::clone(&cx.env.catalog);
    let text = message.text.as_deref().filter(|_| message.media.is_none());
    let Some(talk) = Talk::load(cx).await? else {
        return Ok(());
    };
    let draft = match talk {
        Talk::Draft(draft) => draft,
        Talk::Reason { id } => return admin::reject(cx, &id, words(cx, text)?).await,
        Talk::Reference { id } => return admin::paid(cx, &id, words(cx, text)?).await,
        Talk::BatchReference { batch } => return batch::paid(cx, &batch, words(cx, text)?).await,
    };
    let Some(offer) = &catalog.withdrawals else {
        Talk::clear(cx).await?;
        return refuse(cx, "refused-off", Args::new());
    };
    let out = ways_out(cx, offer, &draft);
    let taken = match words(cx, text) {
        Ok(text) => take(cx, offer, draft, text).await,
        Err(refused) => Err(refused),
    };
    match taken {
        // The question stands: it can be answered again, or left.
        Err(Stop::Refused(text)) => Err(Stop::RefusedWith(text, InlineKeyboard::new([out]))),
        taken => taken,
    }
}

/// What was written, if anything.
fn words<'t>(cx: &Cx<'_>, text: Option<&'t str>) -> Handled<&'t str> {
    match text {
        Some(text) => Ok(text),
        None => refuse(cx, "refused-no-text", Args::new()),
    }
}

async fn take(cx: &mut Cx<'_>, offer: &Withdrawals, mut draft: Draft, text: &str) -> Handled {
    match draft.asking(offer) {
        Asking::Method | Asking::Summary(..) => ask(cx, offer, &draft, false).await,
        Asking::Field(method, position) => {
            let Some(field) = method.fields.get(position) else {
                return Ok(());
            };
            let Some(value) = field.kind.normal(text) else {
                return wrong(cx, field, text);
            };
            draft.details.0.insert(field.id.clone(), value);
            go_on(cx, offer, &draft, false).await
        }
        Asking::Amount(method) => {
            let Ok(amount) = cx.env.currency().parse(text) else {
                return refuse(cx, "refused-no-amount", Args::new());
            };
            let room = Room::look(cx, offer).await?;
            room.check(cx, method, amount)?;
            draft.amount = Some(amount);
            go_on(cx, offer, &draft, false).await
        }
    }
}

/// What is asked for, without what was given.
fn wrong(cx: &Cx<'_>, field: &DetailField, typed: &str) -> Handled {
    let args = Args::new().text("title", field.title.get(cx.language.code()));
    let length = |args: Args, min: u32, max: u32| {
        args.text("min", min.to_string())
            .text("max", max.to_string())
    };
    match field.kind {
        kind if kind.is_miscased(typed) => refuse(cx, "wrong-case", args),
        PayeeField::Text { min, max } => refuse(cx, "wrong-text", length(args, min, max)),
        PayeeField::Digits { min, max } => refuse(cx, "wrong-digits", length(args, min, max)),
        PayeeField::Iban
        | PayeeField::Email
        | PayeeField::Phone
        | PayeeField::Evm
        | PayeeField::Tron
        | PayeeField::Bitcoin => refuse(cx, "wrong-checked", args),
    }
}

/// A method was pressed.
pub(super) async fn choose(cx: &mut Cx<'_>, draft_id: &str, position: u16) -> Handled {
    let catalog = Arc::clone(&cx.env.catalog);
    let (Some(offer), Some(mut draft)) = (&catalog.withdrawals, current(cx, draft_id).await?)
    else {
        return old_button(cx).await;
    };
    let method = offer.methods.get(usize::from(position));
    let (Some(method), None) = (method, &draft.method) else {
        return old_button(cx).await;
    };
    draft.method = Some(method.id.clone());
    go_on(cx, offer, &draft, true).await
}

/// "Back" was pressed.
pub(super) async fn back(cx: &mut Cx<'_>, draft_id: &str) -> Handled {
    let catalog = Arc::clone(&cx.env.catalog);
    let (Some(offer), Some(mut draft)) = (&catalog.withdrawals, current(cx, draft_id).await?)
    else {
        return old_button(cx).await;
    };
    if !draft.pop(offer) {
        return old_button(cx).await;
    }
    go_on(cx, offer, &draft, true).await
}

/// As much as there is was pressed.
pub(super) async fn most(cx: &mut Cx<'_>, draft_id: &str) -> Handled {
    let catalog = Arc::clone(&cx.env.catalog);
    let (Some(offer), Some(mut draft)) = (&catalog.withdrawals, current(cx, draft_id).await?)
    else {
        return old_button(cx).await;
    };
    let Asking::Amount(method) = draft.asking(offer) else {
        return old_button(cx).await;
    };
    let room = Room::look(cx, offer).await?;
    let Some(most) = room.most(method) else {
        return ask(cx, offer, &draft, true).await;
    };
    draft.amount = Some(most);
    go_on(cx, offer, &draft, true).await
}

/// "Cancel" was pressed.
pub(super) async fn discard(cx: &mut Cx<'_>, draft_id: &str) -> Handled {
    if current(cx, draft_id).await?.is_none() {
        return old_button(cx).await;
    }
    Talk::clear(cx).await?;
    let speech = speech(cx.language);
    let keyboard = InlineKeyboard::new([vec![home(speech)]]);
    cx.show(speech.rich("discarded", &Args::new()), Some(keyboard))
        .await
}

/// A button that leads nowhere any more: a kind word.
pub(super) async fn old_button(cx: &mut Cx<'_>) -> Handled {
    let text = speech(cx.language).plain("old-button", &Args::new());
    cx.answer(Some(text), false).await
}

pub(super) fn labelled(speech: Speech<'_>, key: &str, press: WithdrawPress) -> Button {
    button(speech.plain(key, &Args::new()), &Press::Withdraw(press))
}

pub(super) fn home(speech: Speech<'_>) -> Button {
    let press = Press::Home { fresh: true };
    button(speech.plain("button-home", &Args::new()), &press)
}
