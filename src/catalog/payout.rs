//! What users may withdraw, and how: the `[withdrawals]` of a catalogue.

use serde::Serialize;
use toml::{Table, Value};

use super::fields::{Fields, Report};
use super::payee::PayeeField;
use super::read::{TITLE_CHARS_MAX, name_of};
use super::{LocalText, Problem};
use crate::base::money::{Amount, Currency};

/// Buttons under one message.
const METHODS_MAX: usize = 8;
/// Questions before the amount.
const FIELDS_MAX: usize = 6;
const HINT_CHARS_MAX: usize = 300;
/// In hundredths of a per cent: a fee takes less than all.
const FEE_BP_MAX: i64 = 5_000;
/// Withdrawals of a user that wait at once.
const OPEN_MAX: u32 = 20;

/// What users may withdraw.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Withdrawals {
    /// The kind of wallet that it comes from: `affiliate`, what was earned with referrals, unless it says `wallet`, which also
    /// has what was paid in and what was given.
    pub from: String,
    /// At most so much per user and day (UTC).
    pub per_day: Amount,
    /// At most so many of a user that have not ended.
    pub open_max: u32,
    /// In the order of the file; at least one.
    pub methods: Vec<PayoutMethod>,
}

/// A way to be paid.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PayoutMethod {
    /// At most 24 bytes of `[a-z0-9-]`; stands in stored withdrawals: never reuse one.
    pub id: String,
    /// At most 40 characters per language.
    pub title: LocalText,
    /// The least that is paid so.
    pub min: Amount,
    /// The most.
    pub max: Amount,
    /// Of each withdrawal.
    pub fee: Amount,
    /// On top of it, in hundredths of a per cent of the amount.
    pub fee_bp: i64,
    /// Whom to pay, in the order in which it is asked for.
    pub fields: Vec<DetailField>,
}

/// Something that must be known to pay.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DetailField {
    /// At most 24 bytes of `[a-z0-9-]`.
    pub id: String,
    /// At most 40 characters per language.
    pub title: LocalText,
    /// At most 300 characters per language.
    pub hint: Option<LocalText>,
    /// What is accepted.
    pub kind: PayeeField,
}

impl Withdrawals {
    /// A method by its id.
    pub fn method(&self, id: &str) -> Option<&PayoutMethod> {
        self.methods.iter().find(|method| method.id == id)
    }
}

impl PayoutMethod {
    /// What of `amount` stays with the house: the parts of a minor unit are ours.
    pub fn fee_of(&self, amount: Amount) -> Amount {
        let parts = i128::from(amount.0) * i128::from(self.fee_bp) + 9_999;
        let share = i64::try_from(parts.div_euclid(10_000)).unwrap_or(i64::MAX);
        self.fee + Amount(share)
    }

    /// The field that tells most about whom to pay: the last one.
    pub fn telling_field(&self) -> Option<&DetailField> {
        self.fields.last()
    }
}

/// Reads the section, if there is one.
pub(super) fn read(
    report: &mut Report,
    root: &mut Fields<'_>,
    currency: &Currency,
) -> Option<Withdrawals> {
    let table = match root.value("withdrawals")? {
        Value::Table(table) => table,
        _ => {
            root.report(report, "withdrawals", "must be a table: [withdrawals]");
            return None;
        }
    };
    let mut fields = Fields::new(table, "withdrawals");
    let from = fields.optional_text(report, "from");
    let from = from.unwrap_or_else(|| "affiliate".to_owned());
    if !matches!(from.as_str(), "wallet" | "affiliate") {
        fields.report(report, "from", "must be wallet or affiliate");
    }
    let per_day = amount(report, &mut fields, "per_day", currency);
    let open_max = fields.integer(report, "open_max", 1..=OPEN_MAX);
    let methods: Vec<PayoutMethod> = fields
        .tables(report, "method")
        .into_iter()
        .enumerate()
        .filter_map(|(index, table)| method(report, index, table, currency))
        .collect();
    fields.finish(report);
    Some(Withdrawals {
        from,
        per_day: per_day?,
        open_max: open_max?,
        methods,
    })
}

