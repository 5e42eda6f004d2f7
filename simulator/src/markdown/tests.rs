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
    // The line break behind a quote is part of it.
    assert_eq!(entities, [Entity::new("blockquote", 0, 4)]);
    let (plain, entities) = ok(">a\n>b||\nc");
    assert_eq!(plain, "a\nb\nc");
    assert_eq!(entities, [Entity::new("expandable_blockquote", 0, 4)]);
}

/// What is read from a text: `kind offset length`, and what follows.
fn read(text: &str) -> String {
    let (plain, entities) = match parse_v2(text) {
        Ok(read) => read,
        Err(error) => return error,
    };
    let shown = entities.iter().map(|e| {
        let more = [
            e.language.clone(),
            e.url.clone(),
            e.custom_emoji_id.clone(),
            e.user.as_ref().map(|user| user["id"].to_string()),
            e.unix_time.map(|time| time.to_string()),
        ];
        let more: String = more
            .into_iter()
            .flatten()
            .map(|more| format!(" {more}"))
            .collect();
        format!("; {} {} {}{more}", e.kind, e.offset, e.length)
    });
    format!("{plain:?}{}", shown.collect::<String>())
}

fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(read(text), *expected, "{text:?}");
    }
}

// The cases follow those of tdlib's own tests (`test/message_entities.cpp`, `parse_markdown`).

