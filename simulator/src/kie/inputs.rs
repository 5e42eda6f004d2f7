//! Reads the media that a task was given addresses of, as the provider's servers do.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header;

use super::models::{Media, Wanted};
use super::tasks::{Failure, Fetched, Inputs};
use crate::core::Core;

/// KIE's pages name 10 to 100 MB, depending on the model.
const BYTES_MAX: usize = 100 << 20;
/// Real time: the other side is a real server.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Reads every input of a task and decides whether it can go on.
pub(super) async fn read(core: &Core, id: &str) {
    let Some(wanted) = core.kie.lock().task(id).map(|task| task.wanted.clone()) else {
        return;
    };
    let mut fetched = Vec::new();
    let mut picture = None;
    for one in &wanted {
        let (report, bytes) = fetch(core, one).await;
        fetched.push(report);
        if one.media == Media::Image && picture.is_none() {
            picture = bytes;
        }
    }
    let mut inner = core.kie.lock();
    let Some(task) = inner.task_mut(id) else {
        return;
    };
    task.inputs = match fetched.iter().find_map(|read| read.error.as_ref()) {
        None => Inputs::Read,
        Some(error) => Inputs::Unusable(Failure {
            code: "422".to_owned(),
            message: format!("Failed to read the input file: {error}"),
        }),
    };
    task.fetched = fetched;
    task.picture = picture;
}

async fn fetch(core: &Core, wanted: &Wanted) -> (Fetched, Option<Bytes>) {
    let mut report = Fetched {
        url: wanted.url.clone(),
        status: 0,
        content_type: String::new(),
        bytes: 0,
        error: None,
    };
    match body(core, wanted, &mut report).await {
        Ok(bytes) => {
            report.bytes = bytes.len();
            (report, Some(bytes))
        }
        Err(error) => {
            report.error = Some(error);
            (report, None)
        }
    }
}

async fn body(core: &Core, wanted: &Wanted, report: &mut Fetched) -> Result<Bytes, String> {
    let mut response = core
        .http
        .get(&wanted.url)
        .header(header::RANGE, "bytes=0-")
        .timeout(TIMEOUT)
        .send()
        .await
        .map_err(|_| "no answer".to_owned())?;
    report.status = response.status().as_u16();
    report.content_type = content_type(&response);
    if !matches!(report.status, 200 | 206) {
        return Err(format!("HTTP status {}", report.status));
    }
    if !wanted
        .media
        .content_types()
        .contains(&report.content_type.as_str())
    {
        return Err(format!("file type {} not supported", report.content_type));
    }
    let mut bytes = BytesMut::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|_| "the transfer broke off".to_owned())?
    {
        if bytes.len() + chunk.len() > BYTES_MAX {
            return Err("the file is too large".to_owned());
        }
        bytes.extend_from_slice(&chunk);
    }
    if bytes.is_empty() {
        return Err("the file is empty".to_owned());
    }
    Ok(bytes.freeze())
}

fn content_type(response: &reqwest::Response) -> String {
    let value = response.headers().get(header::CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = value.split(';').next().unwrap_or("");
    essence.trim().to_ascii_lowercase()
}
