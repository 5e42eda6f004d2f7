//! Reading JSON that must never be refused.
//!
//! Values are kept as borrowed raw text and looked into one level at a time, so a bad or very deep corner of an update
//! costs only the field it is in. The scan that finds the end of a raw value is not recursive: no nesting overflows it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The fields of one JSON object in the order they came; of duplicate keys, the last one counts.
#[derive(Debug, Default)]
pub(super) struct Object<'a> {
    fields: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Object<'a> {
    /// Reads one level of an object; `None` for anything that is not one.
    pub(super) fn parse(json: &'a str) -> Option<Self> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let object = deserializer.deserialize_map(ObjectVisitor).ok()?;
        deserializer.end().ok()?;
        Some(object)
    }

    /// The names of the fields that are not null.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.fields
            .iter()
            .filter(|(_, raw)| raw.get() != "null")
            .map(|(key, _)| key.as_ref())
    }

    /// The raw text of a field, unless it is missing or null.
    pub(super) fn raw(&self, key: &str) -> Option<&'a str> {
        self.fields
            .iter()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, raw)| raw.get())
            .filter(|raw| *raw != "null")
    }

    pub(super) fn object(&self, key: &str) -> Option<Object<'a>> {
        self.raw(key).and_then(Object::parse)
    }

    /// A string without NUL characters: Postgres refuses them in every text column.
    pub(super) fn string(&self, key: &str) -> Option<String> {
        let mut text: String = self.read(key)?;
        text.retain(|c| c != '\0');
        Some(text)
    }

    /// A value of any type, `None` when it is of another one.
    pub(super) fn read<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        serde_json::from_str(self.raw(key)?).ok()
    }
}

/// The elements of a JSON array that are objects.
pub(super) fn objects(json: &str) -> Vec<Object<'_>> {
    let elements: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
    elements
        .into_iter()
        .filter_map(|raw| Object::parse(raw.get()))
        .collect()
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut fields = Vec::new();
        while let Some(key) = map.next_key::<Key<'de>>()? {
            fields.push((key.0, map.next_value()?));
        }
        Ok(Object { fields })
    }
}

/// A key that is borrowed unless it holds escapes (`Cow` alone would always copy).
struct Key<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(key)))
            }
            fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// Makes the text readable for a strict JSON parser, changing nothing that already is.
///
/// Bytes that are not UTF-8, lone surrogate escapes (`\ud800`) and raw control characters inside strings become U+FFFD;
/// control characters between values become spaces. Returns borrowed text when there was nothing to mend.
pub(super) fn mend(raw: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(raw);
    if !needs_mending(text.as_bytes()) {
        return text;
    }
    Cow::Owned(mend_text(&text))
}

fn needs_mending(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| *byte < 0x20)
        || bytes
            .windows(3)
            .any(|w| w[0] == b'\\' && w[1] == b'u' && w[2].eq_ignore_ascii_case(&b'd'))
}

const REPLACEMENT: &str = "\\ufffd";

fn mend_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_string = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        match c {
            '"' => {
                in_string = !in_string;
                out.push(c);
            }
            '\\' if in_string => {
                let (len, mended) = mend_escape(rest);
                taken = len;
                out.push_str(mended);
            }
            '\u{0}'..='\u{1f}' if in_string => out.push_str(REPLACEMENT),
            '\u{0}'..='\u{1f}' => out.push(' '),
            _ => out.push(c),
        }
        rest = &rest[taken..];
    }
    out
}

/// `rest` starts with a backslash inside a string: how many bytes the escape takes, and what to write for it.
fn mend_escape(rest: &str) -> (usize, &str) {
    match code_unit(rest) {
        Some(0xd800..=0xdbff) => match rest.get(6..).and_then(code_unit) {
            Some(0xdc00..=0xdfff) => (12, &rest[..12]),
            _ => (6, REPLACEMENT),
        },
        Some(0xdc00..=0xdfff) => (6, REPLACEMENT),
        Some(_) => (6, &rest[..6]),
        None => match rest.as_bytes().get(1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => (2, &rest[..2]),
            _ => (1, REPLACEMENT),
        },
    }
}

/// The value of a `\uXXXX` escape at the start of the text.
fn code_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_duplicate_keys_counts() {
        let object = Object::parse(r#"{"a":1,"a":2}"#).unwrap();
        assert_eq!(object.read::<i64>("a"), Some(2));
    }

    #[test]
    fn valid_text_is_left_alone() {
        let text = r#"{"a":"\ud83d\ude00 \" \\ud8"}"#;
        assert_eq!(mend(text.as_bytes()), text);
    }

    #[test]
    fn lone_surrogates_controls_and_bad_bytes_become_replacement_characters() {
        let raw = b"{\"a\":\"x\\ud800y\\udc00z\\ud83d\\u0041\x00\xff\\q\"\x00}";
        let mended = mend(raw);
        let object = Object::parse(&mended).unwrap();
        assert_eq!(
            object.string("a").unwrap(),
            "x\u{fffd}y\u{fffd}z\u{fffd}A\u{fffd}\u{fffd}\u{fffd}q"
        );
    }

    #[test]
    fn depth_costs_only_the_field_it_is_in() {
        let deep = format!(
            "{{\"deep\":{}{},\"n\":1e999,\"a\":7}}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        let object = Object::parse(&deep).unwrap();
        assert_eq!(object.read::<i64>("a"), Some(7));
        assert_eq!(object.read::<f64>("n"), None);
    }
}
