//! Whose an account is: the wallets that a user may have, and the accounts of the house. The names are stored: append only.

/// A wallet that a user may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WalletKind {
    /// Pays for orders, is topped up, tipped and paid out.
    Main,
    /// What was earned with referrals.
    Affiliate,
    /// Good for replies of the assistant only.
    ReplyCredits,
}

impl WalletKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Main, Self::Affiliate, Self::ReplyCredits];

    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Main => "wallet",
            Self::Affiliate => "affiliate",
            Self::ReplyCredits => "reply_credits",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A wallet: whose, of which kind, in which currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalletKey<'a> {
    /// Telegram's id of its owner.
    pub user_id: i64,
    /// Which of theirs.
    pub kind: WalletKind,
    /// The code.
    pub currency: &'a str,
}

impl<'a> WalletKey<'a> {
    /// The user's main wallet.
    pub const fn main(user_id: i64, currency: &'a str) -> Self {
        Self {
            user_id,
            kind: WalletKind::Main,
            currency,
        }
    }

    /// What the user earned with referrals.
    pub const fn affiliate(user_id: i64, currency: &'a str) -> Self {
        Self {
            user_id,
            kind: WalletKind::Affiliate,
            currency,
        }
    }
}

/// An account of the house. Never updated: its balance is the sum of its transfers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum House {
    /// Pays gifts.
    Grants,
    /// Takes what orders cost.
    Revenue,
    /// Pays and takes what admins mend.
    Corrections,
    /// What comes in and goes back as Telegram Stars.
    Stars,
    /// Pays for what was given back outside after the user had spent it.
    Losses,
    /// What comes in and goes back through Flutterwave.
    Flutterwave,
    /// Takes what is paid out.
    Payouts,
    /// Pays rewards for referrals.
    Rewards,
}

impl House {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Grants,
        Self::Revenue,
        Self::Corrections,
        Self::Stars,
        Self::Losses,
        Self::Flutterwave,
        Self::Payouts,
        Self::Rewards,
    ];

    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grants => "grants",
            Self::Revenue => "revenue",
            Self::Corrections => "corrections",
            Self::Stars => "stars",
            Self::Losses => "losses",
            Self::Flutterwave => "flutterwave",
            Self::Payouts => "payouts",
            Self::Rewards => "rewards",
        }
    }
}

/// What a movement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransferKind {
    /// Given by the house.
    Grant,
    /// Mended by an admin.
    Correction,
    /// Taken out of a hold.
    Capture,
    /// Paid in from outside.
    TopUp,
    /// Taken because what was paid in is given back outside.
    Refund,
    /// Put back, because it is not given back outside after all.
    RefundUndone,
    /// Borne by the house: the part of a refund that its wallet did not cover.
    WriteOff,
    /// From one user to another.
    Tip,
    /// Between two wallets of one user.
    Own,
    /// Earned with a referral.
    Reward,
    /// An earning that is taken back, because the payment behind it was.
    RewardTaken,
    /// Kept from an earning, for one that could not be taken back.
    RewardKept,
    /// Paid out.
    Payout,
    /// Of what was paid out, what stayed with the house.
    PayoutFee,
}

impl TransferKind {
    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Correction => "correction",
            Self::Capture => "capture",
            Self::TopUp => "topup",
            Self::Refund => "refund",
            Self::RefundUndone => "refund_undone",
            Self::WriteOff => "write_off",
            Self::Tip => "tip",
            Self::Own => "own",
            Self::Reward => "reward",
            Self::RewardTaken => "reward_taken",
            Self::RewardKept => "reward_kept",
            Self::Payout => "payout",
            Self::PayoutFee => "payout_fee",
        }
    }
}

/// What a hold is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// An order; its reference is a job.
    Order,
    /// A tip that is settled outside; its reference is a job.
    Tip,
    /// A withdrawal; its reference is none of a job.
    Payout,
}

impl Purpose {
    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Tip => "tip",
            Self::Payout => "payout",
        }
    }
}

/// Who receives what is captured of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payee {
    /// An account of the house.
    House(House),
    /// Another user's main wallet.
    User(i64),
}
