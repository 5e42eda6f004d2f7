//! The summary of a draft: what was given, the price, the balance.

use super::draft::{Answer, Draft};
use super::pages::{labelled, price};
use super::questions::{current, old_button};
use super::texts::{about, speech};
use crate::base::money::Amount;
use crate::catalog::{DefaultValue, Input, InputKind, Service};
use crate::engine::ledger;
use crate::features::cx::{Cx, Handled, button};
use crate::features::press::Press;
use crate::features::speech::{Args, Speech};
use crate::telegram::{InlineKeyboard, MediaKind, Rich};

/// A long text is shown by its beginning.
const VALUE_CHARS_MAX: usize = 200;

/// "To the summary" was pressed: what was being changed stays as it was.
pub async fn summary(cx: &mut Cx<'_>, draft_id: &str) -> Handled {
    let catalog = std::sync::Arc::clone(&cx.env.catalog);
    let Some(mut draft) = current(cx, draft_id).await? else {
        return old_button(cx).await;
    };
    let Some(service) = draft.service(&catalog) else {
        return old_button(cx).await;
    };
    draft.changing = false;
    draft.asking = draft.next_open(service);
    draft.save(cx).await?;
    super::questions::go_on(cx, service, &draft, true).await
}

/// As [`summary`], as a new message: what the button is under stays to be read.
pub async fn to_order(cx: &mut Cx<'_>, draft_id: &str) -> Handled {
    cx.turn_over();
    summary(cx, draft_id).await
}

/// "Change" was pressed: the inputs to choose from.
pub async fn changes(cx: &mut Cx<'_>, draft_id: &str) -> Handled {
    let catalog = std::sync::Arc::clone(&cx.env.catalog);
    let Some(draft) = current(cx, draft_id).await? else {
        return old_button(cx).await;
    };
    let Some(service) = draft.service(&catalog) else {
        return old_button(cx).await;
    };
    show_changes(cx, service, &draft, true).await
}

/// The inputs of a draft as buttons.
pub async fn show_changes(
    cx: &mut Cx<'_>,
    service: &Service,
    draft: &Draft,
    in_place: bool,
) -> Handled {
    let speech = speech(cx.language);
    let mut rows: Vec<_> = service
        .inputs
        .iter()
        .zip(0_u16..)
        .map(|(input, position)| {
            let press = Press::Edit {
                draft: draft.id.clone(),
                input: position,
            };
            vec![button(input.title.get(cx.language.code()), &press)]
        })
        .collect();
    rows.push(vec![
        labelled(
            speech,
            "button-to-summary",
            &Press::Summary {
                draft: draft.id.clone(),
            },
        ),
        labelled(
            speech,
            "button-cancel",
            &Press::Discard {
                draft: draft.id.clone(),
            },
        ),
    ]);
    let text = speech.rich("summary-changes", &Args::new());
    let keyboard = InlineKeyboard::new(rows);
    if in_place {
        cx.show(text, Some(keyboard)).await
    } else {
        cx.say(text, Some(keyboard)).await
    }
}

/// In place of the question: what was ordered, and that it was.
pub(super) async fn confirmed(cx: &mut Cx<'_>, service: &Service, draft: &Draft) -> Handled {
    let mut lines = what(cx, service, draft);
    lines.push(Rich::default());
    lines.push(speech(cx.language).rich("summary-confirmed", &Args::new()));
    cx.decided(join(lines)).await
}

