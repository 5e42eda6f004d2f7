//! Reads one TOML table field by field and notes every problem instead of stopping at the first.

use std::ops::RangeInclusive;

use toml::{Table, Value};

use super::{LocalText, Problem};

/// The problems of a file found so far.
pub(super) struct Report {
    pub(super) file: String,
    pub(super) problems: Vec<Problem>,
}

impl Report {
    pub(super) fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            problems: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, place: &str, message: impl Into<String>) {
        self.problems.push(Problem {
            file: self.file.clone(),
            place: place.to_owned(),
            message: message.into(),
        });
    }
}

/// One table being read. [`Fields::finish`] reports what nobody asked for.
pub(super) struct Fields<'a> {
    table: &'a Table,
    place: String,
    seen: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(table: &'a Table, place: impl Into<String>) -> Self {
        Self {
            table,
            place: place.into(),
            seen: Vec::new(),
        }
    }

    /// The way to `name` as problems show it.
    pub(super) fn place_of(&self, name: &str) -> String {
        if self.place.is_empty() {
            name.to_owned()
        } else {
            format!("{}: {name}", self.place)
        }
    }

    pub(super) fn report(&self, report: &mut Report, name: &str, message: impl Into<String>) {
        report.add(&self.place_of(name), message);
    }

    /// The raw value, if there is one.
    pub(super) fn value(&mut self, name: &'static str) -> Option<&'a Value> {
        self.seen.push(name);
        self.table.get(name)
    }

    pub(super) fn optional_text(
        &mut self,
        report: &mut Report,
        name: &'static str,
    ) -> Option<String> {
        match self.value(name)? {
            Value::String(text) => Some(text.clone()),
            other => {
                let found = other.type_str();
                self.report(report, name, format!("must be a text, not {found}"));
                None
            }
        }
    }

    pub(super) fn text(&mut self, report: &mut Report, name: &'static str) -> Option<String> {
        self.require(report, name)?;
        self.optional_text(report, name)
    }

    /// An id of at most 24 bytes: it must fit into callback data beside a verb.
    pub(super) fn id(&mut self, report: &mut Report) -> Option<String> {
        const ID_BYTES_MAX: usize = 24;
        let id = self.text(report, "id")?;
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if id.is_empty() || id.len() > ID_BYTES_MAX || !id.bytes().all(allowed) {
            self.report(
                report,
                "id",
                format!("must be 1 to {ID_BYTES_MAX} characters of a-z, 0-9 and -"),
            );
        }
        Some(id)
    }

    pub(super) fn optional_integer(
        &mut self,
        report: &mut Report,
        name: &'static str,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        let value = self.value(name)?;
        let number = value
            .as_integer()
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = (range.start(), range.end());
            self.report(
                report,
                name,
                format!("must be a whole number, {least}..{most}"),
            );
        }
        number
    }

    pub(super) fn integer(
        &mut self,
        report: &mut Report,
        name: &'static str,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        self.require(report, name)?;
        self.optional_integer(report, name, range)
    }

    pub(super) fn number(&mut self, report: &mut Report, name: &'static str) -> Option<f64> {
        self.require(report, name)?;
        let number = match self.value(name)? {
            Value::Integer(number) => i32::try_from(*number).ok().map(f64::from),
            Value::Float(number) => Some(*number).filter(|number| number.is_finite()),
            _ => None,
        };
        if number.is_none() {
            self.report(report, name, "must be a number of moderate size");
        }
        number
    }

    pub(super) fn flag(&mut self, report: &mut Report, name: &'static str) -> bool {
        match self.value(name) {
            None => false,
            Some(Value::Boolean(flag)) => *flag,
            Some(_) => {
                self.report(report, name, "must be true or false");
                false
            }
        }
    }

    /// A text in all three languages; `most` is the limit in characters of each.
    pub(super) fn optional_local(
        &mut self,
        report: &mut Report,
        name: &'static str,
        most: usize,
    ) -> Option<LocalText> {
        let Value::Table(table) = self.value(name)? else {
            self.report(
                report,
                name,
                "must be { en = \"…\", ru = \"…\", es = \"…\" }",
            );
            return None;
        };
        let mut languages = Fields::new(table, self.place_of(name));
        let mut language = |name| languages.local_part(report, name, most);
        let (en, ru, es) = (language("en"), language("ru"), language("es"));
        languages.finish(report);
        Some(LocalText {
            en: en?,
            ru: ru?,
            es: es?,
        })
    }

    pub(super) fn local(
        &mut self,
        report: &mut Report,
        name: &'static str,
        most: usize,
    ) -> Option<LocalText> {
        self.require(report, name)?;
        self.optional_local(report, name, most)
    }

    /// Like [`Fields::local`], or one text for all languages: `16:9` needs no translation.
    pub(super) fn local_or_same(
        &mut self,
        report: &mut Report,
        name: &'static str,
        most: usize,
    ) -> Option<LocalText> {
        if !matches!(self.table.get(name), Some(Value::String(_))) {
            return self.local(report, name, most);
        }
        let text = self.local_part(report, name, most)?;
        Some(LocalText {
            en: text.clone(),
            ru: text.clone(),
            es: text,
        })
    }

    /// The tables of `[[name]]`; an absent list is empty.
    pub(super) fn tables(&mut self, report: &mut Report, name: &'static str) -> Vec<&'a Table> {
        let items = match self.value(name) {
            None => return Vec::new(),
            Some(Value::Array(items)) => items.as_slice(),
            Some(_) => &[],
        };
        let tables: Vec<&Table> = items.iter().filter_map(Value::as_table).collect();
        if tables.is_empty() || tables.len() < items.len() {
            self.report(report, name, "must be a list of tables");
        }
        tables
    }

    pub(super) fn table(&mut self, report: &mut Report, name: &'static str) -> Option<&'a Table> {
        self.require(report, name)?;
        let table = self.value(name)?.as_table();
        if table.is_none() {
            self.report(report, name, "must be a table");
        }
        table
    }

    /// Reports every field that was not asked for: most often a misspelling.
    pub(super) fn finish(self, report: &mut Report) {
        for name in self.table.keys() {
            if !self.seen.contains(&name.as_str()) {
                let known = self.seen.join(", ");
                self.report(
                    report,
                    name,
                    format!("is not a known field here; known are: {known}"),
                );
            }
        }
    }

    fn local_part(
        &mut self,
        report: &mut Report,
        name: &'static str,
        most: usize,
    ) -> Option<String> {
        let text = self.text(report, name)?;
        let length = text.chars().count();
        if text.trim().is_empty() || length > most {
            self.report(
                report,
                name,
                format!("must have 1 to {most} characters, has {length}"),
            );
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            self.report(report, name, "must not contain control characters");
        }
        Some(text)
    }

    fn require(&mut self, report: &mut Report, name: &'static str) -> Option<()> {
        if self.table.contains_key(name) {
            return Some(());
        }
        self.seen.push(name);
        self.report(report, name, "is missing");
        None
    }
}
