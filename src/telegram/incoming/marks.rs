//! The formatting that a person gave a text, as [`Rich`]: for messages that are passed on as they were written.

use serde::Deserialize;

use crate::telegram::lenient::{self, Object};
use crate::telegram::rich::{Rich, Span, Style};

/// Entities beyond this many are left out; Telegram shows at most 100 (Bot API docs, "Formatting options").
const ENTITIES_MAX: usize = 100;

/// Where a style begins and ends, in UTF-16 code units; Bot API docs, "MessageEntity".
struct Mark {
    start: usize,
    end: usize,
    kind: MarkKind,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum MarkKind {
    Bold,
    Italic,
    Code,
    Pre,
    #[serde(skip)]
    Link(String),
}

/// The text with its formatting; None if it has none that a [`Rich`] knows.
pub(super) fn formatted(message: &Object<'_>) -> Option<Rich> {
    let (text, entities) = ["text", "caption"].iter().find_map(|field| {
        let text: String = message.read(field)?;
        let entities = if *field == "text" {
            "entities"
        } else {
            "caption_entities"
        };
        Some((text, message.raw(entities)?))
    })?;
    let objects = lenient::objects(entities);
    let marks: Vec<Mark> = objects.iter().take(ENTITIES_MAX).filter_map(mark).collect();
    (!marks.is_empty()).then(|| styled(&text, &marks))
}

fn mark(entity: &Object<'_>) -> Option<Mark> {
    let start: usize = entity.read("offset")?;
    let length: usize = entity.read("length")?;
    let kind = match entity.string("url") {
        Some(url) if entity.string("type").as_deref() == Some("text_link") => MarkKind::Link(url),
        _ => entity.read("type")?,
    };
    Some(Mark {
        start,
        end: start.checked_add(length)?,
        kind,
    })
}

fn styled(text: &str, marks: &[Mark]) -> Rich {
    let mut rich = Rich::default();
    let mut at = 0;
    for c in text.chars() {
        let mut style = Style::default();
        for mark in marks
            .iter()
            .filter(|mark| (mark.start..mark.end).contains(&at))
        {
            match &mark.kind {
                MarkKind::Bold => style.bold = true,
                MarkKind::Italic => style.italic = true,
                MarkKind::Code => style.code = true,
                MarkKind::Pre => style.pre = true,
                MarkKind::Link(url) => style.link = Some(url.clone()),
            }
        }
        rich = rich.with(Span {
            text: c.to_string(),
            style,
        });
        at += c.len_utf16();
    }
    rich
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(message: &str) -> Option<Rich> {
        formatted(&Object::parse(message).expect("an object"))
    }

    #[test]
    fn styles_are_placed_by_utf16() {
        let message = r#"{"text":"😀 big and there","entities":[
            {"type":"bold","offset":3,"length":3},{"type":"italic","offset":3,"length":7},
            {"type":"text_link","offset":11,"length":5,"url":"https://example.org/"},{"type":"hashtag","offset":0,"length":2}]}"#;
        let rich = read(message).expect("formatting");
        assert_eq!(
            rich.to_html(),
            "😀 <b><i>big</i></b><i> and</i> <a href=\"https://example.org/\">there</a>"
        );
    }

    #[test]
    fn what_has_no_known_formatting_has_none() {
        assert_eq!(read(r#"{"text":"plain"}"#), None);
        assert_eq!(
            read(r##"{"text":"#a","entities":[{"type":"hashtag","offset":0,"length":2}]}"##),
            None
        );
        let odd = r#"{"caption":"ab","caption_entities":[{"type":"bold","offset":1,"length":900},{"type":"code"},7]}"#;
        assert_eq!(read(odd).expect("formatting").to_markdown_v2(), "a*b*");
    }
}
