//! The web page that looks and works like a chat.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::core::Core;

/// The page loads only from here and runs no script but its own, whatever a message says.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Name, type and content.
type File = (&'static str, &'static str, &'static str);

const INDEX: File = ("index.html", HTML, include_str!("../page/index.html"));

const FILES: [File; 13] = [
    (
        "icon.svg",
        "image/svg+xml",
        include_str!("../page/icon.svg"),
    ),
    ("base.css", CSS, include_str!("../page/base.css")),
    ("chat.css", CSS, include_str!("../page/chat.css")),
    ("phone.css", CSS, include_str!("../page/phone.css")),
    ("api.js", SCRIPT, include_str!("../page/api.js")),
    ("app.js", SCRIPT, include_str!("../page/app.js")),
    ("composer.js", SCRIPT, include_str!("../page/composer.js")),
    ("dom.js", SCRIPT, include_str!("../page/dom.js")),
    ("log.js", SCRIPT, include_str!("../page/log.js")),
    ("menu.js", SCRIPT, include_str!("../page/menu.js")),
    ("message.js", SCRIPT, include_str!("../page/message.js")),
    ("pane.js", SCRIPT, include_str!("../page/pane.js")),
    ("text.js", SCRIPT, include_str!("../page/text.js")),
];

/// The page at `/` and what it needs under `/page/`.
pub fn router(core: Arc<Core>) -> Router {
    Router::new()
        .route("/", get(async || served(INDEX)))
        .route("/page/{name}", get(file))
        .with_state(core)
}

async fn file(Path(name): Path<String>) -> Response {
    match FILES.into_iter().find(|file| file.0 == name) {
        Some(file) => served(file),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn served((_, kind, content): File) -> Response {
    let headers: [(HeaderName, HeaderValue); 5] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        ),
        // A rebuilt simulator serves a changed page at once.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
    ];
    (headers, content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_the_page_names_is_served_and_nothing_from_elsewhere() {
        let served = |name: &str| FILES.iter().any(|file| file.0 == name);
        let mut checked = 0;
        for (file, _, content) in FILES.into_iter().chain([INDEX]) {
            for part in content.split(['"', '\'']) {
                let name = part
                    .strip_prefix("/page/")
                    .or_else(|| part.strip_prefix("./"));
                if let Some(name) = name {
                    assert!(served(name), "{file} names {name}");
                    checked += 1;
                }
                let elsewhere = part.starts_with("http://") || part.starts_with("https://");
                // The name of SVG is an address that nobody fetches.
                assert!(!elsewhere || part.contains("www.w3.org"), "{file}: {part}");
            }
            assert!(!content.contains("innerHTML"), "{file} writes markup");
        }
        assert!(checked > 10);
    }
}
