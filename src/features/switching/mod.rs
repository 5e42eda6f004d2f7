//! `/providers`, for admins: how each stands, who makes which service at what margin, and where new orders go.
//!
//! ```text
//! /providers ─▶ provider ─▶ isolate it ─▶ why? ─reason─▶ nothing more is sent there, from any replica, until it is released
//!      │              └────▶ use it for everything ─┐
//!      └──▶ services ─▶ service ─▶ use it for this ┴▶ sure? ─yes─▶ in force for the next order, on every replica
//! ```
//! A choice is a row that orders read in their own transaction (`engine::routing`). Orders that are under way stay with the
//! provider that they have. Each choice leaves a row in the audit.

mod health;
mod isolating;
mod pages;
mod service;
mod switch;

use fluent_templates::static_loader;

use crate::features::cx::{Cx, Handled, Stop, button};
use crate::features::press::Press;
use crate::features::press_providers::ProviderPress;
use crate::features::speech::{Args, Language, Speech};
use crate::providers::Standing;
use crate::telegram::{Button, Rich};

pub use pages::providers;

static_loader! {
    static TEXTS = {
        locales: "./src/features/switching/texts",
        fallback_language: "en",
    };
}

/// Every text of this feature.
pub fn speech(language: Language) -> Speech<'static> {
    Speech::new(&*TEXTS, language)
}

/// A button of these pages was pressed.
pub async fn press(cx: &mut Cx<'_>, press: ProviderPress) -> Handled {
    if !cx.is_admin() {
        let text = speech(cx.language).rich("admins-only", &Args::new());
        return Err(Stop::Refused(Box::new(text)));
    }
    match press {
        ProviderPress::All => providers(cx).await,
        ProviderPress::One { name } => pages::provider(cx, &name).await,
        ProviderPress::Services { page } => service::services(cx, page).await,
        ProviderPress::Service { id } => service::service(cx, &id).await,
        ProviderPress::Ask(switch) => switch::ask(cx, switch).await,
        ProviderPress::Do { switch, seen } => switch::carry_out(cx, switch, seen).await,
        ProviderPress::AskIsolate { name } => isolating::ask_isolate(cx, &name).await,
        ProviderPress::Isolate { name, why } => isolating::isolate(cx, &name, why).await,
        ProviderPress::AskRelease { name } => isolating::ask_release(cx, &name).await,
        ProviderPress::Release { name } => isolating::release(cx, &name).await,
    }
}

/// How a provider stands, in a few words.
fn state(speech: Speech<'_>, standing: Option<Standing>) -> String {
    let key = match standing {
        Some(Standing::Well) => "state-well",
        Some(Standing::Recovering) => "state-recovering",
        Some(Standing::Ill) => "state-ill",
        Some(Standing::Isolated) => "state-isolated",
        Some(Standing::NoFunds) => "state-no-funds",
        Some(Standing::KeyRefused) => "state-key-refused",
        None => "state-not-configured",
    };
    speech.plain(key, &Args::new())
}

fn press_button(speech: Speech<'_>, key: &str, args: &Args, press: ProviderPress) -> Button {
    button(speech.plain(key, args), &Press::Providers(press))
}

/// Lines to a text.
fn lines(lines: Vec<Rich>) -> Rich {
    let mut lines = lines.into_iter();
    let first = lines.next().unwrap_or_default();
    lines.fold(first, |text, line| {
        text.then(Rich::literal("\n")).then(line)
    })
}
