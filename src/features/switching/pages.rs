//! All providers, and one of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::health::{self, Health};
use super::{lines, press_button, speech, state};
use crate::catalog::{Catalog, Service};
use crate::engine::routing::{self, Choice, Scope};
use crate::features::cx::{Cx, Handled};
use crate::features::press_providers::{ProviderPress, Switch};
use crate::features::routing as routes;
use crate::features::speech::Args;
use crate::telegram::{InlineKeyboard, Rich};

/// More services of one provider make a page that nobody reads.
const SHOWN_MAX: usize = 20;

/// `/providers`.
pub async fn providers(cx: &mut Cx<'_>) -> Handled {
    let catalog = Arc::clone(&cx.env.catalog);
    let speech = speech(cx.language);
    let choices = routing::choices(cx.conn).await?;
    let overall = overall(&choices);
    let mut text = vec![speech.rich("providers", &Args::new())];
    let mut rows = Vec::new();
    let names: Vec<String> = names(cx, &catalog).into_iter().collect();
    let settler = settler(cx);
    let looked_at: Vec<String> = names.iter().chain(&settler).cloned().collect();
    let health = Health::look(cx, &looked_at).await?;
    for name in names {
        let services = made_by(&catalog, &name).count();
        let args = Args::new()
            .text("name", &name)
            .text("state", state(speech, health.standing(cx, &name)))
            .number("n", i64::try_from(services).unwrap_or(i64::MAX));
        let mut line = speech.rich("provider-line", &args);
        if let Some(left) = health.left(&name, speech) {
            line = line.then(Rich::literal(" · ")).then(left);
        }
        text.push(line);
        let args = Args::new().text("name", &name);
        rows.push(vec![press_button(
            speech,
            "button-provider",
            &args,
            ProviderPress::One { name },
        )]);
    }
    for gateway in health.gateways() {
        let name = gateway.name.clone();
        let args = Args::new()
            .text("name", &name)
            .text("state", Health::gateway_state(gateway, speech));
        text.push(speech.rich("gateway-line", &args));
        let label = Args::new().text("name", &name);
        let press = ProviderPress::One { name };
        rows.push(vec![press_button(speech, "button-gateway", &label, press)]);
    }
    if let Some(name) = settler {
        let args = Args::new()
            .text("name", &name)
            .text("state", state(speech, health.standing(cx, &name)));
        text.push(speech.rich("settler-line", &args));
        let label = Args::new().text("name", &name);
        let press = ProviderPress::One { name };
        rows.push(vec![press_button(speech, "button-settler", &label, press)]);
    }
    text.push(match &overall {
        Some(name) => speech.rich("overall-chosen", &Args::new().text("name", name)),
        None => speech.rich("overall-catalog", &Args::new()),
    });
    let own = choices
        .iter()
        .filter(|choice| choice.scope != Scope::Everything && choice.provider.is_some())
        .count();
    let own = Args::new().number("n", i64::try_from(own).unwrap_or(i64::MAX));
    text.push(speech.rich("services-chosen", &own));
    rows.push(vec![press_button(
        speech,
        "button-services",
        &Args::new(),
        ProviderPress::Services { page: 0 },
    )]);
    if overall.is_some() {
        let back = ProviderPress::Ask(Switch {
            provider: None,
            service: None,
        });
        rows.push(vec![press_button(
            speech,
            "button-catalog",
            &Args::new(),
            back,
        )]);
    }
    cx.show(lines(text), Some(InlineKeyboard::new(rows))).await
}

/// One provider.
pub(super) async fn provider(cx: &mut Cx<'_>, name: &str) -> Handled {
    let catalog = Arc::clone(&cx.env.catalog);
    if settler(cx).is_some_and(|settler| settler == name) {
        return health::settler(cx, name).await;
    }
    let names: Vec<String> = names(cx, &catalog).into_iter().collect();
    let health = Health::look(cx, &names).await?;
    if !names.iter().any(|known| known == name) {
        return match health.gateways().find(|one| one.name == name) {
            Some(gateway) => health::gateway(cx, &health, gateway).await,
            None => providers(cx).await,
        };
    }
    let speech = speech(cx.language);
    let overall = overall(&routing::choices(cx.conn).await?);
    let standing = health.standing(cx, name);
    let args = Args::new()
        .text("name", name)
        .text("state", state(speech, standing));
    let mut text = vec![speech.rich("provider", &args)];
    text.extend(health.details(name, speech));
    let services: Vec<&Service> = made_by(&catalog, name).collect();
    for service in services.iter().take(SHOWN_MAX) {
        let Some(route) = service.route(name) else {
            continue;
        };
        let about = routes::known(cx.conn, service).await?;
        let cost = routes::cost(service, route, &about, &catalog.currency);
        let unknown = || speech.plain("value-unknown", &Args::new());
        let margin = cost.map(|cost| service.margin(cost, &catalog.currency).plain());
        let args = Args::new()
            .text("title", service.title.get(cx.language.code()))
            .text("id", &route.id)
            .text("price", cx.money(service.price))
            .text("cost", cost.map_or_else(unknown, |cost| cost.plain()))
            .text("margin", margin.unwrap_or_else(unknown));
        text.push(speech.rich("provider-service", &args));
    }
    if services.len() > SHOWN_MAX {
        let more = i64::try_from(services.len() - SHOWN_MAX).unwrap_or(i64::MAX);
        text.push(speech.rich("provider-more", &Args::new().number("n", more)));
    }
    let mut rows = Vec::new();
    if overall.as_deref() == Some(name) {
        text.push(speech.rich("provider-in-use", &Args::new()));
    } else if standing.is_some() {
        let to_it = ProviderPress::Ask(Switch {
            provider: Some(name.to_owned()),
            service: None,
        });
        rows.push(vec![press_button(
            speech,
            "button-use-for-all",
            &Args::new(),
            to_it,
        )]);
    }
    rows.push(vec![health.button(name, speech)]);
    rows.push(vec![press_button(
        speech,
        "button-back",
        &Args::new(),
        ProviderPress::All,
    )]);
    cx.show(lines(text), Some(InlineKeyboard::new(rows))).await
}

/// Who stands in the catalogue.
pub(super) fn names(cx: &Cx<'_>, catalog: &Catalog) -> BTreeSet<String> {
    let routes = catalog.services.iter().flat_map(|service| &service.routes);
    let bound = routes.map(|route| route.provider.clone());
    // Those that sell nothing here and are not configured would only be in the way.
    bound
        .filter(|name| (cx.env.standing)(name).is_some())
        .collect()
}

/// Who settles tips.
pub(super) fn settler(cx: &Cx<'_>) -> Option<String> {
    let name = cx.env.tips.settled_by()?;
    (cx.env.standing)(name).map(|_| name.to_owned())
}

/// The provider that was chosen for everything.
pub(super) fn overall(choices: &[Choice]) -> Option<String> {
    let mut choices = choices.iter();
    let choice = choices.find(|choice| choice.scope == Scope::Everything)?;
    choice.provider.clone()
}

fn made_by<'c>(catalog: &'c Catalog, name: &str) -> impl Iterator<Item = &'c Service> {
    let name = name.to_owned();
    catalog
        .services
        .iter()
        .filter(move |service| service.route(&name).is_some())
}
