//! A user's own history of money, by pages and as a file; and what admins are told when the books do not balance.

mod alarm;
mod file;
mod history;

use fluent_templates::static_loader;

use crate::engine::ledger::{PastFilter, PastKind};
use crate::features::speech::{Args, Language, Speech};

pub use alarm::alarm;
pub use file::{HistoryFile, ask_for_file};
pub use history::{history, history_of};

static_loader! {
    static TEXTS = {
        locales: "./src/features/books/texts",
        fallback_language: "en",
    };
}

/// Every text of this feature.
pub fn speech(language: Language) -> Speech<'static> {
    Speech::new(&*TEXTS, language)
}

/// What is shown of a history; the codes stand in messages that users keep: append only.
const FILTERS: [(PastFilter, &str); 6] = [
    (PastFilter::All, "all"),
    (PastFilter::TopUps, "in"),
    (PastFilter::Orders, "orders"),
    (PastFilter::Back, "back"),
    (PastFilter::Gifts, "gifts"),
    (PastFilter::Payouts, "out"),
];

fn filter_of(code: &str) -> Option<PastFilter> {
    let known = FILTERS.iter().find(|(_, known)| *known == code)?;
    Some(known.0)
}

fn code_of(filter: PastFilter) -> &'static str {
    let known = FILTERS.iter().find(|(known, _)| *known == filter);
    known.map_or("all", |(_, code)| code)
}

/// The label of a filter.
fn label(speech: Speech<'_>, filter: PastFilter) -> String {
    let key = match filter {
        PastFilter::All => "button-all",
        PastFilter::TopUps => "button-topups",
        PastFilter::Orders => "button-orders",
        PastFilter::Back => "button-back",
        PastFilter::Gifts => "button-gifts",
        PastFilter::Payouts => "button-payouts",
    };
    speech.plain(key, &Args::new())
}

/// What a line was, in words.
fn words(kind: PastKind) -> &'static str {
    match kind {
        PastKind::TopUp => "was-topup",
        PastKind::Refund => "was-refund",
        PastKind::Held => "was-held",
        PastKind::Paid => "was-paid",
        PastKind::Released => "was-released",
        PastKind::Repaid => "was-repaid",
        PastKind::Gift => "was-gift",
        PastKind::Correction => "was-correction",
        PastKind::Reward => "was-reward",
        PastKind::TipSent => "was-tip-sent",
        PastKind::TipReceived => "was-tip-received",
        PastKind::Own => "was-own",
        PastKind::Payout => "was-payout",
    }
}
