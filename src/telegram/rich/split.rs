//! Cutting texts to Telegram's limits without cutting characters or styles.

use super::{Rich, Span, utf16_len};

const ELLIPSIS: char = '…';

pub(super) fn split(rich: &Rich, limit_utf16: usize) -> Vec<Rich> {
    let limit = limit_utf16.max(2);
    let text = rich.to_plain();
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let end = start + piece_len(&text[start..], limit);
        pieces.push(slice(rich, start, end));
        start = end;
    }
    pieces.retain(|piece| !piece.is_blank());
    pieces
}

pub(super) fn truncate(rich: &Rich, limit_utf16: usize) -> Rich {
    if rich.len_utf16() <= limit_utf16 {
        return rich.clone();
    }
    let Some(room) = limit_utf16.checked_sub(ELLIPSIS.len_utf16()) else {
        return Rich::default();
    };
    let text = rich.to_plain();
    let end = whole_characters(&text, fitting(&text, room));
    let mut cut = slice(rich, 0, end);
    match cut.spans.last_mut() {
        Some(last) => last.text.push(ELLIPSIS),
        None => cut = Rich::literal(ELLIPSIS),
    }
    cut
}

/// Bytes of the first piece: at least one character, at most `limit` code units.
fn piece_len(text: &str, limit: usize) -> usize {
    let max = fitting(text, limit);
    if max == text.len() {
        return max;
    }
    let window = &text[..max];
    ["\n\n", "\n", " "]
        .iter()
        .filter_map(|boundary| window.rfind(boundary).map(|at| at + boundary.len()))
        .find(|end| utf16_len(&window[..*end]) * 2 >= limit)
        .unwrap_or_else(|| whole_characters(text, max))
}

/// The longest beginning of at most `limit` code units, in bytes.
fn fitting(text: &str, limit: usize) -> usize {
    let mut units = 0;
    text.char_indices()
        .find(|(_, c)| {
            units += c.len_utf16();
            units > limit
        })
        .map_or(text.len(), |(at, _)| at)
}

/// Moves a cut back to before a character that is drawn from several (an emoji with its modifiers), if it is short.
fn whole_characters(text: &str, cut: usize) -> usize {
    const LONGEST_CHARS: usize = 12;
    let mut at = cut;
    for _ in 0..LONGEST_CHARS {
        let next = text[at..].chars().next();
        let previous = text[..at].chars().next_back();
        let joined = next.is_some_and(continues) || previous == Some(JOINER);
        match previous {
            Some(c) if joined => at -= c.len_utf8(),
            _ => break,
        }
    }
    let cut_is_clean = at > 0 && !text[at..].chars().next().is_some_and(continues);
    if cut_is_clean { at } else { cut }
}

const JOINER: char = '\u{200d}';

fn continues(c: char) -> bool {
    matches!(c, JOINER | '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}' | '\u{20e3}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}')
}

/// The spans between two byte positions of the plain text.
fn slice(rich: &Rich, start: usize, end: usize) -> Rich {
    let mut out = Rich::default();
    let mut offset = 0;
    for span in rich.spans() {
        let from = start.saturating_sub(offset).min(span.text.len());
        let to = end.saturating_sub(offset).min(span.text.len());
        offset += span.text.len();
        if from < to {
            out = out.with(Span {
                text: span.text[from..to].to_owned(),
                style: span.style.clone(),
            });
        }
    }
    out
}
