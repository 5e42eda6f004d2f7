//! Checks what a user gave for an input, and says what is expected.

use super::draft::Answer;
use crate::catalog::{Input, InputKind, normal_link};
use crate::features::speech::{Args, Speech};
use crate::telegram::{IncomingMessage, Media, MediaKind, Rich};

/// Why an answer does not do: the text's key and variables.
pub struct Wrong {
    key: &'static str,
    args: Args,
}

impl Wrong {
    fn new(key: &'static str, args: Args) -> Self {
        Self { key, args }
    }

    /// As a message: with what is expected, unless it says so itself.
    pub fn text(&self, speech: Speech<'_>, input: &Input) -> Rich {
        let wrong = speech.rich(self.key, &self.args);
        let says_kind_alone = matches!(
            self.key,
            "wrong-not-text"
                | "wrong-not-image"
                | "wrong-not-video"
                | "wrong-not-audio"
                | "wrong-not-number"
        );
        if !says_kind_alone {
            return wrong;
        }
        wrong
            .then(Rich::literal("\n"))
            .then(expectation(speech, input))
    }
}

/// What is expected for an input, in one sentence.
pub fn expectation(speech: Speech<'_>, input: &Input) -> Rich {
    let args = Args::new();
    match &input.kind {
        InputKind::Text { min, max } => speech.rich(
            "expect-text",
            &args
                .number("min", i64::from(*min))
                .number("max", i64::from(*max)),
        ),
        InputKind::Image { max_mb } => {
            speech.rich("expect-image", &args.number("mb", i64::from(*max_mb)))
        }
        InputKind::Video { max_mb, max_s } => speech.rich(
            "expect-video",
            &args
                .number("mb", i64::from(*max_mb))
                .number("seconds", i64::from(*max_s)),
        ),
        InputKind::Audio { max_mb, max_s } => speech.rich(
            "expect-audio",
            &args
                .number("mb", i64::from(*max_mb))
                .number("seconds", i64::from(*max_s)),
        ),
        InputKind::Choice { .. } => speech.rich("expect-choice", &args),
        InputKind::Number(range) => speech.rich(
            "expect-number",
            &args
                .text("min", range.min.to_string())
                .text("max", range.max.to_string()),
        ),
        InputKind::Link { hosts } => {
            speech.rich("expect-link", &args.text("hosts", hosts.join(", ")))
        }
        InputKind::Lines { min, max } => speech.rich(
            "expect-lines",
            &args
                .number("min", i64::from(*min))
                .number("max", i64::from(*max)),
        ),
    }
}

/// The answer that a message gives to an input.
pub fn answer(input: &Input, message: &IncomingMessage, language: &str) -> Result<Answer, Wrong> {
    let text = message
        .text
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty());
    match &input.kind {
        InputKind::Text { min, max } => {
            let text = text.ok_or_else(|| Wrong::new("wrong-not-text", Args::new()))?;
            check_text(text, *min, *max)
        }
        InputKind::Choice { options } => options
            .iter()
            .find(|option| {
                text.is_some_and(|text| {
                    option.value.eq_ignore_ascii_case(text)
                        || option.title.get(language).to_lowercase() == text.to_lowercase()
                })
            })
            .map(|option| Answer::Choice(option.value.clone()))
            .ok_or_else(|| Wrong::new("wrong-not-choice", Args::new())),
        InputKind::Number(range) => {
            let number: f64 = text
                .and_then(|text| text.replace(',', ".").parse().ok())
                .ok_or_else(|| Wrong::new("wrong-not-number", Args::new()))?;
            if range.accepts(number) {
                return Ok(Answer::Number(number));
            }
            let args = Args::new()
                .text("min", range.min.to_string())
                .text("max", range.max.to_string())
                .text("step", range.step.to_string());
            let is_whole = range.step == 1.0 && range.min.fract() == 0.0;
            Err(Wrong::new(
                if is_whole {
                    "wrong-number-whole"
                } else {
                    "wrong-number-range"
                },
                args,
            ))
        }
        InputKind::Link { hosts } => text
            .and_then(|text| normal_link(text, hosts))
            .map(Answer::Text)
            .ok_or_else(|| {
                Wrong::new(
                    "wrong-not-link",
                    Args::new().text("hosts", hosts.join(", ")),
                )
            }),
        InputKind::Lines { min, max } => {
            let text = text.ok_or_else(|| Wrong::new("wrong-not-text", Args::new()))?;
            check_lines(text, *min, *max)
        }
        InputKind::Image { max_mb } => {
            media(message, MediaKind::Image, "wrong-not-image", *max_mb, None)
        }
        InputKind::Video { max_mb, max_s } => media(
            message,
            MediaKind::Video,
            "wrong-not-video",
            *max_mb,
            Some(*max_s),
        ),
        InputKind::Audio { max_mb, max_s } => media(
            message,
            MediaKind::Audio,
            "wrong-not-audio",
            *max_mb,
            Some(*max_s),
        ),
    }
}

