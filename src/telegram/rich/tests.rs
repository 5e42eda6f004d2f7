//! Formatted text: what it is made from, what it becomes, and that nothing in it can break out.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn styled(text: &str, change: impl FnOnce(&mut Style)) -> Span {
    let mut style = Style::default();
    change(&mut style);
    Span {
        text: text.to_owned(),
        style,
    }
}

fn spans(spans: impl IntoIterator<Item = Span>) -> Rich {
    spans.into_iter().fold(Rich::default(), Rich::with)
}

#[test]
fn a_template_has_four_kinds_of_marks() {
    let rich = Rich::template("a *b _c_* `d*e` [f *g*](https://h/i_j) k");
    let link = |style: &mut Style| style.link = Some("https://h/i_j".to_owned());
    let expected = spans([
        styled("a ", |_| {}),
        styled("b ", |s| s.bold = true),
        styled("c", |s| (s.bold, s.italic) = (true, true)),
        styled(" ", |_| {}),
        styled("d*e", |s| s.code = true),
        styled(" ", |_| {}),
        styled("f ", link),
        styled("g", |s| {
            s.bold = true;
            link(s);
        }),
        styled(" k", |_| {}),
    ]);
    assert_eq!(rich, expected);
    assert_eq!(
        rich.to_markdown_v2(),
        "a *b **_c_* `d*e` [f ](https://h/i_j)[*g*](https://h/i_j) k"
    );
    assert_eq!(
        rich.to_html(),
        "a <b>b </b><b><i>c</i></b> <code>d*e</code> <a href=\"https://h/i_j\">f </a><a href=\"https://h/i_j\"><b>g</b></a> k"
    );
}

