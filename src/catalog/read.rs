//! From TOML to the catalogue's types. Reads everything it can, so that one start shows all problems.

use toml::{Table, Value};

use super::fields::{Fields, Report};
use super::{
    Catalog, Category, DefaultValue, Input, InputKind, InputOption, NumberRange, Problem, Service,
};
use super::{instant, making, payout};
use crate::base::money::Currency;

/// A title stands on a button beside a price.
pub(super) const TITLE_CHARS_MAX: usize = 40;
/// A description stands in one message with the price, the balance and the inputs.
const DESCRIPTION_CHARS_MAX: usize = 300;
/// The Bot API gives files up to 20 MB ("getFile").
const FILE_MB_MAX: u32 = 20;
const MEDIA_SECONDS_MAX: u32 = 3600;
/// One message of short lines.
const LINES_MAX: u32 = 1000;
/// A Telegram message has at most 4096 characters ("sendMessage").
const TEXT_CHARS_MAX: u32 = 4096;

/// Reads a catalogue as far as it is readable, with the problems found on the way.
///
/// # Errors
/// The problems, if nothing coherent could be made of the text.
pub(super) fn catalog(file: &str, text: &str) -> Result<(Catalog, Vec<Problem>), Vec<Problem>> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        vec![Problem::of_file(
            file,
            format!("is not valid TOML: {}", error.to_string().trim_end()),
        )]
    })?;
    let mut report = Report::new(file);
    let mut root = Fields::new(&table, "");
    let currency = root
        .table(&mut report, "currency")
        .and_then(|table| currency(&mut report, table));
    let categories = root
        .tables(&mut report, "category")
        .into_iter()
        .enumerate()
        .filter_map(|(index, table)| category(&mut report, index, table))
        .collect();
    let price_unit = currency.clone().unwrap_or_else(placeholder_currency);
    let services = root
        .tables(&mut report, "service")
        .into_iter()
        .enumerate()
        .filter_map(|(index, table)| service(&mut report, index, table, &price_unit))
        .collect();
    let withdrawals = payout::read(&mut report, &mut root, &price_unit);
    root.finish(&mut report);
    match currency {
        Some(currency) => Ok((
            Catalog {
                currency,
                categories,
                services,
                withdrawals,
            },
            report.problems,
        )),
        None => Err(report.problems),
    }
}

/// Lets prices be read for their problems when the currency itself is wrong.
fn placeholder_currency() -> Currency {
    Currency {
        code: "XXX".to_owned(),
        exponent: 4,
        symbol: "XXX".to_owned(),
    }
}

/// ``service `upscale` ``, or its number in the file as long as it has no id.
pub(super) fn name_of(what: &str, index: usize, table: &Table) -> String {
    match table.get("id").and_then(Value::as_str) {
        Some(id) => format!("{what} `{id}`"),
        None => format!("{what} no. {}", index + 1),
    }
}

fn currency(report: &mut Report, table: &Table) -> Option<Currency> {
    let mut fields = Fields::new(table, "currency");
    let code = fields.text(report, "code");
    let exponent = fields.integer(report, "exponent", 0..=4);
    let symbol = fields.text(report, "symbol");
    if let Some(code) = &code
        && !(code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()))
    {
        fields.report(report, "code", "must be three capital letters, such as USD");
    }
    if let Some(symbol) = &symbol
        && !(1..=8).contains(&symbol.chars().count())
    {
        fields.report(report, "symbol", "must have 1 to 8 characters");
    }
    fields.finish(report);
    Some(Currency {
        code: code?,
        exponent: u8::try_from(exponent?).ok()?,
        symbol: symbol?,
    })
}

fn category(report: &mut Report, index: usize, table: &Table) -> Option<Category> {
    let mut fields = Fields::new(table, name_of("category", index, table));
    let id = fields.id(report);
    let title = fields.local(report, "title", TITLE_CHARS_MAX);
    fields.finish(report);
    Some(Category {
        id: id?,
        title: title?,
    })
}

fn service(
    report: &mut Report,
    index: usize,
    table: &Table,
    currency: &Currency,
) -> Option<Service> {
    let place = name_of("service", index, table);
    let mut fields = Fields::new(table, place.clone());
    let id = fields.id(report);
    let category = fields.text(report, "category");
    let title = fields.local(report, "title", TITLE_CHARS_MAX);
    let description = fields.local(report, "description", DESCRIPTION_CHARS_MAX);
    let free_per_day = fields.optional_integer(report, "free_per_day", 1..=1000);
    let kind = fields.optional_text(report, "kind");
    let made = match kind.as_deref() {
        None => making::read(report, &mut fields, &place, currency),
        Some("free") => instant::read(report, &mut fields),
        Some(_) => {
            fields.report(report, "kind", "must be free, or be left out");
            None
        }
    };
    let inputs = fields
        .tables(report, "input")
        .into_iter()
        .enumerate()
        .filter_map(|(index, table)| input(report, &place, index, table, kind.is_some()))
        .collect();
    fields.finish(report);
    let made = made?;
    Some(Service {
        id: id?,
        category: category?,
        title: title?,
        description: description?,
        price: made.price,
        free_per_day,
        inputs,
        result: made.result,
        routes: made.routes,
        failover: made.failover,
        estimate_s: made.estimate_s,
        panel: made.panel,
        instant: made.instant,
        is_offered: true,
    })
}

