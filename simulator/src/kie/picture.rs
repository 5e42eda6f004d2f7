//! Results that are pictures: a drawing that shows what was asked, or the input picture changed.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageReader, Limits, Rgba, RgbaImage};

use super::glyphs;
use super::models::Makes;
use super::tasks::Task;

/// The longer side of a drawing or an edited picture.
const SIDE: u32 = 768;
/// The longer side of an upscaled picture.
const LARGE_SIDE_MAX: u32 = 3_072;
const DECODED_BYTES_MAX: u64 = 256 << 20;

/// The encoded picture of a task, or none when it cannot be encoded.
pub(super) fn make(task: &Task) -> Option<Vec<u8>> {
    let words = task.input("prompt").unwrap_or_default();
    let picture = match (task.model.makes, task.picture.as_deref().and_then(decode)) {
        (Makes::Edited | Makes::Picture, Some(input)) => edited(&input, words),
        (Makes::Upscaled, Some(input)) => upscaled(&input),
        (Makes::Cutout, Some(input)) => cutout(&input),
        _ => drawing(task, words),
    };
    encode(picture, task.extension() == "jpg")
}

fn decode(bytes: &[u8]) -> Option<DynamicImage> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .ok()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODED_BYTES_MAX);
    reader.limits(limits);
    reader.decode().ok()
}

fn encode(picture: RgbaImage, jpeg: bool) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    if jpeg {
        let opaque = DynamicImage::ImageRgba8(picture).to_rgb8();
        opaque
            .write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 88))
            .ok()?;
    } else {
        picture
            .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)
            .ok()?;
    }
    Some(bytes)
}

fn edited(input: &DynamicImage, words: &str) -> RgbaImage {
    let mut picture = if input.width().max(input.height()) > SIDE {
        input.resize(SIDE, SIDE, FilterType::Triangle).to_rgba8()
    } else {
        input.to_rgba8()
    };
    let hue = colour(hash(words), 0);
    for pixel in picture.pixels_mut() {
        let [r, g, b, a] = pixel.0;
        let light = (u32::from(r) * 3 + u32::from(g) * 6 + u32::from(b)) / 10;
        let tint = |value: u8, hue: u8| {
            let tinted = light * (u32::from(hue) + 128) / 320;
            u8::try_from(((u32::from(value) + tinted) / 2).min(255)).unwrap_or(255)
        };
        pixel.0 = [tint(r, hue[0]), tint(g, hue[1]), tint(b, hue[2]), a];
    }
    caption(&mut picture, words);
    picture
}

fn upscaled(input: &DynamicImage) -> RgbaImage {
    let (width, height) = (input.width(), input.height());
    let longer = width.max(height).max(1);
    let target = (longer * 2).min(LARGE_SIDE_MAX).max(longer);
    let scaled = |side: u32| {
        u32::try_from(u64::from(side) * u64::from(target) / u64::from(longer)).unwrap_or(side)
    };
    input
        .resize_exact(
            scaled(width).max(1),
            scaled(height).max(1),
            FilterType::CatmullRom,
        )
        .to_rgba8()
}

/// Everything outside an ellipse becomes transparent.
fn cutout(input: &DynamicImage) -> RgbaImage {
    let mut picture = input.to_rgba8();
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let dx = (f64::from(x) + 0.5) / width * 2.0 - 1.0;
        let dy = (f64::from(y) + 0.5) / height * 2.0 - 1.0;
        if dx * dx + dy * dy > 0.9 {
            pixel.0[3] = 0;
        }
    }
    picture
}

/// Width and height for the names that the models use.
fn size(name: &str) -> (u32, u32) {
    let ratio = match name {
        "9:16" | "portrait_16_9" => (9, 16),
        "16:9" | "landscape_16_9" => (16, 9),
        "3:4" | "portrait_4_3" => (3, 4),
        "4:3" | "landscape_4_3" => (4, 3),
        "3:2" => (3, 2),
        "2:3" => (2, 3),
        "5:4" => (5, 4),
        "4:5" => (4, 5),
        "21:9" => (21, 9),
        _ => (1, 1),
    };
    let longer = ratio.0.max(ratio.1);
    (SIDE * ratio.0 / longer, SIDE * ratio.1 / longer)
}

