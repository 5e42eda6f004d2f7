//! Switching: a question first, then the choice, once.

use std::sync::Arc;

use serde_json::json;

use super::{pages, press_button, service, speech};
use crate::engine::admin_audit::{self, Act};
use crate::engine::routing::{self, Scope};
use crate::features::cx::{Cx, Handled};
use crate::features::press_providers::{ProviderPress, Switch};
use crate::features::speech::Args;
use crate::telegram::InlineKeyboard;

/// A button that switches was pressed: first the question.
pub(super) async fn ask(cx: &mut Cx<'_>, switch: Switch) -> Handled {
    let speech = speech(cx.language);
    let Some(args) = meant(cx, &switch) else {
        return pages::providers(cx).await;
    };
    let text = match (&switch.provider, &switch.service) {
        (Some(_), Some(_)) => speech.rich("ask-service", &args),
        (Some(_), None) => speech.rich("ask-all", &args),
        (None, Some(_)) => speech.rich("ask-service-catalog", &args),
        (None, None) => speech.rich("ask-all-catalog", &args),
    };
    let seen = u16::try_from(version(cx, &switch).await?).unwrap_or(u16::MAX);
    let back = match &switch.service {
        Some(id) => ProviderPress::Service { id: id.clone() },
        None => ProviderPress::All,
    };
    let keyboard = InlineKeyboard::new([vec![
        press_button(
            speech,
            "button-yes",
            &Args::new(),
            ProviderPress::Do { switch, seen },
        ),
        press_button(speech, "button-no", &Args::new(), back),
    ]]);
    cx.show(text, Some(keyboard)).await
}

/// "Yes" was pressed.
pub(super) async fn carry_out(cx: &mut Cx<'_>, switch: Switch, seen: u16) -> Handled {
    if meant(cx, &switch).is_none() {
        return pages::providers(cx).await;
    }
    let (scope, now) = (scope(&switch), cx.now());
    let before = routing::choices(cx.conn)
        .await?
        .into_iter()
        .find(|choice| choice.scope == scope)
        .and_then(|choice| choice.provider);
    let provider = switch.provider.as_deref();
    let user_id = cx.user_id;
    if !routing::choose(cx.conn, &scope, seen.into(), provider, user_id, now).await? {
        let text = speech(cx.language).plain("changed-meanwhile", &Args::new());
        cx.answer(Some(text), true).await?;
        return show_again(cx, &switch).await;
    }
    let target = switch.service.as_deref().unwrap_or("everything");
    let detail = json!({ "provider": provider, "before": before });
    let act = Act {
        admin_id: user_id,
        action: "switch_provider",
        target,
        detail: &detail,
        correlation: cx.correlation,
    };
    admin_audit::record(cx.conn, &act, now).await?;
    tracing::info!(
        admin = user_id,
        target,
        provider,
        "new orders go another way"
    );
    let text = speech(cx.language).plain("switched", &Args::new());
    cx.answer(Some(text), false).await?;
    show_again(cx, &switch).await
}

async fn show_again(cx: &mut Cx<'_>, switch: &Switch) -> Handled {
    match &switch.service {
        Some(id) => service::service(cx, id).await,
        None => pages::providers(cx).await,
    }
}

fn scope(switch: &Switch) -> Scope {
    match &switch.service {
        Some(id) => Scope::Service(id.clone()),
        None => Scope::Everything,
    }
}

/// What the question is about; None if the catalogue has changed since the button was made.
fn meant(cx: &Cx<'_>, switch: &Switch) -> Option<Args> {
    let catalog = Arc::clone(&cx.env.catalog);
    let args = match &switch.provider {
        Some(name) if pages::names(cx, &catalog).contains(name) => Args::new().text("name", name),
        Some(_) => return None,
        None => Args::new(),
    };
    let Some(id) = &switch.service else {
        return Some(args);
    };
    let service = catalog.service(id)?;
    let makes_it = |name: &String| service.route(name).is_some();
    if switch.provider.as_ref().is_some_and(|name| !makes_it(name)) {
        return None;
    }
    Some(args.text("title", service.title.get(cx.language.code())))
}

async fn version(cx: &mut Cx<'_>, switch: &Switch) -> Handled<i32> {
    let scope = scope(switch);
    let choices = routing::choices(cx.conn).await?;
    let mut choices = choices.iter();
    let choice = choices.find(|choice| choice.scope == scope);
    Ok(choice.map_or(0, |choice| choice.version))
}
