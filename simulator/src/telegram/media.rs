//! Files of a call: uploaded, by address, or known already.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::image;
use super::params::{Params, Upload};
use super::refusal::Refusal;
use super::world::{FileKind, StoredFile};
use crate::core::Core;

const MB: usize = 1024 * 1024;
/// Bot API docs, "Sending files".
const PHOTO_BY_URL_MAX: usize = 5 * MB;
const FILE_BY_URL_MAX: usize = 20 * MB;
const PHOTO_UPLOAD_MAX: usize = 10 * MB;
const FILE_UPLOAD_MAX: usize = 50 * MB;
/// Width and height together, and their ratio; Bot API docs, "sendPhoto".
const PHOTO_SIDES_MAX: u32 = 10_000;
const PHOTO_RATIO_MAX: u32 = 20;
/// The longest sides of the copies that Telegram makes of a photo.
const PHOTO_SIDES: [u32; 4] = [90, 320, 800, 1280];
const FETCH_TIMEOUT: Duration = Duration::from_secs(20);

/// Bytes to be stored, and what is known about them.
#[derive(Clone, Debug)]
pub struct NewFile {
    pub bytes: Bytes,
    pub mime: String,
    pub file_name: Option<String>,
    pub duration: u64,
}

/// The file that `value` (a file id, an address or `attach://name`) or an upload of this name stands for.
pub async fn resolve(
    core: &Arc<Core>,
    params: &Params,
    field: &str,
    value: Option<&str>,
    kind: FileKind,
) -> Result<Arc<StoredFile>, Refusal> {
    let value = value.unwrap_or_default();
    let upload_name = value.strip_prefix("attach://").unwrap_or(field);
    if value.is_empty() || value.starts_with("attach://") {
        let missing = || Refusal::bad(format!("there is no {} in the request", kind.field()));
        let upload = params.files.get(upload_name).ok_or_else(missing)?;
        return uploaded(core, upload, kind);
    }
    if value.starts_with("http://") || value.starts_with("https://") {
        return fetched(core, value, kind).await;
    }
    let world = core.telegram.world();
    let file = world
        .files
        .get(value)
        .ok_or_else(|| Refusal::bad("wrong file identifier/HTTP URL specified"))?;
    let is_video = |kind| matches!(kind, FileKind::Video | FileKind::Animation);
    if file.kind != kind && !(is_video(file.kind) && is_video(kind)) {
        let (from, to) = (file.kind.title(), kind.title());
        return Err(Refusal::bad(format!(
            "can't use file of type {from} as {to}"
        )));
    }
    Ok(Arc::clone(file))
}

fn uploaded(core: &Core, upload: &Upload, kind: FileKind) -> Result<Arc<StoredFile>, Refusal> {
    if upload.bytes.is_empty() {
        return Err(Refusal::bad("file must be non-empty"));
    }
    if upload.bytes.len() > FILE_UPLOAD_MAX {
        return Err(Refusal::too_large());
    }
    if kind == FileKind::Photo {
        if upload.bytes.len() > PHOTO_UPLOAD_MAX {
            return Err(Refusal::bad("file is too big"));
        }
        check_photo(&upload.bytes, "IMAGE_PROCESS_FAILED")?;
    }
    let file = NewFile {
        bytes: upload.bytes.clone(),
        mime: upload.mime.clone(),
        file_name: Some(upload.file_name.clone()),
        duration: 0,
    };
    Ok(store(core, kind, file).swap_remove(0))
}

fn check_photo(bytes: &[u8], no_image: &str) -> Result<(), Refusal> {
    let image = image::sniff(bytes).ok_or_else(|| Refusal::bad(no_image))?;
    let (long, short) = (image.width.max(image.height), image.width.min(image.height));
    if image.width + image.height > PHOTO_SIDES_MAX || long > short * PHOTO_RATIO_MAX {
        return Err(Refusal::bad("PHOTO_INVALID_DIMENSIONS"));
    }
    Ok(())
}

async fn fetched(core: &Core, url: &str, kind: FileKind) -> Result<Arc<StoredFile>, Refusal> {
    let failed = || Refusal::bad("failed to get HTTP URL content");
    let address = reqwest::Url::parse(url).map_err(|_| Refusal::bad("wrong HTTP URL specified"))?;
    let limit = match kind {
        FileKind::Photo => PHOTO_BY_URL_MAX,
        _ => FILE_BY_URL_MAX,
    };
    let name = address
        .path_segments()
        .and_then(|mut parts| parts.next_back())
        .filter(|name| !name.is_empty())
        .map(str::to_owned);
    let fetch = async {
        let mut response = core.http.get(address).send().await.ok()?;
        if !response.status().is_success() {
            return None;
        }
        let mime = response.headers().get(reqwest::header::CONTENT_TYPE);
        let mime = mime.and_then(|mime| mime.to_str().ok()).unwrap_or("");
        let mime = mime.split(';').next().unwrap_or("").trim().to_owned();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.ok()? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > limit {
                return None;
            }
        }
        Some((mime, bytes))
    };
    let fetched = tokio::time::timeout(FETCH_TIMEOUT, fetch).await;
    let (mime, bytes) = fetched.ok().flatten().ok_or_else(failed)?;
    check_fetched(kind, &mime, &bytes)?;
    let file = NewFile {
        bytes: bytes.into(),
        mime,
        file_name: name,
        duration: 0,
    };
    Ok(store(core, kind, file).swap_remove(0))
}

