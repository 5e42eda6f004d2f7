//! Every button of the bot, as one type: a button without a handler cannot be built, because [`super::routes`] matches
//! on all of them.
//!
//! The codes stand in messages that users keep for years: append only, never reuse one. Callback data has at most 64
//! bytes (Bot API docs, "InlineKeyboardButton"); catalogue ids have at most 24, so every press fits.

mod payouts;

pub use payouts::{GrantAct, WithdrawPress, WithdrawalAct};
mod broadcasts;
mod pay;

pub use broadcasts::BroadcastAct;
pub use pay::{PayPress, Way};

use super::press_providers::ProviderPress;

/// What a press of a button asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Press {
    /// The start page; `fresh` as a new message instead of in place of the old one.
    Home {
        /// As a new message.
        fresh: bool,
    },
    /// The shelves of the shop.
    Categories {
        /// From 0.
        page: u16,
    },
    /// One shelf.
    Category {
        /// Its id in the catalogue.
        id: String,
        /// From 0.
        page: u16,
    },
    /// Begin an order.
    Service {
        /// Its id in the catalogue.
        id: String,
    },
    /// Answer the question `input` of a draft with option `option`.
    Choose {
        /// The draft.
        draft: String,
        /// Position of the input.
        input: u16,
        /// Position of the option.
        option: u16,
    },
    /// Leave the question out.
    Skip {
        /// The draft.
        draft: String,
        /// Position of the input.
        input: u16,
    },
    /// Back to the question before.
    Back {
        /// The draft.
        draft: String,
    },
    /// Answer the question `input` anew.
    Edit {
        /// The draft.
        draft: String,
        /// Position of the input.
        input: u16,
    },
    /// Show what can be changed.
    Changes {
        /// The draft.
        draft: String,
    },
    /// Show the summary.
    Summary {
        /// The draft.
        draft: String,
    },
    /// Order it.
    Confirm {
        /// The draft.
        draft: String,
    },
    /// Throw the draft away.
    Discard {
        /// The draft.
        draft: String,
    },
    /// The same order once more.
    Again {
        /// The order's short id.
        order: String,
    },
    /// The same order with something changed.
    Change {
        /// The order's short id.
        order: String,
    },
    /// Take an order back that has not begun.
    CancelOrder {
        /// The order's short id.
        order: String,
    },
    /// The wallet.
    Balance {
        /// Page of its movements, from 0.
        page: u16,
    },
    /// The languages to choose from.
    Languages,
    /// Choose one.
    SetLanguage {
        /// Its code.
        code: String,
    },
    /// The help page.
    Help,
    /// Do something with a broadcast.
    Broadcast {
        /// Its short id.
        id: String,
        /// What.
        act: BroadcastAct,
    },
    /// Choose who receives a broadcast.
    BroadcastTo {
        /// Its short id.
        id: String,
        /// A language's code, or `all`.
        audience: String,
    },
    /// Choose how many Stars to pay.
    TopUp {
        /// The order that waits for the money.
        draft: Option<String>,
    },
    /// Pay so many Stars.
    TopUpWith {
        /// How many.
        stars: u16,
        /// The order that waits for the money.
        draft: Option<String>,
    },
    /// Give a payment back.
    Refund {
        /// Its short id.
        payment: String,
    },
    /// Do not give it back.
    NoRefund {
        /// Its short id.
        payment: String,
    },
    /// Deliver anew what an order has lost.
    Refill {
        /// The order's short id.
        order: String,
    },
    /// An order whose answer was lost went through, as one of the tasks that it may be.
    WentThrough {
        /// The question's short id.
        question: String,
        /// Which of the tasks.
        candidate: u16,
    },
    /// It went through, and its task is to be named.
    NameTask {
        /// The question's short id.
        question: String,
    },
    /// It did not go through.
    NotThere {
        /// The question's short id.
        question: String,
    },
    /// What moved in the wallets.
    History {
        /// The code of what is shown of it.
        filter: String,
        /// From 0.
        page: u16,
    },
    /// The same as a file.
    HistoryFile {
        /// The code of what is shown of it.
        filter: String,
    },
    /// Something around withdrawals.
    Withdraw(WithdrawPress),
    /// Decide on a grant.
    Grant {
        /// Its short id.
        id: String,
        /// What.
        act: GrantAct,
    },
    /// The shelves of the shop, as a new message: what the button is under stays to be read.
    Shelves,
    /// The summary, as a new message.
    ToOrder {
        /// The draft.
        draft: String,
    },
    /// Something around payments at processors.
    Pay(PayPress),
    /// Something of `/providers`.
    Providers(ProviderPress),
    /// The page of referrals.
    Referrals {
        /// Page of its earnings, from 0.
        page: u16,
    },
    /// Move what was earned to the main wallet.
    MoveEarnings,
    /// Decide on a tip that was asked for.
    Tip {
        /// Its short id.
        id: String,
        /// Send it, or do not.
        sends: bool,
    },
    /// Accept the terms of tips.
    AcceptTerms,
}

