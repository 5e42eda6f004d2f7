//! The packages, and the invoice for one of them.

use std::time::Duration;

use super::pay::elsewhere;
use super::speech;
use crate::base::fault::{self, Point};
use crate::engine::outbox::Action;
use crate::engine::stars::{self, NewInvoice};
use crate::features::cx::{Cx, Handled, Stop, button};
use crate::features::press::Press;
use crate::features::speech::Args;
use crate::telegram::InlineKeyboard;

/// The rate of an invoice holds so long.
const INVOICE_LIFE: Duration = Duration::from_secs(24 * 3600);

/// Stars were chosen, or are the only way; `draft` is the order that waits for the money.
pub async fn packages(cx: &mut Cx<'_>, draft: Option<&str>) -> Handled {
    let speech = speech(cx.language);
    if !cx.env.stars.is_offered() {
        return not_offered(cx).await;
    }
    let packages = cx.env.stars.packages.clone();
    let mut rows: Vec<_> = packages
        .into_iter()
        .filter_map(|stars| Some((stars, cx.env.stars.amount_of(stars.into())?)))
        .map(|(stars, amount)| {
            let args = Args::new()
                .text("stars", stars.to_string())
                .text("price", cx.money(amount));
            let press = Press::TopUpWith {
                stars,
                draft: draft.map(str::to_owned),
            };
            vec![button(speech.plain("button-package", &args), &press)]
        })
        .collect();
    if cx.env.payments.ways().next().is_some() {
        let press = Press::TopUp {
            draft: draft.map(str::to_owned),
        };
        let label = speech.plain("button-other-way", &Args::new());
        rows.push(vec![button(label, &press)]);
    }
    rows.push(vec![elsewhere(speech, draft)]);
    let text = speech.rich("packages", &Args::new());
    cx.show(text, Some(InlineKeyboard::new(rows))).await
}

/// A package was chosen.
pub async fn send_invoice(cx: &mut Cx<'_>, stars: u16, draft: Option<&str>) -> Handled {
    let offer = &cx.env.stars;
    let amount = match offer.amount_of(stars.into()) {
        Some(amount) if offer.packages.contains(&stars) => amount,
        Some(_) | None if offer.is_offered() => {
            // The packages have changed since.
            let text = speech(cx.language).plain("package-gone", &Args::new());
            cx.answer(Some(text), false).await?;
            return packages(cx, draft).await;
        }
        Some(_) | None => return not_offered(cx).await,
    };
    let id = cx.env.ids.uuid();
    let currency = cx.env.currency().code.clone();
    let new = NewInvoice {
        id,
        user_id: cx.user_id,
        stars: stars.into(),
        amount,
        currency: &currency,
        draft,
        expires_at: cx.env.clock.now() + INVOICE_LIFE,
    };
    let now = cx.now();
    stars::add_invoice(cx.conn, &new, now).await?;
    fault::reach(Point::InvoiceWritten);
    let speech = speech(cx.language);
    let args = Args::new().text("amount", cx.money(amount));
    cx.enqueue(Action::Invoice {
        title: speech.plain("invoice-title", &args),
        description: speech.plain("invoice-description", &args),
        payload: id.to_string(),
        stars: stars.into(),
    })
    .await
}

async fn not_offered(cx: &mut Cx<'_>) -> Handled {
    let text = speech(cx.language).rich("not-offered", &Args::new());
    cx.answer(None, false).await?;
    Err(Stop::Refused(Box::new(text)))
}
