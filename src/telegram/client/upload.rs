//! Sending a file without holding it in memory.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use reqwest::Body;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

use crate::telegram::call_error::CallError;

/// A file on its way to Telegram.
pub struct UploadFile {
    pub file_name: String,
    /// What the file is; an unreadable type counts as `application/octet-stream`.
    pub mime: String,
    /// In bytes; the body must have exactly this length.
    pub len: u64,
    pub body: BoxStream<'static, io::Result<Bytes>>,
}

impl UploadFile {
    /// A file that is in memory.
    pub fn from_bytes(file_name: &str, mime: &str, bytes: Bytes) -> Self {
        Self {
            file_name: file_name.to_owned(),
            mime: mime.to_owned(),
            len: bytes.len() as u64,
            body: futures_util::stream::once(async { Ok(bytes) }).boxed(),
        }
    }
}

/// Knows afterwards whether it was the file that broke off, not Telegram.
pub(super) struct Source(Arc<AtomicBool>);

impl Source {
    pub(super) fn has_failed(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The multipart form: every parameter as text, objects and arrays as JSON, the file last.
pub(super) fn form(
    params: &Value,
    field: &str,
    file: UploadFile,
) -> Result<(Form, Source), CallError> {
    let mut form = Form::new();
    for (name, value) in params.as_object().into_iter().flatten() {
        form = match value {
            Value::Null => form,
            Value::String(text) => form.text(name.clone(), text.clone()),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                form.text(name.clone(), value.to_string())
            }
        };
    }
    let failed = Arc::new(AtomicBool::new(false));
    let body = exact_length(file.body, file.len, Arc::clone(&failed));
    let part = Part::stream_with_length(Body::wrap_stream(body), file.len)
        .file_name(tame_file_name(&file.file_name))
        .mime_str(&tame_mime(&file.mime))
        .map_err(|_| CallError::Rejected {
            code: 400,
            description: "not a MIME type".to_owned(),
        })?;
    Ok((form.part(field.to_owned(), part), Source(failed)))
}

/// A body of another length than announced would corrupt the request; it breaks off instead.
fn exact_length(
    body: BoxStream<'static, io::Result<Bytes>>,
    len: u64,
    failed: Arc<AtomicBool>,
) -> BoxStream<'static, io::Result<Bytes>> {
    futures_util::stream::unfold(Some((body, len)), move |state| {
        let failed = Arc::clone(&failed);
        async move {
            let (mut body, left) = state?;
            let error = match body.next().await {
                None if left == 0 => return None,
                None => io::Error::from(io::ErrorKind::UnexpectedEof),
                Some(Err(error)) => error,
                Some(Ok(bytes)) => match left.checked_sub(bytes.len() as u64) {
                    Some(left) => return Some((Ok(bytes), Some((body, left)))),
                    None => io::Error::other("the file is longer than announced"),
                },
            };
            failed.store(true, Ordering::Release);
            Some((Err(error), None))
        }
    })
    .boxed()
}

/// The type as it may stand in a header; of its parameters only the usual charset is kept.
pub(super) fn tame_mime(mime: &str) -> String {
    let (essence, parameters) = mime.split_once(';').unwrap_or((mime, ""));
    let token = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
    };
    let essence = essence.trim();
    let is_type = essence
        .split_once('/')
        .is_some_and(|(main, sub)| token(main) && token(sub));
    if !is_type {
        return "application/octet-stream".to_owned();
    }
    if parameters.trim().eq_ignore_ascii_case("charset=utf-8") {
        format!("{essence}; charset=utf-8")
    } else {
        essence.to_owned()
    }
}

/// File names may come from outside: nothing in them may end the multipart header.
fn tame_file_name(name: &str) -> String {
    let tame: String = name
        .chars()
        .map(|c| match c {
            '"' | '\\' | '/' => '_',
            c if c.is_control() => '_',
            c => c,
        })
        .take(120)
        .collect();
    if tame.is_empty() {
        "file".to_owned()
    } else {
        tame
    }
}
