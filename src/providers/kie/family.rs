//! KIE's families: the unified API of the market, and the older ones that grew beside it, each with endpoints, words and
//! shapes of its own.
//!
//! Facts are those of docs.kie.ai: the pages "Generate …" and "Get … Details" of 4o Image, Flux Kontext, Veo 3.1, Runway
//! and Suno, as OpenAPI descriptions. All share the account, its key, its credits, its limits and the signature of its
//! callbacks. A service names its family before a colon, and so does the id of a task: a question about a task knows
//! nothing else of it.

use serde_json::{Map, Value, json};

use super::answer::{self, TaskState};

/// A family of models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Family {
    /// "Market": `jobs/createTask`, one input object for every model.
    Market,
    /// "4o Image API".
    Gpt4oImage,
    /// "Flux Kontext API".
    FluxKontext,
    /// "Veo3.1 API".
    Veo,
    /// "Runway API".
    Runway,
    /// "Suno API": music.
    Suno,
}

impl Family {
    /// Those that a service names; the market needs no name.
    pub(super) const OLDER: [Self; 5] = [
        Self::Gpt4oImage,
        Self::FluxKontext,
        Self::Veo,
        Self::Runway,
        Self::Suno,
    ];

    /// Stored in services and tasks: append only.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Gpt4oImage => "4o-image",
            Self::FluxKontext => "flux-kontext",
            Self::Veo => "veo",
            Self::Runway => "runway",
            Self::Suno => "suno",
        }
    }

    /// Where work is created.
    pub(super) const fn submit_path(self) -> &'static str {
        match self {
            Self::Market => "/api/v1/jobs/createTask",
            Self::Gpt4oImage => "/api/v1/gpt4o-image/generate",
            Self::FluxKontext => "/api/v1/flux/kontext/generate",
            Self::Veo => "/api/v1/veo/generate",
            Self::Runway => "/api/v1/runway/generate",
            Self::Suno => "/api/v1/generate",
        }
    }

    /// Where it is asked about.
    pub(super) const fn record_path(self) -> &'static str {
        match self {
            Self::Market => "/api/v1/jobs/recordInfo",
            Self::Gpt4oImage => "/api/v1/gpt4o-image/record-info",
            Self::FluxKontext => "/api/v1/flux/kontext/record-info",
            Self::Veo => "/api/v1/veo/record-info",
            Self::Runway => "/api/v1/runway/record-detail",
            Self::Suno => "/api/v1/generate/record-info",
        }
    }

    /// The family that a service or a task names, and the rest of it.
    pub(super) fn split(name: &str) -> (Self, &str) {
        let older = name.split_once(':').and_then(|(family, rest)| {
            let family = Self::OLDER
                .into_iter()
                .find(|known| known.name() == family)?;
            Some((family, rest))
        });
        older.unwrap_or((Self::Market, name))
    }

    /// A task of this family as it is written down.
    pub(super) fn task(self, id: &str) -> String {
        if self == Self::Market || Self::split(id).0 == self {
            id.to_owned()
        } else {
            format!("{}:{id}", self.name())
        }
    }

    /// The body of the request that creates work.
    pub(super) fn request(self, model: &str, params: &Value, callback_url: Option<&str>) -> Value {
        let mut body = if self == Self::Market {
            Map::from_iter([("input".to_owned(), params.clone())])
        } else {
            params.as_object().cloned().unwrap_or_default()
        };
        if self.has_models() {
            body.insert("model".to_owned(), json!(model));
        }
        if let Some(url) = callback_url {
            body.insert("callBackUrl".to_owned(), json!(url));
        }
        Value::Object(body)
    }

    /// 4o Image and Runway have one model each, and no parameter for it.
    const fn has_models(self) -> bool {
        match self {
            Self::Market | Self::FluxKontext | Self::Veo | Self::Suno => true,
            Self::Gpt4oImage | Self::Runway => false,
        }
    }

    /// How a task stands, by `data` of its record.
    pub(super) fn state(self, data: &Value) -> Option<TaskState> {
        let is_uncalled = self == Self::Suno
            && answer::state_word(data)
                .is_some_and(|word| word.eq_ignore_ascii_case("CALLBACK_EXCEPTION"));
        if is_uncalled {
            // Only the calling back went wrong: the music is there, or still comes.
            return Some(match self.result_urls(data).is_empty() {
                true => TaskState::Running,
                false => TaskState::Succeeded,
            });
        }
        answer::state(data)
    }

    /// The addresses of a task's results. Runway and Suno put covers and streams of the same names beside them.
    pub(super) fn result_urls(self, data: &Value) -> Vec<String> {
        match self {
            Self::Runway => answer::urls_named(data, "videourl"),
            Self::Suno => answer::urls_named(data, "audiourl"),
            Self::Market | Self::Gpt4oImage | Self::FluxKontext | Self::Veo => {
                answer::result_urls(data)
            }
        }
    }
}

#[cfg(test)]
mod tests;
