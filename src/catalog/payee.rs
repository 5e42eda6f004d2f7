//! Whom to pay: what is accepted as an account, an address, a name. What comes back is in its one spelling.

mod chains;
mod iban;

use serde::Serialize;

use self::chains::{Case, base58_version, evm_case, is_segwit};
use self::iban::is_iban;
use super::fields::{Fields, Report};

/// Longest text that is asked for.
const TEXT_CHARS_MAX: u32 = 200;
/// What a user may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PayeeField {
    /// One line of so many characters.
    Text {
        /// At least.
        min: u32,
        /// At most.
        max: u32,
    },
    /// So many digits; spaces and hyphens are left out.
    Digits {
        /// At least.
        min: u32,
        /// At most.
        max: u32,
    },
    /// An international bank account number, with its check digits and the length of its country (ISO 13616).
    Iban,
    /// An address for e-mail.
    Email,
    /// `+` and 8 to 15 digits (ITU E.164).
    Phone,
    /// An address on Ethereum and its relatives: `0x` and 40 hexadecimal digits. Capital and small letters together are its
    /// checksum (EIP-55); without it, all small or all capital, it is taken as it is, and kept with it.
    Evm,
    /// An address on Tron, with its checksum.
    Tron,
    /// An address on Bitcoin's main network, with its checksum: old, or `bc1…`.
    Bitcoin,
}

impl PayeeField {
    pub(super) fn read(report: &mut Report, fields: &mut Fields<'_>) -> Option<Self> {
        let kind = fields.text(report, "kind")?;
        let mut lengths = |report: &mut Report| {
            let min = fields.integer(report, "min", 1..=TEXT_CHARS_MAX);
            let max = fields.integer(report, "max", 1..=TEXT_CHARS_MAX);
            let (min, max) = (min?, max?);
            if min > max {
                fields.report(report, "min", "must be at most max");
            }
            Some((min, max))
        };
        Some(match kind.as_str() {
            "text" => {
                let (min, max) = lengths(report)?;
                Self::Text { min, max }
            }
            "digits" => {
                let (min, max) = lengths(report)?;
                Self::Digits { min, max }
            }
            "iban" => Self::Iban,
            "email" => Self::Email,
            "phone" => Self::Phone,
            "evm" => Self::Evm,
            "tron" => Self::Tron,
            "bitcoin" => Self::Bitcoin,
            _ => {
                let message = "must be text, digits, iban, email, phone, evm, tron or bitcoin";
                fields.report(report, "kind", message);
                return None;
            }
        })
    }

    /// What was typed, in the spelling that is kept; None if it is not what is asked for.
    pub fn normal(self, typed: &str) -> Option<String> {
        let line = typed.trim();
        if line.chars().any(char::is_control) || line.len() > 1_000 {
            return None;
        }
        let joined = || -> String { line.chars().filter(|c| !" -".contains(*c)).collect() };
        match self {
            Self::Text { min, max } => {
                let words: Vec<&str> = line.split_whitespace().collect();
                let text = words.join(" ");
                let length = u32::try_from(text.chars().count()).ok()?;
                (min..=max).contains(&length).then_some(text)
            }
            Self::Digits { min, max } => {
                let digits = joined();
                let length = u32::try_from(digits.len()).ok()?;
                let good = digits.bytes().all(|byte| byte.is_ascii_digit());
                (good && (min..=max).contains(&length)).then_some(digits)
            }
            Self::Iban => Some(joined().to_ascii_uppercase()).filter(|iban| is_iban(iban)),
            Self::Email => Some(line.to_owned()).filter(|address| is_email(address)),
            Self::Phone => {
                let number: String = joined().chars().filter(|c| !"()".contains(*c)).collect();
                let digits = number.strip_prefix('+')?;
                let good = digits.bytes().all(|byte| byte.is_ascii_digit());
                (good && (8..=15).contains(&digits.len()) && !digits.starts_with('0'))
                    .then_some(number)
            }
            Self::Evm => match evm_case(line)? {
                Case::Right(address) => Some(address),
                Case::Wrong => None,
            },
            Self::Tron => (base58_version(line) == Some(0x41)).then(|| line.to_owned()),
            Self::Bitcoin => {
                let old = matches!(base58_version(line), Some(0x00 | 0x05));
                let lower = line.to_ascii_lowercase();
                if old {
                    Some(line.to_owned())
                } else if (line == lower || line == line.to_ascii_uppercase()) && is_segwit(&lower)
                {
                    Some(lower)
                } else {
                    None
                }
            }
        }
    }
}

