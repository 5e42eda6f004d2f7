//! The hosted page: what a payer sees, and the three things they can do.

use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::records::{Link, Status, number};
use super::webhook;
use crate::core::Core;

/// The page runs nothing and loads nothing. The form is not confined: it leads back to the merchant.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// Body of the form.
#[derive(Deserialize)]
pub(super) struct Choice {
    action: Action,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Pay,
    Fail,
    Cancel,
}

/// `GET`: the page.
pub(super) async fn page(State(core): State<Arc<Core>>, Path(id): Path<String>) -> Response {
    let act = async {
        match find(&core, &id) {
            Ok(link) => {
                let was_paid = {
                    let account = core.flutterwave.lock();
                    let last = account.of_reference(&link.tx_ref);
                    last.is_some_and(|last| last.status == Status::Successful)
                };
                shown(StatusCode::OK, &form(&link, was_paid))
            }
            Err(response) => response,
        }
    };
    core.faults
        .around(&core.clock, "flutterwave.page", None, act)
        .await
}

/// `POST`: the payer has chosen.
pub(super) async fn act(
    State(core): State<Arc<Core>>,
    Path(id): Path<String>,
    form: Result<Form<Choice>, FormRejection>,
) -> Response {
    let link = match find(&core, &id) {
        Ok(link) => link,
        Err(response) => return response,
    };
    let Ok(Form(Choice { action })) = form else {
        return shown(
            StatusCode::BAD_REQUEST,
            "<h1>That cannot be done here.</h1>",
        );
    };
    let (status, word) = match action {
        Action::Pay => (Status::Successful, "successful"),
        Action::Fail => (Status::Failed, "failed"),
        // Nothing was tried, so there is no transaction.
        Action::Cancel => return Redirect::to(&link.back("cancelled", None)).into_response(),
    };
    let now = core.clock.now();
    let transaction = core
        .flutterwave
        .lock()
        .add_transaction(&link, None, status, now);
    core.saves.wait().await;
    webhook::tell(&core, &transaction).await;
    Redirect::to(&link.back(word, Some(transaction.id))).into_response()
}

#[expect(
    clippy::result_large_err,
    reason = "the error is the answer, and is answered at once"
)]
fn find(core: &Core, id: &str) -> Result<Link, Response> {
    let link = core.flutterwave.lock().links.get(id).cloned();
    let link = link.ok_or_else(|| {
        shown(
            StatusCode::NOT_FOUND,
            "<h1>This payment link does not exist.</h1>",
        )
    })?;
    if link.expires_at <= core.clock.now() {
        return Err(shown(
            StatusCode::GONE,
            "<h1>This payment link has expired.</h1>",
        ));
    }
    Ok(link)
}

fn form(link: &Link, was_paid: bool) -> String {
    let button = |action: &str, label: &str| {
        format!("<button name=\"action\" value=\"{action}\">{label}</button>")
    };
    let price = format!("{} {}", number(link.amount), escaped(&link.currency));
    let note = if was_paid {
        "<p>It was paid already; paying again is a second payment.</p>"
    } else {
        ""
    };
    format!(
        "<h1>{title}</h1><p class=\"price\">{price}</p><p>Reference {reference}</p>{note}\
         <form method=\"post\">{pay}{fail}{cancel}</form>\
         <p class=\"dim\">A simulated checkout: no money moves, and no card is asked for.</p>",
        title = escaped(&link.title),
        reference = escaped(&link.tx_ref),
        pay = button("pay", &format!("Pay {price}")),
        fail = button("fail", "Let the card be declined"),
        cancel = button("cancel", "Go back without paying"),
    )
}

fn shown(status: StatusCode, body: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Simulated checkout</title>\
         <style>body{{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:3rem auto;padding:0 1rem}}\
         button{{display:block;width:100%;margin:.5rem 0;padding:.8rem;font:inherit}}\
         .price{{font-size:1.6rem}}.dim{{color:#666}}</style><body>{body}</body></html>"
    );
    let headers: [(HeaderName, HeaderValue); 3] = [
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
    ];
    (status, headers, Html(page)).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
