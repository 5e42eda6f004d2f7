//! The typed inputs of a service.

use serde::Serialize;

use super::LocalText;

/// One thing the user is asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Input {
    /// At most 24 bytes of `[a-z0-9-]`, unique within the service.
    pub id: String,
    /// What it is called, at most 40 characters per language.
    pub title: LocalText,
    /// The question or advice shown when it is asked for, at most 300 characters per language.
    pub hint: Option<LocalText>,
    /// What is accepted.
    pub kind: InputKind,
    /// Whether the user may skip it. A skipped input takes its default, or is left out.
    pub optional: bool,
    /// What is used when the user skips it.
    pub default: Option<DefaultValue>,
    /// Where the value stands in the provider's input: `name`, `outer.name`, or `names[]` to append to a list.
    pub param: String,
}

/// What an input accepts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum InputKind {
    /// Free text; limits in characters.
    Text {
        /// Fewest characters.
        min: u32,
        /// Most characters.
        max: u32,
    },
    /// A picture.
    Image {
        /// Largest size in MB (2²⁰ bytes); the Bot API gives files up to 20 MB ("getFile").
        max_mb: u32,
    },
    /// A video.
    Video {
        /// Largest size in MB.
        max_mb: u32,
        /// Longest duration in seconds.
        max_s: u32,
    },
    /// Speech or music.
    Audio {
        /// Largest size in MB.
        max_mb: u32,
        /// Longest duration in seconds.
        max_s: u32,
    },
    /// One of at most 12 options, shown as buttons.
    Choice {
        /// In the order of the file.
        options: Vec<InputOption>,
    },
    /// A number.
    Number(NumberRange),
    /// A link to one of these hosts, or below one.
    Link {
        /// In lower case.
        hosts: Vec<String>,
    },
    /// A text of so many lines, each of which is one thing.
    Lines {
        /// Fewest lines.
        min: u32,
        /// Most lines.
        max: u32,
    },
}

/// One option of a choice.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InputOption {
    /// What the provider receives.
    pub value: String,
    /// What the button says, at most 40 characters per language.
    pub title: LocalText,
}

/// The numbers an input accepts: `min`, `min + step`, … up to `max`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NumberRange {
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// The distance between two accepted numbers.
    pub step: f64,
}

/// The value of an input that was skipped.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum DefaultValue {
    /// Of a text, or the value of a choice.
    Text(String),
    /// Of a number.
    Number(f64),
}

impl Input {
    /// Whether the user must give it.
    pub fn is_required(&self) -> bool {
        !self.optional
    }
}

impl InputKind {
    /// The word that stands in the file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Image { .. } => "image",
            Self::Video { .. } => "video",
            Self::Audio { .. } => "audio",
            Self::Choice { .. } => "choice",
            Self::Number(_) => "number",
            Self::Link { .. } => "link",
            Self::Lines { .. } => "lines",
        }
    }

    /// Whether the value is a file that the provider fetches by address.
    pub fn is_media(&self) -> bool {
        match self {
            Self::Image { .. } | Self::Video { .. } | Self::Audio { .. } => true,
            Self::Text { .. }
            | Self::Choice { .. }
            | Self::Number(_)
            | Self::Link { .. }
            | Self::Lines { .. } => false,
        }
    }
}

impl NumberRange {
    /// Whether `value` is one of the accepted numbers.
    pub fn accepts(&self, value: f64) -> bool {
        // A decimal step such as 0.1 has no exact binary form, so the grid is met within a millionth of a step.
        let steps = (value - self.min) / self.step;
        value.is_finite()
            && value >= self.min
            && value <= self.max
            && (steps - steps.round()).abs() < 1e-6
    }

    /// The number as JSON: without decimals if it has none, since providers refuse `4.0` for an integer.
    pub fn to_json(value: f64) -> serde_json::Value {
        const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
        if value.fract() == 0.0 && value.abs() < EXACT_MAX {
            serde_json::Value::from(value as i64)
        } else {
            serde_json::Value::from(value)
        }
    }
}
