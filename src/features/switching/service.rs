//! The services that several providers can make, and who makes one of them.

use std::sync::Arc;

use super::{lines, press_button, speech, state};
use crate::catalog::{Failover, Route, Service, UnitRange};
use crate::engine::routing::About;
use crate::features::cx::{Cx, Handled, button};
use crate::features::press::Press;
use crate::features::press_providers::{ProviderPress, Switch};
use crate::features::routing as routes;
use crate::features::speech::{Args, Speech};
use crate::telegram::{InlineKeyboard, Rich};

/// Entries on one page.
const PAGE: usize = 8;

/// "By service" was pressed.
pub(super) async fn services(cx: &mut Cx<'_>, page: u16) -> Handled {
    let catalog = Arc::clone(&cx.env.catalog);
    let speech = speech(cx.language);
    let several: Vec<&Service> = catalog
        .services
        .iter()
        .filter(|service| configured(cx, service).count() > 1)
        .collect();
    let pages = several.len().div_ceil(PAGE).max(1);
    let page = usize::from(page).min(pages - 1);
    let shown = several.iter().skip(page * PAGE).take(PAGE);
    let mut rows: Vec<Vec<_>> = shown
        .map(|service| {
            let press = ProviderPress::Service {
                id: service.id.clone(),
            };
            let title = service.title.get(cx.language.code());
            vec![button(title, &Press::Providers(press))]
        })
        .collect();
    let to = |page: usize| {
        let page = u16::try_from(page).unwrap_or(0);
        Press::Providers(ProviderPress::Services { page })
    };
    let mut turn = Vec::new();
    if page > 0 {
        turn.push(button("◀️", &to(page - 1)));
    }
    if page + 1 < pages {
        turn.push(button("▶️", &to(page + 1)));
    }
    rows.push(turn);
    rows.push(vec![press_button(
        speech,
        "button-back",
        &Args::new(),
        ProviderPress::All,
    )]);
    let text = match several.is_empty() {
        true => speech.rich("services-none", &Args::new()),
        false => speech.rich("services", &Args::new()),
    };
    cx.show(text, Some(InlineKeyboard::new(rows))).await
}

/// One service, with everybody who can make it.
pub(super) async fn service(cx: &mut Cx<'_>, id: &str) -> Handled {
    let catalog = Arc::clone(&cx.env.catalog);
    let Some(service) = catalog.service(id) else {
        return services(cx, 0).await;
    };
    let speech = speech(cx.language);
    let about = routes::known(cx.conn, service).await?;
    let failover = match service.failover {
        Failover::Next => "failover-next",
        Failover::Wait => "failover-wait",
        Failover::Refuse => "failover-refuse",
    };
    let args = Args::new()
        .text("title", service.title.get(cx.language.code()))
        .text("price", cx.money(service.price));
    let mut text = vec![
        speech.rich("service", &args),
        speech.rich(failover, &Args::new()),
    ];
    let in_force = chosen(service, &about);
    let mut rows = Vec::new();
    for route in configured(cx, service) {
        text.push(line(cx, service, route, &about));
        if in_force != Some(route.provider.as_str()) {
            let switch = Switch {
                provider: Some(route.provider.clone()),
                service: Some(service.id.clone()),
            };
            let args = Args::new().text("name", &route.provider);
            rows.push(vec![press_button(
                speech,
                "button-use",
                &args,
                ProviderPress::Ask(switch),
            )]);
        }
    }
    text.push(match (&about.chosen, in_force) {
        (Some(own), Some(name)) if own == name => {
            speech.rich("service-chosen", &Args::new().text("name", name))
        }
        (_, Some(name)) => speech.rich("service-overall", &Args::new().text("name", name)),
        (_, None) if service.routes.iter().any(|route| route.weight > 0) => {
            speech.rich("service-weights", &Args::new())
        }
        (_, None) => speech.rich("service-catalog", &Args::new()),
    });
    if about.chosen.is_some() {
        let back = Switch {
            provider: None,
            service: Some(service.id.clone()),
        };
        rows.push(vec![press_button(
            speech,
            "button-catalog",
            &Args::new(),
            ProviderPress::Ask(back),
        )]);
    }
    rows.push(vec![press_button(
        speech,
        "button-back",
        &Args::new(),
        ProviderPress::Services { page: 0 },
    )]);
    cx.show(lines(text), Some(InlineKeyboard::new(rows))).await
}

fn configured<'s>(cx: &Cx<'_>, service: &'s Service) -> impl Iterator<Item = &'s Route> {
    let routes = service.routes.iter();
    routes.filter(|route| (cx.env.standing)(&route.provider).is_some())
}

/// Whom an admin chose, if that provider has the service.
fn chosen<'a>(service: &Service, about: &'a About) -> Option<&'a str> {
    [&about.chosen, &about.chosen_overall]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .find(|name| service.route(name).is_some())
}

fn line(cx: &Cx<'_>, service: &Service, route: &Route, about: &About) -> Rich {
    let speech = speech(cx.language);
    let currency = cx.env.currency();
    let known = about.of(&route.provider);
    let cost = routes::cost(service, route, about, currency);
    let unknown = || speech.plain("value-unknown", &Args::new());
    let margin = cost.map(|cost| service.margin(cost, currency).plain());
    let standing = match known {
        Some(known) if known.is_foreign() => speech.plain("state-foreign", &Args::new()),
        Some(known) if known.is_gone() => speech.plain("state-gone", &Args::new()),
        _ => state(speech, (cx.env.standing)(&route.provider)),
    };
    let args = Args::new()
        .text("name", &route.provider)
        .text("id", &route.id)
        .text("state", standing)
        .text("cost", cost.map_or_else(unknown, |cost| cost.plain()))
        .text("margin", margin.unwrap_or_else(unknown))
        .text("limits", limits(speech, routes::units(route, about)))
        .text("weight", route.weight.to_string());
    speech.rich("service-route", &args)
}

fn limits(speech: Speech<'_>, range: UnitRange) -> String {
    let bound = |n: Option<u64>| n.map_or_else(|| "…".to_owned(), |n| n.to_string());
    if range == UnitRange::default() {
        return speech.plain("value-any", &Args::new());
    }
    format!("{}–{}", bound(range.min), bound(range.max))
}
