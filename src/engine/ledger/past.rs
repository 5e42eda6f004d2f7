//! What a user sees of the past: lines that pass a filter.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::money::Amount;

/// A line of a user's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// When.
    pub at: OffsetDateTime,
    /// Of the movement or hold.
    pub id: Uuid,
    /// The stored kind of the user's wallet.
    pub wallet: String,
    /// What it was.
    pub kind: PastKind,
    /// Added to (positive) or taken from (negative) what the user can spend.
    pub amount: Amount,
    /// Of the wallet.
    pub version: i64,
    /// A service's id, or a reason.
    pub note: String,
    /// Of a tip: what the other one is called in public.
    pub other: Option<String>,
}

/// Where a line stands, for what comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// When.
    pub at: OffsetDateTime,
    /// Of the wallet.
    pub version: i64,
    /// Of the movement or hold.
    pub id: Uuid,
    /// What moves between two wallets of one user is two lines.
    pub amount: Amount,
}

impl Past {
    /// Where it stands.
    pub fn place(&self) -> Place {
        Place {
            at: self.at,
            version: self.version,
            id: self.id,
            amount: self.amount,
        }
    }
}

/// What a line was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PastKind {
    /// Paid in from outside.
    TopUp,
    /// Given back outside, or not after all.
    Refund,
    /// Set aside.
    Held,
    /// Paid for an order.
    Paid,
    /// Set aside no more.
    Released,
    /// An order's price that came back.
    Repaid,
    /// Given by the house.
    Gift,
    /// Mended.
    Correction,
    /// For a referral, or taken back with it.
    Reward,
    /// To another user.
    TipSent,
    /// From another user.
    TipReceived,
    /// Between two wallets of the user.
    Own,
    /// Paid out.
    Payout,
}

impl PastKind {
    const ALL: [(Self, &str); 13] = [
        (Self::TopUp, "topup"),
        (Self::Refund, "refund"),
        (Self::Held, "held"),
        (Self::Paid, "paid"),
        (Self::Released, "released"),
        (Self::Repaid, "repaid"),
        (Self::Gift, "gift"),
        (Self::Correction, "correction"),
        (Self::Reward, "reward"),
        (Self::TipSent, "tip_sent"),
        (Self::TipReceived, "tip_received"),
        (Self::Own, "own"),
        (Self::Payout, "payout"),
    ];

    /// As the statement calls it.
    pub(super) fn name(self) -> &'static str {
        let known = Self::ALL.iter().find(|(kind, _)| *kind == self);
        known.map_or("", |(_, name)| name)
    }

    pub(super) fn named(name: &str) -> Self {
        let known = Self::ALL.iter().find(|(_, known)| *known == name);
        known.map_or(Self::Correction, |(kind, _)| *kind)
    }
}

/// Which lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PastFilter {
    /// Every one.
    All,
    /// What was paid in.
    TopUps,
    /// Orders, however they went.
    Orders,
    /// What came back, or went back outside.
    Back,
    /// Gifts, tips and rewards.
    Gifts,
    /// What was paid out.
    Payouts,
}

impl PastFilter {
    /// What passes it.
    pub(super) fn kinds(self) -> &'static [PastKind] {
        use PastKind as K;
        match self {
            Self::All => &[],
            Self::TopUps => &[K::TopUp],
            Self::Orders => &[K::Held, K::Paid, K::Released, K::Repaid],
            Self::Back => &[K::Refund, K::Released, K::Repaid],
            Self::Gifts => &[K::Gift, K::Reward, K::TipSent, K::TipReceived, K::Own],
            Self::Payouts => &[K::Payout],
        }
    }
}
