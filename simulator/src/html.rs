//! Telegram's HTML subset (tdlib, `MessageEntity.cpp`, `parse_html`), with its error texts.

use crate::entities::{Entity, utf16_len};
use crate::markdown::{link, mark};

/// A tag whose end is not seen yet.
struct Open {
    tag: String,
    entity: Option<Entity>,
    /// In bytes of the source, for the error text.
    source_offset: usize,
}

/// The plain text and its marks, in order.
///
/// # Errors
/// The text that follows `Bad Request: can't parse entities: `.
pub fn parse(text: &str) -> Result<(String, Vec<Entity>), String> {
    let mut plain = String::with_capacity(text.len());
    let mut utf16 = 0;
    let mut open: Vec<Open> = Vec::new();
    let mut entities = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let at = text.len() - rest.len();
        if first == '&'
            && let Some((character, length)) = character_reference(rest)
        {
            plain.push(character);
            utf16 += character.len_utf16();
            rest = &rest[length..];
            continue;
        }
        if first != '<' {
            plain.push(first);
            utf16 += first.len_utf16();
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let unclosed = || format!("Unclosed start tag at byte offset {at}");
        let end = tag_end(rest).ok_or_else(unclosed)?;
        let inside = &rest[1..end];
        rest = &rest[end + 1..];
        if let Some(name) = inside.strip_prefix('/') {
            let opened = close(&mut open, name, at)?;
            if let Some(mut entity) = opened {
                entity.length = utf16 - entity.offset;
                if entity.length > 0 {
                    entities.push(entity);
                }
            }
        } else {
            open.push(begin(inside, at, utf16)?);
        }
    }
    if let Some(open) = open.last() {
        return Err(format!(
            "Can't find end tag corresponding to start tag \"{}\"",
            open.tag
        ));
    }
    finish(&plain, entities)
}

fn finish(plain: &str, mut entities: Vec<Entity>) -> Result<(String, Vec<Entity>), String> {
    // An anchor without an address takes its text for one.
    for entity in &mut entities {
        if entity.kind == "text_link" && entity.url.is_none() {
            let units: Vec<u16> = plain.encode_utf16().collect();
            let shown = &units[entity.offset..entity.offset + entity.length];
            entity.url = link(&String::from_utf16_lossy(shown));
        }
    }
    entities.retain(|entity| entity.kind != "text_link" || entity.url.is_some());
    // <pre><code class="language-x"> is one block with a language.
    if let Some(code) = entities.iter().position(|e| e.language.is_some()) {
        let inner = entities[code].clone();
        let block = entities
            .iter_mut()
            .find(|e| e.kind == "pre" && (e.offset, e.length) == (inner.offset, inner.length));
        if let Some(block) = block {
            block.language = inner.language;
            entities.remove(code);
        } else {
            entities[code].language = None;
        }
    }
    crate::entities::sort(&mut entities);
    debug_assert!(
        entities
            .iter()
            .all(|entity| entity.offset + entity.length <= utf16_len(plain))
    );
    Ok((plain.to_owned(), entities))
}

/// Where the tag that starts here ends; quoted values may hold anything.
fn tag_end(rest: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (None, '>') => return Some(at),
            (Some(mark), c) if mark == c => quote = None,
            (None | Some(_), _) => {}
        }
    }
    None
}

fn begin(inside: &str, at: usize, utf16: usize) -> Result<Open, String> {
    let name_end = inside.find(char::is_whitespace).unwrap_or(inside.len());
    let tag = inside[..name_end].to_ascii_lowercase();
    let attributes = &inside[name_end..];
    let kind = match tag.as_str() {
        "b" | "strong" => "bold",
        "i" | "em" => "italic",
        "u" | "ins" => "underline",
        "s" | "strike" | "del" => "strikethrough",
        "tg-spoiler" => "spoiler",
        "code" => "code",
        "pre" => "pre",
        "a" => "text_link",
        "tg-emoji" => "custom_emoji",
        "blockquote" if attributes.contains("expandable") => "expandable_blockquote",
        "blockquote" => "blockquote",
        "span" => {
            if attribute(attributes, "class").as_deref() != Some("tg-spoiler") {
                return Err(format!(
                    "Tag \"span\" must have class \"tg-spoiler\" at byte offset {at}"
                ));
            }
            "spoiler"
        }
        _ => {
            return Err(format!(
                "Unsupported start tag \"{tag}\" at byte offset {at}"
            ));
        }
    };
    let mut entity = Entity::new(kind, utf16, 0);
    let mut is_mark = true;
    match kind {
        "text_link" => {
            if let Some(address) = attribute(attributes, "href") {
                is_mark = mark(&mut entity, &address);
            }
        }
        "custom_emoji" => entity.custom_emoji_id = attribute(attributes, "emoji-id"),
        "code" => {
            let class = attribute(attributes, "class");
            entity.language =
                class.and_then(|class| class.strip_prefix("language-").map(str::to_owned));
        }
        _ => {}
    }
    Ok(Open {
        tag,
        entity: is_mark.then_some(entity),
        source_offset: at,
    })
}

