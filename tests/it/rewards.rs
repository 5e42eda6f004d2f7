//! Referrals and tips: every way they can go.

mod gifts;
mod in_part;
mod races;
pub mod referrals;
mod reversals;
mod settling;
mod tips;
