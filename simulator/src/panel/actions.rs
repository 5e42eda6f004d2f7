//! What each action does.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::api::{Fields, Outcome, Refusal};
use super::orders::{Decided, Fate, Order, Refill};
use super::services::{Kind, SERVICES, Service};
use super::settings::Numbers;
use super::{KEPT_ORDERS_MAX, Panel};
use crate::core::Core;

/// Orders in one question, as panels document it.
const ORDERS_MAX: usize = 100;
/// Minutes, as panels document it.
const DELAYS: &[&str] = &["0", "5", "10", "15", "30", "60", "90"];

fn refuse<T>(code: &'static str, prose: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(code, prose))
}

/// No field that the action does not know: real panels ignore such, but ours would be a mistake.
fn only(fields: &Fields, known: &[&str]) -> Result<(), Refusal> {
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => refuse(
            "error.incorrect_request",
            format!("Incorrect request: {name}"),
        ),
        None => Ok(()),
    }
}

impl Panel {
    pub(super) fn services(&self, fields: &Fields) -> Outcome {
        only(fields, &[])?;
        let row = |service: Service| {
            let changed = self.settings.services.get(service.id);
            let name = changed.and_then(|changed| changed.name.as_deref());
            let rate = changed.and_then(|changed| changed.rate.as_deref());
            json!({
                "service": service.id.parse::<u64>().unwrap_or(0),
                "name": name.unwrap_or(service.name),
                "type": service.kind.name(),
                "category": "All",
                "rate": rate.unwrap_or(service.rate),
                "min": service.min.to_string(),
                "max": service.max.to_string(),
                "dripfeed": service.dripfeed,
                "refill": service.refill,
                "cancel": service.cancel,
            })
        };
        let sold = SERVICES
            .iter()
            .filter_map(|service| self.settings.service(service.id));
        Ok(sold.map(row).collect())
    }

    /// What was not delivered of orders that ended is ours again.
    pub(super) fn settle(&mut self, now: OffsetDateTime) {
        let back: i64 = self
            .orders
            .values_mut()
            .map(|order| order.settle(now))
            .sum();
        self.settings.balance_micros += back;
    }

