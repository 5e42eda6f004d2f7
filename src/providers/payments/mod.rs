//! Payment processors: outside services at which users pay with a card or from their bank.
//!
//! A processor is a file here that implements [`Processor`], and a line where the app is built. It knows neither database nor
//! features. What it must guarantee:
//! * [`Processor::hear`] believes nothing that is not signed: it compares in constant time, and reads a body only afterwards.
//!   What an event says is a hint; money moves by what [`Processor::transaction`] says.
//! * [`Processor::link`] moves no money; asked again with the same reference it may give another link for the same payment.
//! * [`Processor::refund`] makes at most one request, and tells truthfully whether it may have arrived.
//! * Everything else may be asked as often as one likes.
//! * Nothing that it returns holds a key or what a payer wrote on a page. A link is for its payer's eyes.

pub mod flutterwave;
mod gate;

use std::time::Duration;

use async_trait::async_trait;
use time::{Date, OffsetDateTime};

use super::breaker::Breaker;
use crate::base::money::{Amount, Currency};

/// A payment that somebody is to be led to.
#[derive(Clone, Debug)]
pub struct NewLink<'a> {
    /// What we call it by, there and here.
    pub reference: &'a str,
    /// How much.
    pub price: Amount,
    /// In which currency.
    pub currency: &'a Currency,
    /// Processors ask for one; it need not exist.
    pub email: &'a str,
    /// Where the payer's browser is led to at the end.
    pub return_url: &'a str,
    /// What is written above the price.
    pub title: &'a str,
    /// How long it can be paid.
    pub life: Duration,
}

/// How a transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The money is there.
    Successful,
    /// It is on its way, or not.
    Pending,
    /// It will never come.
    Failed,
}

/// A transaction as its processor has it in its books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The processor's id of it.
    pub id: String,
    /// Ours.
    pub reference: String,
    /// What was paid, in minor units.
    pub paid: Amount,
    /// In which currency: three capitals.
    pub currency: String,
    /// Whether it is good.
    pub standing: Standing,
    /// When it was made, if it says.
    pub at: Option<OffsetDateTime>,
}

/// What an event tells us to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// What happened, in the processor's words.
    pub kind: String,
    /// The transaction that it speaks of, by an id that [`Processor::transaction`] takes.
    pub transaction_id: Option<String>,
    /// Our reference.
    pub reference: Option<String>,
}

/// Why an event is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// It is not signed by who it should be.
    #[error("bad signature")]
    BadSignature,
    /// It is signed, and of no form that we know.
    #[error("malformed")]
    Malformed,
}

/// A page of a processor's list of transactions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What is on it.
    pub transactions: Vec<Transaction>,
    /// How many pages there are.
    pub pages: u32,
}

/// A page of a processor's list of what went back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReturnsPage {
    /// The transactions of which something did.
    pub transaction_ids: Vec<String>,
    /// How many pages there are.
    pub pages: u32,
}

/// Money that went back, or is about to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// The processor's id of it.
    pub id: String,
    /// How much, in minor units.
    pub amount: Amount,
    /// Whether it will not come to pass after all.
    pub has_failed: bool,
}

/// What goes wrong at a processor. `detail` is redacted, and for records and logs only.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProcessorError {
    /// It surely did not act: ask again.
    #[error("unavailable: {detail}")]
    Unavailable {
        /// For the record.
        detail: String,
        /// Not before this has passed, if it says.
        after: Option<Duration>,
    },
    /// It will not; asking again does not help.
    #[error("refused: {detail}")]
    Refused {
        /// For the record.
        detail: String,
    },
    /// The answer was lost: it may have acted.
    #[error("outcome unknown: {detail}")]
    Lost {
        /// For the record.
        detail: String,
    },
}

