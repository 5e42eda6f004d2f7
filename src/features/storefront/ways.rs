//! The way of an order to a provider: who gets it, with which parameters, or what to say when nobody does.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::draft::{self, Draft};
use super::pages;
use super::texts::speech;
use crate::catalog::{Input, InputKind, NumberRange, Route, Service, UnitRange};
use crate::engine::inbox::HandleError;
use crate::engine::jobs::ExpectedCost;
use crate::engine::limits::{self, Charged, Rate};
use crate::engine::outbox::{self, Action, NewMessage, Priority};
use crate::features::cx::{Cx, Handled, Stop};
use crate::features::routing::{self, NoRoute};
use crate::features::speech::{Args, Language};

/// One alarm an hour for each mistake of the catalogue, however many users meet it.
const ALARMS: Rate = Rate {
    every: Duration::from_secs(3600),
    burst: 1,
};

/// How an order goes to its provider.
pub(super) struct Way<'s> {
    pub(super) route: &'s Route,
    /// The provider's input.
    pub(super) params: Value,
    /// Whether it may be stopped on its way.
    pub(super) stoppable: bool,
    /// What it is to cost us.
    pub(super) cost: Option<ExpectedCost>,
}

/// The way of a complete draft, which becomes job `job`.
pub(super) async fn find<'s>(
    cx: &mut Cx<'_>,
    service: &'s Service,
    draft: &Draft,
    job: Uuid,
) -> Handled<Result<Way<'s>, NoRoute>> {
    let about = routing::known(cx.conn, service).await?;
    let params = |route: &Route| {
        draft::params(service, route, &draft.answers)
            .map_err(|error| Stop::Failed(HandleError::Bug(error)))
    };
    let quantity = match service.routes.first() {
        Some(first) => service.quantity(&params(first)?),
        None => None,
    };
    let route = match routing::pick(service, &about, &*cx.env.standing, quantity, job) {
        Ok(route) => route,
        Err(why) => return Ok(Err(why)),
    };
    let sold = about
        .of(&route.provider)
        .and_then(|known| known.sold.as_ref());
    let params = params(route)?;
    let currency = cx.env.currency();
    let units = service.priced(&params).units;
    let micros = routing::cost(service, route, &about, currency).map(|cost| cost.of_units(units).0);
    let credit_micros = cx.env.credit_cost(&route.provider);
    let is_known = micros.is_some() || credit_micros.is_some();
    Ok(Ok(Way {
        route,
        params,
        cost: is_known.then(|| ExpectedCost {
            currency: currency.code.clone(),
            micros,
            credit_micros,
        }),
        stoppable: service.panel.is_none_or(|panel| panel.cancel)
            && sold.is_none_or(|sold| sold.cancel),
    }))
}

/// Tells the user why nobody gets their order. Nothing was charged.
pub(super) async fn refuse(cx: &mut Cx<'_>, service: &Service, why: NoRoute) -> Handled {
    let speech = speech(cx.language);
    let text = match why {
        NoRoute::Gone => speech.rich("refused-gone", &Args::new()),
        NoRoute::Unavailable => speech.rich("refused-unavailable", &Args::new()),
        NoRoute::Foreign { provider, id } => return alarm(cx, service, &provider, &id).await,
        NoRoute::Quantity(range) => {
            let bound = |n: Option<u64>| n.map_or_else(|| "…".to_owned(), |n| n.to_string());
            let args = Args::new()
                .text("min", bound(range.min))
                .text("max", bound(range.max));
            speech.rich("refused-quantity", &args)
        }
    };
    Err(Stop::Refused(Box::new(text)))
}

/// The catalogue names an id that is not the provider's. The user is told kindly and pays nothing, the admins are told what
/// to mend. No refusal: that would undo the alarm.
async fn alarm(cx: &mut Cx<'_>, service: &Service, provider: &str, id: &str) -> Handled {
    tracing::error!(service = %service.id, provider, id, "the catalogue names a service that the provider does not have");
    let now = cx.now();
    let key = format!("warning:foreign:{}:{provider}", service.id);
    if limits::charge(cx.conn, &key, 1, ALARMS, now).await? == Charged::Taken {
        let args = Args::new()
            .text("service", &service.id)
            .text("provider", provider)
            .text("id", id);
        let text = speech(Language::En).rich("admin-foreign-service", &args);
        let env = cx.env;
        for admin_id in &env.admin_ids {
            let action = Action::Say {
                text: text.clone(),
                keyboard: None,
            };
            let message = NewMessage {
                priority: Priority::Low,
                merge_key: Some(outbox::ADMIN_NOTICES),
                ..NewMessage::new(*admin_id, cx.correlation, action)
            };
            cx.post(&message).await?;
        }
    }
    let text = speech(cx.language).rich("refused-unavailable", &Args::new());
    cx.answer(None, false).await?;
    cx.say(text, Some(pages::ways_on(speech(cx.language))))
        .await
}

/// What the providers of a service take at once, or why an order need not even be begun.
pub(super) async fn reach(
    cx: &mut Cx<'_>,
    service: &Service,
) -> Handled<Result<UnitRange, NoRoute>> {
    // Only panels have lists, which say what is gone and how many they take.
    if service.panel.is_none() {
        return Ok(Ok(UnitRange::default()));
    }
    let about = routing::known(cx.conn, service).await?;
    Ok(routing::reach(service, &about, &*cx.env.standing))
}

/// The input as it is asked for now: a quantity only within what a provider takes.
pub(super) async fn narrowed<'i>(
    cx: &mut Cx<'_>,
    service: &Service,
    input: &'i Input,
) -> Handled<Cow<'i, Input>> {
    let param = service.panel.and_then(|panel| panel.kind.quantity_param());
    let InputKind::Number(range) = &input.kind else {
        return Ok(Cow::Borrowed(input));
    };
    if param != Some(input.param.as_str()) {
        return Ok(Cow::Borrowed(input));
    }
    let reach = reach(cx, service).await?.unwrap_or_default();
    Ok(match within(*range, reach) {
        Some(range) => Cow::Owned(Input {
            kind: InputKind::Number(range),
            ..input.clone()
        }),
        None => Cow::Borrowed(input),
    })
}

/// The numbers of `range` that lie within `reach`, on the same steps; None where that is all of them, or none.
#[expect(
    clippy::cast_precision_loss,
    reason = "nobody orders more than 2^52 of anything"
)]
fn within(range: NumberRange, reach: UnitRange) -> Option<NumberRange> {
    let least = reach.min.map_or(range.min, |min| min as f64);
    let most = reach.max.map_or(range.max, |max| max as f64);
    let steps = |to: f64| (to - range.min) / range.step;
    let min = range.min + steps(least.max(range.min)).ceil() * range.step;
    let max = range.min + steps(most.min(range.max)).floor() * range.step;
    let is_narrower = min > range.min || most < range.max;
    (is_narrower && min <= max).then_some(NumberRange {
        min,
        max,
        step: range.step,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_narrowed_on_its_own_steps() {
        let range = |min, max, step| NumberRange { min, max, step };
        let reach = |min, max| UnitRange { min, max };
        let asked = range(50.0, 1000.0, 20.0);
        assert_eq!(within(asked, UnitRange::default()), None);
        assert_eq!(within(asked, reach(Some(50), Some(5000))), None);
        assert_eq!(
            within(asked, reach(Some(100), Some(500))),
            Some(range(110.0, 490.0, 20.0))
        );
        // Nothing is left: the order itself is refused, with the reason.
        assert_eq!(within(asked, reach(Some(2000), None)), None);
    }
}
