//! How a service is made: by which provider, under which name it knows it, and for how much.

use toml::{Table, Value};

use super::fields::{Fields, Report};
use super::{Binding, Instant, PanelOrder, ResultKind, panel};
use crate::base::money::{Amount, AmountError, Currency};

/// Orders at panels take days.
const ESTIMATE_S_MAX: u32 = 30 * 24 * 3600;

/// KIE's older families; the provider takes such a name before a colon.
pub const FAMILIES: [&str; 5] = ["4o-image", "flux-kontext", "veo", "runway", "suno"];

/// How a service is made, and for how much.
pub(super) struct Made {
    pub(super) price: Amount,
    pub(super) result: ResultKind,
    pub(super) provider: Binding,
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
    let provider = fields
        .table(report, "provider")
        .and_then(|table| binding(report, place, table));
    Some(Made {
        price: price?,
        result: result?,
        provider: provider?,
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

fn binding(report: &mut Report, place: &str, table: &Table) -> Option<Binding> {
    let mut fields = Fields::new(table, format!("{place}: provider"));
    let name = fields.text(report, "name");
    let service = fields.text(report, "service");
    if service.as_ref().is_some_and(String::is_empty) {
        fields.report(report, "service", "must not be empty");
    }
    let family = fields.optional_text(report, "family");
    if let Some(family) = &family
        && !(name.as_deref() == Some("kie") && FAMILIES.contains(&family.as_str()))
    {
        let known = FAMILIES.join(", ");
        fields.report(
            report,
            "family",
            format!("must be one of kie's older families: {known}"),
        );
    }
    let service = match family {
        Some(family) => service.map(|service| format!("{family}:{service}")),
        None => service,
    };
    let fixed = match fields.value("fixed") {
        None => Some(serde_json::Map::new()),
        Some(value) => match serde_json::to_value(value) {
            Ok(serde_json::Value::Object(object)) => Some(object),
            Ok(_) | Err(_) => {
                fields.report(report, "fixed", "must be a table of parameters");
                None
            }
        },
    };
    fields.finish(report);
    Some(Binding {
        name: name?,
        service: service?,
        fixed: fixed?,
    })
}
