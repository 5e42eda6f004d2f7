//! What people and processors do, drawn by lot. Few users, keys and sums, so that they meet all the time.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::money_in::Source;
use super::perform::Shared;

/// Users of a run.
pub const USERS: i64 = 3;
/// Names of orders, of gifts and of charges.
const NAMES: u64 = 40;
/// Of a hundred acts so many are given up after they were done: nothing of them may stay.
const GIVEN_UP: u32 = 8;

/// One act, which is one transaction.
#[derive(Clone, Debug)]
pub enum Act {
    /// A payment comes in, perhaps not for the first time, and with it what it earns for others.
    TopUp { source: Source, charge: u64 },
    /// The house gives.
    Grant { user: i64, amount: i64, name: u64 },
    /// An admin gives or takes.
    Correct { user: i64, amount: i64, name: u64 },
    /// An order is confirmed, perhaps not for the first time.
    Order { user: i64, amount: i64, name: u64 },
    /// What the `nth` hold is for was done, an order in this part of it in percent.
    Deliver { nth: usize, percent: i64 },
    /// What the `nth` hold is for brought nothing.
    Fail { nth: usize },
    /// Of the `nth` order that was paid it turns out that only this part was done.
    PayBack { nth: usize, percent: i64 },
    /// An admin gives a payment back.
    AskRefund { source: Source, charge: u64 },
    /// The processor answers about the `nth` refund.
    EndRefund { nth: usize, is_done: bool },
    /// The processor gave a payment back by itself.
    GivenBack { source: Source, charge: u64 },
    /// From one to another, at once or settled later.
    Tip {
        from: i64,
        to: i64,
        amount: i64,
        is_later: bool,
        name: u64,
    },
    /// Between two wallets of one user; nothing is all that was earned.
    Own {
        user: i64,
        amount: i64,
        to_main: bool,
        name: u64,
    },
    /// Money is to be paid out.
    Withdraw { user: i64, amount: i64 },
    /// An admin agrees to the payout that the `nth` hold is for.
    Approve { nth: usize },
}

/// The chances of one task.
pub struct Lot(StdRng);

impl Lot {
    /// Of task `task` in the run of `seed`.
    pub fn new(seed: u64, task: u64) -> Self {
        Self(StdRng::seed_from_u64(seed.wrapping_mul(1_000) + task))
    }

    /// Whether the next act is given up.
    pub fn gives_up(&mut self) -> bool {
        self.0.random_range(0..100_u32) < GIVEN_UP
    }

    /// The next act.
    pub fn draw(&mut self, shared: &Shared) -> Act {
        let kind = self.0.random_range(0..144_u32);
        let user = shared.user(self.0.random_range(0..USERS));
        let to = shared.user(self.0.random_range(0..USERS));
        let charge = self.0.random_range(0..NAMES);
        let name = charge;
        let nth = self.0.random_range(0..1_000_usize);
        let amount = self.0.random_range(1..40_i64);
        let source = if nth.is_multiple_of(2) {
            Source::Stars
        } else {
            Source::Card
        };
        match kind {
            0..18 => Act::TopUp { source, charge },
            18..23 => Act::Grant {
                user,
                amount,
                name: name % 10,
            },
            23..28 => Act::Correct {
                user,
                amount: amount - 20,
                name,
            },
            28..46 => Act::Order {
                // Mostly of those whom somebody has brought in.
                user: shared.user([0, 1, 0, 1, 2][nth % 5]),
                amount,
                name,
            },
            46..66 => Act::Deliver {
                nth,
                percent: [100, 100, 100, 50, 33, 1][nth % 6],
            },
            66..74 => Act::Fail { nth },
            74..82 => Act::AskRefund { source, charge },
            82..89 => Act::EndRefund {
                nth,
                is_done: nth % 3 > 0,
            },
            89..94 => Act::GivenBack { source, charge },
            94..105 if user != to => Act::Tip {
                from: user,
                to,
                amount,
                is_later: nth % 3 == 0,
                name,
            },
            // What was earned is mostly spent: else nothing of it would be missing when it is taken back.
            94..118 => Act::Own {
                user,
                amount: match nth % 4 {
                    0 => amount % 7 + 1,
                    1 => amount,
                    _ => 0,
                },
                to_main: nth % 4 > 0,
                name,
            },
            118..124 => Act::Withdraw { user, amount },
            124..130 => Act::Approve { nth },
            _ => Act::PayBack {
                nth,
                percent: [90, 70, 50, 25, 0][nth % 5],
            },
        }
    }
}

/// Who pays with a charge, and how much: every report of it says the same.
pub fn charge(charge: u64) -> (i64, i64) {
    let user = i64::try_from(charge).unwrap_or(0) % USERS;
    let amount = i64::try_from(charge * 7 % 20 + 3).unwrap_or(1) * 2;
    (user, amount)
}
