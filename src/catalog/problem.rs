//! What is wrong with a catalogue, and where.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong in a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file as it was named by the operator.
    pub file: String,
    /// The way to the place, such as ``service `upscale`: input `image`: max_mb``; empty for the whole file.
    pub place: String,
    /// What is wrong and what is expected.
    pub message: String,
}

impl Problem {
    /// A problem of the whole file.
    pub(super) fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            place: String::new(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            write!(f, "{}: {}", self.file, self.message)
        } else {
            write!(f, "{}: {} {}", self.file, self.place, self.message)
        }
    }
}
