//! One row turned into Bot API calls, with the ways round what Telegram refuses.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use uuid::Uuid;

use super::message::{Action, FileRef, Target};
use crate::telegram::methods::{self, FileSource, Format};
use crate::telegram::rich::{CAPTION_MAX_UTF16, TEXT_MAX_UTF16};
use crate::telegram::{CallError, Client, InlineKeyboard, MediaKind, Rich, UploadFile};

/// Telegram fetches a photo by address up to 5 MB and other files up to 20 MB (Bot API docs, "Sending files").
const URL_PHOTO_BYTES_MAX: u64 = 5_000_000;
const URL_FILE_BYTES_MAX: u64 = 20_000_000;
/// Telegram takes an uploaded photo up to 10 MB; a larger one is sent as a document.
const UPLOAD_PHOTO_BYTES_MAX: u64 = 10_000_000;

/// Where files that we keep are read from.
#[async_trait]
pub trait FileStore: Send + Sync + 'static {
    /// The file, or None if it is not there any more.
    async fn open(&self, id: Uuid) -> Result<Option<UploadFile>, anyhow::Error>;
}

/// What came of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delivered {
    pub(super) message_id: Option<i64>,
    pub(super) outcome: &'static str,
}

impl Delivered {
    fn sent(answer: &Value) -> Self {
        Self {
            message_id: answer["message_id"].as_i64(),
            outcome: "sent",
        }
    }

    pub(super) const fn nothing(outcome: &'static str) -> Self {
        Self {
            message_id: None,
            outcome,
        }
    }
}

#[derive(Clone)]
pub(super) struct Deliverer {
    pub(super) client: Client,
    pub(super) files: Arc<dyn FileStore>,
}

impl Deliverer {
    /// Carries out `action`; `known_id` is the message that a [`Target::Ref`] became.
    pub(super) async fn deliver(
        &self,
        chat_id: i64,
        action: &Action,
        known_id: Option<i64>,
    ) -> Result<Delivered, CallError> {
        match action {
            Action::Say { text, keyboard } => self.say(chat_id, text, keyboard.as_ref()).await,
            Action::Edit {
                target,
                text,
                keyboard,
                else_say,
            } => {
                let edited = match resolve(*target, known_id) {
                    Some(message_id) => {
                        self.edit(chat_id, message_id, text, keyboard.as_ref())
                            .await
                    }
                    None => Err(CallError::MessageGone),
                };
                match edited {
                    Err(CallError::MessageGone) if *else_say => {
                        self.say(chat_id, text, keyboard.as_ref()).await
                    }
                    Err(CallError::MessageGone) => Ok(Delivered::nothing("dropped")),
                    Err(CallError::NotModified) => Ok(Delivered::nothing("unchanged")),
                    other => other,
                }
            }
            Action::Buttons { target, keyboard } => {
                let Some(message_id) = resolve(*target, known_id) else {
                    return Ok(Delivered::nothing("dropped"));
                };
                let call =
                    methods::edit_message_reply_markup(chat_id, message_id, keyboard.as_ref());
                match self.client.call(call.method, &call.params).await {
                    Ok(_) => Ok(Delivered::nothing("sent")),
                    Err(CallError::NotModified) => Ok(Delivered::nothing("unchanged")),
                    Err(CallError::MessageGone) => Ok(Delivered::nothing("dropped")),
                    Err(error) => Err(error),
                }
            }
            Action::File {
                kind,
                file,
                caption,
                keyboard,
            } => {
                self.send_file(chat_id, *kind, file, caption, keyboard.as_ref())
                    .await
            }
            Action::Answer {
                callback_id,
                text,
                alert,
            } => {
                let call = methods::answer_callback_query(callback_id, text.as_deref(), *alert);
                match self.client.call(call.method, &call.params).await {
                    Ok(_) => Ok(Delivered::nothing("sent")),
                    Err(CallError::CallbackTooOld) => match text {
                        // Telegram itself had kept the press, as it does while the service is down.
                        Some(text) => self.say(chat_id, &Rich::literal(text), None).await,
                        None => Ok(Delivered::nothing("expired")),
                    },
                    Err(error) => Err(error),
                }
            }
            Action::Invoice {
                title,
                description,
                payload,
                stars,
            } => {
                let call = methods::send_invoice(chat_id, title, description, payload, *stars);
                let answer = self.client.call(call.method, &call.params).await?;
                Ok(Delivered::sent(&answer))
            }
            Action::Working { kind } => {
                let call = methods::send_chat_action(chat_id, *kind);
                self.client.call(call.method, &call.params).await?;
                Ok(Delivered::nothing("sent"))
            }
        }
    }

    /// MarkdownV2, then HTML, then plain, then a document: the reader gets the words in any case.
    async fn say(
        &self,
        chat_id: i64,
        text: &Rich,
        keyboard: Option<&InlineKeyboard>,
    ) -> Result<Delivered, CallError> {
        if text.len_utf16() > TEXT_MAX_UTF16 {
            return self.say_as_document(chat_id, text, keyboard).await;
        }
        let sent = self
            .with_fallback(|format| methods::send_message(chat_id, text, format, keyboard))
            .await;
        match sent {
            Ok(answer) => Ok(Delivered::sent(&answer)),
            Err(CallError::BadEntities { .. } | CallError::TooLong) => {
                self.say_as_document(chat_id, text, keyboard).await
            }
            Err(error) => Err(error),
        }
    }

    async fn edit(
        &self,
        chat_id: i64,
        message_id: i64,
        text: &Rich,
        keyboard: Option<&InlineKeyboard>,
    ) -> Result<Delivered, CallError> {
        self.with_fallback(|format| {
            methods::edit_message_text(chat_id, message_id, text, format, keyboard)
        })
        .await?;
        Ok(Delivered {
            message_id: Some(message_id),
            outcome: "sent",
        })
    }

