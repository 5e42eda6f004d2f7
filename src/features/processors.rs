//! Ways by which money comes in, each with books of its own elsewhere: what a comparison of those with ours needs to know.
//!
//! Every feature that takes money implements [`Processor`]; one line where the app is built adds it to the nightly
//! comparison and to `bulwark reconcile`.

use async_trait::async_trait;
use serde::Serialize;

/// A way by which money comes in.
#[async_trait]
pub trait Processor: Send + Sync + 'static {
    /// Its account in the ledger, such as `stars`.
    fn name(&self) -> &'static str;
    /// Whether anything was ever paid by it, or can be.
    async fn is_used(&self) -> Result<bool, anyhow::Error>;
    /// Compares its books with ours and books what is missing here; with `dry_run` only says what it would book.
    async fn compare(&self, dry_run: bool) -> Result<Comparison, anyhow::Error>;
}

/// What a comparison brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Transactions of the other side.
    pub transactions: usize,
    /// Where the two differ.
    pub differences: Vec<Difference>,
}

/// Where the processor's books and ours differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What is wrong, such as `missing credit`.
    pub what: String,
    /// The processor's id of it.
    pub reference: String,
    /// Of whom.
    pub user: Option<i64>,
    /// How much, in the processor's own unit, as people write it.
    pub amount: String,
    /// Whether booking it mends it; if not, a person has to look.
    pub is_mendable: bool,
    /// Whether that was done.
    pub is_mended: bool,
    /// What a person has to do; empty if nothing.
    pub advice: String,
}