#[test]
fn marks_without_a_partner_and_escaped_ones_are_literal() {
    for (template, plain) in [
        ("5 * 3", "5 * 3"),
        ("a_b", "a_b"),
        ("**", "**"),
        ("[a](", "[a]("),
        ("[a]", "[a]"),
        ("[](x)", "[](x)"),
        ("(a) b)", "(a) b)"),
        (r"\*a\* \[b\](c) \\", r"*a* [b](c) \"),
        (r"C:\dir\", r"C:\dir\"),
        ("", ""),
    ] {
        assert_eq!(Rich::template(template), Rich::literal(plain), "{template}");
    }
}

#[test]
fn a_variable_is_never_markup_and_takes_the_style_around_it() {
    let name = variable("*x* _y_ `z` [a](b) \\");
    let rich = Rich::template(&format!("*Hi {name}*"));
    assert_eq!(
        rich,
        spans([styled("Hi *x* _y_ `z` [a](b) \\", |s| s.bold = true)])
    );
    let after_backslash = Rich::template(&format!("\\{}", variable("*x*")));
    assert_eq!(after_backslash, Rich::literal("\\*x*"));
    let empty = Rich::template(&format!("a *{}*b", variable("")));
    assert_eq!(empty, Rich::literal("a b"));
    let address = Rich::template(&format!("[l]({})", variable("https://a/(b)")));
    assert_eq!(address.to_markdown_v2(), "[l](https://a/(b\\))");
}

#[test]
fn a_variable_cannot_end_itself() {
    let value = format!("a{VARIABLE_END}*b*\0");
    assert_eq!(clean_variable(&value), "a*b*");
    assert_eq!(Rich::template(&variable(&value)), Rich::literal("a*b*"));
}

#[test]
fn every_special_character_is_escaped_where_it_has_to_be() {
    assert_eq!(
        Rich::literal("_*[]()~`>#+-=|{}.!\\ a").to_markdown_v2(),
        r"\_\*\[\]\(\)\~\`\>\#\+\-\=\|\{\}\.\!\\ a"
    );
    assert_eq!(Rich::pre("a`b\\c.").to_markdown_v2(), "```\na\\`b\\\\c.```");
    assert_eq!(
        Rich::literal("<a href=\"x\">&").to_html(),
        "&lt;a href=&quot;x&quot;&gt;&amp;"
    );
}

#[test]
fn a_stored_text_keeps_its_shape() {
    let rich = Rich::template("a *b* [c](d)");
    let stored = json!({"v": "1", "spans": [
        {"text": "a "},
        {"text": "b", "style": {"bold": true}},
        {"text": " "},
        {"text": "c", "style": {"link": "d"}},
    ]});
    assert_eq!(serde_json::to_value(&rich).unwrap(), stored);
    assert_eq!(serde_json::from_value::<Rich>(stored).unwrap(), rich);
}

#[test]
fn a_long_text_is_cut_at_line_ends_and_spaces() {
    let plain = |pieces: Vec<Rich>| pieces.iter().map(Rich::to_plain).collect::<Vec<_>>();
    let rich = Rich::literal("first line\nsecond line and more");
    assert_eq!(
        plain(rich.split(19)),
        ["first line\n", "second line and ", "more"]
    );
    assert_eq!(plain(Rich::literal("abcdefgh").split(5)), ["abcde", "fgh"]);
    assert_eq!(plain(Rich::literal("ab    \n     ").split(3)), ["ab "]);
    let family = "👨‍👩‍👧";
    let text = format!("ab{family}c");
    assert_eq!(
        plain(Rich::literal(text.as_str()).split(8)),
        ["ab", family, "c"]
    );
}

#[test]
fn a_caption_that_is_too_long_ends_with_an_ellipsis() {
    let rich = Rich::template("*bold* and more");
    assert_eq!(rich.truncate(100), rich);
    assert_eq!(rich.truncate(4).to_markdown_v2(), "*bol…*");
    assert_eq!(rich.truncate(1).to_plain(), "…");
    assert!(rich.truncate(0).is_blank());
}

#[test]
fn the_reader_of_these_tests_refuses_what_telegram_refuses() {
    for markup in [
        "a.", "*a", "a!", "[a]", "[a](b", "`a", "__a__", "```a```", "*`a`*", ">",
    ] {
        assert!(reader::read(markup).is_err(), "{markup}");
    }
    assert!(reader::read(r"*a\.* [b](c)").is_ok());
}

fn any_style() -> impl Strategy<Value = Style> {
    let link = prop::option::of("https://[a-z]{1,8}/[a-z()_\\\\]{0,8}");
    (any::<bool>(), any::<bool>(), 0..4, 0..4, link).prop_map(|(bold, italic, code, pre, link)| {
        Style {
            bold,
            italic,
            code: code == 0,
            pre: pre == 0,
            link,
        }
    })
}

fn any_rich() -> impl Strategy<Value = Rich> {
    let text = prop_oneof![
        any::<String>(),
        "[_*\\[\\]()~`>#+=|{}.!\\\\ \n\ra😀-]{0,12}"
    ];
    prop::collection::vec((text, any_style()), 0..8)
        .prop_map(|list| spans(list.into_iter().map(|(text, style)| Span { text, style })))
}

proptest! {
    #[test]
    fn a_literal_is_what_it_says(text in any::<String>()) {
        let text = text.replace(['\0', '\r'], "");
        prop_assert_eq!(Rich::template(&variable(&text)).to_plain(), clean_variable(&text));
        prop_assert_eq!(Rich::literal(text.clone()).to_plain(), text);
    }

    #[test]
    fn a_variable_never_adds_or_ends_a_style(value in any::<String>()) {
        let value = format!("x{value}");
        let clean = clean_variable(&value).replace('\r', "");
        let template = |inner: &str| format!("a {inner} *b {inner}* _c {inner}_ `d {inner}` [e {inner}](https://f)");
        let rich = Rich::template(&template(&variable(&value)));
        prop_assert_eq!(rich.spans().len(), 8);
        prop_assert_eq!(
            rich.to_plain(),
            format!("a {clean} b {clean} c {clean} d {clean} e {clean}")
        );
    }

    #[test]
    fn no_template_fails(template in "[\u{2068}\u{2069}*_`\\[\\]()\\\\ab ]{0,40}") {
        let rich = Rich::template(&template);
        prop_assert!(rich.len_utf16() <= template.encode_utf16().count());
    }

    #[test]
    fn pieces_fit_and_lose_nothing_visible(rich in any_rich(), limit in 2_usize..60) {
        let pieces = rich.split(limit);
        for piece in &pieces {
            prop_assert!(piece.len_utf16() <= limit);
            prop_assert!(!piece.is_blank());
        }
        let visible = |text: String| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let joined: String = pieces.iter().map(Rich::to_plain).collect();
        prop_assert_eq!(visible(joined), visible(rich.to_plain()));
    }

    #[test]
    fn a_truncated_text_fits(rich in any_rich(), limit in 0_usize..60) {
        prop_assert!(rich.truncate(limit).len_utf16() <= limit);
    }

    #[test]
    fn markdown_v2_shows_what_was_meant(rich in any_rich()) {
        let markup = rich.to_markdown_v2();
        prop_assert_eq!(reader::read(&markup), Ok(reader::intended(&rich)), "{}", markup);
    }

    #[test]
    fn a_template_with_any_variable_shows_what_was_meant(value in any::<String>(), template in "[*_`\\[\\]()\\\\.!a V]{0,30}") {
        let rich = Rich::template(&template.replace('V', &variable(&value)));
        let markup = rich.to_markdown_v2();
        prop_assert_eq!(reader::read(&markup), Ok(reader::intended(&rich)), "{}", markup);
    }

    #[test]
    fn pieces_show_what_was_meant(rich in any_rich(), limit in 2_usize..20) {
        for piece in rich.split(limit) {
            prop_assert_eq!(reader::read(&piece.to_markdown_v2()), Ok(reader::intended(&piece)));
        }
    }

    #[test]
    fn html_without_its_tags_is_the_text(rich in any_rich()) {
        let mut text = String::new();
        let html = rich.to_html();
        let mut rest = html.as_str();
        while let Some((before, tag)) = rest.split_once('<') {
            text.push_str(before);
            rest = tag.split_once('>').unwrap().1;
        }
        text.push_str(rest);
        for (name, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")] {
            text = text.replace(name, character);
        }
        prop_assert_eq!(text, rich.to_plain());
    }

    #[test]
    fn storing_changes_nothing(rich in any_rich()) {
        let stored = serde_json::to_string(&rich).unwrap();
        prop_assert_eq!(serde_json::from_str::<Rich>(&stored).unwrap(), rich);
    }
}
