//! `POST /payments/{processor}`: a processor says that something was paid. `GET /payments/{processor}/return/{id}`: the page to
//! which its payer is led back.
//!
//! An event is believed to be the processor's by its signature, which is checked before anything of it is read; it is stored,
//! and answered. What it claims is only a hint: the transaction is looked up before any money moves. The page trusts nothing of
//! its address but the id of the intent, which nobody can guess, and says only what is known here.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use uuid::Uuid;

use crate::base::clock::Clock;
use crate::base::fault::{self, Point};
use crate::base::ids::Ids;
use crate::engine::payments::{self, Intent};
use crate::engine::people;
use crate::features::speech::Language;
use crate::features::topup::ReturnPage;
use crate::providers::payments::{Processor, Unheard};

/// A page that is opened again and again asks the processor no more often.
const LOOK_PAUSE: Duration = Duration::from_secs(5);
/// The browser asks for the page again while the payment is on its way.
const REFRESH_S: u32 = 4;
const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:28rem;margin:4rem auto;padding:0 1rem;text-align:center}";

/// What payments need.
pub struct Payments {
    /// The database.
    pub pool: PgPool,
    /// The time.
    pub clock: Clock,
    /// Identifiers.
    pub ids: Ids,
    /// Those who may tell us something.
    pub processors: Vec<Arc<dyn Processor>>,
}

/// Handles one event.
pub async fn event(
    State(payments): State<Arc<Payments>>,
    Path(processor): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let known = payments.processors.iter();
    let Some(processor) = known.into_iter().find(|known| known.name() == processor) else {
        return StatusCode::NOT_FOUND;
    };
    let name = processor.name();
    let pairs: Vec<(&str, &[u8])> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let heard = match processor.hear(&pairs, &body) {
        Ok(heard) => heard,
        Err(Unheard::BadSignature) => {
            tracing::warn!(processor = name, "an event of a payment is not believed");
            return StatusCode::UNAUTHORIZED;
        }
        Err(Unheard::Malformed) => {
            // It would be the same the next time.
            tracing::warn!(processor = name, "an event of a payment cannot be read");
            return StatusCode::OK;
        }
    };
    let (id, digest) = (payments.ids.uuid(), Sha256::digest(&body));
    let now = payments.clock.sql_now();
    fault::reach(Point::EventStoring);
    let added = payments::add_event(&payments.pool, id, name, &digest, &heard, now).await;
    fault::reach(Point::EventStored);
    match added {
        Ok(is_new) => {
            let (kind, reference) = (heard.kind, heard.reference);
            tracing::info!(processor = name, event = %id, kind, reference, is_new, "an event of a payment");
            StatusCode::OK
        }
        Err(error) => {
            tracing::warn!(error = %error, "cannot store an event of a payment");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

/// Shows how a payment stands, to whoever has its address.
pub async fn returned(
    State(payments): State<Arc<Payments>>,
    Path((processor, id)): Path<(String, String)>,
) -> Response {
    let Ok(id) = id.parse::<Uuid>() else {
        return page(StatusCode::NOT_FOUND, ReturnPage::unknown(Language::En));
    };
    match find(&payments, &processor, id).await {
        Ok(Some((intent, language))) => page(StatusCode::OK, ReturnPage::of(&intent, language)),
        Ok(None) => page(StatusCode::NOT_FOUND, ReturnPage::unknown(Language::En)),
        Err(error) => {
            tracing::warn!(error = %error, "cannot show how a payment stands");
            page(
                StatusCode::SERVICE_UNAVAILABLE,
                ReturnPage::unknown(Language::En),
            )
        }
    }
}

/// Also has the intent looked up soon.
async fn find(
    payments: &Payments,
    processor: &str,
    id: Uuid,
) -> Result<Option<(Intent, Language)>, sqlx::Error> {
    let mut conn = payments.pool.acquire().await?;
    let intent = payments::intent(&mut conn, id).await?;
    let Some(intent) = intent.filter(|intent| intent.processor == processor) else {
        return Ok(None);
    };
    let person = people::by_id(&mut conn, intent.user_id).await?;
    let language = person.map_or(Language::En, |person| {
        Language::of_tag(person.language_tag())
    });
    drop(conn);
    let now = payments.clock.sql_now();
    payments::look_soon(&payments.pool, id, LOOK_PAUSE, now).await?;
    Ok(Some((intent, language)))
}

/// Small, and able to do nothing: it loads nothing, runs nothing and tells nobody where it was.
fn page(status: StatusCode, page: ReturnPage) -> Response {
    let refresh = if page.is_pending {
        format!("<meta http-equiv=\"refresh\" content=\"{REFRESH_S}\">")
    } else {
        String::new()
    };
    let html = format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\">{refresh}\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\">\
         <title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1><p>{text}</p></body></html>",
        language = page.language.code(),
        title = escaped(&page.title),
        text = escaped(&page.text),
    );
    let style = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    let fixed = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
