//! The questions of an order, one after another.

use super::draft::{Answer, Answers, Draft};
use super::pages::{self, labelled, price};
use super::summary;
use super::texts::{about, speech};
use super::ways;
use super::{inputs, instant};
use crate::catalog::{Input, InputKind, Service};
use crate::features::cx::{Cx, Handled, button};
use crate::features::press::Press;
use crate::features::routing::{self, NoRoute};
use crate::features::speech::Args;
use crate::telegram::{Button, IncomingMessage, InlineKeyboard, Rich};

/// Begins an order of a service, in place of any draft.
pub async fn begin(cx: &mut Cx<'_>, service_id: &str) -> Handled {
    let catalog = std::sync::Arc::clone(&cx.env.catalog);
    let service = catalog
        .service(service_id)
        .filter(|service| service.is_offered);
    let Some(service) = service else {
        let text = speech(cx.language).plain("refused-gone", &Args::new());
        cx.answer(Some(text), true).await?;
        return pages::categories(cx, 0).await;
    };
    if routing::is_out(service, &*cx.env.standing) {
        return ways::refuse(cx, service, NoRoute::Unavailable).await;
    }
    if let Err(why) = ways::reach(cx, service).await? {
        return ways::refuse(cx, service, why).await;
    }
    let draft = Draft::new(cx.env.ids.short(), service, Answers::new());
    draft.save(cx).await?;
    let card = card(cx, service);
    ask(cx, service, &draft, Some(card), true).await
}

fn card(cx: &Cx<'_>, service: &Service) -> Rich {
    let speech = speech(cx.language);
    let args = Args::new()
        .text("title", service.title.get(cx.language.code()))
        .text("description", service.description.get(cx.language.code()))
        .text("price", price(cx, service));
    if service.instant.is_some() {
        return speech.rich("card-instant", &args);
    }
    let time = about(speech, service.estimate_s.into());
    speech.rich("card", &args.text("time", time))
}

/// Asks the draft's next question, or shows its summary.
pub async fn go_on(cx: &mut Cx<'_>, service: &Service, draft: &Draft, in_place: bool) -> Handled {
    match draft.asking {
        Some(_) => ask(cx, service, draft, None, in_place).await,
        None if service.instant.is_some() => instant::answer(cx, service, draft, in_place).await,
        None => summary::show(cx, service, draft, in_place).await,
    }
}

async fn ask(
    cx: &mut Cx<'_>,
    service: &Service,
    draft: &Draft,
    before: Option<Rich>,
    in_place: bool,
) -> Handled {
    let Some((position, input)) = asked(service, draft) else {
        return summary::show(cx, service, draft, in_place).await;
    };
    let input = ways::narrowed(cx, service, input).await?;
    let input = input.as_ref();
    let speech = speech(cx.language);
    let mut text = before
        .map(|before| before.then(Rich::literal("\n\n")))
        .unwrap_or_default();
    if service.inputs.len() > 1 {
        let steps = i64::try_from(service.inputs.len()).unwrap_or(0);
        let step = i64::try_from(position + 1).unwrap_or(0);
        let args = Args::new().number("step", step).number("steps", steps);
        text = text
            .then(speech.rich("question-step", &args))
            .then(Rich::literal("\n"));
    }
    let title = Args::new().text("title", input.title.get(cx.language.code()));
    text = text
        .then(speech.rich("question", &title))
        .then(Rich::literal("\n"));
    if let Some(hint) = &input.hint {
        text = text
            .then(Rich::literal(hint.get(cx.language.code())))
            .then(Rich::literal("\n"));
    }
    text = text.then(inputs::expectation(speech, input));
    if input.optional {
        text = text
            .then(Rich::literal(" "))
            .then(speech.rich("expect-optional", &Args::new()));
    }
    let keyboard = keyboard(cx, draft, position, input);
    if in_place {
        cx.show(text, Some(keyboard)).await
    } else {
        cx.say(text, Some(keyboard)).await
    }
}

fn asked<'s>(service: &'s Service, draft: &Draft) -> Option<(usize, &'s Input)> {
    let position = draft.asking?;
    Some((position, service.inputs.get(position)?))
}