fn input(
    report: &mut Report,
    place: &str,
    index: usize,
    table: &Table,
    is_instant: bool,
) -> Option<Input> {
    let place = format!("{place}: {}", name_of("input", index, table));
    let mut fields = Fields::new(table, place);
    let id = fields.id(report);
    let title = fields.local(report, "title", TITLE_CHARS_MAX);
    let hint = fields.optional_local(report, "hint", DESCRIPTION_CHARS_MAX);
    let kind = input_kind(report, &mut fields);
    let optional = fields.flag(report, "optional");
    let default = default_value(report, &mut fields);
    // What is answered here has no provider that a parameter could be for.
    let param = if is_instant {
        id.clone()
    } else {
        fields.text(report, "param")
    };
    fields.finish(report);
    Some(Input {
        id: id?,
        title: title?,
        hint,
        kind: kind?,
        optional,
        default,
        param: param?,
    })
}

fn input_kind(report: &mut Report, fields: &mut Fields<'_>) -> Option<InputKind> {
    match fields.text(report, "kind")?.as_str() {
        "text" => {
            let min = fields.integer(report, "min", 1..=TEXT_CHARS_MAX);
            let max = fields.integer(report, "max", 1..=TEXT_CHARS_MAX);
            Some(InputKind::Text {
                min: min?,
                max: max?,
            })
        }
        "image" => Some(InputKind::Image {
            max_mb: fields.integer(report, "max_mb", 1..=FILE_MB_MAX)?,
        }),
        "video" => {
            let (max_mb, max_s) = media_limits(report, fields);
            Some(InputKind::Video {
                max_mb: max_mb?,
                max_s: max_s?,
            })
        }
        "audio" => {
            let (max_mb, max_s) = media_limits(report, fields);
            Some(InputKind::Audio {
                max_mb: max_mb?,
                max_s: max_s?,
            })
        }
        "choice" => Some(InputKind::Choice {
            options: options(report, fields),
        }),
        "number" => {
            let min = fields.number(report, "min");
            let max = fields.number(report, "max");
            let step = fields.number(report, "step");
            Some(InputKind::Number(NumberRange {
                min: min?,
                max: max?,
                step: step?,
            }))
        }
        "link" => Some(InputKind::Link {
            hosts: hosts(report, fields)?,
        }),
        "lines" => {
            let min = fields.integer(report, "min", 1..=LINES_MAX);
            let max = fields.integer(report, "max", 1..=LINES_MAX);
            Some(InputKind::Lines {
                min: min?,
                max: max?,
            })
        }
        _ => {
            fields.report(
                report,
                "kind",
                "must be text, image, video, audio, choice, number, link or lines",
            );
            None
        }
    }
}

fn hosts(report: &mut Report, fields: &mut Fields<'_>) -> Option<Vec<String>> {
    let is_host = |host: &str| {
        host.contains('.')
            && host.len() <= 100
            && host.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte)
            })
    };
    let hosts: Option<Vec<String>> =
        fields
            .value("hosts")
            .and_then(Value::as_array)
            .and_then(|hosts| {
                let texts = hosts.iter().map(|host| {
                    host.as_str()
                        .filter(|host| is_host(host))
                        .map(str::to_owned)
                });
                texts.collect()
            });
    if hosts.as_ref().is_none_or(Vec::is_empty) {
        fields.report(
            report,
            "hosts",
            "must be a list of hosts such as [\"t.me\"], in lower case",
        );
        return None;
    }
    hosts
}

fn media_limits(report: &mut Report, fields: &mut Fields<'_>) -> (Option<u32>, Option<u32>) {
    (
        fields.integer(report, "max_mb", 1..=FILE_MB_MAX),
        fields.integer(report, "max_s", 1..=MEDIA_SECONDS_MAX),
    )
}

fn options(report: &mut Report, fields: &mut Fields<'_>) -> Vec<InputOption> {
    let place = fields.place_of("option");
    fields
        .tables(report, "option")
        .into_iter()
        .enumerate()
        .filter_map(|(index, table)| {
            let mut option = Fields::new(table, format!("{place} no. {}", index + 1));
            let value = option.text(report, "value");
            let title = option.local_or_same(report, "title", TITLE_CHARS_MAX);
            option.finish(report);
            Some(InputOption {
                value: value?,
                title: title?,
            })
        })
        .collect()
}

fn default_value(report: &mut Report, fields: &mut Fields<'_>) -> Option<DefaultValue> {
    match fields.value("default")? {
        Value::String(text) => Some(DefaultValue::Text(text.clone())),
        Value::Integer(_) | Value::Float(_) => {
            fields.number(report, "default").map(DefaultValue::Number)
        }
        Value::Boolean(_) | Value::Datetime(_) | Value::Array(_) | Value::Table(_) => {
            fields.report(report, "default", "must be a text or a number");
            None
        }
    }
}
