//! How a service is made: by which provider, under which name it knows it, and for how much.

use toml::Value;

use super::fields::{Fields, Report};
use super::{Failover, Instant, PanelOrder, ResultKind, Route, panel, route};
use crate::base::money::{Amount, AmountError, Currency};

/// Orders at panels take days.
const ESTIMATE_S_MAX: u32 = 30 * 24 * 3600;

/// KIE's older families; the provider takes such a name before a colon.
pub const FAMILIES: [&str; 5] = ["4o-image", "flux-kontext", "veo", "runway", "suno"];

/// How a service is made, and for how much.
pub(super) struct Made {
    pub(super) price: Amount,
    pub(super) result: ResultKind,
    pub(super) routes: Vec<Route>,
    pub(super) failover: Failover,
    pub(super) estimate_s: u32,
    pub(super) panel: Option<PanelOrder>,
    pub(super) instant: Option<Instant>,
}

/// Reads it for a service that a provider makes.
pub(super) fn read(
    report: &mut Report,
    fields: &mut Fields<'_>,
    place: &str,
    currency: &Currency,
) -> Option<Made> {
    let price = price(report, fields, currency);
    let result = result_kind(report, fields);
    let estimate_s = fields.integer(report, "estimate_s", 1..=ESTIMATE_S_MAX);
    let panel = match fields.value("panel") {
        None => None,
        Some(Value::Table(table)) => panel::read(report, place, table),
        Some(_) => {
            fields.report(report, "panel", "must be { kind = \"…\" }");
            None
        }
    };
    let routes = route::routes(report, fields, place);
    let failover = route::failover(report, fields);
    Some(Made {
        price: price?,
        result: result?,
        routes: routes?,
        failover,
        estimate_s: estimate_s?,
        panel,
        instant: None,
    })
}

fn price(report: &mut Report, fields: &mut Fields<'_>, currency: &Currency) -> Option<Amount> {
    let text = fields.text(report, "price")?;
    match currency.parse(&text) {
        Ok(amount) => Some(amount),
        Err(error) => {
            let message = match error {
                AmountError::Malformed => {
                    "must be a decimal of 0 or more in quotes, such as \"0.40\"".to_owned()
                }
                AmountError::TooManyDecimals => {
                    format!("must have at most {} decimals", currency.exponent)
                }
                AmountError::TooLarge => "is too large".to_owned(),
            };
            fields.report(report, "price", message);
            None
        }
    }
}

fn result_kind(report: &mut Report, fields: &mut Fields<'_>) -> Option<ResultKind> {
    match fields.text(report, "result")?.as_str() {
        "image" => Some(ResultKind::Image),
        "video" => Some(ResultKind::Video),
        "audio" => Some(ResultKind::Audio),
        "document" => Some(ResultKind::Document),
        "delivery" => Some(ResultKind::Delivery),
        _ => {
            let message = "must be image, video, audio, document or delivery";
            fields.report(report, "result", message);
            None
        }
    }
}
