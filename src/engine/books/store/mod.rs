//! SQL of the books beside the ledger.

mod balances;
mod costs;
mod nights;
mod periods;

pub use balances::{balance_since, note_balance, spent};
pub use costs::carry_costs;
pub use nights::{made, reconciliations, was_made};
pub use periods::transfers;
pub(super) use periods::{Flow, Period, Work, period};