fn close(open: &mut Vec<Open>, name: &str, at: usize) -> Result<Option<Entity>, String> {
    let name = name.trim().to_ascii_lowercase();
    let Some(opened) = open.pop() else {
        return Err(format!("Unexpected end tag at byte offset {at}"));
    };
    if !name.is_empty() && opened.tag != name {
        return Err(format!(
            "Unmatched end tag at byte offset {at}, expected \"</{}>\", found \"</{name}>\"",
            opened.tag
        ));
    }
    debug_assert!(opened.source_offset < at);
    Ok(opened.entity)
}

fn attribute(attributes: &str, name: &str) -> Option<String> {
    let mut rest = attributes.trim_start();
    while !rest.is_empty() {
        let name_end = rest
            .find(|c: char| c.is_whitespace() || c == '=')
            .unwrap_or(rest.len());
        let found = rest[..name_end].eq_ignore_ascii_case(name);
        rest = rest[name_end..].trim_start();
        let Some(value) = rest.strip_prefix('=') else {
            // An attribute without a value; one byte at least is left behind, so this ends.
            rest = if name_end == 0 {
                rest.get(1..).unwrap_or("")
            } else {
                rest
            };
            continue;
        };
        let value = value.trim_start();
        let (value, behind) = match value.chars().next() {
            Some(mark @ ('"' | '\'')) => value[1..].split_once(mark).unwrap_or((&value[1..], "")),
            Some(_) | None => {
                value.split_at(value.find(char::is_whitespace).unwrap_or(value.len()))
            }
        };
        if found {
            return Some(decoded(value));
        }
        rest = behind.trim_start();
    }
    None
}

fn decoded(value: &str) -> String {
    let mut text = String::new();
    let mut rest = value;
    while let Some(first) = rest.chars().next() {
        let (character, length) = character_reference(rest).unwrap_or((first, first.len_utf8()));
        text.push(character);
        rest = &rest[length..];
    }
    text
}

/// `&lt;`, `&gt;`, `&amp;`, `&quot;` and numeric references; anything else stays as written.
fn character_reference(rest: &str) -> Option<(char, usize)> {
    let body = rest.strip_prefix('&')?;
    if let Some(number) = body.strip_prefix('#') {
        let (digits, radix) = match number.strip_prefix(['x', 'X']) {
            Some(digits) => (digits, 16),
            None => (number, 10),
        };
        let length = digits
            .find(|c: char| !c.is_digit(radix))
            .unwrap_or(digits.len());
        let code = u32::from_str_radix(&digits[..length], radix).ok()?;
        let behind = &digits[length..];
        let used = rest.len() - behind.len() + usize::from(behind.starts_with(';'));
        return Some((char::from_u32(code).filter(|c| *c != '\0')?, used));
    }
    let known = [("lt", '<'), ("gt", '>'), ("amp", '&'), ("quot", '"')];
    known.into_iter().find_map(|(name, character)| {
        let behind = body.strip_prefix(name)?;
        let used = rest.len() - behind.len() + usize::from(behind.starts_with(';'));
        Some((character, used))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tags_and_references_are_read() {
        let (plain, entities) =
            parse("<b>a &lt;&#33;&nbsp;</b> <A HREF=\"http://b.example/?x=1&amp;y=2\">c</a>")
                .unwrap();
        assert_eq!(plain, "a <!&nbsp; c");
        assert_eq!(entities[0], Entity::new("bold", 0, 10));
        assert_eq!(
            entities[1].url.as_deref(),
            Some("http://b.example/?x=1&y=2")
        );
    }

    #[test]
    fn a_code_block_keeps_its_language() {
        let (_, entities) = parse("<pre><code class=\"language-rust\">x</code></pre>").unwrap();
        assert_eq!(entities.len(), 1);
        assert_eq!(entities[0].language.as_deref(), Some("rust"));
    }

    #[test]
    fn wrong_tags_are_refused_in_telegrams_words() {
        let err = |text| parse(text).unwrap_err();
        assert_eq!(
            err("a <p>b</p>"),
            "Unsupported start tag \"p\" at byte offset 2"
        );
        assert_eq!(
            err("<b>a"),
            "Can't find end tag corresponding to start tag \"b\""
        );
        assert_eq!(
            err("<b>a</i>"),
            "Unmatched end tag at byte offset 4, expected \"</b>\", found \"</i>\""
        );
        assert_eq!(err("a</b>"), "Unexpected end tag at byte offset 1");
        assert_eq!(err("1 < 2"), "Unclosed start tag at byte offset 2");
    }

    proptest! {
        #[test]
        fn nothing_panics(text in r#"(<|>|/|&|#|;|"|'|=|b|a|pre|code|href|class|span| |😀|x41|\PC){0,40}"#) {
            if let Ok((plain, entities)) = parse(&text) {
                for entity in entities {
                    prop_assert!(entity.offset + entity.length <= utf16_len(&plain));
                }
            }
        }
    }
}