/// The answer that these words give to an input for a text.
pub fn text(input: &Input, words: &str) -> Result<Answer, Wrong> {
    let message = IncomingMessage {
        text: Some(words.to_owned()),
        ..IncomingMessage::default()
    };
    answer(input, &message, "en")
}

fn check_text(text: &str, min: u32, max: u32) -> Result<Answer, Wrong> {
    let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    if count < i64::from(min) {
        let args = Args::new().number("min", i64::from(min)).number("n", count);
        return Err(Wrong::new("wrong-text-short", args));
    }
    if count > i64::from(max) {
        let args = Args::new().number("max", i64::from(max)).number("n", count);
        return Err(Wrong::new("wrong-text-long", args));
    }
    Ok(Answer::Text(text.to_owned()))
}

fn check_lines(text: &str, min: u32, max: u32) -> Result<Answer, Wrong> {
    let lines: Vec<&str> = text
        .split(is_line_end)
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let count = i64::try_from(lines.len()).unwrap_or(i64::MAX);
    if !(i64::from(min)..=i64::from(max)).contains(&count) {
        let args = Args::new()
            .number("min", i64::from(min))
            .number("max", i64::from(max))
            .number("n", count);
        return Err(Wrong::new("wrong-lines", args));
    }
    Ok(Answer::Text(lines.join("\n")))
}

/// Whatever anybody takes for the end of a line (Unicode, "Newline Guidelines"): what is one line here and two to a panel would
/// be paid for once and cost twice.
fn is_line_end(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

fn media(
    message: &IncomingMessage,
    kind: MediaKind,
    wrong: &'static str,
    max_mb: u32,
    max_s: Option<u32>,
) -> Result<Answer, Wrong> {
    let media: &Media = message
        .media
        .as_ref()
        .filter(|media| media.kind == kind)
        .ok_or_else(|| Wrong::new(wrong, Args::new()))?;
    if media
        .size
        .is_some_and(|size| size > u64::from(max_mb) << 20)
    {
        return Err(Wrong::new(
            "wrong-too-large",
            Args::new().number("mb", i64::from(max_mb)),
        ));
    }
    if let (Some(duration_s), Some(max_s)) = (media.duration_s, max_s)
        && duration_s > max_s
    {
        return Err(Wrong::new(
            "wrong-too-long-media",
            Args::new().number("seconds", i64::from(max_s)),
        ));
    }
    Ok(Answer::Media(Box::new(media.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_to_everybody() {
        for text in [
            "a\nb",
            "a\r\nb",
            "a\rb",
            "a\u{85}b",
            "a\u{2028}b",
            "a\u{2029} \u{b}b\u{c}",
        ] {
            assert!(check_lines(text, 1, 1).is_err(), "{text:?}");
            let taken = check_lines(text, 2, 2);
            let is_two = matches!(&taken, Ok(Answer::Text(lines)) if lines == "a\nb");
            assert!(is_two, "{text:?}");
        }
    }
}