/// What one field alone cannot tell.
pub(super) fn validate(file: &str, withdrawals: &Withdrawals, problems: &mut Vec<Problem>) {
    let mut add = |place: String, message: &str| {
        problems.push(Problem {
            file: file.to_owned(),
            place,
            message: message.to_owned(),
        });
    };
    let count = withdrawals.methods.len();
    if !(1..=METHODS_MAX).contains(&count) {
        add("withdrawals: method".into(), "must be 1 to 8 of them");
    }
    for (n, method) in withdrawals.methods.iter().enumerate() {
        let at = |field: &str| format!("withdrawals: method `{}`: {field}", method.id);
        if withdrawals.methods[..n].iter().any(|m| m.id == method.id) {
            add(at("id"), "is used twice");
        }
        if method.min > method.max || method.min.is_zero() {
            add(at("min"), "must be more than nothing, and at most max");
        }
        if method.max > withdrawals.per_day {
            add(at("max"), "must be at most per_day");
        }
        if method.fee_of(method.min) >= method.min {
            add(at("fee"), "must leave something of min");
        }
        if !(1..=FIELDS_MAX).contains(&method.fields.len()) {
            add(at("field"), "must be 1 to 6 of them");
        }
        for (n, field) in method.fields.iter().enumerate() {
            if method.fields[..n].iter().any(|f| f.id == field.id) {
                add(at(&format!("field `{}`: id", field.id)), "is used twice");
            }
        }
    }
}

fn method(
    report: &mut Report,
    index: usize,
    table: &Table,
    currency: &Currency,
) -> Option<PayoutMethod> {
    let place = format!("withdrawals: {}", name_of("method", index, table));
    let mut fields = Fields::new(table, place.clone());
    let id = fields.id(report);
    let title = fields.local(report, "title", TITLE_CHARS_MAX);
    let min = amount(report, &mut fields, "min", currency);
    let max = amount(report, &mut fields, "max", currency);
    let fee = if table.contains_key("fee") {
        amount(report, &mut fields, "fee", currency)
    } else {
        fields.value("fee");
        Some(Amount::ZERO)
    };
    let fee_bp = percent(report, &mut fields);
    let details = fields
        .tables(report, "field")
        .into_iter()
        .enumerate()
        .filter_map(|(index, table)| detail(report, &place, index, table))
        .collect();
    fields.finish(report);
    Some(PayoutMethod {
        id: id?,
        title: title?,
        min: min?,
        max: max?,
        fee: fee?,
        fee_bp: fee_bp?,
        fields: details,
    })
}

fn detail(report: &mut Report, place: &str, index: usize, table: &Table) -> Option<DetailField> {
    let mut fields = Fields::new(
        table,
        format!("{place}: {}", name_of("field", index, table)),
    );
    let id = fields.id(report);
    let title = fields.local(report, "title", TITLE_CHARS_MAX);
    let hint = fields.optional_local(report, "hint", HINT_CHARS_MAX);
    let kind = PayeeField::read(report, &mut fields);
    fields.finish(report);
    Some(DetailField {
        id: id?,
        title: title?,
        hint,
        kind: kind?,
    })
}

fn amount(
    report: &mut Report,
    fields: &mut Fields<'_>,
    name: &'static str,
    currency: &Currency,
) -> Option<Amount> {
    let text = fields.text(report, name)?;
    let amount = currency.parse(&text).ok();
    if amount.is_none() {
        let message = "must be an amount in quotes, such as \"10.00\"";
        fields.report(report, name, message);
    }
    amount
}

