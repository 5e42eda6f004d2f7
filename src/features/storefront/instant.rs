//! Free services that are answered at once: no order, no job, no money, nothing outside.

use std::collections::BTreeMap;

use super::draft::{Answer, Answers, Draft};
use super::pages::{home_button, labelled};
use super::texts::speech;
use super::{inputs, questions};
use crate::catalog::{DefaultValue, Service};
use crate::engine::limits;
use crate::features::cx::{Cx, Handled, Stop};
use crate::features::press::Press;
use crate::features::speech::Args;
use crate::telegram::{InlineKeyboard, Rich};

/// `/command text`: the whole of it in one message. Without a text the question is asked.
pub async fn by_command(cx: &mut Cx<'_>, name: &str, rest: &str) -> Handled {
    let catalog = std::sync::Arc::clone(&cx.env.catalog);
    let Some(service) = catalog.by_command(name) else {
        return questions::not_understood(cx, "unknown-command").await;
    };
    let Some(input) = service.inputs.first().filter(|_| !rest.is_empty()) else {
        return questions::begin(cx, &service.id).await;
    };
    match inputs::text(input, rest) {
        Ok(answer) => {
            let answers = Answers::from([(input.id.clone(), answer)]);
            deliver(cx, service, &answers, false).await
        }
        Err(wrong) => {
            let text = wrong.text(speech(cx.language), input);
            Err(Stop::Refused(Box::new(text)))
        }
    }
}

/// The last question was answered.
pub(super) async fn answer(
    cx: &mut Cx<'_>,
    service: &Service,
    draft: &Draft,
    in_place: bool,
) -> Handled {
    deliver(cx, service, &draft.answers, in_place).await?;
    Draft::clear(cx).await
}

async fn deliver(cx: &mut Cx<'_>, service: &Service, answers: &Answers, in_place: bool) -> Handled {
    let max = service.free_per_day.unwrap_or(cx.env.free_uses_per_day);
    let now = cx.now();
    let speech = speech(cx.language);
    if !limits::take_daily(cx.conn, cx.user_id, &service.id, max, now).await? {
        let text = speech.rich("refused-free-used-up", &Args::new());
        return Err(Stop::Refused(Box::new(text)));
    }
    let text = words(service, answers, cx.language.code());
    let again = Press::Service {
        id: service.id.clone(),
    };
    let keyboard = InlineKeyboard::new([vec![
        labelled(speech, "button-again", &again),
        home_button(speech),
    ]]);
    if in_place {
        cx.show(text, Some(keyboard)).await
    } else {
        cx.say(text, Some(keyboard)).await
    }
}

/// What is answered.
pub(super) fn words(service: &Service, answers: &Answers, language: &str) -> Rich {
    let given: BTreeMap<&str, String> = service
        .inputs
        .iter()
        .filter_map(|input| {
            let value = match (answers.get(&input.id), &input.default) {
                (Some(Answer::Text(text) | Answer::Choice(text)), _) => text.clone(),
                (Some(Answer::Number(number)), _) => number.to_string(),
                (Some(Answer::Media(_)), _) => return None,
                (Some(Answer::Skipped) | None, Some(DefaultValue::Text(text))) => text.clone(),
                (Some(Answer::Skipped) | None, Some(DefaultValue::Number(number))) => {
                    number.to_string()
                }
                (Some(Answer::Skipped) | None, None) => return None,
            };
            Some((input.id.as_str(), value))
        })
        .collect();
    Rich::literal(service.answered(&given, language).unwrap_or_default())
}
