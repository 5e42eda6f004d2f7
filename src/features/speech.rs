//! Languages, and how a text of ours is spoken in one of them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader};

use crate::telegram::Rich;
use crate::telegram::rich::{VARIABLE_END, VARIABLE_START, variable};

/// The languages the bot speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// English, the fallback.
    En,
    /// Russian.
    Ru,
    /// Spanish.
    Es,
}

static TAGS: LazyLock<[LanguageIdentifier; 3]> =
    LazyLock::new(|| Language::ALL.map(|language| language.code().parse().unwrap_or_default()));

impl Language {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::En, Self::Ru, Self::Es];

    /// The one for an IETF tag such as `ru` or `es-MX`; English for what the bot does not speak.
    pub fn of_tag(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|language| language.code().eq_ignore_ascii_case(primary))
            .unwrap_or(Self::En)
    }

    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ru => "ru",
            Self::Es => "es",
        }
    }

    /// What it calls itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Ru => "Русский",
            Self::Es => "Español",
        }
    }

    fn tag(self) -> &'static LanguageIdentifier {
        match self {
            Self::En => &TAGS[0],
            Self::Ru => &TAGS[1],
            Self::Es => &TAGS[2],
        }
    }
}

/// The variables of a text.
#[derive(Clone, Debug, Default)]
pub struct Args(HashMap<Cow<'static, str>, FluentValue<'static>>);

impl Args {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a text; whatever it holds, it cannot become markup.
    #[must_use]
    pub fn text(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        // Fluent sets no marks around a variable that is all of its text.
        let marked = variable(value.as_ref());
        self.0.insert(name.into(), FluentValue::from(marked));
        self
    }

    /// With a number, by which a text may choose its plural.
    #[must_use]
    pub fn number(mut self, name: &'static str, value: i64) -> Self {
        self.0.insert(name.into(), FluentValue::from(value));
        self
    }
}

/// One feature's texts in one language.
#[derive(Clone, Copy)]
pub struct Speech<'a> {
    loader: &'a (dyn Loader + Sync),
    language: Language,
}

impl<'a> Speech<'a> {
    /// Speaks `language` with the texts of `loader`.
    pub fn new(loader: &'a (dyn Loader + Sync), language: Language) -> Self {
        Self { loader, language }
    }

    /// The language that is spoken.
    pub fn language(self) -> Language {
        self.language
    }

    /// A message.
    pub fn rich(self, key: &str, args: &Args) -> Rich {
        Rich::template(&self.lookup(key, args))
    }

    /// A button's label or another text that has no formatting.
    pub fn plain(self, key: &str, args: &Args) -> String {
        self.lookup(key, args)
            .replace([VARIABLE_START, VARIABLE_END], "")
    }

    fn lookup(self, key: &str, args: &Args) -> String {
        self.loader
            .try_lookup_with_args(self.language.tag(), key, &args.0)
            .unwrap_or_else(|| {
                tracing::error!(key, language = self.language.code(), "a text is missing");
                key.to_owned()
            })
    }
}
