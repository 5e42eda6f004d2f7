//! Taking a provider or a payment gateway out by hand, and letting it in again: a question first, then once, recorded.

use std::sync::Arc;

use serde_json::json;

use super::health::Health;
use super::{lines, pages, press_button, speech};
use crate::engine::admin_audit::{self, Act};
use crate::engine::operator::{Operator, Outcome};
use crate::engine::vitals;
use crate::features::cx::{Cx, Handled};
use crate::features::press_providers::{ProviderPress, Why};
use crate::features::speech::Args;
use crate::telegram::InlineKeyboard;

/// "Take it out" was pressed: what that means, and why?
pub(super) async fn ask_isolate(cx: &mut Cx<'_>, name: &str) -> Handled {
    let speech = speech(cx.language);
    let Some(kind) = kind(cx, name).await? else {
        return pages::providers(cx).await;
    };
    let key = match kind {
        Kind::Gateway => "ask-isolate-gateway",
        Kind::Settler => "ask-isolate-settler",
        Kind::Provider => "ask-isolate",
    };
    let text = speech.rich(key, &Args::new().text("name", name));
    let mut rows: Vec<Vec<_>> = Why::ALL
        .into_iter()
        .map(|why| {
            let key = match why {
                Why::Failing => "button-why-failing",
                Why::Wrong => "button-why-wrong",
                Why::Pause => "button-why-pause",
            };
            let name = name.to_owned();
            let press = ProviderPress::Isolate { name, why };
            vec![press_button(speech, key, &Args::new(), press)]
        })
        .collect();
    let name = name.to_owned();
    let back = ProviderPress::One { name };
    rows.push(vec![press_button(speech, "button-no", &Args::new(), back)]);
    cx.show(text, Some(InlineKeyboard::new(rows))).await
}

/// "Let it in again" was pressed.
pub(super) async fn ask_release(cx: &mut Cx<'_>, name: &str) -> Handled {
    let speech = speech(cx.language);
    if kind(cx, name).await?.is_none() {
        return pages::providers(cx).await;
    }
    let names = names(cx);
    let health = Health::look(cx, &names).await?;
    let mut text = vec![speech.rich("ask-release", &Args::new().text("name", name))];
    text.extend(health.details(name, speech));
    let name = || name.to_owned();
    let yes = ProviderPress::Release { name: name() };
    let back = ProviderPress::One { name: name() };
    let keyboard = InlineKeyboard::new([vec![
        press_button(speech, "button-yes-release", &Args::new(), yes),
        press_button(speech, "button-no", &Args::new(), back),
    ]]);
    cx.show(lines(text), Some(keyboard)).await
}

/// A reason was pressed.
pub(super) async fn isolate(cx: &mut Cx<'_>, name: &str, why: Why) -> Handled {
    let (names, by, now) = (names(cx), operator(cx, Some(why)), cx.now());
    let outcome = vitals::isolate(cx.conn, &names, name, &by, cx.correlation, now).await?;
    ended(cx, name, "isolate_provider", Some(why), outcome).await
}

/// "Yes, let it in" was pressed.
pub(super) async fn release(cx: &mut Cx<'_>, name: &str) -> Handled {
    let (names, by, now) = (names(cx), operator(cx, None), cx.now());
    let outcome = vitals::release(cx.conn, &names, name, &by, cx.correlation, now).await?;
    ended(cx, name, "release_provider", None, outcome).await
}

async fn ended(
    cx: &mut Cx<'_>,
    name: &str,
    action: &str,
    why: Option<Why>,
    outcome: Outcome,
) -> Handled {
    let (key, is_done) = match outcome {
        Outcome::Changed(_) if why.is_some() => ("is-isolated", true),
        Outcome::Changed(_) => ("is-released", true),
        Outcome::Already(_) => ("changed-meanwhile", false),
        Outcome::Refused(_) | Outcome::NotFound => return pages::providers(cx).await,
    };
    if is_done {
        let detail = json!({ "reason": why.map(Why::recorded) });
        let act = Act {
            admin_id: cx.user_id,
            action,
            target: name,
            detail: &detail,
            correlation: cx.correlation,
        };
        let now = cx.now();
        admin_audit::record(cx.conn, &act, now).await?;
        tracing::warn!(
            admin = cx.user_id,
            provider = name,
            action,
            "a breaker was set by hand"
        );
    }
    let text = speech(cx.language).plain(key, &Args::new());
    cx.answer(Some(text), !is_done).await?;
    pages::provider(cx, name).await
}

fn operator(cx: &Cx<'_>, why: Option<Why>) -> Operator {
    Operator {
        name: format!("admin {}", cx.user_id),
        reason: why.map(|why| why.recorded().to_owned()),
    }
}

/// Those that may be isolated besides the gateways.
fn names(cx: &Cx<'_>) -> Vec<String> {
    let catalog = Arc::clone(&cx.env.catalog);
    let names = pages::names(cx, &catalog).into_iter();
    names.chain(pages::settler(cx)).collect()
}

/// What can be taken out.
enum Kind {
    /// It makes what is sold.
    Provider,
    /// Users pay there.
    Gateway,
    /// It settles tips.
    Settler,
}

/// What it is; None: there is no such any more.
async fn kind(cx: &mut Cx<'_>, name: &str) -> Handled<Option<Kind>> {
    let names = names(cx);
    if pages::settler(cx).is_some_and(|settler| settler == name) {
        return Ok(Some(Kind::Settler));
    }
    if names.iter().any(|known| known == name) {
        return Ok(Some(Kind::Provider));
    }
    let health = Health::look(cx, &names).await?;
    let is_gateway = health.gateways().any(|one| one.name == name);
    Ok(is_gateway.then_some(Kind::Gateway))
}