fn keyboard(cx: &Cx<'_>, draft: &Draft, position: usize, input: &Input) -> InlineKeyboard {
    let speech = speech(cx.language);
    let number = u16::try_from(position).unwrap_or(u16::MAX);
    let id = || draft.id.clone();
    let mut rows: Vec<Vec<Button>> = Vec::new();
    if let InputKind::Choice { options } = &input.kind {
        let buttons: Vec<Button> = options
            .iter()
            .zip(0_u16..)
            .map(|(option, index)| {
                let press = Press::Choose {
                    draft: id(),
                    input: number,
                    option: index,
                };
                button(option.title.get(cx.language.code()), &press)
            })
            .collect();
        // Two to a row while the labels are short enough to be read on a phone.
        let narrow = options
            .iter()
            .all(|option| option.title.get(cx.language.code()).chars().count() <= 16);
        rows.extend(
            buttons
                .chunks(if narrow { 2 } else { 1 })
                .map(<[Button]>::to_vec),
        );
    }
    if input.optional {
        rows.push(vec![labelled(
            speech,
            "button-skip",
            &Press::Skip {
                draft: id(),
                input: number,
            },
        )]);
    }
    let mut last = Vec::new();
    if draft.changing {
        last.push(labelled(
            speech,
            "button-to-summary",
            &Press::Summary { draft: id() },
        ));
    } else {
        last.push(labelled(
            speech,
            "button-back",
            &Press::Back { draft: id() },
        ));
    }
    last.push(labelled(
        speech,
        "button-cancel",
        &Press::Discard { draft: id() },
    ));
    rows.push(last);
    InlineKeyboard::new(rows)
}

/// What a user wrote or sent outside of commands.
pub async fn message(cx: &mut Cx<'_>, message: &IncomingMessage) -> Handled {
    let catalog = std::sync::Arc::clone(&cx.env.catalog);
    let Some(mut draft) = Draft::load(cx).await? else {
        return not_understood(cx, "not-understood").await;
    };
    let Some(service) = draft.service(&catalog) else {
        Draft::clear(cx).await?;
        return not_understood(cx, "not-understood").await;
    };
    if message.media_group_id.is_some() {
        if message.media_group_id == draft.album {
            return Ok(());
        }
        draft.album.clone_from(&message.media_group_id);
        draft.save(cx).await?;
    }
    let speech = speech(cx.language);
    let Some((position, input)) = asked(service, &draft) else {
        cx.say(speech.rich("finish-first", &Args::new()), None)
            .await?;
        return summary::show(cx, service, &draft, false).await;
    };
    let input = ways::narrowed(cx, service, input).await?;
    let input = input.as_ref();
    match inputs::answer(input, message, cx.language.code()) {
        Ok(answer) => {
            let has_caption = matches!(answer, Answer::Media(_)) && !draft.changing;
            draft.take(service, input, answer);
            if has_caption {
                take_caption(cx, service, &mut draft, message);
            }
            draft.save(cx).await?;
            go_on(cx, service, &draft, false).await
        }
        Err(wrong) => {
            let text = wrong.text(speech, input);
            let keyboard = keyboard(cx, &draft, position, input);
            cx.say(text, Some(keyboard)).await
        }
    }
}

/// Who sends a file often says in its caption what to do with it: that answers the next question, if it asks for text.
fn take_caption(cx: &Cx<'_>, service: &Service, draft: &mut Draft, message: &IncomingMessage) {
    let Some((_, next)) = asked(service, draft) else {
        return;
    };
    if let InputKind::Text { .. } = next.kind
        && let Ok(answer) = inputs::answer(next, message, cx.language.code())
    {
        draft.take(service, next, answer);
    }
}

/// What was written leads nowhere: the text `key` says so, the buttons lead on.
pub async fn not_understood(cx: &mut Cx<'_>, key: &str) -> Handled {
    let speech = speech(cx.language);
    let keyboard = pages::ways_on(speech);
    cx.say(speech.rich(key, &Args::new()), Some(keyboard)).await
}

/// An option was pressed.
pub async fn choose(cx: &mut Cx<'_>, draft: &str, input: u16, option: u16) -> Handled {
    answer_by_button(cx, draft, input, |input| match &input.kind {
        InputKind::Choice { options } => options
            .get(usize::from(option))
            .map(|option| Answer::Choice(option.value.clone())),
        _ => None,
    })
    .await
}

/// "Skip" was pressed.
pub async fn skip(cx: &mut Cx<'_>, draft: &str, input: u16) -> Handled {
    answer_by_button(cx, draft, input, |input| {
        input.optional.then_some(Answer::Skipped)
    })
    .await
}

