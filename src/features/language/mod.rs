//! The language a user is spoken to in: what their client reports, until they choose with `/language`.

use fluent_templates::static_loader;

use crate::engine::people;
use crate::features::cx::{Cx, Handled, button};
use crate::features::press::Press;
use crate::features::speech::{Args, Language, Speech};
use crate::telegram::InlineKeyboard;

static_loader! {
    static TEXTS = {
        locales: "./src/features/language/texts",
        fallback_language: "en",
    };
}

/// Every text of this feature.
pub fn speech(language: Language) -> Speech<'static> {
    Speech::new(&*TEXTS, language)
}

/// `/language`: the languages to choose from.
pub async fn languages(cx: &mut Cx<'_>) -> Handled {
    let speech = speech(cx.language);
    let mut rows: Vec<_> = Language::ALL
        .iter()
        .map(|language| {
            let mark = if *language == cx.language { "✅ " } else { "" };
            let press = Press::SetLanguage {
                code: language.code().to_owned(),
            };
            vec![button(format!("{mark}{}", language.name()), &press)]
        })
        .collect();
    let home = speech.plain("button-home", &Args::new());
    rows.push(vec![button(home, &Press::Home { fresh: false })]);
    cx.show(
        speech.rich("choose", &Args::new()),
        Some(InlineKeyboard::new(rows)),
    )
    .await
}

/// A language was chosen.
pub async fn choose(cx: &mut Cx<'_>, code: &str) -> Handled {
    let spoken = Language::ALL.into_iter().find(|l| l.code() == code);
    // A button of a time when the bot spoke more languages.
    let Some(language) = spoken else {
        return languages(cx).await;
    };
    people::set_language(cx.conn, cx.user_id, language.code()).await?;
    cx.language = language;
    let text = speech(language).plain("chosen", &Args::new().text("language", language.name()));
    cx.answer(Some(text), false).await?;
    languages(cx).await
}
