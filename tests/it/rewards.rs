//! Referrals and tips: every way they can go.

mod races;
mod referrals;
mod reversals;
mod settling;
mod tips;
