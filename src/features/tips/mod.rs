//! Tips: money from one user to another, by name, by id, or in reply to what somebody wrote in a group.
//!
//! ```text
//! /tip @user 1.50 ─▶ checks ─▶ asked (above a bound) ─Send─▶ settling ─▶ done     both are told
//!                       │            └──Cancel, too late──▶ cancelled  └─▶ failed   the money is back
//!                       └─ a polite refusal
//! ```
//! Who settles a tip is a [`Settlement`]: the ledger itself, in the transaction that gives it, or an outside service. That one is
//! a provider, and the tip a job: held until the service says yes or no, parked if nobody knows. Each tip is moved once,
//! keyed by its id, and its sender's allowance of the day is taken in the same transaction.

mod ask;
mod checks;
mod decide;
mod job;
mod settle;
mod store;
mod told;
mod verify;

use std::sync::Arc;

use fluent_templates::static_loader;

use crate::base::money::Amount;
use crate::features::cx::{Cx, Switch};
use crate::features::speech::{Language, Speech};

pub use ask::tip;
pub use decide::{accept_terms, decide};
pub use job::TipJob;
pub use settle::{AtGateway, InLedger, Settlement};
pub use store::{Tip, purge};
pub use verify::verify;

static_loader! {
    static TEXTS = {
        locales: "./src/features/tips/texts",
        fallback_language: "en",
    };
}

/// Every text of this feature.
pub fn speech(language: Language) -> Speech<'static> {
    Speech::new(&*TEXTS, language)
}

/// How users may tip each other.
#[derive(Clone)]
pub struct TipRules {
    /// Whether the tables for it are there.
    pub switch: Switch,
    /// The largest; zero: there are none.
    pub max: Amount,
    /// The smallest.
    pub min: Amount,
    /// What one user gives in a day, UTC.
    pub per_day: Amount,
    /// Larger ones are asked about once more.
    pub confirm_above: Amount,
    /// Terms that must be accepted first.
    pub terms_url: Option<String>,
    /// Whether only verified users may tip.
    pub is_verified_only: bool,
    /// Who settles them.
    pub settlement: Arc<dyn Settlement>,
}

impl Default for TipRules {
    /// None are given.
    fn default() -> Self {
        Self {
            switch: Switch::default(),
            max: Amount::ZERO,
            min: Amount::ZERO,
            per_day: Amount::ZERO,
            confirm_above: Amount::ZERO,
            terms_url: None,
            is_verified_only: false,
            settlement: Arc::new(InLedger),
        }
    }
}

impl TipRules {
    /// Whether users may tip each other.
    pub fn is_on(&self) -> bool {
        self.max > Amount::ZERO && self.switch.is_on()
    }

    /// The provider that settles them, where one does.
    pub fn settled_by(&self) -> Option<&str> {
        self.settlement.provider().filter(|_| self.is_on())
    }
}

/// Whether `name` is the command, where there are tips.
pub fn is_command(cx: &Cx<'_>, name: &str) -> bool {
    let names = ["tip", "send", "give"];
    cx.env.tips.is_on() && names.iter().any(|known| name.eq_ignore_ascii_case(known))
}
