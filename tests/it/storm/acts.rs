//! What people and providers do, drawn by lot. Few users, keys and sums, so that they meet all the time.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::perform::Shared;

/// Users of a run.
const USERS: i64 = 3;
/// Names of orders, of gifts and of charges.
const NAMES: u64 = 40;
/// Of a hundred acts so many are given up after they were done: nothing of them may stay.
const GIVEN_UP: u32 = 8;

/// One act, which is one transaction.
#[derive(Clone, Debug)]
pub enum Act {
    /// A payment in Stars comes in, perhaps not for the first time.
    TopUp { charge: u64 },
    /// The house gives.
    Grant { user: i64, amount: i64, name: u64 },
    /// An admin gives or takes.
    Correct { user: i64, amount: i64, name: u64 },
    /// An order is confirmed, perhaps not for the first time.
    Order { user: i64, amount: i64, name: u64 },
    /// The `nth` of the orders was delivered, this part of it in percent.
    Deliver { nth: usize, percent: i64 },
    /// The `nth` of the orders brought nothing.
    Fail { nth: usize },
    /// An admin gives a payment back.
    AskRefund { charge: u64 },
    /// The processor answers about the `nth` refund.
    EndRefund { nth: usize, is_done: bool },
    /// The processor gave a payment back by itself.
    GivenBack { charge: u64 },
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
        let kind = self.0.random_range(0..100_u32);
        let user = shared.user(self.0.random_range(0..USERS));
        let name = self.0.random_range(0..NAMES);
        let nth = self.0.random_range(0..1_000_usize);
        match kind {
            0..18 => Act::TopUp { charge: name },
            18..24 => Act::Grant {
                user,
                amount: self.0.random_range(1..40),
                name: name % 10,
            },
            24..30 => Act::Correct {
                user,
                amount: self.0.random_range(-30..30),
                name,
            },
            30..52 => Act::Order {
                user,
                amount: self.0.random_range(1..50),
                name,
            },
            52..72 => Act::Deliver {
                nth,
                percent: [100, 100, 100, 50, 33, 1][nth % 6],
            },
            72..80 => Act::Fail { nth },
            80..88 => Act::AskRefund { charge: name },
            88..95 => Act::EndRefund {
                nth,
                is_done: nth % 3 > 0,
            },
            _ => Act::GivenBack { charge: name },
        }
    }
}

/// Who pays with a charge, and how much: every report of it says the same.
pub fn charge(charge: u64) -> (i64, i64) {
    let user = i64::try_from(charge).unwrap_or(0) % USERS;
    let stars = i64::try_from(charge * 7 % 20 + 3).unwrap_or(1);
    (user, stars)
}
