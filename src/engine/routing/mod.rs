//! What is known for choosing between providers: what their lists said, and what admins chose.
//!
//! Guarantees
//! * A choice of an admin is in force for every order that is confirmed after its commit, on every replica: orders read it in
//!   their own transaction. Of two admins who decide on the same state one is told that it has changed.
//! * A pair of a provider and a service id that is not known to be that provider's never becomes a job: the statement that
//!   queues one refuses it (`belongs_to_provider`, `migrations/0023_routes.sql`).
//! * Jobs that exist are untouched by all of it: they carry their snapshot.
//!
//! If the process dies before the commit of a choice or of a list that is stored, nothing has changed; after it, all has.

mod compare;
mod store;

use serde::Serialize;
use time::OffsetDateTime;

pub use compare::{Change, Difference, compare};
pub use store::{about, choices, choose, note_bound, sold_by, store_listing};

/// What a choice is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Every service that the provider has.
    Everything,
    /// One service of the catalogue, by its id.
    Service(String),
}

impl Scope {
    /// As it is stored.
    pub fn key(&self) -> &str {
        match self {
            Self::Everything => "",
            Self::Service(id) => id,
        }
    }

    fn of(key: String) -> Self {
        if key.is_empty() {
            Self::Everything
        } else {
            Self::Service(key)
        }
    }
}

/// What an admin chose, as it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// For what.
    pub scope: Scope,
    /// Goes up with each choice for the same.
    pub version: i32,
    /// None: as the catalogue says.
    pub provider: Option<String>,
}

/// What is known of one service of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The provider.
    pub provider: String,
    /// Its id there.
    pub id: String,
    /// Whether the provider's list was ever stored.
    pub has_list: bool,
    /// What the list said of it, if it ever had it.
    pub sold: Option<Sold>,
}

impl Known {
    /// Whether the id is not one of this provider's, as far as can be told.
    pub fn is_foreign(&self) -> bool {
        self.has_list && self.sold.is_none()
    }

    /// Whether the provider sells it no more.
    pub fn is_gone(&self) -> bool {
        self.sold
            .as_ref()
            .is_some_and(|sold| sold.gone_at.is_some())
    }
}

/// What a provider's list says of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sold {
    /// The provider's id of it.
    pub id: String,
    /// In the provider's words.
    pub name: String,
    /// Its order form, in the provider's words.
    pub kind: String,
    /// What 1000 cost, in millionths of `currency`.
    pub rate_micros: i64,
    /// Of our account there, if it is known.
    pub currency: Option<String>,
    /// Smallest quantity.
    pub min: u64,
    /// Largest quantity.
    pub max: u64,
    /// Whether lost units are delivered again.
    pub refill: bool,
    /// Whether an order can be stopped.
    pub cancel: bool,
    /// When it was found to be listed no more.
    #[serde(with = "time::serde::rfc3339::option")]
    pub gone_at: Option<OffsetDateTime>,
}

/// What is known for one service of the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Which provider an admin chose for it.
    pub chosen: Option<String>,
    /// Which provider an admin chose for everything.
    pub chosen_overall: Option<String>,
    /// One for each pair that was asked about.
    pub known: Vec<Known>,
}

impl About {
    /// What is known of a provider's part in it.
    pub fn of(&self, provider: &str) -> Option<&Known> {
        self.known.iter().find(|known| known.provider == provider)
    }
}