fn drawing(task: &Task, words: &str) -> RgbaImage {
    let named = ["image_size", "size", "aspectRatio"];
    let named = named.iter().find_map(|name| task.input(name));
    drawing_of(words, named.unwrap_or_default(), task.model.id)
}

/// A drawing of these words, in a shape such as `16:9`, signed by its model; encoded as PNG.
pub(crate) fn drawn(words: &str, shape: &str, model: &str) -> Option<Vec<u8>> {
    encode(drawing_of(words, shape, model), false)
}

fn drawing_of(words: &str, shape: &str, model: &str) -> RgbaImage {
    let (width, height) = size(shape);
    let seed = hash(words);
    let (from, to) = (colour(seed, 0), colour(seed, 1));
    let (sun_x, sun_y) = (width * 2 / 3, height / 4);
    let sun = i64::from(width.min(height)) / 8;
    let mut picture = RgbaImage::from_fn(width, height, |x, y| {
        let part = (x * 96 / width + y * 160 / height).min(255);
        let blend = |a: u8, b: u8| {
            u8::try_from((u32::from(a) * (255 - part) + u32::from(b) * part) / 255).unwrap_or(b)
        };
        let (dx, dy) = (
            i64::from(x) - i64::from(sun_x),
            i64::from(y) - i64::from(sun_y),
        );
        let glow = if dx * dx + dy * dy < sun * sun { 48 } else { 0 };
        let channel = |at: usize| blend(from[at], to[at]).saturating_add(glow);
        Rgba([channel(0), channel(1), channel(2), 255])
    });
    let columns = usize::try_from((width - 64) / (glyphs::WIDTH * 2)).unwrap_or(1);
    let rows = usize::try_from((height * 2 / 3) / (glyphs::HEIGHT * 2)).unwrap_or(1);
    let lines = glyphs::wrap(words, columns.max(4), rows.clamp(1, 8));
    let tall = u32::try_from(lines.len()).unwrap_or(1) * glyphs::HEIGHT * 2;
    let mut top = (height.saturating_sub(tall)) / 2;
    for line in &lines {
        glyphs::line(&mut picture, 32, top, 2, line);
        top += glyphs::HEIGHT * 2;
    }
    glyphs::line(&mut picture, 16, height.saturating_sub(32), 1, model);
    picture
}

/// A dark strip at the foot with the words in it.
fn caption(picture: &mut RgbaImage, words: &str) {
    let (width, height) = picture.dimensions();
    let columns = usize::try_from(width.saturating_sub(24) / glyphs::WIDTH).unwrap_or(0);
    let tall = glyphs::HEIGHT + 16;
    if columns < 6 || height < tall * 2 {
        return;
    }
    for y in height - tall..height {
        for x in 0..width {
            let pixel = picture.get_pixel_mut(x, y);
            let [r, g, b, a] = pixel.0;
            pixel.0 = [r / 4, g / 4, b / 4, a];
        }
    }
    for line in glyphs::wrap(words, columns, 1) {
        glyphs::line(picture, 12, height - tall + 8, 1, &line);
    }
}

/// FNV-1a: the same words give the same colours.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Deep enough for white letters.
fn colour(seed: u64, nth: u32) -> [u8; 3] {
    const COLOURS: [[u8; 3]; 8] = [
        [30, 58, 138],
        [6, 95, 92],
        [124, 45, 102],
        [136, 56, 26],
        [55, 48, 130],
        [22, 101, 52],
        [146, 40, 62],
        [30, 80, 120],
    ];
    let at = (seed >> (nth * 7)) % 8;
    // The second is never the first.
    let at = if nth > 0 && at == seed % 8 {
        at + 1
    } else {
        at
    };
    COLOURS[usize::try_from(at % 8).unwrap_or(0)]
}
