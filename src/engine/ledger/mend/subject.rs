//! What a finding is about, and what to do where no movement helps.

use uuid::Uuid;

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject<'a> {
    User(i64),
    Hold(Uuid),
    Job(Uuid),
    Charge(&'a str),
}

impl<'a> Subject<'a> {
    /// As the audit writes it: a word, and what follows it.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let (what, id) = (words.next()?, words.next()?);
        match what {
            "user" => id.parse().ok().map(Self::User),
            "hold" => id.parse().ok().map(Self::Hold),
            "job" => id.parse().ok().map(Self::Job),
            "charge" => Some(Self::Charge(id)),
            _ => None,
        }
    }
}

pub(super) const GAP: &str = "the versions of the rows that touched a wallet have no gap";
pub(super) const ROWS_CHANGED: &str = "a capture moves what its resolution says";

/// What to do where no movement helps.
pub(super) fn advice(check: &str) -> &'static str {
    match check {
        GAP => {
            "a row that touched the wallet is missing, or one was written past the ledger: compare with a backup of before, \
             then correct with /grant and a reason"
        }
        "a live job with a price has an open hold" => {
            "it would be delivered for nothing: `bulwark jobs discard` it, or let it go on and correct with /grant"
        }
        "a top-up belongs to a payment" => {
            "a top-up that nobody paid: look at `bulwark trace transfer`; take it back with /grant and a reason"
        }
        ROWS_CHANGED
        | "a capture belongs to a resolution"
        | "a movement is between two accounts"
        | "a movement between two wallets counts on both sides"
        | "debits equal credits in each currency" => {
            "rows that never change were changed, past triggers and grants: find out by whom, compare with a backup of before, \
             and correct what users lost with /grant"
        }
        "a refund moves what its row says" | "what left or came back by a refund has its row" => {
            "compare with the processor's list (`bulwark reconcile` does, by its section), then correct with /grant"
        }
        _ => {
            "no movement mends it by itself: look at `bulwark trace`, then correct with /grant and a reason"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_finding_is_about_is_read_as_it_is_written() {
        let id = "00000000-0000-0000-0000-0000000000d1";
        let uuid: Uuid = id.parse().unwrap();
        for (text, subject) in [
            ("user 5".to_owned(), Some(Subject::User(5))),
            ("user 5 affiliate".to_owned(), Some(Subject::User(5))),
            (format!("hold {id} of job {id}"), Some(Subject::Hold(uuid))),
            (format!("job {id}"), Some(Subject::Job(uuid))),
            ("charge stx1".to_owned(), Some(Subject::Charge("stx1"))),
            ("EUR".to_owned(), None),
            ("transfer 7".to_owned(), None),
            ("hold nonsense".to_owned(), None),
        ] {
            assert_eq!(Subject::read(&text), subject, "{text}");
        }
    }
}
