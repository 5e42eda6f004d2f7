//! What a panel's errors mean. They come as prose or as codes, in the words of whoever set the panel up, with HTTP 200.

/// What an error means, whatever its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Our account is empty.
    NoFunds,
    /// Our key is not accepted, or our account is closed.
    KeyRefused,
    /// Too many calls.
    RateLimited,
    /// An order for this link is under way.
    Duplicate,
    /// The service is gone, or was never there.
    ServiceGone,
    /// Nothing is taken at present.
    Maintenance,
    /// Against the rules.
    Forbidden,
    /// No such order or refill.
    NoSuchOrder,
    /// What the user gave does not fit.
    BadInput,
    /// The call itself is wrong: ours to mend.
    BadCall,
    /// It says that something broke, and not whether anything was done.
    Trouble,
    /// Nothing that we know.
    Unknown,
}

/// Of a longer error the beginning is enough: each line that was given is looked for in it.
const ERROR_CHARS_MAX: usize = 2_000;
/// What is shorter is no quotation: it would take letters out of the panel's own words.
const QUOTE_CHARS_MIN: usize = 4;

/// Patterns in their order: each is a list of words that must all be there. Codes are compared with `_` and `.` as spaces.
const TABLE: &[(Meaning, &[&[&str]])] = &[
    (
        Meaning::KeyRefused,
        &[
            &["api key"],
            &["apikey"],
            &["invalid key"],
            &["incorrect key"],
            &["unauthorized"],
            &["access denied"],
            &["account", "suspended"],
            &["account", "inactive"],
            &["account", "blocked"],
            &["account", "banned"],
        ],
    ),
    (
        Meaning::NoFunds,
        &[
            &["not enough funds"],
            &["not enough balance"],
            &["not enough money"],
            &["insufficient"],
            &["low balance"],
            &["balance", "not enough"],
        ],
    ),
    (
        Meaning::RateLimited,
        &[
            &["too many requests"],
            &["rate limit"],
            &["request limit"],
            &["slow down"],
            &["too frequent"],
        ],
    ),
    (
        Meaning::Duplicate,
        &[
            &["active order", "link"],
            &["link duplicate"],
            &["duplicate"],
            &["already", "active order"],
            &["order", "already", "exist"],
            &["order", "already", "in progress"],
            &["wait until", "order", "complet"],
        ],
    ),
    (
        Meaning::Maintenance,
        &[
            &["maintenance"],
            &["temporarily"],
            &["temporary", "unavailable"],
        ],
    ),
    (
        Meaning::NoSuchOrder,
        &[
            &["order id"],
            &["refill id"],
            &["order not found"],
            &["refill not found"],
            &["no such order"],
            &["order", "does not exist"],
        ],
    ),
    (
        Meaning::ServiceGone,
        &[
            &["service id"],
            &["incorrect service"],
            &["invalid service"],
            &["service", "not found"],
            &["service", "disabled"],
            &["service", "inactive"],
            &["service", "not available"],
            &["service", "not exist"],
        ],
    ),
    (
        Meaning::Forbidden,
        &[
            &["blacklist"],
            &["not allowed"],
            &["prohibited"],
            &["forbidden"],
            &["against", "rules"],
        ],
    ),
    (
        Meaning::BadCall,
        &[
            &["incorrect request"],
            &["bad request"],
            &["invalid request"],
            &["incorrect action"],
            &["invalid action"],
        ],
    ),
    (
        Meaning::Trouble,
        &[
            &["something went wrong"],
            &["internal"],
            &["unexpected"],
            &["timeout"],
            &["timed out"],
            &["try again"],
            &["try later"],
            &["unknown error"],
            &["server error"],
            &["overload"],
        ],
    ),
    (
        Meaning::BadInput,
        &[
            &["link"],
            &["url"],
            &["quantity"],
            &["username"],
            &["comment"],
            &["hashtag"],
            &["runs"],
            &["interval"],
            &["delay"],
            &["expiry"],
            &["posts"],
            &["answer"],
            &["private"],
            &["minim"],
            &["maxim"],
            &["refill"],
            &["cancel"],
        ],
    ),
];