/// `fee_percent`, in hundredths of a per cent.
fn percent(report: &mut Report, fields: &mut Fields<'_>) -> Option<i64> {
    let Some(text) = fields.optional_text(report, "fee_percent") else {
        return Some(0);
    };
    let percent = Currency {
        code: "XXX".to_owned(),
        exponent: 2,
        symbol: "%".to_owned(),
    };
    let share = percent.parse(&text).ok().map(|share| share.0);
    let share = share.filter(|share| *share <= FEE_BP_MAX);
    if share.is_none() {
        let message = "must be 0 to 50 with at most two decimals, in quotes, such as \"1.5\"";
        fields.report(report, "fee_percent", message);
    }
    share
}

#[cfg(test)]
mod tests {
    use crate::base::money::Amount;
    use crate::catalog::Catalog;

    const OFFER: &str = r#"
[withdrawals]
per_day = "50.00"
open_max = 3

[[withdrawals.method]]
id = "bank"
title = { en = "Bank", ru = "Банк", es = "Banco" }
min = "1.00"
max = "50.00"
fee = "0.25"
fee_percent = "1.5"

[[withdrawals.method.field]]
id = "iban"
kind = "iban"
title = { en = "Account", ru = "Счёт", es = "Cuenta" }
"#;

    fn problems(offer: &str) -> Vec<String> {
        match Catalog::shipped_with(offer, crate::catalog::SHIPPED_PROVIDERS) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn an_offer_is_read_and_its_fee_rounded_up() {
        let catalog =
            Catalog::shipped_with(OFFER, crate::catalog::SHIPPED_PROVIDERS).expect("a valid offer");
        let offer = catalog.withdrawals.expect("an offer");
        assert_eq!((offer.from.as_str(), offer.open_max), ("affiliate", 3));
        let bank = offer.method("bank").expect("a method");
        for (amount, fee) in [(100, 27), (200, 28), (5_000, 100)] {
            assert_eq!(bank.fee_of(Amount(amount)), Amount(fee), "{amount}");
        }
        assert!(
            Catalog::shipped(crate::catalog::SHIPPED_PROVIDERS)
                .expect("valid")
                .withdrawals
                .is_none()
        );
    }

    #[test]
    fn each_mistake_in_an_offer_is_named() {
        for (from, to, problem) in [
            (
                "\"bank\"",
                "\"Bank\"",
                "method `Bank`: id must be 1 to 24 characters",
            ),
            (
                "\"1.00\"",
                "\"51.00\"",
                "min must be more than nothing, and at most max",
            ),
            ("\"1.00\"", "\"0.26\"", "fee must leave something of min"),
            ("\"1.00\"", "1.00", "min must be a text, not float"),
            ("\"1.5\"", "\"50.01\"", "fee_percent must be 0 to 50"),
            (
                "per_day = \"50.00\"",
                "per_day = \"49.99\"",
                "max must be at most per_day",
            ),
            ("per_day = \"50.00\"", "", "withdrawals: per_day is missing"),
            (
                "open_max = 3",
                "open_max = 0",
                "open_max must be a whole number, 1..20",
            ),
            (
                "open_max = 3",
                "open_max = 3\nfrom = \"stars\"",
                "from must be wallet or affiliate",
            ),
            (
                "kind = \"iban\"",
                "kind = \"cash\"",
                "kind must be text, digits, iban",
            ),
            ("kind = \"iban\"", "kind = \"text\"", "min is missing"),
            (
                "kind = \"iban\"",
                "kind = \"digits\"\nmin = 9\nmax = 8",
                "min must be at most max",
            ),
        ] {
            let found = problems(&OFFER.replacen(from, to, 1));
            assert!(
                found.iter().any(|found| found.contains(problem)),
                "{to}: {found:?}"
            );
        }
        let (none, _) = OFFER
            .split_once("[[withdrawals.method]]")
            .expect("a method");
        assert!(problems(none)[0].contains("method must be 1 to 8 of them"));
        let (no_field, _) = OFFER
            .split_once("[[withdrawals.method.field]]")
            .expect("a field");
        assert!(problems(no_field)[0].contains("field must be 1 to 6 of them"));
    }
}