/// By address the type in the answer's header has to fit the method; Bot API docs, "Sending files".
fn check_fetched(kind: FileKind, mime: &str, bytes: &[u8]) -> Result<(), Refusal> {
    const WRONG: &str = "wrong type of the web page content";
    if bytes.is_empty() {
        return Err(Refusal::bad("failed to get HTTP URL content"));
    }
    let fits = match kind {
        FileKind::Photo => return check_photo(bytes, WRONG),
        FileKind::Video => mime == "video/mp4",
        FileKind::Animation => matches!(mime, "image/gif" | "video/mp4"),
        FileKind::Audio => mime.starts_with("audio/"),
        FileKind::Voice => mime == "audio/ogg",
        FileKind::VideoNote => false,
        FileKind::Document => {
            matches!(mime, "application/pdf" | "application/zip" | "image/gif")
        }
    };
    if fits {
        Ok(())
    } else {
        Err(Refusal::bad(WRONG))
    }
}

/// Keeps a file: its original first and, of a photo, the smaller copies from large to small.
pub fn store(core: &Core, kind: FileKind, file: NewFile) -> Vec<Arc<StoredFile>> {
    let image = image::sniff(&file.bytes);
    let (width, height) = match (kind, image) {
        (_, Some(image)) => (image.width, image.height),
        (FileKind::Photo | FileKind::Video | FileKind::Animation, None) => (1280, 720),
        (FileKind::VideoNote, None) => (384, 384),
        (FileKind::Audio | FileKind::Voice | FileKind::Document, None) => (0, 0),
    };
    let longest = width.max(height);
    let mut sides = vec![longest];
    if kind == FileKind::Photo {
        sides.extend(PHOTO_SIDES.into_iter().rev().filter(|side| *side < longest));
    }
    let mime = match (kind, image) {
        (FileKind::Photo, Some(image)) => image.mime.to_owned(),
        (FileKind::Photo, None) => "image/jpeg".to_owned(),
        _ if file.mime.is_empty() => "application/octet-stream".to_owned(),
        _ => file.mime.clone(),
    };
    let stored = sides.into_iter().map(|side| {
        let (file_id, unique) = (core.random_name(64), core.random_name(15));
        let mut world = core.telegram.world();
        let number = world.next_file_number();
        let extension = extension(kind, image, &file);
        let scaled = |length: u32| match longest {
            0 => 0,
            longest => (u64::from(length) * u64::from(side) / u64::from(longest)).max(1) as u32,
        };
        world.put_file(StoredFile {
            number,
            file_id: format!("AgAC{file_id}"),
            file_unique_id: format!("AQAD{unique}"),
            kind,
            bytes: file.bytes.clone(),
            mime: mime.clone(),
            file_name: file.file_name.clone(),
            path: format!("{}/file_{number}{extension}", folder(kind)),
            width: scaled(width),
            height: scaled(height),
            duration: file.duration,
        })
    });
    let stored: Vec<_> = stored.collect();
    if kind == FileKind::Photo {
        let ids: Vec<String> = stored.iter().map(|file| file.file_id.clone()).collect();
        core.telegram.world().keep_photo(ids);
    }
    stored
}

fn folder(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Photo => "photos",
        FileKind::Video => "videos",
        FileKind::Audio => "music",
        FileKind::Voice => "voice",
        FileKind::VideoNote => "video_notes",
        FileKind::Animation => "animations",
        FileKind::Document => "documents",
    }
}

fn extension(kind: FileKind, image: Option<image::Image>, file: &NewFile) -> String {
    let named = file
        .file_name
        .as_deref()
        .and_then(|name| name.rsplit_once('.'));
    let named = named.map(|(_, extension)| extension).filter(|extension| {
        (1..=8).contains(&extension.len()) && extension.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    let extension = match (kind, image, named) {
        (FileKind::Photo, Some(image), _) => image.extension,
        (FileKind::Photo, None, _) => "jpg",
        (FileKind::Voice, ..) => "oga",
        (FileKind::VideoNote, ..) => "mp4",
        (_, _, Some(named)) => named,
        (_, Some(image), None) => image.extension,
        (FileKind::Video | FileKind::Animation, None, None) => "mp4",
        (FileKind::Audio, None, None) => "mp3",
        (FileKind::Document, None, None) => return String::new(),
    };
    format!(".{extension}")
}

/// The fields of a message that show a file.
pub fn message_fields(core: &Core, file: &StoredFile) -> Value {
    let mut shown = json!({
        "file_id": file.file_id,
        "file_unique_id": file.file_unique_id,
        "file_size": file.bytes.len(),
    });
    let size = json!({"width": file.width, "height": file.height});
    match file.kind {
        FileKind::Photo => {
            let sizes = core.telegram.world().photo_sizes(&file.file_id);
            return json!({"photo": sizes});
        }
        FileKind::Video | FileKind::Animation => {
            shown["width"] = size["width"].clone();
            shown["height"] = size["height"].clone();
            shown["duration"] = json!(file.duration);
            shown["mime_type"] = json!(file.mime);
        }
        FileKind::Audio | FileKind::Voice => {
            shown["duration"] = json!(file.duration);
            shown["mime_type"] = json!(file.mime);
        }
        FileKind::VideoNote => {
            shown["length"] = size["width"].clone();
            shown["duration"] = json!(file.duration);
        }
        FileKind::Document => shown["mime_type"] = json!(file.mime),
    }
    let has_name = !matches!(file.kind, FileKind::Voice | FileKind::VideoNote);
    if let Some(name) = file.file_name.as_ref().filter(|_| has_name) {
        shown["file_name"] = json!(name);
    }
    match file.kind {
        // Bot API docs, "Message": an animation is set as a document too.
        FileKind::Animation => json!({"animation": shown, "document": shown}),
        kind => json!({ kind.field(): shown }),
    }
}
