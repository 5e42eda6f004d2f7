//! The texts as they are written: that every language has all of them, and that the code says all of them.
//!
//! What is read here is also what [`super::shown_texts_tests`] shows.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use super::speech::{Language, Speech};
use super::{
    books, broadcast, inquiry, language, referrals, storefront, switching, tips, topup, wallet,
    withdrawals,
};

/// Texts that read the same in English and another language.
const SAME_IN_ALL: [&str; 1] = ["value-audio"];

/// A feature with texts.
pub(super) struct Feature {
    pub(super) name: &'static str,
    pub(super) speech: fn(Language) -> Speech<'static>,
    /// Folders and files outside its own folder that say its texts.
    also_in: &'static [&'static str],
}

pub(super) static FEATURES: [Feature; 11] = [
    Feature {
        name: "storefront",
        speech: storefront::speech,
        also_in: &[
            "src/features/pressed.rs",
            "src/features/commands.rs",
            "src/features/routes.rs",
            "src/features/told.rs",
            "src/features/groups.rs",
            "src/app",
            "src/http",
        ],
    },
    Feature {
        name: "wallet",
        speech: wallet::speech,
        also_in: &[],
    },
    Feature {
        name: "withdrawals",
        speech: withdrawals::speech,
        also_in: &[],
    },
    Feature {
        name: "topup",
        speech: topup::speech,
        also_in: &[],
    },
    Feature {
        name: "books",
        speech: books::speech,
        also_in: &[],
    },
    Feature {
        name: "referrals",
        speech: referrals::speech,
        also_in: &["src/features/rewards.rs"],
    },
    Feature {
        name: "tips",
        speech: tips::speech,
        also_in: &[],
    },
    Feature {
        name: "broadcast",
        speech: broadcast::speech,
        also_in: &[],
    },
    Feature {
        name: "inquiry",
        speech: inquiry::speech,
        also_in: &[],
    },
    Feature {
        name: "switching",
        speech: switching::speech,
        also_in: &[],
    },
    Feature {
        name: "language",
        speech: language::speech,
        also_in: &[],
    },
];

impl Feature {
    fn folder(&self) -> String {
        format!("src/features/{}", self.name)
    }

    /// The file with its texts in a language.
    pub(super) fn source(&self, language: Language) -> String {
        let (name, code) = (self.name, language.code());
        read(&root().join(format!("src/features/{name}/texts/{code}/{name}.ftl")))
    }
}

/// One text in one language.
pub(super) struct Text {
    pub(super) feature: &'static Feature,
    pub(super) language: Language,
    pub(super) key: String,
    /// As it is written, without the key.
    pub(super) source: String,
    pub(super) variables: BTreeSet<String>,
    /// The variables by which it chooses a plural.
    pub(super) counted: BTreeSet<String>,
}

impl Text {
    fn new(feature: &'static Feature, language: Language, key: &str, source: String) -> Self {
        Self {
            variables: captures(r"\$([a-z]+)", &source),
            counted: captures(r"\$([a-z]+)\s*->", &source),
            feature,
            language,
            key: key.to_owned(),
            source,
        }
    }

    /// What is written outside of variables.
    pub(super) fn words(&self) -> String {
        pattern(r"\{[^{}]*\}")
            .replace_all(&self.source, "")
            .into_owned()
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (feature, language) = (self.feature.name, self.language.code());
        write!(f, "{feature}/{language}/{}", self.key)
    }
}

static TEXTS: LazyLock<Vec<Text>> = LazyLock::new(|| {
    FEATURES
        .iter()
        .flat_map(|feature| Language::ALL.map(|language| (feature, language)))
        .flat_map(|(feature, language)| parse(feature, language))
        .collect()
});

/// Every text there is.
pub(super) fn texts() -> impl Iterator<Item = &'static Text> {
    TEXTS.iter()
}

fn parse(feature: &'static Feature, language: Language) -> Vec<Text> {
    let mut entries: Vec<(String, String)> = Vec::new();
    for line in feature.source(language).lines() {
        if line.starts_with('#') {
            continue;
        }
        match (line.split_once(" ="), entries.last_mut()) {
            (Some((key, start)), _) if !line.starts_with(' ') => {
                entries.push((key.to_owned(), start.to_owned()));
            }
            (_, Some((_, source))) => {
                source.push('\n');
                source.push_str(line);
            }
            (_, None) => assert!(line.is_empty(), "{line} belongs to no key"),
        }
    }
    entries
        .into_iter()
        .map(|(key, source)| Text::new(feature, language, &key, source.trim_end().to_owned()))
        .collect()
}