    async fn with_fallback(
        &self,
        call: impl Fn(Format) -> methods::Call,
    ) -> Result<Value, CallError> {
        let mut format = Format::MarkdownV2;
        loop {
            let made = call(format);
            match (
                self.client.call(made.method, &made.params).await,
                format.fallback(),
            ) {
                (Err(CallError::BadEntities { description }), Some(simpler)) => {
                    tracing::warn!(?format, %description, "formatting refused, falling back");
                    format = simpler;
                }
                (result, _) => return result,
            }
        }
    }

    async fn say_as_document(
        &self,
        chat_id: i64,
        text: &Rich,
        keyboard: Option<&InlineKeyboard>,
    ) -> Result<Delivered, CallError> {
        let file = UploadFile::from_bytes(
            "message.txt",
            "text/plain; charset=utf-8",
            Bytes::from(text.to_plain()),
        );
        let empty = Rich::default();
        let answer = self
            .upload(chat_id, MediaKind::Document, file, &empty, keyboard)
            .await?;
        Ok(Delivered::sent(&answer))
    }

    async fn send_file(
        &self,
        chat_id: i64,
        kind: MediaKind,
        file: &FileRef,
        caption: &Rich,
        keyboard: Option<&InlineKeyboard>,
    ) -> Result<Delivered, CallError> {
        let caption = &caption.truncate(CAPTION_MAX_UTF16);
        match file {
            FileRef::FileId(file_id) => {
                let source = FileSource::FileId(file_id);
                self.send_by_name(chat_id, kind, source, caption, keyboard)
                    .await
            }
            FileRef::Stored {
                id,
                size_bytes,
                url,
            } => {
                let url_max = if kind == MediaKind::Image {
                    URL_PHOTO_BYTES_MAX
                } else {
                    URL_FILE_BYTES_MAX
                };
                if let Some(url) = url.as_deref().filter(|_| *size_bytes <= url_max) {
                    match self
                        .send_by_name(chat_id, kind, FileSource::Url(url), caption, keyboard)
                        .await
                    {
                        Err(error) if is_about_the_file(&error) => {
                            tracing::info!(error = %error, "Telegram cannot fetch the file, uploading it");
                        }
                        result => return result,
                    }
                }
                self.send_stored(chat_id, kind, *id, *size_bytes, caption, keyboard)
                    .await
            }
        }
    }

    async fn send_by_name(
        &self,
        chat_id: i64,
        kind: MediaKind,
        source: FileSource<'_>,
        caption: &Rich,
        keyboard: Option<&InlineKeyboard>,
    ) -> Result<Delivered, CallError> {
        self.with_fallback(|format| {
            methods::send_file(chat_id, kind, source, caption, format, keyboard)
        })
        .await
        .map(|answer| Delivered::sent(&answer))
    }

    /// As what it is, and if Telegram does not like it so (a photo with odd dimensions), as a document.
    async fn send_stored(
        &self,
        chat_id: i64,
        kind: MediaKind,
        id: Uuid,
        size_bytes: u64,
        caption: &Rich,
        keyboard: Option<&InlineKeyboard>,
    ) -> Result<Delivered, CallError> {
        let shown_as = if kind == MediaKind::Image && size_bytes > UPLOAD_PHOTO_BYTES_MAX {
            MediaKind::Document
        } else {
            kind
        };
        let file = self.open(id).await?;
        match self
            .upload(chat_id, shown_as, file, caption, keyboard)
            .await
        {
            Err(error) if shown_as != MediaKind::Document && is_about_the_file(&error) => {
                tracing::info!(error = %error, "the file is refused as {shown_as:?}, sending a document");
                let file = self.open(id).await?;
                let answer = self
                    .upload(chat_id, MediaKind::Document, file, caption, keyboard)
                    .await?;
                Ok(Delivered::sent(&answer))
            }
            result => result.map(|answer| Delivered::sent(&answer)),
        }
    }

    async fn open(&self, id: Uuid) -> Result<UploadFile, CallError> {
        match self.files.open(id).await {
            Ok(Some(file)) => Ok(file),
            Ok(None) => Err(CallError::MediaRefused {
                description: "the stored file is gone".to_owned(),
            }),
            Err(error) => Err(CallError::Transient {
                detail: format!("the stored file cannot be read: {error}"),
            }),
        }
    }

    async fn upload(
        &self,
        chat_id: i64,
        kind: MediaKind,
        file: UploadFile,
        caption: &Rich,
        keyboard: Option<&InlineKeyboard>,
    ) -> Result<Value, CallError> {
        // A stream can be sent once, so formatting that may be refused is not risked with it: the renderers escape
        // every span, and a refusal would repeat the whole upload.
        let call = methods::send_file(
            chat_id,
            kind,
            FileSource::Upload,
            caption,
            Format::MarkdownV2,
            keyboard,
        );
        self.client
            .upload(call.method, &call.params, methods::upload_field(kind), file)
            .await
    }
}

/// Whether another way of sending the file may work. Refusals in words that are not known yet count: a try too many
/// costs little, a paid result that never comes costs a user.
fn is_about_the_file(error: &CallError) -> bool {
    matches!(
        error,
        CallError::MediaRefused { .. } | CallError::Rejected { code: 400, .. }
    )
}

fn resolve(target: Target, known_id: Option<i64>) -> Option<i64> {
    match target {
        Target::Ref(_) => known_id,
        Target::Message(id) => Some(id),
    }
}
