//! Free services that need nobody: answered at once, in this process, from the words that the catalogue has for them.
//!
//! An answer is a text with places in braces: `{text}` is what the user gave for the input `text`, `{text.words}` a figure
//! about it. Nothing else is computed, so that it can be said while everything outside is away.

use std::collections::BTreeMap;

use serde::Serialize;

use super::fields::{Fields, Report};
use super::making::Made;
use super::{Failover, InputKind, LocalText, ResultKind, Service};
use crate::base::money::Amount;

/// A template is one short message.
const ANSWER_CHARS_MAX: usize = 1000;
/// Telegram takes 4096 ("sendMessage"); the rest is for what is said around it.
const FILLED_CHARS_MAX: usize = 3800;
/// Bot API docs, "BotCommand".
const COMMAND_BYTES_MAX: usize = 32;
/// Bot API docs: a caption has at most 1024 characters after its formatting was read, a message 4096.
const CAPTION_MAX: i64 = 1024;
const MESSAGE_MAX: i64 = 4096;
/// A person reads about 200 words a minute.
const WORDS_PER_MINUTE: usize = 200;

/// What is answered at once.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Instant {
    /// `/command text` asks for it in one message, if it has one; also while the database is away.
    pub command: Option<String>,
    /// The answer, with places in braces.
    pub answer: LocalText,
}

/// The figures about an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    Characters,
    Words,
    Lines,
    Links,
    Hashtags,
    ReadingSeconds,
    CaptionLeft,
    MessageLeft,
}

impl Figure {
    const ALL: [(&str, Self); 8] = [
        ("characters", Self::Characters),
        ("words", Self::Words),
        ("lines", Self::Lines),
        ("links", Self::Links),
        ("hashtags", Self::Hashtags),
        ("reading_s", Self::ReadingSeconds),
        ("caption_left", Self::CaptionLeft),
        ("message_left", Self::MessageLeft),
    ];

    fn named(name: &str) -> Option<Self> {
        let known = Self::ALL.iter().find(|(known, _)| *known == name)?;
        Some(known.1)
    }

    fn of(self, text: &str) -> i64 {
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let words = || text.split_whitespace();
        // As Telegram counts: an emoji is two ("MessageEntity": UTF-16 code units).
        let characters = count(text.encode_utf16().count());
        match self {
            Self::Characters => characters,
            Self::Words => count(words().count()),
            Self::Lines => count(text.lines().count()),
            Self::Links => {
                let is_link = |word: &&str| {
                    ["https://", "http://", "t.me/"]
                        .iter()
                        .any(|start| word.starts_with(start))
                };
                count(words().filter(is_link).count())
            }
            Self::Hashtags => {
                let is_tag = |word: &&str| {
                    word.strip_prefix('#')
                        .is_some_and(|tag| tag.starts_with(char::is_alphanumeric))
                };
                count(words().filter(is_tag).count())
            }
            Self::ReadingSeconds => count((words().count() * 60).div_ceil(WORDS_PER_MINUTE)),
            Self::CaptionLeft => CAPTION_MAX - characters,
            Self::MessageLeft => MESSAGE_MAX - characters,
        }
    }
}

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    Words(&'a str),
    /// What stands in braces: an input, and perhaps a figure about it.
    Place(&'a str, Option<&'a str>),
}

fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((words, after)) = rest.split_once('{') {
        let Some((place, after)) = after.split_once('}') else {
            break;
        };
        pieces.push(Piece::Words(words));
        pieces.push(match place.split_once('.') {
            Some((input, figure)) => Piece::Place(input, Some(figure)),
            None => Piece::Place(place, None),
        });
        rest = after;
    }
    pieces.push(Piece::Words(rest));
    pieces
}

impl Service {
    /// What is answered for these inputs, in `language`; None for a service that a provider makes. An input that was left
    /// out is empty.
    pub fn answered(&self, given: &BTreeMap<&str, String>, language: &str) -> Option<String> {
        let instant = self.instant.as_ref()?;
        let mut text = String::new();
        for piece in pieces(instant.answer.get(language)) {
            let (input, figure) = match piece {
                Piece::Words(words) => {
                    text.push_str(words);
                    continue;
                }
                Piece::Place(input, figure) => (input, figure),
            };
            let value = given.get(input).map_or("", String::as_str);
            match figure.and_then(Figure::named) {
                None => text.push_str(value),
                Some(figure) => text.push_str(&figure.of(value).to_string()),
            }
        }
        Some(text)
    }
}