    pub(super) fn add(&mut self, core: &Core, fields: &Fields, now: OffsetDateTime) -> Outcome {
        self.add_calls += 1;
        let Some(service) = fields
            .get("service")
            .and_then(|id| self.settings.service(id))
        else {
            return refuse(
                "neworder.error.incorrect_service_id",
                "Incorrect service ID",
            );
        };
        let quantity = check(&service, fields)?;
        let target = target(fields);
        if target.contains("refuse") {
            return refuse(
                "neworder.error.blacklisted",
                "This link is blacklisted and not allowed by our rules",
            );
        }
        let same =
            |order: &Order| self::target(&order.fields) == target && order.service == service.id;
        if self
            .orders
            .values()
            .any(|order| same(order) && order.is_active(now))
        {
            return refuse(
                "neworder.error.link_duplicate",
                "You have active order with this link. Please wait until order being completed.",
            );
        }
        let charge_micros = match service.kind {
            Kind::Package => service.rate_micros,
            _ => service.rate_micros * quantity / 1000,
        };
        if self.settings.balance_micros < charge_micros {
            return refuse(
                "neworder.error.not_enough_funds",
                "Not enough funds on balance",
            );
        }
        self.settings.balance_micros -= charge_micros;
        let id = self.next_order;
        self.next_order += 1;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "a rough time"
        )]
        let takes_ms = (service.takes_s as f64 * 1000.0 / self.settings.speed) as i64;
        let order = Order {
            id,
            service: service.id.to_owned(),
            fields: fields.clone(),
            quantity,
            charge_micros,
            start_count: i64::try_from(core.random_below(5_000)).unwrap_or(0),
            created: now,
            takes_ms,
            fate: Fate::of(&target),
            decided: None,
            refunded: false,
        };
        while self.orders.len() >= KEPT_ORDERS_MAX {
            self.orders.pop_first();
        }
        self.orders.insert(id, order);
        Ok(json!({ "order": id }))
    }

    pub(super) fn status(&self, fields: &Fields, now: OffsetDateTime) -> Outcome {
        only(fields, &["order", "orders"])?;
        if let Some(ids) = fields.get("orders").filter(|_| self.settings.multi) {
            return self.several(ids, |panel, id| panel.order_status(id, now));
        }
        self.order_status(fields.get("order").map_or("", String::as_str), now)
    }

    /// A map of answers, one for each id.
    fn several(&self, ids: &str, one: impl Fn(&Self, &str) -> Outcome) -> Outcome {
        let ids: Vec<&str> = ids.split(',').collect();
        if ids.len() > ORDERS_MAX {
            return refuse("error.too_many_orders", "Too many orders in one request");
        }
        let answers: Map<String, Value> = ids
            .into_iter()
            .map(|id| {
                let answer = one(self, id);
                let answer = answer.unwrap_or_else(|refusal| refusal.json(self.settings.errors));
                (id.to_owned(), answer)
            })
            .collect();
        Ok(Value::Object(answers))
    }

    fn order_status(&self, id: &str, now: OffsetDateTime) -> Outcome {
        let Some(order) = self.order(id) else {
            return refuse("error.incorrect_order_id", "Incorrect order ID");
        };
        let Decided {
            status,
            start_count,
            remains,
        } = order.standing(now);
        let mut answer = json!({
            "start_count": start_count.map_or(json!(""), |n| self.number(order.id, n)),
            "status": status,
            "remains": remains.map_or(json!("Unknown"), |n| self.number(order.id, n)),
            "currency": "USD",
        });
        if self.settings.charges {
            answer["charge"] = json!(format!("{:.5}", micros(order.charge_micros)));
        }
        Ok(answer)
    }

    fn order(&self, id: &str) -> Option<&Order> {
        self.orders.get(&id.parse().ok()?)
    }

    fn number(&self, order: u64, n: i64) -> Value {
        let as_text = match self.settings.numbers {
            Numbers::Mixed => order.is_multiple_of(2),
            Numbers::Strings => true,
            Numbers::Digits => false,
        };
        if as_text {
            json!(n.to_string())
        } else {
            json!(n)
        }
    }

    pub(super) fn refill(&mut self, fields: &Fields, now: OffsetDateTime) -> Outcome {
        only(fields, &["order"])?;
        let Some(order) = self.order(fields.get("order").map_or("", String::as_str)) else {
            return refuse("error.incorrect_order_id", "Incorrect order ID");
        };
        let may = self
            .settings
            .service(&order.service)
            .is_some_and(|service| service.refill);
        let id = order.id;
        let is_done = order.standing(now).status == "Completed";
        let runs = |refill: &Refill| {
            refill.order == id && !["Completed", "Rejected"].contains(&refill.status(now).as_str())
        };
        if !may || !is_done || self.refills.values().any(runs) {
            return refuse(
                "error.refill_not_available",
                "Order not eligible for refill.",
            );
        }
        let number = self.refills.keys().next_back().map_or(1, |last| last + 1);
        let refill = Refill {
            order: id,
            created: now,
            decided: None,
        };
        self.refills.insert(number, refill);
        Ok(json!({ "refill": number.to_string() }))
    }

    pub(super) fn refill_status(&self, fields: &Fields, now: OffsetDateTime) -> Outcome {
        only(fields, &["refill"])?;
        let id = fields.get("refill").and_then(|id| id.parse().ok());
        match id.and_then(|id: u64| self.refills.get(&id)) {
            Some(refill) => Ok(json!({ "status": refill.status(now) })),
            None => refuse("error.refill_not_found", "Refill not found"),
        }
    }

    pub(super) fn cancel(&mut self, fields: &Fields, now: OffsetDateTime) -> Outcome {
        only(fields, &["orders"])?;
        let ids = fields.get("orders").map_or("", String::as_str).to_owned();
        let answers = ids.split(',').map(|id| {
            let cancel = match self.cancel_one(id, now) {
                Ok(done) => done,
                Err(refusal) => refusal.json(self.settings.errors),
            };
            let order = id.parse::<u64>().map_or(json!(id), |id| json!(id));
            json!({ "order": order, "cancel": cancel })
        });
        Ok(answers.collect())
    }

    fn cancel_one(&mut self, id: &str, now: OffsetDateTime) -> Outcome {
        let Some(order) = id.parse().ok().and_then(|id: u64| self.orders.get_mut(&id)) else {
            return refuse("error.incorrect_order_id", "Incorrect order ID");
        };
        let may = self
            .settings
            .service(&order.service)
            .is_some_and(|service| service.cancel);
        if !may || !order.is_active(now) {
            return refuse("error.cancel_not_available", "The order cannot be canceled");
        }
        let mut standing = order.standing(now);
        let is_untouched = standing.remains.is_none_or(|left| left >= order.quantity);
        standing.status = if is_untouched { "Canceled" } else { "Partial" }.to_owned();
        order.decided = Some(standing);
        Ok(json!(1))
    }

    pub(super) fn balance(&self, fields: &Fields) -> Outcome {
        only(fields, &[])?;
        let balance = format!("{:.5}", micros(self.settings.balance_micros));
        Ok(json!({ "balance": balance, "currency": "USD" }))
    }
}

