//! What kind of image some bytes are, and how large; only the headers are read.

/// A recognised image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    pub mime: &'static str,
    pub extension: &'static str,
    pub width: u32,
    pub height: u32,
}

/// None when the bytes are no image that Telegram takes as a photo.
pub fn sniff(bytes: &[u8]) -> Option<Image> {
    png(bytes)
        .or_else(|| jpeg(bytes))
        .or_else(|| gif(bytes))
        .or_else(|| webp(bytes))
        .or_else(|| bmp(bytes))
        .filter(|image| image.width > 0 && image.height > 0)
}

fn be16(bytes: &[u8], at: usize) -> Option<u32> {
    let pair = bytes.get(at..at + 2)?;
    Some(u32::from(pair[0]) << 8 | u32::from(pair[1]))
}

fn le16(bytes: &[u8], at: usize) -> Option<u32> {
    let pair = bytes.get(at..at + 2)?;
    Some(u32::from(pair[1]) << 8 | u32::from(pair[0]))
}

fn image(mime: &'static str, extension: &'static str, width: u32, height: u32) -> Image {
    Image {
        mime,
        extension,
        width,
        height,
    }
}

fn png(bytes: &[u8]) -> Option<Image> {
    bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    let number = |at| Some(be16(bytes, at)? << 16 | be16(bytes, at + 2)?);
    Some(image("image/png", "png", number(16)?, number(20)?))
}

fn gif(bytes: &[u8]) -> Option<Image> {
    if !bytes.starts_with(b"GIF87a") && !bytes.starts_with(b"GIF89a") {
        return None;
    }
    Some(image("image/gif", "gif", le16(bytes, 6)?, le16(bytes, 8)?))
}

fn bmp(bytes: &[u8]) -> Option<Image> {
    bytes.strip_prefix(b"BM")?;
    Some(image(
        "image/bmp",
        "bmp",
        le16(bytes, 18)?,
        le16(bytes, 22)?,
    ))
}

fn webp(bytes: &[u8]) -> Option<Image> {
    if bytes.get(..4)? != b"RIFF" || bytes.get(8..12)? != b"WEBP" {
        return None;
    }
    let (width, height) = match bytes.get(12..16)? {
        b"VP8X" => (le16(bytes, 24)? + 1, le16(bytes, 27)? + 1),
        b"VP8L" => {
            let bits = le16(bytes, 21)? | le16(bytes, 23)? << 16;
            ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        }
        b"VP8 " => (le16(bytes, 26)? & 0x3FFF, le16(bytes, 28)? & 0x3FFF),
        _ => return None,
    };
    Some(image("image/webp", "webp", width, height))
}

/// The size stands in the first frame header, behind segments of stated lengths.
fn jpeg(bytes: &[u8]) -> Option<Image> {
    bytes.strip_prefix(b"\xFF\xD8\xFF")?;
    let mut at = 2;
    while at + 4 <= bytes.len() {
        if bytes[at] != 0xFF {
            return None;
        }
        match bytes[at + 1] {
            0xFF => at += 1,
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                let (width, height) = (be16(bytes, at + 7)?, be16(bytes, at + 5)?);
                return Some(image("image/jpeg", "jpg", width, height));
            }
            0x01 | 0xD0..=0xD7 => at += 2,
            _ => at += 2 + be16(bytes, at + 2)? as usize,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_read_from_headers() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend([0, 0, 2, 0, 0, 0, 1, 0]);
        let found = sniff(&png).map(|i| (i.mime, i.width, i.height));
        assert_eq!(found, Some(("image/png", 512, 256)));
        let jpeg = b"\xFF\xD8\xFF\xE0\0\x04ab\xFF\xC0\0\x0B\x08\x01\0\x02\0";
        let found = sniff(jpeg).map(|i| (i.mime, i.width, i.height));
        assert_eq!(found, Some(("image/jpeg", 512, 256)));
        let gif = sniff(b"GIF89a\x03\0\x04\0").map(|i| (i.width, i.height));
        assert_eq!(gif, Some((3, 4)));
        assert_eq!(sniff(b"<html>"), None);
    }

    proptest! {
        #[test]
        fn nothing_panics(start in 0..5_usize, rest: Vec<u8>) {
            let starts: [&[u8]; 5] = [b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"RIFF....WEBPVP8L", b"\xFF\xD8\xFF"];
            let bytes = [starts[start], &rest].concat();
            let _ = sniff(&bytes);
        }
    }
}
