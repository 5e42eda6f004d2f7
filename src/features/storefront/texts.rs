//! Every text of the storefront.

use fluent_templates::static_loader;

use crate::features::speech::{Args, Language, Speech};
use crate::providers::FailureReason;

static_loader! {
    static TEXTS = {
        locales: "./src/features/storefront/texts",
        fallback_language: "en",
    };
}

/// The storefront's texts in `language`.
pub fn speech(language: Language) -> Speech<'static> {
    Speech::new(&*TEXTS, language)
}

/// How long something takes, roughly.
pub fn about(speech: Speech<'_>, seconds: u64) -> String {
    if seconds < 90 {
        speech.plain(
            "about-seconds",
            &Args::new().number("n", seconds.div_ceil(5).max(1).cast_signed() * 5),
        )
    } else {
        speech.plain(
            "about-minutes",
            &Args::new().number("n", seconds.div_ceil(60).cast_signed()),
        )
    }
}

/// The key of the text for a failure.
pub fn failure_key(reason: FailureReason) -> &'static str {
    match reason {
        FailureReason::ContentRefused => "failed-content-refused",
        FailureReason::BadInput => "failed-bad-input",
        FailureReason::InputUnreachable => "failed-input-unreachable",
        FailureReason::ProviderFailed => "failed-provider-failed",
        FailureReason::ProviderUnavailable => "failed-provider-unavailable",
        FailureReason::TimedOut => "failed-timed-out",
        FailureReason::ResultTooLarge => "failed-result-too-large",
        FailureReason::ResultLost => "failed-result-lost",
        FailureReason::Unknown => "failed-unknown",
    }
}