/// Every string literal of the code that may say this feature's texts.
pub(super) fn literals(feature: &Feature) -> BTreeSet<String> {
    captures(r#""([a-z-]+)""#, &code_for(feature))
}

/// The keys that the code certainly says: what is handed to a function that looks it up, and in the feature's own
/// folder whatever is spelled like a key of several words.
pub(super) fn called(feature: &Feature) -> BTreeSet<String> {
    let mut keys = captures(
        r#"(?:\.rich|\.plain|labelled|refuse|Wrong::new)\((?:\s*[a-z.]+,)?\s*"([^"]+)""#,
        &code_for(feature),
    );
    keys.extend(captures(r#""([a-z]+(?:-[a-z]+)+)""#, &own_code(feature)));
    keys
}

/// The keys of texts that are shown without formatting.
pub(super) fn said_plainly(feature: &Feature) -> BTreeSet<String> {
    captures(
        r#"(?:\.plain|labelled)\((?:\s*[a-z.]+,)?\s*"([^"]+)""#,
        &code_for(feature),
    )
}

fn own_code(feature: &Feature) -> String {
    rust(&root().join(feature.folder()))
}

/// Its own code, and the code elsewhere that speaks with its voice.
fn code_for(feature: &Feature) -> String {
    feature
        .also_in
        .iter()
        .map(|place| rust(&root().join(place)))
        .fold(own_code(feature), |all, code| all + &code)
}

/// The code without comments in a file, or in all files of a folder.
fn rust(path: &Path) -> String {
    if is_test(path) {
        return String::new();
    }
    if path.is_dir() {
        let mut inside: Vec<_> = fs::read_dir(path)
            .expect("a folder of the repository")
            .map(|entry| entry.expect("an entry of a folder").path())
            .collect();
        inside.sort();
        return inside.iter().map(|path| rust(path)).collect();
    }
    if path.extension().is_none_or(|extension| extension != "rs") {
        return String::new();
    }
    read(path)
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| [line, "\n"])
        .collect()
}

fn is_test(path: &Path) -> bool {
    path.ends_with("tests") || path.to_string_lossy().ends_with("tests.rs")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn captures(regex: &str, text: &str) -> BTreeSet<String> {
    pattern(regex)
        .captures_iter(text)
        .map(|found| found[1].to_owned())
        .collect()
}

fn pattern(regex: &str) -> Regex {
    Regex::new(regex).expect("a pattern of this test")
}

fn keys(feature: &str, language: Language) -> BTreeSet<&'static str> {
    texts()
        .filter(|text| text.feature.name == feature && text.language == language)
        .map(|text| text.key.as_str())
        .collect()
}

fn other_languages() -> impl Iterator<Item = Language> {
    Language::ALL
        .into_iter()
        .filter(|language| *language != Language::En)
}

fn english(text: &Text) -> &'static Text {
    texts()
        .find(|other| {
            other.language == Language::En
                && other.feature.name == text.feature.name
                && other.key == text.key
        })
        .unwrap_or_else(|| panic!("{text}: English has no such text"))
}

#[test]
fn every_language_has_the_same_keys() {
    for feature in &FEATURES {
        let english = keys(feature.name, Language::En);
        assert!(!english.is_empty(), "{}", feature.name);
        for language in other_languages() {
            assert_eq!(
                keys(feature.name, language),
                english,
                "{} in {}",
                feature.name,
                language.code()
            );
        }
    }
}

#[test]
fn every_file_is_read_without_a_mistake_and_says_each_key_once() {
    let mut seen = BTreeSet::new();
    for text in texts() {
        let place = (text.feature.name, text.language.code(), text.key.as_str());
        assert!(seen.insert(place), "{text} is there twice");
    }
    for feature in &FEATURES {
        for language in Language::ALL {
            let source = feature.source(language);
            let read = fluent_templates::fluent_bundle::FluentResource::try_new(source);
            if let Err((_, errors)) = read {
                panic!("{} in {}: {errors:?}", feature.name, language.code());
            }
        }
    }
}

#[test]
fn the_code_uses_every_key_and_no_other() {
    for feature in &FEATURES {
        let written = keys(feature.name, Language::En);
        let named = literals(feature);
        let unused: Vec<_> = written
            .iter()
            .filter(|key| !named.contains(**key))
            .collect();
        assert!(unused.is_empty(), "{} never says {unused:?}", feature.name);
        let called = called(feature);
        assert!(!called.is_empty(), "no call is found in {}", feature.name);
        let missing: Vec<_> = called
            .iter()
            .filter(|key| !written.contains(key.as_str()))
            .collect();
        assert!(missing.is_empty(), "{} lacks {missing:?}", feature.name);
    }
}

#[test]
fn every_language_has_the_same_variables() {
    for text in texts() {
        assert_eq!(text.variables, english(text).variables, "{text}");
    }
}

#[test]
fn nothing_is_left_in_english() {
    for text in texts().filter(|text| text.language != Language::En) {
        let has_words = text.words().chars().any(char::is_alphabetic);
        if has_words && !SAME_IN_ALL.contains(&text.key.as_str()) {
            assert_ne!(text.source, english(text).source, "{text}");
        }
    }
}
