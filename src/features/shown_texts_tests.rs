//! What Telegram makes of every text, whatever its variables hold.

use std::collections::BTreeMap;

use bulwark_simulator::entities::{Entity, utf16_len};
use bulwark_simulator::markdown::parse_v2;
use proptest::prelude::*;

use super::speech::{Args, Language, Speech};
use super::storefront;
use super::written_texts_tests::{FEATURES, Text, said_plainly, texts};
use crate::telegram::Rich;
use crate::telegram::rich::{CAPTION_MAX_UTF16, Span, TEXT_MAX_UTF16, clean_variable};

/// What a phone shows of a button that has its row for itself.
const LABEL_MAX: usize = 28;
/// Beyond this a label with a title of the catalogue (40 characters) and a price is cut off even on a large screen.
const LABEL_WITH_TITLE_MAX: usize = 64;
/// Bot API docs, "answerCallbackQuery".
const NOTICE_MAX: usize = 200;
/// Numbers with every kind of plural in every language.
const COUNTS: [i64; 8] = [0, 1, 2, 5, 11, 21, 22, 1_000_000];
/// Keys of texts shown without formatting that the code chooses from several.
const PLAIN_PREFIXES: [&str; 6] = [
    "button-",
    "command-",
    "value-",
    "failed-",
    "about-",
    "service-line",
];

fn speech(text: &Text) -> Speech<'static> {
    (text.feature.speech)(text.language)
}

fn args(text: &'static Text, count: i64, value: impl Fn(&'static str) -> String) -> Args {
    text.variables.iter().fold(Args::new(), |args, name| {
        if text.counted.contains(name) {
            args.number(name, count)
        } else {
            args.text(name, value(name))
        }
    })
}

fn is_button(text: &Text) -> bool {
    text.key.starts_with("button-") || text.key.starts_with("service-line")
}

fn plain_texts() -> Vec<&'static Text> {
    let said: Vec<_> = FEATURES.iter().map(said_plainly).collect();
    texts()
        .filter(|text| {
            PLAIN_PREFIXES
                .iter()
                .any(|prefix| text.key.starts_with(prefix))
                || FEATURES.iter().zip(&said).any(|(feature, keys)| {
                    feature.name == text.feature.name && keys.contains(&text.key)
                })
        })
        .collect()
}

/// A placeholder that no text of ours holds.
fn placeholder(name: &str) -> String {
    format!("\u{e000}{name}\u{e001}")
}

/// The text as it is meant: the formatting of the template, and values that are nothing but text.
fn meant(text: &'static Text, count: i64, values: &BTreeMap<&str, String>) -> Rich {
    let blank = speech(text).rich(&text.key, &args(text, count, placeholder));
    blank.spans().iter().fold(Rich::default(), |rich, span| {
        let mut pieces = span.text.split('\u{e000}');
        let mut filled = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (name, after) = piece.split_once('\u{e001}').expect("a whole placeholder");
            filled.push_str(&values[name]);
            filled.push_str(after);
        }
        rich.with(Span {
            text: filled,
            style: span.style.clone(),
        })
    })
}

/// The marks that a text should have in Telegram.
fn marks(rich: &Rich) -> Vec<Entity> {
    let mut marks: Vec<Entity> = Vec::new();
    let mut offset = 0;
    for span in rich.spans() {
        let length = utf16_len(&span.text);
        let style = &span.style;
        for (is_on, kind) in [
            (style.bold, "bold"),
            (style.italic, "italic"),
            (style.code, "code"),
        ] {
            if is_on {
                marks.push(Entity::new(kind, offset, length));
            }
        }
        assert!(
            !style.pre && style.link.is_none(),
            "no text of ours needs these"
        );
        offset += length;
    }
    marks
}

fn hostile() -> impl Strategy<Value = String> {
    let mark = proptest::sample::select(
        "*_`[]()\\~>#+-=|{}.!$@/&<\n\r\t\0\u{2068}\u{2069}\u{200f}\u{1f600}"
            .chars()
            .collect::<Vec<_>>(),
    );
    proptest::collection::vec(prop_oneof![3 => mark, 1 => any::<char>()], 0..24)
        .prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_variable_can_bend_a_text(
        values in proptest::collection::vec(hostile(), 1..8),
        count in proptest::sample::select(COUNTS.to_vec()),
    ) {
        for text in texts() {
            let chosen: BTreeMap<&str, String> = text
                .variables
                .iter()
                .zip(values.iter().cycle())
                .map(|(name, value)| (name.as_str(), clean_variable(value)))
                .collect();
            let said = speech(text).rich(&text.key, &args(text, count, |name| chosen[name].clone()));
            prop_assert_eq!(&said, &meant(text, count, &chosen), "{}", text);
            let (shown, entities) = parse_v2(&said.to_markdown_v2())
                .map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
            prop_assert_eq!(shown, said.to_plain(), "{}", text);
            prop_assert_eq!(entities, marks(&said), "{}", text);
        }
    }

    #[test]
    fn texts_without_formatting_show_their_variables_as_they_are(
        value in hostile(),
        count in proptest::sample::select(COUNTS.to_vec()),
    ) {
        for text in plain_texts() {
            let value = clean_variable(&value).replace('\r', "");
            let args = args(text, count, |_| value.clone());
            let formatted = speech(text).rich(&text.key, &args);
            prop_assert_eq!(speech(text).plain(&text.key, &args), formatted.to_plain(), "{}", text);
            prop_assert!(formatted.spans().iter().all(|span| span.style.is_plain()), "{}", text);
        }
    }
}

