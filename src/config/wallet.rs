//! Admins and the starting amount.

use super::{Env, Problem, Reader};
use crate::base::money::Amount;

/// Who may move money by command, and what a new user starts with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// Telegram user ids of the admins.
    pub admin_ids: Vec<i64>,
    /// What a new user receives.
    pub welcome_grant: Amount,
}

impl Wallet {
    /// Only these variables, for an operator's commands.
    ///
    /// # Errors
    /// All problems with them.
    pub fn from_env(env: &Env) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::new(env);
        let wallet = Self::read(&mut reader);
        reader.finish(wallet)
    }

    /// Whether a Telegram user is an admin.
    pub fn is_admin(&self, user_id: i64) -> bool {
        self.admin_ids.contains(&user_id)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let text = reader.text("ADMIN_IDS").unwrap_or_default();
        let items = text.split([',', ' ']).filter(|item| !item.is_empty());
        let ids: Option<Vec<i64>> = items
            .map(|item| item.parse().ok().filter(|id| *id > 0))
            .collect();
        if ids.is_none() {
            reader.problem(
                "ADMIN_IDS",
                "is not a list of user ids",
                "set the numeric ids (not @names) separated by commas",
            );
        }
        Self {
            admin_ids: ids.unwrap_or_default(),
            welcome_grant: Amount(reader.number("WELCOME_GRANT", 0..=1_000_000)),
        }
    }
}
