//! Buttons around payments at processors.

use std::fmt;

/// A way to pay: a processor, and the currency in which is paid there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Way {
    /// Its name.
    pub processor: String,
    /// Three capitals.
    pub currency: String,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.processor, self.currency)
    }
}

/// What a press around payments asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PayPress {
    /// Choose how many Stars to pay.
    Stars {
        /// The order that waits for the money.
        draft: Option<String>,
    },
    /// Choose how much to pay at a processor.
    At {
        /// Where, and in which currency.
        way: Way,
        /// The order that waits for the money.
        draft: Option<String>,
    },
    /// Pay for so much.
    For {
        /// Where, and in which currency.
        way: Way,
        /// For the wallet, in minor units.
        amount: u32,
        /// The order that waits for the money.
        draft: Option<String>,
    },
    /// Say oneself how much.
    Other {
        /// Where, and in which currency.
        way: Way,
        /// The order that waits for the money.
        draft: Option<String>,
    },
    /// "I have paid".
    Made {
        /// The intent's short id.
        intent: String,
    },
    /// Do not pay after all.
    Cancel {
        /// The intent's short id.
        intent: String,
    },
    /// An admin says what became of a refund whose outcome nobody knows.
    RefundWas {
        /// The payment's short id.
        payment: String,
        /// Whether the money went back.
        made: bool,
    },
}

impl PayPress {
    pub(super) fn encode(&self) -> String {
        let with = |code: String, draft: &Option<String>| match draft {
            Some(draft) => format!("{code}:{draft}"),
            None => code,
        };
        match self {
            Self::Stars { draft } => with("s".into(), draft),
            Self::At { way, draft } => with(format!("w:{way}"), draft),
            Self::For { way, amount, draft } => with(format!("a:{way}:{amount}"), draft),
            Self::Other { way, draft } => with(format!("o:{way}"), draft),
            Self::Made { intent } => format!("m:{intent}"),
            Self::Cancel { intent } => format!("x:{intent}"),
            Self::RefundWas {
                payment,
                made: true,
            } => format!("y:{payment}"),
            Self::RefundWas {
                payment,
                made: false,
            } => format!("n:{payment}"),
        }
    }

    pub(super) fn decode(text: &mut impl FnMut() -> Option<String>) -> Option<Self> {
        let code = text()?;
        let mut way = || {
            Some(Way {
                processor: text()?,
                currency: text()?,
            })
        };
        Some(match code.as_str() {
            "s" => Self::Stars { draft: text() },
            "w" => Self::At {
                way: way()?,
                draft: text(),
            },
            "a" => Self::For {
                way: way()?,
                amount: text()?.parse().ok()?,
                draft: text(),
            },
            "o" => Self::Other {
                way: way()?,
                draft: text(),
            },
            "m" => Self::Made { intent: text()? },
            "x" => Self::Cancel { intent: text()? },
            "y" | "n" => Self::RefundWas {
                payment: text()?,
                made: code == "y",
            },
            _ => return None,
        })
    }
}

/// Every kind of them.
#[cfg(test)]
pub(super) fn presses() -> impl proptest::strategy::Strategy<Value = PayPress> {
    use proptest::prelude::*;
    let short = "[0-9A-Za-z]{10}";
    let draft = || proptest::option::of("[0-9A-Za-z]{10}");
    let way = || {
        ("[a-z]{3,16}", "[A-Z]{3}").prop_map(|(processor, currency)| Way {
            processor,
            currency,
        })
    };
    prop_oneof![
        draft().prop_map(|draft| PayPress::Stars { draft }),
        (way(), draft()).prop_map(|(way, draft)| PayPress::At { way, draft }),
        (way(), any::<u32>(), draft()).prop_map(|(way, amount, draft)| PayPress::For {
            way,
            amount,
            draft
        }),
        (way(), draft()).prop_map(|(way, draft)| PayPress::Other { way, draft }),
        short.prop_map(|intent| PayPress::Made { intent }),
        short.prop_map(|intent| PayPress::Cancel { intent }),
        (short, any::<bool>()).prop_map(|(payment, made)| PayPress::RefundWas { payment, made }),
    ]
}
