//! What admins may give by themselves, and how long whom to pay is kept.

use std::time::Duration;

use super::Reader;
use crate::base::money::Amount;

/// Far above anything that one person gives.
const AMOUNT_MAX: i64 = 100_000_000_000;

/// Grants and withdrawals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payouts {
    /// A grant above this needs a second admin; None: none does.
    pub approval_above: Option<Amount>,
    /// How long it waits for one.
    pub approval_life: Duration,
    /// What one admin may give in a day in all; None: any sum.
    pub grants_per_day: Option<Amount>,
    /// How long after its end it is kept whom a withdrawal paid.
    pub details_retention: Duration,
    /// Whether admins get what they export as a file, else as text in the chat.
    pub export_as_file: bool,
}

impl Payouts {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            approval_above: amount(reader, "GRANT_APPROVAL_ABOVE"),
            approval_life: Duration::from_secs(
                u64::from(reader.number::<u32>("GRANT_APPROVAL_HOURS", 1..=168)) * 3_600,
            ),
            grants_per_day: amount(reader, "GRANT_DAILY_LIMIT"),
            details_retention: reader.days("WITHDRAWAL_DETAILS_DAYS", 0..=3_650),
            export_as_file: reader
                .word("ADMIN_EXPORT_AS_ATTACHMENT", [("on", true), ("off", false)]),
        }
    }
}

fn amount(reader: &mut Reader<'_>, name: &'static str) -> Option<Amount> {
    reader.text(name)?;
    Some(Amount(reader.number(name, 0..=AMOUNT_MAX)))
}