#[test]
fn every_mark_has_its_partner() {
    for text in texts() {
        for count in COUNTS {
            let shown = speech(text)
                .rich(&text.key, &args(text, count, |_| "x".to_owned()))
                .to_plain();
            assert!(
                !shown.contains(['*', '_', '`', '[', ']', '{', '}', '\\', '$']),
                "{text}: {shown}"
            );
            assert!(!shown.trim().is_empty() && shown.trim() == shown, "{text}");
        }
    }
}

#[test]
fn every_text_fits_into_a_message() {
    for text in texts() {
        let long = args(text, 1_000_000, |_| "Ж".repeat(300));
        let max = if text.key.ends_with("caption") {
            CAPTION_MAX_UTF16
        } else {
            TEXT_MAX_UTF16
        };
        let length = speech(text).rich(&text.key, &long).len_utf16();
        assert!(length <= max, "{text} has {length}");
    }
}

#[test]
fn every_label_fits_on_a_button() {
    let buttons: Vec<_> = texts().filter(|text| is_button(text)).collect();
    assert!(buttons.len() > 30, "the buttons are found");
    for text in buttons {
        let value = |name: &str| match name {
            "price" => "$100.00".to_owned(),
            "stars" => "50000".to_owned(),
            _ => "Ж".repeat(40),
        };
        let label = speech(text).plain(&text.key, &args(text, 1, value));
        let has_title = text
            .variables
            .iter()
            .any(|name| name != "price" && name != "stars");
        let max = if has_title {
            LABEL_WITH_TITLE_MAX
        } else {
            LABEL_MAX
        };
        let length = label.chars().count();
        assert!(
            length <= max && !label.contains('\n'),
            "{text} has {length}"
        );
    }
}

#[test]
fn every_notice_and_command_fits() {
    for text in plain_texts().into_iter().filter(|text| !is_button(text)) {
        let notice = speech(text).plain(&text.key, &args(text, 1_000_000, |_| "Ж".repeat(40)));
        assert!(utf16_len(&notice) <= NOTICE_MAX, "{text} is too long");
        // Bot API docs, "BotCommand": 1 to 256 characters; beyond a line of a phone it is not read.
        let is_command = text.key.starts_with("command-");
        assert!(
            !is_command || utf16_len(&notice) <= 40,
            "{text} is too long"
        );
    }
}

#[test]
fn russian_counts_as_russians_do() {
    let say =
        |key, name, n| storefront::speech(Language::Ru).plain(key, &Args::new().number(name, n));
    for (n, wanted) in [
        (0, "0 заказов"),
        (1, "1 заказ"),
        (2, "2 заказа"),
        (5, "5 заказов"),
        (11, "11 заказов"),
        (14, "14 заказов"),
        (21, "21 заказ"),
        (22, "22 заказа"),
        (112, "112 заказов"),
    ] {
        let text = say("refused-too-many-orders", "n", n);
        assert!(text.contains(&format!(" {wanted}.")), "{text}");
    }
    for (n, wanted) in [(1, "1 секунду"), (3, "3 секунды"), (60, "60 секунд")] {
        let text = say("slow-down", "n", n);
        assert!(text.contains(&format!(" {wanted} ")), "{text}");
    }
}

#[test]
fn one_and_many_differ_in_english_and_spanish() {
    for (language, one, many) in [
        (Language::En, "1 order ", "3 orders "),
        (Language::Es, "1 pedido ", "3 pedidos "),
    ] {
        let say = |n| {
            storefront::speech(language)
                .plain("refused-too-many-orders", &Args::new().number("n", n))
        };
        assert!(say(1).contains(one), "{}", say(1));
        assert!(say(3).contains(many), "{}", say(3));
    }
}

#[test]
fn a_language_is_found_by_the_tags_that_telegram_sends() {
    for (tag, language) in [
        ("ru", Language::Ru),
        ("es-MX", Language::Es),
        ("ES_419", Language::Es),
        ("en-GB", Language::En),
        ("pt-br", Language::En),
        ("", Language::En),
    ] {
        assert_eq!(Language::of_tag(tag), language, "{tag}");
    }
}