/// Reads an error.
pub(super) fn meaning(error: &str) -> Meaning {
    let words = error.to_lowercase().replace(['_', '.', '-'], " ");
    let fits = |patterns: &&[&[&str]]| {
        patterns
            .iter()
            .any(|all| all.iter().all(|word| words.contains(word)))
    };
    TABLE
        .iter()
        .find(|(_, patterns)| fits(patterns))
        .map_or(Meaning::Unknown, |(meaning, _)| *meaning)
}

/// Reads an error that may quote what its user gave. What concerns our whole account is believed only in the panel's own words:
/// a link such as `t.me/not_enough_funds` would else stop everybody's orders. An error that says that something broke stays
/// one, whatever it quotes: the order may have been made.
pub(super) fn meaning_beside(error: &str, given: &[&str]) -> Meaning {
    match meaning(error) {
        Meaning::KeyRefused | Meaning::NoFunds | Meaning::RateLimited | Meaning::Maintenance => {
            meaning(&without(error, given))
        }
        other => other,
    }
}

/// The error without what was given, and without addresses.
fn without(error: &str, given: &[&str]) -> String {
    let beginning: String = error.chars().take(ERROR_CHARS_MAX).collect();
    let mut words = beginning.to_lowercase();
    let given = given.iter().flat_map(|value| value.lines());
    let given = given.map(|line| line.trim().to_lowercase());
    for line in given.filter(|line| line.chars().count() >= QUOTE_CHARS_MIN) {
        words = words.replace(&line, " ");
    }
    let is_word = |word: &&str| !word.contains('/') && !word.contains('@');
    words
        .split_whitespace()
        .filter(is_word)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_as_panels_write_them() {
        use Meaning as M;
        for (error, expected) in [
            ("Not enough funds on balance", M::NoFunds),
            ("neworder.error.not_enough_funds", M::NoFunds),
            ("Insufficient balance!", M::NoFunds),
            ("Incorrect API key", M::KeyRefused),
            ("error.incorrect_api_key", M::KeyRefused),
            ("Your account has been suspended", M::KeyRefused),
            ("Too many requests, slow down", M::RateLimited),
            (
                "You have active order with this link. Please wait until order being completed.",
                M::Duplicate,
            ),
            ("neworder.error.link_duplicate", M::Duplicate),
            ("Order already exists for this link", M::Duplicate),
            ("Incorrect service ID", M::ServiceGone),
            ("error.incorrect_service_id", M::ServiceGone),
            ("This service is disabled", M::ServiceGone),
            (
                "The panel is under maintenance, try again later",
                M::Maintenance,
            ),
            ("This link is blacklisted", M::Forbidden),
            ("Incorrect order ID", M::NoSuchOrder),
            ("error.incorrect_order_id", M::NoSuchOrder),
            ("Refill not found", M::NoSuchOrder),
            ("Incorrect request", M::BadCall),
            ("Incorrect link", M::BadInput),
            ("Quantity less than minimal 100", M::BadInput),
            ("neworder.error.min_quantity", M::BadInput),
            ("Order not eligible for refill.", M::BadInput),
            ("Something went wrong, check your order list", M::Trouble),
            ("Please try again", M::Trouble),
            ("Ошибка", M::Unknown),
            ("", M::Unknown),
        ] {
            assert_eq!(meaning(error), expected, "{error}");
        }
    }

    #[test]
    fn what_a_user_gave_says_nothing_of_our_account() {
        use Meaning as M;
        let link = "https://t.me/not_enough_funds";
        let lines = "api key\nUnder maintenance!";
        for (error, given, expected) in [
            (
                "Incorrect link: https://t.me/not_enough_funds",
                link,
                M::BadInput,
            ),
            ("Incorrect link (t.me/not_enough_funds)", link, M::BadInput),
            (
                "@not_enough_funds is private",
                "not_enough_funds",
                M::BadInput,
            ),
            ("Comment not allowed: API KEY", lines, M::Forbidden),
            ("under maintenance! is no comment", lines, M::BadInput),
            // In its own words it is believed, also beside a quotation.
            ("Not enough funds for https://t.me/a", link, M::NoFunds),
            ("Incorrect API key", "https://t.me/a", M::KeyRefused),
            ("neworder.error.not_enough_funds", link, M::NoFunds),
            // It may have been made.
            ("Something went wrong", "something went wrong", M::Trouble),
            ("Timeout, link: t.me/a", "timeout", M::Trouble),
        ] {
            assert_eq!(meaning_beside(error, &[given]), expected, "{error}");
        }
    }
}