#[expect(clippy::cast_precision_loss, reason = "balances are small")]
fn micros(n: i64) -> f64 {
    n as f64 / 1_000_000.0
}

/// What an order works on: a link, or a profile.
fn target(fields: &Fields) -> String {
    let named = fields.get("link").or_else(|| fields.get("username"));
    named.cloned().unwrap_or_default()
}

/// How many units an order is of.
fn check(service: &Service, fields: &Fields) -> Result<i64, Refusal> {
    let kind = service.kind;
    let known = [&["service"], kind.required(), kind.optional()].concat();
    only(fields, &known)?;
    for name in kind.required() {
        if fields
            .get(*name)
            .is_none_or(|value| value.trim().is_empty())
        {
            return refuse(
                "error.incorrect_request",
                format!("Incorrect request: {name} is required"),
            );
        }
    }
    if fields
        .get("link")
        .is_some_and(|link| !link.starts_with("https://"))
    {
        return refuse("neworder.error.incorrect_link", "Incorrect link");
    }
    let number = |name: &str| fields.get(name).and_then(|value| value.parse::<i64>().ok());
    let lines = |name: &str| {
        fields.get(name).map_or(0, |text| {
            text.lines().filter(|line| !line.trim().is_empty()).count()
        })
    };
    let quantity = match kind {
        Kind::Default | Kind::Poll => number("quantity").unwrap_or(0),
        Kind::Package => return Ok(1),
        Kind::Comments => i64::try_from(lines("comments")).unwrap_or(0),
        Kind::Mentions => i64::try_from(lines("usernames")).unwrap_or(0),
        Kind::Subscriptions => number("max").unwrap_or(0),
    };
    if quantity < service.min || number("min").is_some_and(|min| min < service.min) {
        return refuse(
            "neworder.error.min_quantity",
            format!("Quantity less than minimal {}", service.min),
        );
    }
    if quantity > service.max {
        return refuse(
            "neworder.error.max_quantity",
            format!("Quantity more than maximum {}", service.max),
        );
    }
    let times = match kind {
        Kind::Default => runs(service, fields)?,
        Kind::Subscriptions
            if !fields
                .get("delay")
                .is_some_and(|delay| DELAYS.contains(&delay.as_str())) =>
        {
            return refuse("neworder.error.incorrect_delay", "Incorrect delay");
        }
        Kind::Subscriptions => number("posts").unwrap_or(0),
        Kind::Package | Kind::Comments | Kind::Mentions | Kind::Poll => 1,
    };
    Ok(quantity * times.max(1))
}

fn runs(service: &Service, fields: &Fields) -> Result<i64, Refusal> {
    let number = |name: &str| fields.get(name).and_then(|value| value.parse::<i64>().ok());
    match (fields.contains_key("runs"), fields.contains_key("interval")) {
        (false, false) => Ok(1),
        (true, true) if service.dripfeed => match (number("runs"), number("interval")) {
            (Some(runs @ 1..=1000), Some(1..)) => Ok(runs),
            _ => refuse(
                "neworder.error.incorrect_runs",
                "Incorrect runs or interval",
            ),
        },
        (true, true) => refuse(
            "neworder.error.dripfeed",
            "Drip-feed is not available for this service",
        ),
        (true, false) | (false, true) => refuse(
            "neworder.error.incorrect_runs",
            "Incorrect runs or interval",
        ),
    }
}
