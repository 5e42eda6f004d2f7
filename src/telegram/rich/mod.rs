//! Formatted text as data.
//!
//! A text is a list of spans with styles. It is made from templates of ours, in which what a person typed can never
//! become markup, and rendered at the moment of sending: as MarkdownV2, as HTML, or plain, whichever Telegram takes.
//! Since every renderer escapes each span by itself, no text can break the formatting of another.

mod html;
mod markdown_v2;
#[cfg(test)]
mod reader;
mod split;
mod template;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

/// Longest text of a message, in UTF-16 code units. Telegram's unit is not documented; in UTF-16 a text is never
/// shorter than in characters, so this is safe under both.
pub const TEXT_MAX_UTF16: usize = 4096;
/// Longest caption of a photo, video or other file, in UTF-16 code units.
pub const CAPTION_MAX_UTF16: usize = 1024;

/// Opens a variable inside a template (U+2068 FIRST STRONG ISOLATE, which Fluent puts there).
pub const VARIABLE_START: char = '\u{2068}';
/// Closes a variable inside a template (U+2069 POP DIRECTIONAL ISOLATE).
pub const VARIABLE_END: char = '\u{2069}';

/// Formatted text. Equal neighbours are one span, and no span is empty, so equal texts are equal values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "Stored", from = "Stored")]
pub struct Rich {
    spans: Vec<Span>,
}

/// A piece of text in one style.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    pub text: String,
    #[serde(default, skip_serializing_if = "Style::is_plain")]
    pub style: Style,
}

/// How a span looks. Telegram combines code with nothing else, so in a [`Rich`] `pre` wins over `code`, and both over
/// the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Style {
    #[serde(skip_serializing_if = "is_false")]
    pub bold: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub italic: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub code: bool,
    /// A block of code.
    #[serde(skip_serializing_if = "is_false")]
    pub pre: bool,
    /// The address it leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl Style {
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Without what Telegram does not show beside code.
    fn visible(self) -> Self {
        if self.pre || self.code {
            Self {
                pre: self.pre,
                code: !self.pre,
                ..Self::default()
            }
        } else {
            self
        }
    }
}

/// How a [`Rich`] is held in the database: versions are added, never changed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "v")]
enum Stored {
    #[serde(rename = "1")]
    V1 { spans: Vec<Span> },
}

impl From<Rich> for Stored {
    fn from(rich: Rich) -> Self {
        Self::V1 { spans: rich.spans }
    }
}

impl From<Stored> for Rich {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::V1 { spans } => spans.into_iter().fold(Self::default(), Self::with),
        }
    }
}

impl Rich {
    /// Text without any style; nothing in it is markup.
    pub fn literal(text: impl Into<String>) -> Self {
        Self::default().with(Span {
            text: text.into(),
            style: Style::default(),
        })
    }

    /// Text of ours with markup: `*bold*`, `_italic_`, `` `code` ``, `[label](address)`, and `\` before a mark that is
    /// meant as such. Between [`VARIABLE_START`] and [`VARIABLE_END`] everything is literal and takes the style around
    /// it. Never fails: marks without a partner are literal.
    pub fn template(template: &str) -> Self {
        template::parse(template)
    }

    /// A block of code.
    pub fn pre(text: impl Into<String>) -> Self {
        Self::default().with(Span {
            text: text.into(),
            style: Style {
                pre: true,
                ..Style::default()
            },
        })
    }

    /// The text with one more span at its end. NUL, which Postgres refuses, and carriage returns, which Telegram drops,
    /// are left out.
    #[must_use]
    pub fn with(mut self, mut span: Span) -> Self {
        span.text.retain(|c| !matches!(c, '\0' | '\r'));
        if span.text.is_empty() {
            return self;
        }
        span.style = span.style.visible();
        match self.spans.last_mut() {
            Some(last) if last.style == span.style => last.text.push_str(&span.text),
            _ => self.spans.push(span),
        }
        self
    }

    /// This text and then the other.
    #[must_use]
    pub fn then(self, other: Self) -> Self {
        other.spans.into_iter().fold(self, Self::with)
    }

    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// True when a reader would see nothing: Telegram refuses such a message.
    pub fn is_blank(&self) -> bool {
        self.spans.iter().all(|span| span.text.trim().is_empty())
    }

    /// The length that counts for Telegram's limits, without markup.
    pub fn len_utf16(&self) -> usize {
        self.spans.iter().map(|span| utf16_len(&span.text)).sum()
    }

    pub fn to_plain(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }

    pub fn to_markdown_v2(&self) -> String {
        markdown_v2::render(self)
    }

    pub fn to_html(&self) -> String {
        html::render(self)
    }

    /// Pieces of at most `limit_utf16` (at least 2) that together are the text, cut at line ends or spaces where there
    /// are any in the second half of a piece. Blank pieces are left out, since Telegram refuses them.
    pub fn split(&self, limit_utf16: usize) -> Vec<Self> {
        split::split(self, limit_utf16)
    }

    /// The text itself if it fits, else its beginning with `…` at the end.
    #[must_use]
    pub fn truncate(&self, limit_utf16: usize) -> Self {
        split::truncate(self, limit_utf16)
    }
}

/// Makes a value safe to stand for a variable: without the marks that would end it, and without NUL.
pub fn clean_variable(value: &str) -> String {
    value
        .chars()
        .filter(|c| !matches!(*c, VARIABLE_START | VARIABLE_END | '\0'))
        .collect()
}

/// A cleaned value between the marks of a variable, for templates that are put together without Fluent.
pub fn variable(value: &str) -> String {
    format!("{VARIABLE_START}{}{VARIABLE_END}", clean_variable(value))
}

fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}
