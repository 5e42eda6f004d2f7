//! What Telegram takes, what it refuses, and in which words.

use proptest::prelude::*;

use super::*;
use crate::entities::utf16_len;

fn ok(text: &str) -> (String, Vec<Entity>) {
    parse_v2(text).unwrap()
}

fn err(text: &str) -> String {
    parse_v2(text).unwrap_err()
}

#[test]
fn every_kind_is_read() {
    let (plain, entities) = ok("*b* _i_ __u__ ~s~ ||p|| `c` [t](http://a.example/\\)x)");
    assert_eq!(plain, "b i u s p c t");
    let kinds: Vec<_> = entities
        .iter()
        .map(|e| (e.kind.as_str(), e.offset, e.length))
        .collect();
    let expected = [
        ("bold", 0, 1),
        ("italic", 2, 1),
        ("underline", 4, 1),
        ("strikethrough", 6, 1),
        ("spoiler", 8, 1),
        ("code", 10, 1),
        ("text_link", 12, 1),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(entities[6].url.as_deref(), Some("http://a.example/)x"));
}

#[test]
fn offsets_are_in_utf16_units() {
    let (plain, entities) = ok("😀é *😀*");
    assert_eq!(plain, "😀é 😀");
    assert_eq!(entities, [Entity::new("bold", 4, 2)]);
}

#[test]
fn entities_nest() {
    let (plain, entities) = ok("*a _b ~c~_*");
    assert_eq!(plain, "a b c");
    let expected = [
        Entity::new("bold", 0, 5),
        Entity::new("italic", 2, 3),
        Entity::new("strikethrough", 4, 1),
    ];
    assert_eq!(entities, expected);
}

#[test]
fn code_blocks_keep_everything_and_know_their_language() {
    let (plain, entities) = ok("```rust\nlet a = *b;\n```");
    assert_eq!(plain, "let a = *b;\n");
    assert_eq!(entities[0].language.as_deref(), Some("rust"));
    let (plain, entities) = ok("```a```");
    assert_eq!((plain.as_str(), entities[0].kind.as_str()), ("a", "pre"));
    assert_eq!(entities[0].language, None);
    assert_eq!(ok(r"`a\`\\b.`").0, r"a`\b.");
}

#[test]
fn quotes_go_on_line_by_line() {
    let (plain, entities) = ok(">a\n>b\nc");
    assert_eq!(plain, "a\nb\nc");
    assert_eq!(entities, [Entity::new("blockquote", 0, 3)]);
    let (plain, entities) = ok(">a\n>b||\nc");
    assert_eq!(plain, "a\nb\nc");
    assert_eq!(entities, [Entity::new("expandable_blockquote", 0, 3)]);
}

#[test]
fn reserved_characters_are_refused_by_name() {
    for character in "#+-=|{}.!>()]".chars() {
        let expected = format!(
            "Character '{character}' is reserved and must be escaped with the preceding '\\'"
        );
        assert_eq!(err(&format!("a{character}")), expected);
        assert_eq!(ok(&format!("a\\{character}")).0, format!("a{character}"));
    }
}

#[test]
fn missing_ends_are_refused_with_the_place() {
    assert_eq!(
        err("é *a"),
        "Can't find end of Bold entity at byte offset 3"
    );
    assert_eq!(
        err("_a"),
        "Can't find end of Italic entity at byte offset 0"
    );
    assert_eq!(
        err("```\na"),
        "Can't find end of Pre entity at byte offset 0"
    );
    assert_eq!(
        err("[a](http://b"),
        "Can't find end of a URL at byte offset 4"
    );
}

#[test]
fn what_is_no_address_is_no_link() {
    assert_eq!(ok("[a](nowhere)"), ("a".to_owned(), vec![]));
}

proptest! {
    #[test]
    fn nothing_panics_and_marks_stay_inside(text in r"(?s)([_*\[\]()~`>#+=|{}.!\\\n-]|[a-z ]|😀|é|\PC){0,60}") {
        if let Ok((plain, entities)) = parse_v2(&text) {
            for entity in entities {
                prop_assert!(entity.length > 0);
                prop_assert!(entity.offset + entity.length <= utf16_len(&plain));
            }
        }
    }

    #[test]
    fn escaped_text_comes_back(text in r"[ -~é😀\n]{0,60}") {
        let escaped: String = text.chars().flat_map(|c| {
            let slash = (c.is_ascii_punctuation()).then_some('\\');
            slash.into_iter().chain([c])
        }).collect();
        prop_assert_eq!(parse_v2(&escaped).unwrap(), (text, vec![]));
    }
}
