//! How log lines look.

use std::io::IsTerminal as _;

use super::{Env, Problem, Reader};
use crate::base::telemetry::Format;

/// Format and filter of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logging {
    /// JSON or text.
    pub format: Format,
    /// Directives of `tracing_subscriber::EnvFilter`.
    pub filter: String,
}

impl Logging {
    /// Only these variables, for commands that need nothing else.
    ///
    /// # Errors
    /// All problems with them.
    pub fn from_env(env: &Env) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::new(env);
        let logging = Self::read(&mut reader);
        reader.finish(logging)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let text = Format::Text { ansi: terminal };
        let format = match reader.text("LOG_FORMAT") {
            Some("json") => Format::Json,
            Some("text") => text,
            Some("auto") if terminal => text,
            Some("auto") => Format::Json,
            Some(_) | None => {
                reader.problem(
                    "LOG_FORMAT",
                    "is not a known format",
                    "set auto, json or text",
                );
                Format::Json
            }
        };
        let filter = reader.text("LOG_LEVEL").unwrap_or_default().to_owned();
        if tracing_subscriber::EnvFilter::try_new(&filter).is_err() {
            reader.problem(
                "LOG_LEVEL",
                "is not a level",
                "set error, warn, info, debug or trace",
            );
        }
        Self { format, filter }
    }
}
