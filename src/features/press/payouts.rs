//! Buttons of withdrawals, and of grants that wait for a second admin.

use super::{is_id, number};

/// What a press around withdrawals asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WithdrawPress {
    /// Ask for one.
    Begin,
    /// Be paid in this way.
    Method {
        /// The draft.
        draft: String,
        /// Position of the method.
        method: u16,
    },
    /// Back to the question before.
    Back {
        /// The draft.
        draft: String,
    },
    /// As much as can be withdrawn.
    Most {
        /// The draft.
        draft: String,
    },
    /// Ask for it.
    Confirm {
        /// The draft.
        draft: String,
    },
    /// Throw the draft away.
    Discard {
        /// The draft.
        draft: String,
    },
    /// Do something with a withdrawal.
    Act {
        /// Its short id.
        id: String,
        /// What.
        act: WithdrawalAct,
    },
    /// What waits for an admin.
    List {
        /// From 0.
        page: u16,
    },
    /// Everything that is to be paid, as a table.
    Export,
    /// All of what was exported together was paid.
    Paid {
        /// The batch.
        batch: String,
    },
}

/// What is done with a withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WithdrawalAct {
    /// Shows it.
    Show,
    /// Shows whom to pay.
    Details,
    /// It shall be paid.
    Approve,
    /// It shall not be paid.
    Reject,
    /// It was paid.
    Paid,
    /// Its user takes it back.
    Cancel,
}

impl WithdrawalAct {
    pub(super) const ALL: [(Self, &str); 6] = [
        (Self::Show, "s"),
        (Self::Details, "d"),
        (Self::Approve, "a"),
        (Self::Reject, "r"),
        (Self::Paid, "p"),
        (Self::Cancel, "c"),
    ];
}

/// What an admin does with a grant that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GrantAct {
    /// Agrees.
    Approve,
    /// Does not agree.
    Reject,
    /// Takes the own request back.
    Cancel,
}

impl GrantAct {
    pub(super) const ALL: [(Self, &str); 3] = [
        (Self::Approve, "a"),
        (Self::Reject, "r"),
        (Self::Cancel, "c"),
    ];

    pub(super) fn code(self) -> &'static str {
        code_of(&Self::ALL, self)
    }

    pub(super) fn of_code(code: &str) -> Option<Self> {
        of_code(&Self::ALL, code)
    }
}

impl WithdrawPress {
    /// Behind the code of the family.
    pub(super) fn encode(&self) -> String {
        match self {
            Self::Begin => "b".into(),
            Self::Method { draft, method } => format!("m:{draft}:{method}"),
            Self::Back { draft } => format!("k:{draft}"),
            Self::Most { draft } => format!("a:{draft}"),
            Self::Confirm { draft } => format!("y:{draft}"),
            Self::Discard { draft } => format!("x:{draft}"),
            Self::Act { id, act } => {
                format!("i:{id}:{}", code_of(&WithdrawalAct::ALL, *act))
            }
            Self::List { page } => format!("l:{page}"),
            Self::Export => "e".into(),
            Self::Paid { batch } => format!("p:{batch}"),
        }
    }

    /// From the parts behind the code of the family.
    pub(super) fn decode(mut part: impl FnMut() -> Option<String>) -> Option<Self> {
        let code = part()?;
        Some(match code.as_str() {
            "b" => Self::Begin,
            "m" => Self::Method {
                draft: part()?,
                method: number(part()?)?,
            },
            "k" => Self::Back { draft: part()? },
            "a" => Self::Most { draft: part()? },
            "y" => Self::Confirm { draft: part()? },
            "x" => Self::Discard { draft: part()? },
            "i" => Self::Act {
                id: part()?,
                act: of_code(&WithdrawalAct::ALL, &part()?)?,
            },
            "l" => Self::List {
                page: number(part()?)?,
            },
            "e" => Self::Export,
            "p" => Self::Paid { batch: part()? },
            _ => return None,
        })
    }
}

fn code_of<T: Copy + PartialEq>(all: &[(T, &'static str)], act: T) -> &'static str {
    let known = all.iter().find(|(known, _)| *known == act);
    known.map_or("", |(_, code)| code)
}

fn of_code<T: Copy>(all: &[(T, &'static str)], code: &str) -> Option<T> {
    let known = all
        .iter()
        .find(|(_, known)| *known == code && is_id(code))?;
    Some(known.0)
}

#[cfg(test)]
pub(super) fn presses() -> impl proptest::strategy::Strategy<Value = WithdrawPress> {
    use proptest::prelude::*;
    let short = "[0-9A-Za-z]{10}";
    prop_oneof![
        Just(WithdrawPress::Begin),
        Just(WithdrawPress::Export),
        (short, any::<u16>()).prop_map(|(draft, method)| WithdrawPress::Method { draft, method }),
        short.prop_map(|draft| WithdrawPress::Back { draft }),
        short.prop_map(|draft| WithdrawPress::Most { draft }),
        short.prop_map(|draft| WithdrawPress::Confirm { draft }),
        short.prop_map(|draft| WithdrawPress::Discard { draft }),
        (short, 0..WithdrawalAct::ALL.len()).prop_map(|(id, act)| WithdrawPress::Act {
            id,
            act: WithdrawalAct::ALL[act].0
        }),
        any::<u16>().prop_map(|page| WithdrawPress::List { page }),
        short.prop_map(|batch| WithdrawPress::Paid { batch }),
    ]
}