async fn answer_by_button(
    cx: &mut Cx<'_>,
    draft_id: &str,
    position: u16,
    answer: impl FnOnce(&Input) -> Option<Answer>,
) -> Handled {
    let catalog = std::sync::Arc::clone(&cx.env.catalog);
    let Some(mut draft) = current(cx, draft_id).await? else {
        return old_button(cx).await;
    };
    let Some(service) = draft.service(&catalog) else {
        return old_button(cx).await;
    };
    let Some((input, answer)) = service
        .inputs
        .get(usize::from(position))
        .and_then(|input| Some((input, answer(input)?)))
    else {
        return old_button(cx).await;
    };
    if draft.asking != Some(usize::from(position)) {
        // The second of two quick taps needs no word; a button of an earlier question does.
        return if draft.answers.get(&input.id) == Some(&answer) {
            cx.answer(None, false).await
        } else {
            old_button(cx).await
        };
    }
    draft.take(service, input, answer);
    draft.save(cx).await?;
    go_on(cx, service, &draft, true).await
}

/// Back to the question before, from the first one to the shelf.
pub async fn back(cx: &mut Cx<'_>, draft_id: &str) -> Handled {
    let catalog = std::sync::Arc::clone(&cx.env.catalog);
    let Some(mut draft) = current(cx, draft_id).await? else {
        return old_button(cx).await;
    };
    let Some(service) = draft.service(&catalog) else {
        return old_button(cx).await;
    };
    if draft.asking == Some(0) {
        Draft::clear(cx).await?;
        return pages::category(cx, &service.category, 0).await;
    }
    let before = draft
        .asking
        .unwrap_or(service.inputs.len())
        .saturating_sub(1);
    if let Some(input) = service.inputs.get(before) {
        draft.answers.remove(&input.id);
        draft.asking = Some(before);
        draft.changing = false;
        draft.save(cx).await?;
    }
    go_on(cx, service, &draft, true).await
}

/// Asks one question anew.
pub async fn edit(cx: &mut Cx<'_>, draft_id: &str, position: u16) -> Handled {
    let catalog = std::sync::Arc::clone(&cx.env.catalog);
    let Some(mut draft) = current(cx, draft_id).await? else {
        return old_button(cx).await;
    };
    let Some(service) = draft
        .service(&catalog)
        .filter(|service| service.inputs.len() > usize::from(position))
    else {
        return old_button(cx).await;
    };
    draft.asking = Some(usize::from(position));
    draft.changing = true;
    draft.save(cx).await?;
    go_on(cx, service, &draft, true).await
}

/// The draft, if it is the one that a button speaks of.
pub async fn current(cx: &mut Cx<'_>, draft_id: &str) -> Handled<Option<Draft>> {
    Ok(Draft::load(cx).await?.filter(|draft| draft.id == draft_id))
}

/// The order in the making, if there is one: who tops up in between finds the way back to it.
pub async fn waiting_draft(cx: &mut Cx<'_>) -> Handled<Option<String>> {
    let catalog = std::sync::Arc::clone(&cx.env.catalog);
    let draft = Draft::load(cx).await?;
    let paid = draft.filter(|draft| draft.service(&catalog).is_some_and(|it| !it.is_free()));
    Ok(paid.map(|draft| draft.id))
}

/// The question of an order in the making once more, at the end of the chat; nothing if there is none.
pub async fn ask_again(cx: &mut Cx<'_>) -> Handled {
    let catalog = std::sync::Arc::clone(&cx.env.catalog);
    let Some(draft) = Draft::load(cx).await? else {
        return Ok(());
    };
    match draft.service(&catalog) {
        Some(service) => go_on(cx, service, &draft, false).await,
        None => Ok(()),
    }
}

/// A button that leads nowhere any more: a kind word. The message keeps its buttons, since after the first of two quick
/// taps it shows the next page, and those are the buttons of that page.
pub async fn old_button(cx: &mut Cx<'_>) -> Handled {
    let text = speech(cx.language).plain("old-button", &Args::new());
    cx.answer(Some(text), false).await
}

/// "Cancel" was pressed in a draft.
pub async fn discard(cx: &mut Cx<'_>, draft_id: &str) -> Handled {
    if current(cx, draft_id).await?.is_none() {
        return old_button(cx).await;
    }
    pages::home(cx, false).await
}

/// `/cancel`: throws the draft away, or else takes an order back.
pub async fn cancel(cx: &mut Cx<'_>) -> Handled {
    let key = if Draft::load(cx).await?.is_some() {
        Draft::clear(cx).await?;
        "cancelled"
    } else {
        super::orders::cancel_newest(cx).await?
    };
    not_understood(cx, key).await
}
