//! Our own accounts at the providers: what is left, and whether that is too little for new orders.
//!
//! ```text
//! enough ──balance ≤ low──▶ low ──balance > enough──▶ enough
//! ```
//! Guarantees: of all replicas one sees each turn, so that whoever is to be told is told once. Between `low` and `enough`
//! nothing turns: a task that fails gives its credits back, and an account at its limit must not be reported every minute.
//!
//! If the process dies before the commit, the next question makes the same turn.

mod store;

use time::OffsetDateTime;

use crate::providers::Balance;

pub use store::{accounts, low, note, note_refusal};

/// Our account at a provider, as it was when it was asked about last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The provider's name.
    pub provider: String,
    /// What was left.
    pub balance: i64,
    /// In what; see [`Balance::unit`].
    pub unit: Option<String>,
    /// Since when it is too little for new orders.
    pub low_since: Option<OffsetDateTime>,
    /// When it was asked about.
    pub checked_at: OffsetDateTime,
}

impl Account {
    /// What was left, for people.
    pub fn left(&self) -> String {
        Balance::shown(self.balance, self.unit.as_deref())
    }
}

/// When an account has too little, in the provider's unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// At or below this it is low.
    pub low: i64,
}

impl Limit {
    /// Above this it has recovered.
    pub fn enough(self) -> i64 {
        self.low.saturating_add(self.low / 10)
    }
}

/// What a balance has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It was enough until now.
    Lowered,
    /// It is enough again.
    Recovered,
    /// Nothing: it is still low.
    StillLow,
    /// Nothing: it is still enough.
    StillEnough,
}

impl Turn {
    fn of(was_low: bool, balance: i64, limit: Limit) -> Self {
        match was_low {
            false if balance <= limit.low => Self::Lowered,
            false => Self::StillEnough,
            true if balance > limit.enough() => Self::Recovered,
            true => Self::StillLow,
        }
    }

    /// Whether it is low now.
    pub fn is_low(self) -> bool {
        match self {
            Self::Lowered | Self::StillLow => true,
            Self::Recovered | Self::StillEnough => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_at_its_limit_turns_once() {
        let limit = Limit { low: 100 };
        let mut low = false;
        let mut turns = Vec::new();
        for balance in [500, 101, 100, 104, 96, 110, 111, 105, 99] {
            let turn = Turn::of(low, balance, limit);
            low = turn.is_low();
            turns.push(turn);
        }
        use Turn::{Lowered, Recovered, StillEnough, StillLow};
        assert_eq!(
            turns,
            [
                StillEnough,
                StillEnough,
                Lowered,
                StillLow,
                StillLow,
                StillLow,
                Recovered,
                StillEnough,
                Lowered
            ]
        );
    }

    #[test]
    fn without_a_limit_only_an_empty_account_is_low() {
        let limit = Limit { low: 0 };
        assert_eq!(Turn::of(false, 1, limit), Turn::StillEnough);
        assert_eq!(Turn::of(false, 0, limit), Turn::Lowered);
        assert_eq!(Turn::of(false, -5, limit), Turn::Lowered);
        assert_eq!(Turn::of(true, 1, limit), Turn::Recovered);
    }
}
