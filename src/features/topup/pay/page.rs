//! What the page says to which a payer is led back.

use super::wording;
use crate::engine::payments::{Intent, State};
use crate::features::speech::{Args, Language};
use crate::features::topup::speech;

/// The words of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnPage {
    /// In which they are.
    pub language: Language,
    /// Above.
    pub title: String,
    /// Below.
    pub text: String,
    /// Whether it may soon say something else.
    pub is_pending: bool,
}

impl ReturnPage {
    /// For a payment that is known, by what is known of it here.
    pub fn of(intent: &Intent, language: Language) -> Self {
        let args = Args::new().text("price", wording::paid(intent.price, &intent.price_currency));
        let (title, text, is_pending) = match intent.state {
            State::Paid => ("page-paid-title", "page-paid", false),
            State::New | State::Open => ("page-pending-title", "page-pending", true),
            State::Cancelled | State::Expired | State::Failed => {
                ("page-ended-title", "page-ended", false)
            }
        };
        let speech = speech(language);
        Self {
            language,
            title: speech.plain(title, &args),
            text: speech.plain(text, &args),
            is_pending,
        }
    }

    /// For one that is not.
    pub fn unknown(language: Language) -> Self {
        let speech = speech(language);
        Self {
            language,
            title: speech.plain("page-unknown-title", &Args::new()),
            text: speech.plain("page-unknown", &Args::new()),
            is_pending: false,
        }
    }
}
