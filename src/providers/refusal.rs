//! Why something was refused, read from a provider's prose.

use super::FailureReason;

/// What words in small letters tell about a refusal. They only choose the text that a user reads, so a wrong guess costs little.
pub(super) fn refusal(words: &str) -> Option<FailureReason> {
    const CONTENT: &[&str] = &[
        "nsfw",
        "sensitive",
        "policy",
        "policies",
        "prohibited",
        "moderat",
        "safety filter",
        "inappropriate",
        "flagged",
        "violat",
        "copyright",
        "public figure",
        "explicit",
        "unsafe",
        // Veo: what its maker's own review refuses.
        "rejected by flow",
        "prominent people",
        "minor upload",
        // Suno: "Uploaded audio matches existing work of art".
        "matches existing",
    ];
    const FETCHING: &[&str] = &[
        "download",
        "fetch",
        "access",
        "load ",
        "read ",
        "reach",
        "retrieve",
        "timed out reading",
    ];
    const FILES: &[&str] = &["image", "video", "audio", "file", "url", "media"];
    const TROUBLE: &[&str] = &[
        "fail",
        "error",
        "cannot",
        "can't",
        "could not",
        "unable",
        "unreach",
        "denied",
        "not ",
    ];
    let has = |list: &[&str]| list.iter().any(|word| words.contains(word));
    if has(CONTENT) {
        Some(FailureReason::ContentRefused)
    } else if has(FETCHING) && has(FILES) && has(TROUBLE) {
        Some(FailureReason::InputUnreachable)
    } else {
        None
    }
}
