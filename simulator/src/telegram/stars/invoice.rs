//! sendInvoice and what it refuses.

use serde_json::{Value, json};

use super::{Invoice, required};
use crate::core::Core;
use crate::telegram::params::Params;
use crate::telegram::refusal::Refusal;
use crate::telegram::send::{open_chat, post};
use crate::telegram::text::{self, Markup};

/// Bot API docs, "sendInvoice".
const TITLE_CHARS_MAX: usize = 32;
const DESCRIPTION_CHARS_MAX: usize = 255;
const PAYLOAD_BYTES_MAX: usize = 128;
const PRICE_MAX: i64 = 100_000;

/// sendInvoice, for Stars only.
pub(in crate::telegram) fn send_invoice(core: &Core, params: &Params) -> Result<Value, Refusal> {
    let chat_id = open_chat(&core.telegram.world(), params)?;
    let title = required(params, "title")?;
    let description = required(params, "description")?;
    let payload = required(params, "payload")?;
    let currency = required(params, "currency")?;
    let stars = price(params)?;
    let provider_token = params.text("provider_token").unwrap_or_default();
    if title.chars().count() > TITLE_CHARS_MAX {
        return Err(Refusal::bad("TITLE_INVALID"));
    }
    if description.chars().count() > DESCRIPTION_CHARS_MAX {
        return Err(Refusal::bad("DESCRIPTION_INVALID"));
    }
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(Refusal::bad("INVOICE_PAYLOAD_INVALID"));
    }
    if currency != "XTR" {
        let is_known = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
        return Err(Refusal::bad(match is_known {
            true => "PAYMENT_PROVIDER_INVALID",
            false => "CURRENCY_INVALID",
        }));
    }
    let Some(stars) = stars.filter(|_| provider_token.is_empty()) else {
        return Err(Refusal::bad("STARS_INVOICE_INVALID"));
    };
    if !(1..=PRICE_MAX).contains(&stars) {
        return Err(Refusal::bad("CURRENCY_TOTAL_AMOUNT_INVALID"));
    }
    let markup = pay_markup(text::markup(params)?, stars)?;
    let content = json!({"invoice": {
        "title": title,
        "description": description,
        "start_parameter": params.text("start_parameter").unwrap_or_default(),
        "currency": "XTR",
        "total_amount": stars,
    }});
    let message = post(core, chat_id, params, content, &markup)?;
    let invoice = Invoice {
        chat_id,
        message_id: message["message_id"].as_i64().unwrap_or_default(),
        payload,
        stars,
    };
    core.telegram.world().stars.invoices.push(invoice);
    Ok(message)
}

/// The price, if there is exactly one.
fn price(params: &Params) -> Result<Option<i64>, Refusal> {
    let prices = params
        .structure("prices")
        .map_err(|()| Refusal::bad("can't parse prices JSON object"))?
        .ok_or_else(|| Refusal::bad("parameter \"prices\" is required"))?;
    let prices = prices
        .as_array()
        .ok_or_else(|| Refusal::bad("expected an Array of labeled prices"))?;
    let mut amounts = Vec::new();
    for price in prices {
        if !price.is_object() {
            return Err(Refusal::bad("LabeledPrice must be an Object"));
        }
        if price["label"].as_str().is_none_or(str::is_empty) {
            return Err(Refusal::bad("LabeledPrice label must be non-empty"));
        }
        let amount = &price["amount"];
        let amount = amount
            .as_i64()
            .or_else(|| amount.as_str().and_then(|text| text.parse().ok()));
        amounts
            .push(amount.ok_or_else(|| Refusal::bad("field \"amount\" must be a valid Number"))?);
    }
    Ok(match amounts[..] {
        [amount] => Some(amount),
        _ => None,
    })
}

/// Bot API docs, "sendInvoice": without buttons there is one to pay; with some, it must be the first.
fn pay_markup(markup: Markup, stars: i64) -> Result<Markup, Refusal> {
    let Markup::Inline(markup) = markup else {
        let button = json!({"text": format!("Pay ⭐️{stars}"), "pay": true});
        return Ok(Markup::Inline(json!({"inline_keyboard": [[button]]})));
    };
    if markup["inline_keyboard"][0][0]["pay"] != json!(true) {
        return Err(Refusal::bad("REPLY_MARKUP_BUY_EMPTY"));
    }
    Ok(Markup::Inline(markup))
}
