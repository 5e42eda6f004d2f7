//! The file in a message, whatever way it was sent.

use serde::{Deserialize, Serialize};

use super::lenient::{self, Object};

/// What a file is to the one who orders with it, not how Telegram happened to carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// A photo, or a document with an `image/*` type.
    Image,
    /// A video, a video note, an animation, or a document with a `video/*` type.
    Video,
    /// Music, a voice message, or a document with an `audio/*` type.
    Audio,
    /// Any other file.
    Document,
}

/// A file somebody sent; Bot API docs, "PhotoSize", "Video", "Document" and their like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    pub kind: MediaKind,
    /// The name by which the bot can fetch or send it again.
    pub file_id: String,
    /// The same for every bot and every time; not usable for fetching.
    pub file_unique_id: String,
    pub mime: Option<String>,
    /// In bytes.
    pub size: Option<u64>,
    pub file_name: Option<String>,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub duration_s: Option<u32>,
}

impl Media {
    /// The file of a message. An animation comes with a `document` copy of itself, so the order matters.
    pub(super) fn of(message: &Object<'_>) -> Option<Self> {
        largest_photo(message)
            .or_else(|| sent_as(message, "animation", MediaKind::Video))
            .or_else(|| sent_as(message, "video", MediaKind::Video))
            .or_else(|| sent_as(message, "video_note", MediaKind::Video))
            .or_else(|| sent_as(message, "audio", MediaKind::Audio))
            .or_else(|| sent_as(message, "voice", MediaKind::Audio))
            .or_else(|| document(message))
            .or_else(|| largest_photo(&message.object("live_photo")?))
    }

    fn read(file: &Object<'_>, kind: MediaKind) -> Option<Self> {
        let side = file.read("length");
        Some(Self {
            kind,
            file_id: file.string("file_id").filter(|id| !id.is_empty())?,
            file_unique_id: file.string("file_unique_id").unwrap_or_default(),
            mime: file.string("mime_type"),
            size: file.read("file_size"),
            file_name: file.string("file_name"),
            width: file.read("width").or(side),
            height: file.read("height").or(side),
            duration_s: file.read("duration"),
        })
    }
}

fn sent_as(message: &Object<'_>, key: &str, kind: MediaKind) -> Option<Media> {
    Media::read(&message.object(key)?, kind)
}

fn document(message: &Object<'_>) -> Option<Media> {
    let mut media = sent_as(message, "document", MediaKind::Document)?;
    media.kind = kind_of(media.mime.as_deref().unwrap_or_default());
    Some(media)
}

fn kind_of(mime: &str) -> MediaKind {
    let main = mime.split('/').next().unwrap_or_default().trim();
    match main.to_ascii_lowercase().as_str() {
        "image" => MediaKind::Image,
        "video" => MediaKind::Video,
        "audio" => MediaKind::Audio,
        _ => MediaKind::Document,
    }
}

/// Telegram always makes JPEG of photos and does not say so.
fn largest_photo(message: &Object<'_>) -> Option<Media> {
    lenient::objects(message.raw("photo")?)
        .iter()
        .filter_map(|size| Media::read(size, MediaKind::Image))
        .max_by_key(|photo| {
            let pixels = u64::from(photo.width.unwrap_or(0)) * u64::from(photo.height.unwrap_or(0));
            (pixels, photo.size.unwrap_or(0))
        })
        .map(|photo| Media {
            mime: Some("image/jpeg".to_owned()),
            ..photo
        })
}
