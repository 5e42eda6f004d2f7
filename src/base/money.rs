//! Money as integer minor units of one currency; never a floating-point number.

use std::fmt;
use std::ops::{Add, Neg, Sub};

use serde::{Deserialize, Serialize};

/// An amount in minor units (cents, if the currency has two decimals). May be negative in a difference.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Amount(pub i64);

impl From<i64> for Amount {
    fn from(minor_units: i64) -> Self {
        Self(minor_units)
    }
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Whether there is nothing to pay.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// What of `worth` so much of `whole` stands for, rounded down; nothing of a whole that is none.
    #[must_use]
    pub fn share_of(self, worth: Self, whole: Self) -> Self {
        let share = i128::from(worth.0) * i128::from(self.0);
        let share = share.checked_div(i128::from(whole.0)).unwrap_or(0);
        Self(i64::try_from(share).unwrap_or(i64::MAX))
    }
}

impl Add for Amount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Amount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Amount {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

/// A currency: how many decimals it has and how an amount of it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Currency {
    /// The code that ledger rows carry, such as `USD`.
    pub code: String,
    /// Number of decimals of the main unit; 0 to 4.
    pub exponent: u8,
    /// Written before the number, such as `$`; if it has more than one character, after it.
    pub symbol: String,
}

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not digits with at most one decimal point.
    #[error("not an amount")]
    Malformed,
    /// More decimals than the currency has.
    #[error("too many decimals")]
    TooManyDecimals,
    /// Beyond one billion main units.
    #[error("too large")]
    TooLarge,
}

impl Currency {
    /// Writes an amount: `$1.50`, `-$0.05`, `12 credits`.
    pub fn format(&self, amount: Amount) -> String {
        let sign = if amount.0 < 0 { "-" } else { "" };
        let number = self.format_number(amount.0.unsigned_abs());
        if self.symbol.chars().count() > 1 {
            format!("{sign}{number} {}", self.symbol)
        } else {
            format!("{sign}{}{number}", self.symbol)
        }
    }

    /// Writes an amount as a number, as programs read it: `1.50`, `-0.05`.
    pub fn plain(&self, amount: Amount) -> String {
        let sign = if amount.0 < 0 { "-" } else { "" };
        format!("{sign}{}", self.format_number(amount.0.unsigned_abs()))
    }

    /// Reads a positive amount in main units, such as `1.5`, `1,50` or `2`.
    pub fn parse(&self, text: &str) -> Result<Amount, AmountError> {
        let text = text.trim().replace(',', ".");
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return Err(AmountError::Malformed);
        }
        let exponent = usize::from(self.exponent);
        if fraction.len() > exponent {
            return Err(AmountError::TooManyDecimals);
        }
        if whole.len() > 9 {
            return Err(AmountError::TooLarge);
        }
        format!("{whole}{fraction:0<exponent$}")
            .parse()
            .map(Amount)
            .map_err(|_| AmountError::TooLarge)
    }

    fn format_number(&self, minor: u64) -> String {
        if self.exponent == 0 {
            return minor.to_string();
        }
        let scale = 10_u64.pow(u32::from(self.exponent));
        let width = usize::from(self.exponent);
        format!("{}.{:0width$}", minor / scale, minor % scale)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd() -> Currency {
        Currency {
            code: "USD".into(),
            exponent: 2,
            symbol: "$".into(),
        }
    }

    #[test]
    fn amounts_are_written_and_read_back() {
        for (text, minor) in [
            ("0", 0),
            ("1.5", 150),
            ("1,05", 105),
            ("999999999.99", 99_999_999_999),
        ] {
            assert_eq!(usd().parse(text), Ok(Amount(minor)), "{text}");
        }
        assert_eq!(usd().format(Amount(-5)), "-$0.05");
        assert_eq!(usd().format(Amount(150)), "$1.50");
        assert_eq!(usd().plain(Amount(-150)), "-1.50");
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        for text in ["", ".", "-1", "1.2.3", "1e5", "٣", "$1"] {
            assert_eq!(usd().parse(text), Err(AmountError::Malformed), "{text}");
        }
        assert_eq!(usd().parse("1.234"), Err(AmountError::TooManyDecimals));
        assert_eq!(usd().parse("9999999999"), Err(AmountError::TooLarge));
    }
}
