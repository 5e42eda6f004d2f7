//! The parameters of a call, whichever way they came: query, form, JSON or multipart.

use std::collections::HashMap;

use axum::body::Body;
use axum::extract::{Form, FromRequest, Multipart, Query, Request};
use axum::http::{Method, header};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::refusal::Refusal;

/// Files of a call together; Bot API docs, "Sending files": 50 MB, and room for the rest of the form.
const BODY_MAX_BYTES: usize = 52 * 1024 * 1024;

/// A file that came with the call.
#[derive(Clone, Debug)]
pub struct Upload {
    pub file_name: String,
    pub mime: String,
    pub bytes: Bytes,
}

/// Parameters are JSON values or, from forms, strings that hold them.
#[derive(Clone, Debug, Default)]
pub struct Params {
    pub fields: Map<String, Value>,
    pub files: HashMap<String, Upload>,
}

impl Params {
    pub fn from_json(fields: Map<String, Value>) -> Self {
        Self {
            fields,
            files: HashMap::new(),
        }
    }

    /// Reads a request. Parameters of the address count too, as with Telegram.
    pub async fn read(request: Request) -> Result<Self, Refusal> {
        let mut params = Self::default();
        if let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(request.uri()) {
            params.put_all(pairs);
        }
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("");
        let kind = kind.to_ascii_lowercase();
        if request.method() == Method::GET {
            return Ok(params);
        }
        if kind.starts_with("multipart/form-data") {
            params.read_multipart(request).await?;
        } else if kind.starts_with("application/x-www-form-urlencoded") {
            let pairs = Form::<Vec<(String, String)>>::from_request(request, &()).await;
            let Form(pairs) = pairs.map_err(|_| Refusal::bad("can't parse the request"))?;
            params.put_all(pairs);
        } else {
            params.read_json(request.into_body()).await?;
        }
        Ok(params)
    }

    fn put_all(&mut self, pairs: Vec<(String, String)>) {
        for (name, value) in pairs {
            self.fields.insert(name, Value::String(value));
        }
    }

    async fn read_json(&mut self, body: Body) -> Result<(), Refusal> {
        let body = axum::body::to_bytes(body, BODY_MAX_BYTES)
            .await
            .map_err(|_| Refusal::too_large())?;
        if body.trim_ascii().is_empty() {
            return Ok(());
        }
        let Ok(Value::Object(fields)) = serde_json::from_slice(&body) else {
            return Err(Refusal::bad("can't parse JSON object"));
        };
        self.fields.extend(fields);
        Ok(())
    }

    async fn read_multipart(&mut self, request: Request) -> Result<(), Refusal> {
        let broken = || Refusal::bad("can't parse the multipart request");
        let mut form = Multipart::from_request(request, &())
            .await
            .map_err(|_| broken())?;
        let mut total = 0;
        while let Some(mut field) = form.next_field().await.map_err(|_| broken())? {
            let name = field.name().unwrap_or_default().to_owned();
            let file_name = field.file_name().map(str::to_owned);
            let mime = field.content_type().map(str::to_owned);
            let mut bytes = Vec::new();
            while let Some(chunk) = field.chunk().await.map_err(|_| broken())? {
                total += chunk.len();
                if total > BODY_MAX_BYTES {
                    return Err(Refusal::too_large());
                }
                bytes.extend_from_slice(&chunk);
            }
            match file_name {
                Some(file_name) => {
                    let upload = Upload {
                        file_name,
                        mime: mime.unwrap_or_else(|| "application/octet-stream".to_owned()),
                        bytes: bytes.into(),
                    };
                    self.files.insert(name, upload);
                }
                None => {
                    let text = String::from_utf8(bytes)
                        .map_err(|_| Refusal::bad("strings must be encoded in UTF-8"))?;
                    self.fields.insert(name, Value::String(text));
                }
            }
        }
        Ok(())
    }

    /// For the log: the parameters as they came, files by name and size.
    pub fn raw(&self) -> Value {
        let mut raw = self.fields.clone();
        for (name, file) in &self.files {
            let shown = json!({"file_name": file.file_name, "mime_type": file.mime, "size": file.bytes.len()});
            raw.insert(name.clone(), shown);
        }
        Value::Object(raw)
    }

    /// A text; numbers and booleans count as their text.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.fields.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            value @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Some(value.to_string())
            }
        }
    }

    pub fn integer(&self, name: &str) -> Option<i64> {
        self.text(name)?.trim().parse().ok()
    }

    pub fn flag(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| {
            matches!(
                text.to_ascii_lowercase().as_str(),
                "true" | "1" | "yes" | "t" | "y"
            )
        })
    }

    /// An object or array, written out or as a JSON string. `Err` when it is a string that is no JSON.
    pub fn structure(&self, name: &str) -> Result<Option<Value>, ()> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map(Some).map_err(|_| ()),
            Some(value) => Ok(Some(value.clone())),
        }
    }

    /// The chat that the call is about, if it is about one.
    pub fn chat_id(&self) -> Option<i64> {
        self.integer("chat_id")
    }
}
