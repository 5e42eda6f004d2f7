//! The ways to pay: those that are there now, and a word about those that are not.
//!
//! A processor that is ill or isolated is left out here, before anybody is asked for an amount. Whoever was in the middle of it
//! comes back here.

use super::amounts::amounts;
use crate::features::cx::{Cx, Handled, button};
use crate::features::press::{PayPress, Press, Way};
use crate::features::speech::{Args, Speech};
use crate::features::topup::{offer, speech};
use crate::telegram::{Button, InlineKeyboard, Rich};

/// `/topup`, or "Top up" was pressed; `draft` is the order that waits for the money. A single way is not asked for.
pub async fn ways(cx: &mut Cx<'_>, draft: Option<&str>) -> Handled {
    let env = cx.env;
    let is_short = env
        .payments
        .ways()
        .any(|(processor, _)| processor.is_away());
    let here = env.payments.ways().filter(|(one, _)| !one.is_away());
    let here: Vec<Way> = here
        .map(|(processor, rate)| way(processor.name, &rate.currency.code))
        .collect();
    match (here.as_slice(), env.stars.is_offered(), is_short) {
        ([], _, false) => offer::packages(cx, draft).await,
        ([], false, true) => paused(cx, draft).await,
        ([only], false, false) => amounts(cx, only, draft).await,
        (_, has_stars, _) => choose(cx, &here, has_stars, is_short, draft).await,
    }
}

async fn choose(
    cx: &mut Cx<'_>,
    here: &[Way],
    has_stars: bool,
    is_short: bool,
    draft: Option<&str>,
) -> Handled {
    let speech = speech(cx.language);
    let mut rows = Vec::new();
    if has_stars {
        let press = PayPress::Stars {
            draft: draft.map(str::to_owned),
        };
        let label = speech.plain("button-by-stars", &Args::new());
        rows.push(vec![button(label, &Press::Pay(press))]);
    }
    for way in here {
        let args = Args::new().text("currency", &way.currency);
        let press = PayPress::At {
            way: way.clone(),
            draft: draft.map(str::to_owned),
        };
        let label = speech.plain("button-by-card", &args);
        rows.push(vec![button(label, &Press::Pay(press))]);
    }
    rows.push(vec![elsewhere(speech, draft)]);
    let mut text = speech.rich("ways", &Args::new());
    if is_short {
        let note = speech.rich("ways-short", &Args::new());
        text = text.then(Rich::literal("\n\n")).then(note);
    }
    cx.show(text, Some(InlineKeyboard::new(rows))).await
}

/// There are ways, and none is there now.
async fn paused(cx: &mut Cx<'_>, draft: Option<&str>) -> Handled {
    let speech = speech(cx.language);
    let again = Press::TopUp {
        draft: draft.map(str::to_owned),
    };
    let keyboard = InlineKeyboard::new([
        vec![button(
            speech.plain("button-look-again", &Args::new()),
            &again,
        )],
        vec![elsewhere(speech, draft)],
    ]);
    let text = speech.rich("ways-paused", &Args::new());
    cx.show(text, Some(keyboard)).await
}

/// Whether nobody is sent to the processor of a way now.
pub(super) fn is_away(cx: &Cx<'_>, way: &Way) -> bool {
    let processor = cx.env.payments.processor(&way.processor);
    processor.is_some_and(|processor| processor.is_away())
}

/// A way was chosen whose processor has gone away meanwhile: what is there instead.
pub(super) async fn away(cx: &mut Cx<'_>, draft: Option<&str>) -> Handled {
    let text = speech(cx.language).plain("processor-away", &Args::new());
    cx.answer(Some(text), true).await?;
    Box::pin(ways(cx, draft)).await
}

/// A way of this name.
pub(super) fn way(processor: &str, currency: &str) -> Way {
    Way {
        processor: processor.to_owned(),
        currency: currency.to_owned(),
    }
}

/// Where to go instead of paying.
pub(in crate::features::topup) fn elsewhere(speech: Speech<'_>, draft: Option<&str>) -> Button {
    match draft {
        Some(draft) => button(
            speech.plain("button-to-order", &Args::new()),
            &Press::Summary {
                draft: draft.to_owned(),
            },
        ),
        None => button(
            speech.plain("button-home", &Args::new()),
            &Press::Home { fresh: false },
        ),
    }
}
