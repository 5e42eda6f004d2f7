//! Tells media by their first bytes: what a server says about a file is not believed, since it is passed on to people.

/// So many bytes are enough to tell.
pub(super) const SNIFF_BYTES: usize = 64;

/// The media type, if it is one that is passed on. Nothing that a viewer could execute is among them (no HTML, no SVG).
pub(super) fn media_type(head: &[u8]) -> Option<&'static str> {
    if let Some(found) = STARTS.iter().find(|(start, _)| head.starts_with(start)) {
        return Some(found.1);
    }
    match head.get(..12) {
        Some([b'R', b'I', b'F', b'F', _, _, _, _, form @ ..]) => match form {
            b"WEBP" => Some("image/webp"),
            b"WAVE" => Some("audio/wav"),
            b"AVI " => Some("video/x-msvideo"),
            _ => None,
        },
        Some([_, _, _, _, b'f', b't', b'y', b'p', brand @ ..]) => Some(match brand {
            b"avif" | b"avis" => "image/avif",
            b"heic" | b"heix" | b"mif1" | b"msf1" => "image/heic",
            b"qt  " => "video/quicktime",
            b"M4A " | b"M4B " => "audio/mp4",
            _ => "video/mp4",
        }),
        Some(_) | None => audio_frame(head),
    }
}

const STARTS: &[(&[u8], &str)] = &[
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"%PDF-", "application/pdf"),
];

/// MPEG audio without a tag: eleven set bits, then version, layer and bit rate that exist; layer 0 is AAC's frame.
fn audio_frame(head: &[u8]) -> Option<&'static str> {
    let [0xff, second, third, ..] = head else {
        return None;
    };
    if second & 0xe0 != 0xe0 || second & 0x18 == 0x08 {
        return None;
    }
    if second & 0xf6 == 0xf0 {
        return Some("audio/aac");
    }
    let exists = second & 0x06 != 0 && third & 0xf0 != 0xf0 && third & 0x0c != 0x0c;
    exists.then_some("audio/mpeg")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_are_told_by_their_bytes() {
        for (head, expected) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", Some("image/jpeg")),
            (b"RIFF\x24\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"RIFF\x24\0\0\0WAVEfmt ", Some("audio/wav")),
            (b"\0\0\0\x20ftypisom\0\0\x02\0", Some("video/mp4")),
            (b"\0\0\0\x20ftypM4A \0\0\x02\0", Some("audio/mp4")),
            (b"ID3\x04\0\0", Some("audio/mpeg")),
            (b"\xff\xfb\x90\x64", Some("audio/mpeg")),
            (b"\xff\xf1\x50\x80", Some("audio/aac")),
            (b"<!DOCTYPE html><html>", None),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\">", None),
            (b"{\"code\":404,\"msg\":\"gone\"}", None),
            (b"\xff\xff\xff\xff", None),
            (b"MZ\x90\0", None),
            (b"", None),
        ] {
            assert_eq!(media_type(head), expected, "{head:?}");
        }
    }
}
