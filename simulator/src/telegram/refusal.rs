//! What Telegram answers when it refuses.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// `{"ok": false, …}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub code: u16,
    pub description: String,
    pub parameters: Option<Value>,
}

impl Refusal {
    /// 400 with Telegram's prefix.
    pub fn bad(text: impl AsRef<str>) -> Self {
        Self::new(400, format!("Bad Request: {}", text.as_ref()))
    }

    pub fn forbidden(text: &str) -> Self {
        Self::new(403, format!("Forbidden: {text}"))
    }

    pub fn new(code: u16, description: String) -> Self {
        Self {
            code,
            description,
            parameters: None,
        }
    }

    pub fn flood(seconds: u64) -> Self {
        Self {
            parameters: Some(json!({"retry_after": seconds})),
            ..Self::new(429, format!("Too Many Requests: retry after {seconds}"))
        }
    }

    pub fn migrated(to: i64) -> Self {
        Self {
            parameters: Some(json!({"migrate_to_chat_id": to})),
            ..Self::bad("group chat was upgraded to a supergroup chat")
        }
    }

    pub fn too_large() -> Self {
        Self::new(413, "Request Entity Too Large".to_owned())
    }

    pub fn body(&self) -> Value {
        let mut body =
            json!({"ok": false, "error_code": self.code, "description": self.description});
        if let Some(parameters) = &self.parameters {
            body["parameters"] = parameters.clone();
        }
        body
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = (status, axum::Json(self.body())).into_response();
        let seconds = self
            .parameters
            .as_ref()
            .and_then(|p| p["retry_after"].as_u64());
        if let Some(seconds) = seconds {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