impl Press {
    /// As callback data.
    pub fn encode(&self) -> String {
        match self {
            Self::Home { fresh: false } => "h".into(),
            Self::Home { fresh: true } => "hn".into(),
            Self::Categories { page } => format!("cs:{page}"),
            Self::Category { id, page } => format!("c:{id}:{page}"),
            Self::Service { id } => format!("s:{id}"),
            Self::Choose {
                draft,
                input,
                option,
            } => format!("dc:{draft}:{input}:{option}"),
            Self::Skip { draft, input } => format!("ds:{draft}:{input}"),
            Self::Back { draft } => format!("db:{draft}"),
            Self::Edit { draft, input } => format!("de:{draft}:{input}"),
            Self::Changes { draft } => format!("dl:{draft}"),
            Self::Summary { draft } => format!("dm:{draft}"),
            Self::Confirm { draft } => format!("dy:{draft}"),
            Self::Discard { draft } => format!("dx:{draft}"),
            Self::Again { order } => format!("oa:{order}"),
            Self::Change { order } => format!("oc:{order}"),
            Self::CancelOrder { order } => format!("ox:{order}"),
            Self::Balance { page } => format!("b:{page}"),
            Self::Languages => "l".into(),
            Self::SetLanguage { code } => format!("ls:{code}"),
            Self::Help => "?".into(),
            Self::Broadcast { id, act } => format!("bc:{id}:{}", act.code()),
            Self::BroadcastTo { id, audience } => format!("bt:{id}:{audience}"),
            Self::TopUp { draft: None } => "tu".into(),
            Self::TopUp { draft: Some(draft) } => format!("tu:{draft}"),
            Self::TopUpWith { stars, draft: None } => format!("tp:{stars}"),
            Self::TopUpWith {
                stars,
                draft: Some(draft),
            } => format!("tp:{stars}:{draft}"),
            Self::Refund { payment } => format!("ry:{payment}"),
            Self::NoRefund { payment } => format!("rx:{payment}"),
            Self::Refill { order } => format!("or:{order}"),
            Self::WentThrough {
                question,
                candidate,
            } => format!("iw:{question}:{candidate}"),
            Self::NameTask { question } => format!("it:{question}"),
            Self::NotThere { question } => format!("in:{question}"),
            Self::History { filter, page } => format!("hi:{filter}:{page}"),
            Self::HistoryFile { filter } => format!("hf:{filter}"),
            Self::Withdraw(press) => format!("w:{}", press.encode()),
            Self::Grant { id, act } => format!("gr:{id}:{}", act.code()),
            Self::Shelves => "csn".into(),
            Self::ToOrder { draft } => format!("dmn:{draft}"),
            Self::Referrals { page } => format!("rf:{page}"),
            Self::MoveEarnings => "rm".into(),
            Self::Tip { id, sends: true } => format!("ty:{id}"),
            Self::Tip { id, sends: false } => format!("tx:{id}"),
            Self::AcceptTerms => "ta".into(),
            Self::Pay(press) => format!("p:{}", press.encode()),
            Self::Providers(press) => press.encode(),
        }
    }

    /// From callback data; None for what is not, or no longer, a button of ours.
    pub fn decode(data: &str) -> Option<Self> {
        let mut parts = data.split(':');
        let code = parts.next()?;
        let mut text = || parts.next().filter(|part| is_id(part)).map(str::to_owned);
        let press = match code {
            "h" => Self::Home { fresh: false },
            "hn" => Self::Home { fresh: true },
            "cs" => Self::Categories {
                page: number(text()?)?,
            },
            "c" => Self::Category {
                id: text()?,
                page: number(text()?)?,
            },
            "s" => Self::Service { id: text()? },
            "dc" => Self::Choose {
                draft: text()?,
                input: number(text()?)?,
                option: number(text()?)?,
            },
            "ds" => Self::Skip {
                draft: text()?,
                input: number(text()?)?,
            },
            "db" => Self::Back { draft: text()? },
            "de" => Self::Edit {
                draft: text()?,
                input: number(text()?)?,
            },
            "dl" => Self::Changes { draft: text()? },
            "dm" => Self::Summary { draft: text()? },
            "dy" => Self::Confirm { draft: text()? },
            "dx" => Self::Discard { draft: text()? },
            "oa" => Self::Again { order: text()? },
            "oc" => Self::Change { order: text()? },
            "ox" => Self::CancelOrder { order: text()? },
            "b" => Self::Balance {
                page: number(text()?)?,
            },
            "l" => Self::Languages,
            "ls" => Self::SetLanguage { code: text()? },
            "?" => Self::Help,
            "bc" => Self::Broadcast {
                id: text()?,
                act: BroadcastAct::of_code(&text()?)?,
            },
            "bt" => Self::BroadcastTo {
                id: text()?,
                audience: text()?,
            },
            "tu" => Self::TopUp { draft: text() },
            "tp" => Self::TopUpWith {
                stars: number(text()?)?,
                draft: text(),
            },
            "ry" => Self::Refund { payment: text()? },
            "rx" => Self::NoRefund { payment: text()? },
            "or" => Self::Refill { order: text()? },
            "iw" => Self::WentThrough {
                question: text()?,
                candidate: number(text()?)?,
            },
            "it" => Self::NameTask { question: text()? },
            "in" => Self::NotThere { question: text()? },
            "hi" => Self::History {
                filter: text()?,
                page: number(text()?)?,
            },
            "hf" => Self::HistoryFile { filter: text()? },
            "w" => Self::Withdraw(WithdrawPress::decode(&mut text)?),
            "gr" => Self::Grant {
                id: text()?,
                act: GrantAct::of_code(&text()?)?,
            },
            "csn" => Self::Shelves,
            "dmn" => Self::ToOrder { draft: text()? },
            "rf" => Self::Referrals {
                page: number(text()?)?,
            },
            "rm" => Self::MoveEarnings,
            "ty" | "tx" => Self::Tip {
                sends: code == "ty",
                id: text()?,
            },
            "ta" => Self::AcceptTerms,
            "p" => Self::Pay(PayPress::decode(&mut text)?),
            _ => return ProviderPress::decode(data).map(Self::Providers),
        };
        parts.next().is_none().then_some(press)
    }
}

pub(super) fn is_id(part: &str) -> bool {
    (1..=24).contains(&part.len())
        && part
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn number(part: String) -> Option<u16> {
    part.parse().ok()
}

#[cfg(test)]
#[path = "press_tests.rs"]
mod tests;