/// The summary page.
pub async fn show(cx: &mut Cx<'_>, service: &Service, draft: &Draft, in_place: bool) -> Handled {
    let speech = speech(cx.language);
    // What is free needs no wallet.
    let is_off = !service.is_free() && !cx.env.money.is_on();
    let available = if service.is_free() || is_off {
        None
    } else {
        let wallet = ledger::wallet(cx.conn, cx.user_id, &cx.env.currency().code).await?;
        Some(wallet.available)
    };
    let mut lines = what(cx, service, draft);
    let cost = super::draft::price(service, &draft.answers).unwrap_or(service.price);
    if let Some(available) = available {
        lines.push(speech.rich(
            "summary-balance",
            &Args::new().text("balance", cx.money(available)),
        ));
    }
    let time = Args::new().text("time", about(speech, service.estimate_s.into()));
    lines.push(speech.rich("summary-time", &time));
    lines.push(Rich::default());
    let missing = available.map_or(Amount::ZERO, |available| cost - available);
    let id = || draft.id.clone();
    let mut rows = Vec::new();
    if is_off {
        lines.push(speech.rich("refused-money-off", &Args::new()));
        rows.push(vec![labelled(
            speech,
            "button-check-again",
            &Press::Summary { draft: id() },
        )]);
    } else if missing > Amount::ZERO {
        lines.push(speech.rich(
            "summary-missing",
            &Args::new().text("missing", cx.money(missing)),
        ));
        if cx.env.has_topup() {
            let press = Press::TopUp { draft: Some(id()) };
            rows.push(vec![labelled(speech, "button-topup", &press)]);
        }
        rows.push(vec![labelled(
            speech,
            "button-check-again",
            &Press::Summary { draft: id() },
        )]);
    } else {
        lines.push(speech.rich("summary-question", &Args::new()));
        let key = if service.is_free() {
            "button-confirm-free"
        } else {
            "button-confirm"
        };
        let label = speech.plain(key, &Args::new().text("price", cx.money(cost)));
        rows.push(vec![button(label, &Press::Confirm { draft: id() })]);
    }
    rows.push(vec![
        labelled(speech, "button-change", &Press::Changes { draft: id() }),
        labelled(speech, "button-cancel", &Press::Discard { draft: id() }),
    ]);
    let text = join(lines);
    let keyboard = InlineKeyboard::new(rows);
    if in_place {
        cx.show(text, Some(keyboard)).await
    } else {
        cx.say(text, Some(keyboard)).await
    }
}

/// What an order is for and what it costs, line by line.
fn what(cx: &Cx<'_>, service: &Service, draft: &Draft) -> Vec<Rich> {
    let speech = speech(cx.language);
    let title = service.title.get(cx.language.code());
    let mut lines = vec![speech.rich("summary", &Args::new().text("title", title))];
    for input in &service.inputs {
        let args = Args::new()
            .text("title", input.title.get(cx.language.code()))
            .text("value", value(speech, input, draft.answers.get(&input.id)));
        lines.push(speech.rich("summary-line", &args));
    }
    lines.push(Rich::default());
    let shown = if service.is_free() {
        price(cx, service)
    } else {
        cx.money(super::draft::price(service, &draft.answers).unwrap_or(service.price))
    };
    lines.push(speech.rich("summary-price", &Args::new().text("price", shown)));
    lines
}

/// Lines to a text.
pub fn join(lines: impl IntoIterator<Item = Rich>) -> Rich {
    lines
        .into_iter()
        .enumerate()
        .fold(Rich::default(), |text, (index, line)| {
            if index == 0 {
                line
            } else {
                text.then(Rich::literal("\n")).then(line)
            }
        })
}

fn value(speech: Speech<'_>, input: &Input, answer: Option<&Answer>) -> String {
    match answer {
        Some(Answer::Text(text)) => shortened(text),
        Some(Answer::Number(number)) => number.to_string(),
        Some(Answer::Choice(value)) => option_title(speech, input, value),
        Some(Answer::Media(media)) => speech.plain(
            match media.kind {
                MediaKind::Image => "value-image",
                MediaKind::Video => "value-video",
                MediaKind::Audio => "value-audio",
                MediaKind::Document => "value-document",
            },
            &Args::new(),
        ),
        Some(Answer::Skipped) | None => match &input.default {
            Some(DefaultValue::Text(text)) => option_title(speech, input, text),
            Some(DefaultValue::Number(number)) => number.to_string(),
            None => speech.plain("value-skipped", &Args::new()),
        },
    }
}

fn option_title(speech: Speech<'_>, input: &Input, value: &str) -> String {
    match &input.kind {
        InputKind::Choice { options } => options
            .iter()
            .find(|option| option.value == value)
            .map_or_else(
                || value.to_owned(),
                |option| option.title.get(speech.language().code()).to_owned(),
            ),
        _ => shortened(value),
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= VALUE_CHARS_MAX {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(VALUE_CHARS_MAX).collect();
    short.push('…');
    short
}