impl PayeeField {
    /// Whether what was typed is an address but for the checksum in its capital and small letters.
    pub fn is_miscased(self, typed: &str) -> bool {
        match self {
            Self::Evm => evm_case(typed.trim()) == Some(Case::Wrong),
            Self::Text { .. }
            | Self::Digits { .. }
            | Self::Iban
            | Self::Email
            | Self::Phone
            | Self::Tron
            | Self::Bitcoin => false,
        }
    }
}

/// So that two of them can be told apart and neither can be used: the last four characters of a long one.
pub fn masked(value: &str) -> String {
    let length = value.chars().count();
    if length < 10 {
        return "••••".to_owned();
    }
    let end: String = value.chars().skip(length - 4).collect();
    format!("•••• {end}")
}

fn is_email(address: &str) -> bool {
    let Some((name, host)) = address.rsplit_once('@') else {
        return false;
    };
    let plain = |c: char| c.is_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
    let labels_are_right = host.split('.').all(|label| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    });
    (1..=64).contains(&name.len())
        && name.chars().all(plain)
        && host.contains('.')
        && host.len() <= 190
        && labels_are_right
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(kind: PayeeField, good: &[(&str, &str)], bad: &[&str]) {
        for (typed, kept) in good {
            assert_eq!(kind.normal(typed).as_deref(), Some(*kept), "{kind:?}");
        }
        for typed in bad {
            assert_eq!(kind.normal(typed), None, "{kind:?}: {typed}");
        }
    }

    #[test]
    fn accounts_and_numbers_are_checked_and_spelled_in_one_way() {
        all(
            PayeeField::Iban,
            &[
                (" de89 3704 0044 0532 0130 00 ", "DE89370400440532013000"),
                ("GB82 WEST 1234 5698 7654 32", "GB82WEST12345698765432"),
            ],
            &[
                "DE89370400440532013001",
                "DE8937",
                "1E89370400440532013000",
                // Its check digits are right, its length is not Germany's.
                "DE893704004405320130000000",
                "DEäö370400440532013000",
            ],
        );
        let digits = PayeeField::Digits { min: 4, max: 6 };
        all(
            digits,
            &[("12-34 5", "12345")],
            &["123", "1234567", "12a45", "١٢٣٤"],
        );
        all(
            PayeeField::Phone,
            &[("+49 (30) 123-456", "+4930123456")],
            &["030123456", "+0301234567", "+123", "+1234567890123456"],
        );
        let text = PayeeField::Text { min: 3, max: 10 };
        all(
            text,
            &[("  Anna   K ", "Anna K")],
            &["", "ab", "a\nbcd", "12345678901"],
        );
        all(
            PayeeField::Email,
            &[("anna.k+x@mail.example.com", "anna.k+x@mail.example.com")],
            &[
                "anna",
                "@example.com",
                "anna@host",
                "anna@-a.com",
                "a b@example.com",
                "anna@a..com",
            ],
        );
    }

    #[test]
    fn addresses_on_chains_are_checked_with_their_checksums() {
        all(
            PayeeField::Tron,
            &[(
                "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
                "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
            )],
            &[
                "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u",
                "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
                "T",
                "",
            ],
        );
        all(
            PayeeField::Bitcoin,
            &[
                (
                    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
                    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
                ),
                (
                    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
                    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
                ),
                (
                    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
                    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
                ),
            ],
            &[
                "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
                "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
                "bc1Qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
                "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
                "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
            ],
        );
        // The examples of EIP-55, and what else they may be typed as.
        let kept = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        let (small, capital) = (kept.to_lowercase(), kept[2..].to_uppercase());
        all(
            PayeeField::Evm,
            &[
                (kept, kept),
                (&small, kept),
                (&format!("0x{capital}"), kept),
                (
                    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
                    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
                ),
                (
                    "0x52908400098527886E0F7030069857D2E4169EE7",
                    "0x52908400098527886E0F7030069857D2E4169EE7",
                ),
            ],
            &[
                "0x5290840009852788",
                "52908400098527886E0F7030069857D2E4169EE7",
                "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
                "0x6aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
                "0xgaaeb6053f3e94c9b9a09f33669435e7ef1beaed",
            ],
        );
        assert!(PayeeField::Evm.is_miscased("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"));
        assert!(!PayeeField::Evm.is_miscased("0x5aAeb6"));
    }

    #[test]
    fn a_mask_hides_all_but_an_end() {
        assert_eq!(masked("DE89370400440532013000"), "•••• 3000");
        assert_eq!(masked("Anna K"), "••••");
    }
}
