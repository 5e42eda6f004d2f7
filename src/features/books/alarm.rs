//! What admins are told when the books do not balance.

use super::speech;
use crate::features::speech::{Args, Language};
use crate::telegram::Rich;

/// Findings that one message names.
const NAMED_MAX: usize = 5;

/// The message to the admins; `news` are the findings, in an operator's words.
pub fn alarm(news: &[String]) -> Rich {
    let speech = speech(Language::En);
    let count = i64::try_from(news.len()).unwrap_or(i64::MAX);
    let mut text = speech.rich("admin-books", &Args::new().number("count", count));
    for finding in news.iter().take(NAMED_MAX) {
        let line = speech.rich("admin-finding", &Args::new().text("finding", finding));
        text = text.then(Rich::literal("\n")).then(line);
    }
    let advice = speech.rich("admin-books-advice", &Args::new());
    text.then(Rich::literal("\n")).then(advice)
}