#[test]
fn quotes_begin_at_line_starts_only_and_go_on_over_marks() {
    check(&[
        (">", r#""""#),
        (">||", r#""""#),
        (">x", r#""x"; blockquote 0 1"#),
        (">>x", r#""x"; blockquote 0 1"#),
        (">\nx", r#""\nx"; blockquote 0 1"#),
        ("> \n> \n>", r#"" \n \n"; blockquote 0 4"#),
        ("x\n>y\n>z\nw", r#""x\ny\nz\nw"; blockquote 2 4"#),
        ("> \\>\n \\> \n>", r#"" >\n > \n"; blockquote 0 3"#),
        (">**\n>y", r#""\ny"; blockquote 0 2"#),
        (">\n**>y", r#""\ny"; blockquote 0 1; blockquote 1 1"#),
        ("x\\\n>y", r#""x\ny"; blockquote 2 1"#),
        (">*xyz*", r#""xyz"; blockquote 0 3; bold 0 3"#),
        (">*xyz*\n", r#""xyz\n"; blockquote 0 4; bold 0 3"#),
        ("*>xyz\n*", r#""xyz\n"; blockquote 0 4; bold 0 4"#),
        (">*x\n>y*\nz", r#""x\ny\nz"; blockquote 0 4; bold 0 3"#),
        ("*x\n>y\nz*\nw", r#""x\ny\nz\nw"; bold 0 5; blockquote 2 2"#),
        (">`x\n>y`\nz", r#""x\n>y\nz"; blockquote 0 5; code 0 4"#),
        ("`>x`\n>y", r#"">x\ny"; code 0 2; blockquote 3 1"#),
        (
            "x>",
            "Character '>' is reserved and must be escaped with the preceding '\\'",
        ),
        (
            ">\n*x*>y",
            "Character '>' is reserved and must be escaped with the preceding '\\'",
        ),
        ("*>x*", "Can't find end of Bold entity at byte offset 3"),
        (">*x\ny*", "Can't find end of Bold entity at byte offset 1"),
    ]);
}

#[test]
fn a_quote_is_expandable_when_a_spoiler_begins_at_its_end() {
    check(&[
        (">x||", r#""x"; expandable_blockquote 0 1"#),
        ("**>x||", r#""x"; expandable_blockquote 0 1"#),
        (">x||\ny", r#""x\ny"; expandable_blockquote 0 2"#),
        (">x||\r\ny", r#""x\r\ny"; expandable_blockquote 0 3"#),
        (
            ">x\n>y||z||w||\nv",
            r#""x\nyzw\nv"; expandable_blockquote 0 6; spoiler 3 1"#,
        ),
        (
            ">x\n>y||zw||\nv",
            r#""x\nyzw\nv"; blockquote 0 6; spoiler 3 2"#,
        ),
        (
            ">x||y\nz||",
            "Can't find end of Spoiler entity at byte offset 2",
        ),
        (
            ">x||y||z||w\nv",
            "Can't find end of Spoiler entity at byte offset 8",
        ),
        (
            ">x||y||z__\nv",
            "Can't find end of Underline entity at byte offset 8",
        ),
        (">*x||\ny", "Can't find end of Bold entity at byte offset 1"),
    ]);
}

#[test]
fn carriage_returns_are_text_that_does_not_end_a_line_start() {
    check(&[
        ("\r>x", r#""\rx"; blockquote 1 1"#),
        ("\\\r>x", r#""\rx"; blockquote 1 1"#),
        (">\n\r>x", r#""\n\rx"; blockquote 0 1; blockquote 2 1"#),
        ("\r\r>\r\rx\r\n\r", r#""\r\r\r\rx\r\n\r"; blockquote 2 5"#),
        ("```x\r\ny```", r#""y"; pre 0 1 x"#),
        ("```x\n\ry```", r#""y"; pre 0 1 x"#),
        ("```x\r\ry```", r#""\ry"; pre 0 2 x"#),
        ("```x\n\ny```", r#""\ny"; pre 0 2 x"#),
        ("```é é```", r#"" é"; pre 0 2 é"#),
    ]);
}

#[test]
fn mentions_emoji_and_dates_are_addresses() {
    let wrong = "Invalid tg://emoji or tg://time URL specified";
    check(&[
        ("[x](tg:user?id=123456)", r#""x"; text_mention 0 1 123456"#),
        ("[x](TG://User/?a=b&id=7#c)", r#""x"; text_mention 0 1 7"#),
        (
            "[x](tg://user?id=0)",
            r#""x"; text_link 0 1 tg://user?id=0"#,
        ),
        (
            "[x](tg://resolve?domain=a)",
            r#""x"; text_link 0 1 tg://resolve?domain=a"#,
        ),
        ("[x](tel:+123)", r#""x""#),
        ("[](a.example)", r#""""#),
        (
            "[a\\.example]y",
            r#""a.exampley"; text_link 0 9 http://a.example/"#,
        ),
        (
            "[x](https://a.example?\\\\\\()",
            r#""x"; text_link 0 1 https://a.example/?\("#,
        ),
        (
            "![👍](TG://EMoJI/?a=1&id=25#id=3)y",
            r#""👍y"; custom_emoji 0 2 25"#,
        ),
        (
            "![👍](tg://time?unix=25&format=wDT)y",
            r#""👍y"; date_time 0 2 25"#,
        ),
        ("![👍](tg://time?unix=25&format=x)", wrong),
        ("![👍](tg://time?unix=025)", wrong),
        ("![👍](t://emoji?id=1)", wrong),
        ("![👍](tg:emojis?id=1)", wrong),
        ("![👍](tg://emoji?a=1#&id=25)", wrong),
        ("![👍](tg://emoji?id=025)", wrong),
        (
            "é![👍]",
            "The entity must contain a tg://emoji or tg://time URL",
        ),
        (
            "é![👍](tg://emoji?id=1",
            "Can't find end of a URL at byte offset 10",
        ),
        (
            "é![👍",
            "Can't find end of CustomEmoji entity at byte offset 2",
        ),
        (
            "é!",
            "Character '!' is reserved and must be escaped with the preceding '\\'",
        ),
    ]);
}

#[test]
fn the_innermost_open_mark_is_named() {
    check(&[
        (
            "😀__😀 _😀___",
            "Can't find end of Italic entity at byte offset 18",
        ),
        (
            "😀_😀__",
            "Can't find end of Underline entity at byte offset 9",
        ),
        (
            "😀__😀_",
            "Can't find end of Italic entity at byte offset 10",
        ),
        ("😀```", "Can't find end of Pre entity at byte offset 4"),
        (
            "😀```x ",
            "Can't find end of PreCode entity at byte offset 4",
        ),
        (
            "😀```😀`",
            "Can't find end of Code entity at byte offset 11",
        ),
        (
            "😀||x\\|",
            "Can't find end of Spoiler entity at byte offset 4",
        ),
        ("[x\\.y](z\\)", "Can't find end of a URL at byte offset 7"),
        ("``x", r#""x""#),
        (
            "`_* *_`__*` `*__",
            r#""_* *_ "; code 0 5; code 5 1; bold 5 1; underline 5 1"#,
        ),
        ("_* * ` `_", r#""   "; italic 0 3; bold 0 1; code 2 1"#),
    ]);
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
