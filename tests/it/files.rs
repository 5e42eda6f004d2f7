//! The files that people send.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

pub fn picture() -> Value {
    file(include_bytes!("files/picture.png"), "p.png", "image/png")
}

pub fn video() -> Value {
    let bytes = include_bytes!("../../simulator/fixtures/result.mp4");
    file(bytes, "v.mp4", "video/mp4")
}

pub fn sound() -> Value {
    let bytes = include_bytes!("../../simulator/fixtures/result.mp3");
    file(bytes, "s.mp3", "audio/mpeg")
}

pub fn file(bytes: &[u8], name: &str, mime: &str) -> Value {
    json!({ "data": STANDARD.encode(bytes), "file_name": name, "mime_type": mime, "duration": 3 })
}
