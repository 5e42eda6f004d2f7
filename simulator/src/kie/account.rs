//! The account: credits, and links to download results by.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Good, Refusal, answered, authorised};
use crate::core::Core;

/// Older links are forgotten.
const LINKS_MAX: usize = 200;

pub(super) async fn credit(State(core): State<Arc<Core>>, headers: HeaderMap) -> Response {
    let act = async {
        authorised(&core, &headers)?;
        Ok(Good::Data(json!(core.kie.lock().settings.credits)))
    };
    answered(&core, "kie.credit", json!({}), act).await
}

/// Body of download-url.
#[derive(Deserialize)]
struct DownloadUrl {
    url: String,
}

/// Only results of this provider have such links (docs.kie.ai: 20 minutes; 422 for any other address).
pub(super) async fn download_url(
    State(core): State<Arc<Core>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let params = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let act = async {
        authorised(&core, &headers)?;
        let asked: DownloadUrl =
            serde_json::from_slice(&body).map_err(|_| Refusal::new(422, "url is required"))?;
        let own = format!("http://127.0.0.1:{}/kie/results/", core.addr.port());
        let mut inner = core.kie.lock();
        let name = asked
            .url
            .strip_prefix(&own)
            .filter(|name| {
                name.split_once('.')
                    .is_some_and(|(id, _)| inner.task(id).is_some())
            })
            .ok_or_else(|| Refusal::new(422, "Invalid URL"))?
            .to_owned();
        let link = core.random_name(24);
        if inner.links.len() >= LINKS_MAX {
            inner.links.pop_front();
        }
        let expires = core.clock.now() + time::Duration::minutes(20);
        inner.links.push_back((link.clone(), name, expires));
        Ok(Good::Data(json!(format!(
            "http://127.0.0.1:{}/kie/links/{link}",
            core.addr.port()
        ))))
    };
    answered(&core, "kie.downloadUrl", params, act).await
}