/// Reads what a service of this kind has instead of a provider.
pub(super) fn read(report: &mut Report, fields: &mut Fields<'_>) -> Option<Made> {
    let command = fields.optional_text(report, "command");
    let answer = fields.local(report, "answer", ANSWER_CHARS_MAX);
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if let Some(command) = &command
        && (command.is_empty()
            || command.len() > COMMAND_BYTES_MAX
            || !command.bytes().all(allowed))
    {
        fields.report(
            report,
            "command",
            format!("must be 1 to {COMMAND_BYTES_MAX} characters of a-z, 0-9 and _"),
        );
    }
    Some(Made {
        price: Amount::ZERO,
        result: ResultKind::Delivery,
        routes: Vec::new(),
        failover: Failover::default(),
        estimate_s: 1,
        panel: None,
        instant: Some(Instant {
            command,
            answer: answer?,
        }),
    })
}

/// What no single field tells.
pub(super) fn validate(
    service: &Service,
    others: &[Service],
    add: &mut impl FnMut(String, String),
) {
    let Some(instant) = &service.instant else {
        return;
    };
    if let Some(command) = &instant.command {
        let is_taken = |other: &&Service| {
            let named = other.instant.as_ref().and_then(|it| it.command.as_ref());
            other.id != service.id && named == Some(command)
        };
        if others.iter().any(|other| is_taken(&other)) {
            add("command".to_owned(), "is used twice".to_owned());
        }
        let is_one_text =
            matches!(&service.inputs[..], [input] if matches!(input.kind, InputKind::Text { .. }));
        if !is_one_text {
            let message = "is for a service with one input, a text: it comes in one message";
            add("command".to_owned(), message.to_owned());
        }
    }
    for input in &service.inputs {
        if longest(&input.kind).is_none() {
            let message = "cannot be a file: nothing here could look at it";
            add(format!("input `{}`: kind", input.id), message.to_owned());
        }
    }
    for text in [&instant.answer.en, &instant.answer.ru, &instant.answer.es] {
        if let Some(problem) = problem(service, text) {
            add("answer".to_owned(), problem);
        }
    }
}

/// What is wrong with a template.
fn problem(service: &Service, template: &str) -> Option<String> {
    let mut length = template.chars().count();
    for piece in pieces(template) {
        let Piece::Place(name, figure) = piece else {
            continue;
        };
        let Some(input) = service.input(name) else {
            return Some(format!("names {{{name}}}, which is not an input"));
        };
        match figure {
            Some(figure) if Figure::named(figure).is_none() => {
                let known: Vec<&str> = Figure::ALL.iter().map(|(name, _)| *name).collect();
                let known = known.join(", ");
                return Some(format!("names {{{name}.{figure}}}; known are: {known}"));
            }
            Some(_) => {}
            None => length += longest(&input.kind).unwrap_or(0),
        }
    }
    (length > FILLED_CHARS_MAX).then(|| {
        format!("may become {length} characters, more than {FILLED_CHARS_MAX}; lower the max of its inputs")
    })
}

/// How many characters an answer to it may have; None for a file.
fn longest(kind: &InputKind) -> Option<usize> {
    let size = |size: u32| usize::try_from(size).unwrap_or(usize::MAX);
    match kind {
        InputKind::Text { max, .. } => Some(size(*max)),
        InputKind::Choice { options } => {
            let lengths = options.iter().map(|option| option.value.chars().count());
            Some(lengths.max().unwrap_or(0))
        }
        InputKind::Number(_) => Some(24),
        // One message.
        InputKind::Link { .. } | InputKind::Lines { .. } => Some(size(4096)),
        InputKind::Image { .. } | InputKind::Video { .. } | InputKind::Audio { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_falls_into_pieces() {
        use Piece::{Place, Words};
        assert_eq!(
            pieces("a {x} b {y.words}"),
            [
                Words("a "),
                Place("x", None),
                Words(" b "),
                Place("y", Some("words")),
                Words("")
            ]
        );
        assert_eq!(pieces("no { end"), [Words("no { end")]);
        assert_eq!(pieces("}{"), [Words("}{")]);
        assert_eq!(pieces("{}"), [Words(""), Place("", None), Words("")]);
    }

    #[test]
    fn figures_count_as_telegram_does() {
        let text = "Hi 😀 #fox #1 # x\nhttps://a.example t.me/fox";
        for (name, expected) in [
            ("characters", 44),
            ("words", 8),
            ("lines", 2),
            ("links", 2),
            ("hashtags", 2),
            ("reading_s", 3),
            ("caption_left", 1024 - 44),
            ("message_left", 4096 - 44),
        ] {
            let figure = Figure::named(name).expect("a figure");
            assert_eq!(figure.of(text), expected, "{name}");
        }
        assert_eq!(Figure::Characters.of(""), 0);
        assert_eq!(Figure::CaptionLeft.of(&"x".repeat(1100)), -76);
        assert_eq!(Figure::named("wordz"), None);
    }
}
