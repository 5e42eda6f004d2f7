//! SQL of payments at processors.

pub(super) mod events;
pub(super) mod intents;
pub(super) mod payments;
pub(super) mod questions;
pub(super) mod rates;
pub(super) mod refunds;
pub(super) mod returns;

const ERROR_CHARS_MAX: usize = 300;

fn shortened(error: &str) -> String {
    error
        .chars()
        .filter(|c| *c != '\0')
        .take(ERROR_CHARS_MAX)
        .collect()
}
