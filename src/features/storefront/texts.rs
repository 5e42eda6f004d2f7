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
    } else if seconds >= 2 * 86_400 {
        let days = seconds.div_ceil(86_400).cast_signed();
        speech.plain("about-days", &Args::new().number("n", days))
    } else if seconds >= 2 * 3_600 {
        let hours = seconds.div_ceil(3_600).cast_signed();
        speech.plain("about-hours", &Args::new().number("n", hours))
    } else {
        speech.plain(
            "about-minutes",
            &Args::new().number("n", seconds.div_ceil(60).cast_signed()),
        )
    }
}

/// How long something takes, between two measured ends.
pub fn between(speech: Speech<'_>, from_s: u64, to_s: u64) -> String {
    let (unit_s, key) = if to_s < 90 {
        (5, "about-seconds-between")
    } else {
        (60, "about-minutes-between")
    };
    let step = if unit_s == 5 { 5 } else { 1 };
    let (from, to) = (from_s.div_ceil(unit_s).max(1), to_s.div_ceil(unit_s));
    if from >= to {
        return about(speech, to_s);
    }
    let args = Args::new()
        .text("from", (from * step).to_string())
        .text("to", (to * step).to_string());
    speech.plain(key, &args)
}

/// A place in a line, counted from 1, as it is written in `language`.
pub fn place(language: Language, n: i64) -> String {
    let ending = match language {
        Language::En => match (n % 10, n % 100) {
            (_, 11..=13) => "th",
            (1, _) => "st",
            (2, _) => "nd",
            (3, _) => "rd",
            _ => "th",
        },
        Language::Ru => "-й",
        Language::Es => ".º",
    };
    format!("{n}{ending}")
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
        FailureReason::Cancelled => "failed-cancelled",
        FailureReason::TargetBusy => "failed-target-busy",
        FailureReason::NotReceived => "failed-not-received",
    }
}