/// A service at which users pay.
#[async_trait]
pub trait Processor: Send + Sync + 'static {
    /// Its name in stored payments, in addresses and in the ledger, whose house account is called the same; never changes.
    fn name(&self) -> &'static str;
    /// Checks an event's signature, then reads it. `headers` have lower-case names.
    ///
    /// # Errors
    /// [`Unheard`].
    fn hear(&self, headers: &[(&str, &[u8])], body: &[u8]) -> Result<Heard, Unheard>;
    /// Makes a page at which somebody can pay; its address.
    ///
    /// # Errors
    /// [`ProcessorError`].
    async fn link(&self, new: &NewLink<'_>) -> Result<String, ProcessorError>;
    /// The transaction of this id.
    ///
    /// # Errors
    /// [`ProcessorError`].
    async fn transaction(&self, id: &str) -> Result<Option<Transaction>, ProcessorError>;
    /// All transactions with this reference of ours: a page can be paid twice, and tried more often.
    ///
    /// # Errors
    /// [`ProcessorError`].
    async fn of_reference(&self, reference: &str) -> Result<Vec<Transaction>, ProcessorError>;
    /// The transactions of these days, both included; pages count from 1.
    ///
    /// # Errors
    /// [`ProcessorError`].
    async fn listed(&self, from: Date, to: Date, page: u32) -> Result<Page, ProcessorError>;
    /// Makes the one request that gives `amount` of a transaction back.
    ///
    /// # Errors
    /// [`ProcessorError`].
    async fn refund(
        &self,
        transaction_id: &str,
        amount: Amount,
        currency: &str,
    ) -> Result<Returned, ProcessorError>;
    /// What of a transaction went back so far. `currency` is the transaction's.
    ///
    /// # Errors
    /// [`ProcessorError`].
    async fn returned(
        &self,
        transaction_id: &str,
        currency: &str,
    ) -> Result<Vec<Returned>, ProcessorError>;
    /// What went back in these days, both included; pages count from 1.
    ///
    /// # Errors
    /// [`ProcessorError`].
    async fn returns(&self, from: Date, to: Date, page: u32)
    -> Result<ReturnsPage, ProcessorError>;
    /// Its breaker. Isolated, it holds back [`Processor::link`] alone: what was begun goes on.
    fn breaker(&self) -> &Breaker;
}

/// Currencies in which the main unit is also the smallest (ISO 4217), of those that processors take.
const WHOLE: [&str; 11] = [
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "RWF", "UGX", "XAF", "XOF",
];

/// A currency in which payers pay, by its code: three capitals (ISO 4217). Written with the code after the number.
pub fn currency(code: &str) -> Option<Currency> {
    let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    is_code.then(|| Currency {
        code: code.to_owned(),
        exponent: if WHOLE.contains(&code) { 0 } else { 2 },
        symbol: code.to_owned(),
    })
}

/// A decimal number in minor units; what is beyond them is cut off. None for what is no number of a sane size.
pub fn minor_units(text: &str, exponent: u8) -> Option<Amount> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 13 || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let exponent = usize::from(exponent);
    let fraction: String = fraction.chars().take(exponent).collect();
    format!("{whole}{fraction:0<exponent$}")
        .parse()
        .map(Amount)
        .ok()
}

/// The decimal number of so many minor units.
pub fn decimal(amount: Amount, exponent: u8) -> String {
    if exponent == 0 {
        return amount.0.to_string();
    }
    let width = usize::from(exponent);
    let scale = 10_i64.pow(u32::from(exponent));
    let (whole, rest) = (amount.0 / scale, amount.0.rem_euclid(scale));
    format!("{whole}.{rest:0width$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_minor_units_and_back() {
        for (text, exponent, minor) in [
            ("1600", 2, 160_000),
            ("1600.5", 2, 160_050),
            ("0.019", 2, 1),
            ("5000.9", 0, 5_000),
            ("0", 2, 0),
        ] {
            assert_eq!(minor_units(text, exponent), Some(Amount(minor)), "{text}");
        }
        for text in ["", ".5", "-1", "1e5", "1.2.3", "12345678901234", "٣"] {
            assert_eq!(minor_units(text, 2), None, "{text}");
        }
        assert_eq!(decimal(Amount(160_005), 2), "1600.05");
        assert_eq!(decimal(Amount(160_005), 0), "160005");
    }

    #[test]
    fn currencies_have_the_decimals_of_the_standard() {
        assert_eq!(currency("NGN").unwrap().exponent, 2);
        assert_eq!(currency("UGX").unwrap().exponent, 0);
        assert_eq!(
            currency("NGN").unwrap().format(Amount(160_000)),
            "1600.00 NGN"
        );
        for code in ["ngn", "NG", "NAIRA", "N1N"] {
            assert_eq!(currency(code), None, "{code}");
        }
    }
}
