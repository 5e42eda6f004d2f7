//! What Telegram makes of a text before it is sent (tdlib, `fix_formatted_text`).

use super::{ENTITIES_MAX, Entity, Marked, found, nesting};

impl Marked {
    /// Controls and blanks around the text go, marks are brought in order, and Telegram's own are added.
    /// A text of blanks alone becomes empty.
    ///
    /// # Errors
    /// The text behind `Bad Request: ` when a mark lies outside of the text or cuts a character in two.
    pub fn cleaned(mut self) -> Result<Self, String> {
        self.entities.retain(|entity| entity.length > 0);
        nesting::sort(&mut self.entities);
        let (text, mut entities) = without_controls(&self)?;
        entities = nesting::fix(entities);
        let is_blank = |c: char| c == ' ' || c == '\n';
        let kept = text.trim_end_matches(is_blank);
        let length = super::utf16_len(kept);
        // In front, blanks go only up to the first mark. They are one byte and one unit each.
        let first = entities.first().map_or(length, |entity| entity.offset);
        let blanks = kept.len() - kept.trim_start_matches(is_blank).len();
        let skipped = blanks.min(first);
        let kept = &kept[skipped..];
        for entity in &mut entities {
            let end = entity.offset.saturating_add(entity.length).min(length);
            entity.length = end.saturating_sub(entity.offset);
            entity.offset = entity.offset.saturating_sub(skipped);
        }
        entities.retain(|entity| entity.length > 0);
        if kept.chars().all(is_invisible) {
            return Ok(Self::default());
        }
        let mut marked = Self {
            text: kept.to_owned(),
            entities,
        };
        marked.add_found();
        marked.entities.truncate(ENTITIES_MAX);
        Ok(marked)
    }

    /// Commands, mentions and addresses, where no code and no link is.
    fn add_found(&mut self) {
        for found in found(&self.text) {
            let end = found.offset + found.length;
            let covered = self.entities.iter().any(|entity| {
                matches!(
                    entity.kind.as_str(),
                    "code" | "pre" | "text_link" | "text_mention"
                ) && entity.offset < end
                    && found.offset < entity.offset + entity.length
            });
            if !covered {
                self.entities.push(found);
            }
        }
        nesting::sort(&mut self.entities);
    }
}

/// A text of these alone shows nothing.
fn is_invisible(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// What becomes of a character; none for those that vanish.
fn cleaned(c: char) -> Option<char> {
    match c {
        '\n' => Some(c),
        '\r' | '\u{2028}'..='\u{202e}' | '\u{333}' | '\u{33f}' | '\u{30a}' => None,
        c if c < ' ' => Some(' '),
        c => Some(c),
    }
}

/// The text without what vanishes, and the marks moved along.
fn without_controls(marked: &Marked) -> Result<(String, Vec<Entity>), String> {
    // For each UTF-16 unit of the old text its new place, or none in the middle of a pair, and the byte behind it.
    let mut places: Vec<(Option<usize>, usize)> = Vec::with_capacity(marked.text.len() + 1);
    let (mut text, mut length) = (String::with_capacity(marked.text.len()), 0);
    for (at, c) in marked.text.char_indices() {
        places.push((Some(length), at));
        if c.len_utf16() == 2 {
            places.push((None, at + c.len_utf8()));
        }
        if let Some(c) = cleaned(c) {
            text.push(c);
            length += c.len_utf16();
        }
    }
    places.push((Some(length), marked.text.len()));
    let mut moved = Vec::with_capacity(marked.entities.len());
    for entity in &marked.entities {
        let end = entity.offset.saturating_add(entity.length);
        let begin = match places.get(entity.offset) {
            Some((Some(begin), _)) => *begin,
            Some((None, byte)) => {
                return Err(format!(
                    "entity begins in a middle of a UTF-16 symbol at byte offset {byte}"
                ));
            }
            None => {
                return Err(format!(
                    "entity begins after the end of the text at UTF-16 offset {}",
                    entity.offset
                ));
            }
        };
        let new_end = match places.get(end) {
            Some((Some(end), _)) => *end,
            Some((None, byte)) => {
                return Err(format!(
                    "entity beginning at UTF-16 offset {} ends in a middle of a UTF-16 symbol at byte offset {byte}",
                    entity.offset
                ));
            }
            None => {
                return Err(format!(
                    "entity beginning at UTF-16 offset {} ends after the end of the text at UTF-16 offset {end}",
                    entity.offset
                ));
            }
        };
        moved.push(Entity {
            offset: begin,
            length: new_end - begin,
            ..entity.clone()
        });
    }
    Ok((text, moved))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str, entities: &[(&str, usize, usize)]) -> Result<Marked, String> {
        let entities = entities
            .iter()
            .map(|(kind, offset, length)| Entity::new(kind, *offset, *length));
        let marked = Marked {
            text: text.to_owned(),
            entities: entities.collect(),
        };
        marked.cleaned()
    }

    #[test]
    fn cleaning_trims_and_moves_the_marks() {
        let marked = clean(" \n\n  *a  ", &[("bold", 5, 4), ("italic", 8, 1)]).unwrap();
        assert_eq!(marked.text, "*a");
        assert_eq!(marked.entities, [Entity::new("bold", 0, 2)]);
        // Blanks under a mark stay in front, and controls become blanks or vanish.
        let marked = clean("\n a\tb\r\u{202e}c", &[("bold", 1, 7)]).unwrap();
        assert_eq!(marked.text, " a bc");
        assert_eq!(marked.entities, [Entity::new("bold", 0, 5)]);
        assert_eq!(
            clean(" \n\u{200b} ", &[("bold", 0, 2)]),
            Ok(Marked::default())
        );
    }

    #[test]
    fn marks_outside_of_the_text_or_within_a_character_are_refused() {
        // A, a pair of two units and four bytes, B.
        let refused = |offset, length| clean("A😀B", &[("bold", offset, length)]).unwrap_err();
        assert_eq!(
            refused(2, 1),
            "entity begins in a middle of a UTF-16 symbol at byte offset 5"
        );
        assert_eq!(
            refused(0, 2),
            "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 5"
        );
        assert_eq!(
            refused(9, 1),
            "entity begins after the end of the text at UTF-16 offset 9"
        );
        assert_eq!(
            refused(3, 2),
            "entity beginning at UTF-16 offset 3 ends after the end of the text at UTF-16 offset 5"
        );
        assert!(refused(usize::MAX, usize::MAX).contains("begins after the end"));
        assert!(refused(1, usize::MAX).contains("ends after the end"));
        assert_eq!(clean("A😀B", &[("bold", 1, 2)]).unwrap().entities.len(), 1);
    }

    #[test]
    fn a_message_keeps_a_hundred_marks() {
        let marks: Vec<_> = (0..150).map(|n| ("bold", n * 2, 1)).collect();
        let marked = clean(&"a ".repeat(150), &marks).unwrap();
        assert_eq!(marked.entities.len(), 100);
    }
}
