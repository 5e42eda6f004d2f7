//! Letters drawn from a small picture of them, so that results can say what they were made from.

use std::sync::OnceLock;

use image::{GrayImage, Rgba, RgbaImage};

/// DejaVu Sans Mono Bold: 32 letters a row, in the order of [`place`].
const SHEET: &[u8] = include_bytes!("../../fixtures/glyphs.png");
const COLUMNS: u32 = 32;
pub(super) const WIDTH: u32 = 12;
pub(super) const HEIGHT: u32 = 24;
const EXTRA: &str = "–—‘’“”…€";

fn sheet() -> Option<&'static GrayImage> {
    static LETTERS: OnceLock<Option<GrayImage>> = OnceLock::new();
    LETTERS
        .get_or_init(|| Some(image::load_from_memory(SHEET).ok()?.to_luma8()))
        .as_ref()
}

/// Latin, Latin-1 and Cyrillic; others are shown as a question mark.
fn place(letter: char) -> u32 {
    let code = u32::from(letter);
    match code {
        0x20..0x7f => code - 0x20,
        0xa0..0x100 => code - 0xa0 + 95,
        0x400..0x460 => code - 0x400 + 191,
        _ => EXTRA
            .chars()
            .zip(287..)
            .find(|(known, _)| *known == letter)
            .map_or(u32::from('?') - 0x20, |(_, place)| place),
    }
}

/// Draws one line, `scale` times as large as the sheet; what is beyond the edge is cut.
pub(super) fn line(on: &mut RgbaImage, left: u32, top: u32, scale: u32, text: &str) {
    let Some(sheet) = sheet() else { return };
    for (letter, column) in text.chars().zip(0..) {
        let place = place(letter);
        let (from_x, from_y) = ((place % COLUMNS) * WIDTH, (place / COLUMNS) * HEIGHT);
        for (x, y) in (0..HEIGHT * scale).flat_map(|y| (0..WIDTH * scale).map(move |x| (x, y))) {
            let ink = sheet.get_pixel(from_x + x / scale, from_y + y / scale).0[0];
            let at = (left + column * WIDTH * scale + x, top + y);
            if ink > 0 && at.0 < on.width() && at.1 < on.height() {
                let under = on.get_pixel_mut(at.0, at.1);
                *under = mix(*under, ink);
            }
        }
    }
}

/// White over a colour.
fn mix(under: Rgba<u8>, ink: u8) -> Rgba<u8> {
    let [r, g, b, a] = under.0;
    let over = |value: u8| {
        value + u8::try_from(u16::from(255 - value) * u16::from(ink) / 255).unwrap_or(0)
    };
    Rgba([over(r), over(g), over(b), a.max(ink)])
}

/// Breaks a text into lines of at most `columns` letters, and the last of `rows` ends with an ellipsis if there is more.
pub(super) fn wrap(text: &str, columns: usize, rows: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        while !word.is_empty() {
            let current = lines.last().map_or(0, |line| line.chars().count());
            let space = usize::from(current > 0);
            if current > 0 && current + space + word.len() > columns {
                lines.push(String::new());
                continue;
            }
            let rest = word.split_off(word.len().min(columns));
            if let Some(line) = lines.last_mut() {
                line.extend((space > 0).then_some(' '));
                line.extend(word);
            }
            word = rest;
        }
    }
    if lines.len() > rows {
        lines.truncate(rows);
        if let Some(last) = lines.last_mut() {
            let kept: String = last.chars().take(columns.saturating_sub(1)).collect();
            *last = format!("{kept}…");
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_at_spaces_and_long_words_anywhere() {
        assert_eq!(wrap("a red fox asleep", 8, 9), ["a red", "fox", "asleep"]);
        assert_eq!(wrap("abcdefghij", 4, 9), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("one two three four", 5, 2), ["one", "two…"]);
    }

    #[test]
    fn letters_of_three_alphabets_leave_ink() {
        for text in ["fox", "лиса", "ñ"] {
            let mut image = RgbaImage::from_pixel(60, 24, Rgba([0, 0, 0, 255]));
            line(&mut image, 0, 0, 1, text);
            assert!(image.pixels().any(|pixel| pixel.0[0] > 200), "{text}");
        }
    }
}
