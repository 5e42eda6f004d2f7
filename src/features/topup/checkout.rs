//! The question before a payment: may it go on? Telegram waits for ten seconds.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use uuid::Uuid;

use super::speech;
use crate::base::fault::{self, Point};
use crate::engine::stars;
use crate::features::cx::Env;
use crate::features::speech::{Args, Language};
use crate::telegram::methods::STARS;
use crate::telegram::{Event, Incoming};

/// A payment that we cannot look up in this time is refused: nothing was paid, and the user may press "Pay" again.
const LOOK_UP_MAX: Duration = Duration::from_secs(3);

/// Answers questions before payments, with a connection of its own: no backlog stands before them.
pub struct Checkouts {
    pool: PgPool,
    env: Arc<Env>,
}

impl Checkouts {
    /// Looks invoices up through `pool`.
    pub fn new(pool: PgPool, env: Arc<Env>) -> Self {
        Self { pool, env }
    }

    /// Why this payment must not go on, in words for its user; None if it may.
    pub async fn refusal(&self, update: &[u8], language: Language) -> Option<String> {
        let key = match tokio::time::timeout(LOOK_UP_MAX, self.check(update)).await {
            Ok(Ok(None)) => return None,
            Ok(Ok(Some(key))) => key,
            Ok(Err(error)) => {
                tracing::warn!(error = %error, "cannot look an invoice up, its payment is refused");
                "checkout-later"
            }
            Err(_) => {
                tracing::warn!("looking an invoice up took too long, its payment is refused");
                "checkout-later"
            }
        };
        Some(speech(language).plain(key, &Args::new()))
    }

    /// The key of a refusal.
    async fn check(&self, update: &[u8]) -> Result<Option<&'static str>, sqlx::Error> {
        if !self.env.stars.is_offered() {
            return Ok(Some("checkout-off"));
        }
        let Ok(Incoming { user, event, .. }) = Incoming::parse(update) else {
            return Ok(Some("checkout-unknown"));
        };
        let Event::PreCheckout {
            currency,
            total_amount,
            invoice_payload,
            ..
        } = event
        else {
            return Ok(Some("checkout-unknown"));
        };
        let Ok(id) = invoice_payload.parse::<Uuid>() else {
            return Ok(Some("checkout-unknown"));
        };
        let mut conn = self.pool.acquire().await?;
        fault::reach(Point::CheckoutLooking);
        let Some(invoice) = stars::invoice(&mut conn, id).await? else {
            return Ok(Some("checkout-unknown"));
        };
        let is_same = (currency.as_str(), total_amount) == (STARS, invoice.stars);
        Ok(match &invoice {
            invoice if invoice.user_id != user.id => Some("checkout-not-yours"),
            _ if !is_same => Some("checkout-unknown"),
            invoice if invoice.is_paid => Some("checkout-paid"),
            invoice if invoice.expires_at <= self.env.clock.now() => Some("checkout-expired"),
            _ => None,
        })
    }
}
