//! How lists and stories look: at most 100 columns, aligned, without secrets, without anything a terminal would obey.

use std::io::{self, Write};

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::base::redact;

const COLUMNS_MAX: usize = 100;
const GAP: &str = "  ";
/// What a provider echoes of the user's input, or gives as the user's result.
const PRIVATE_FIELDS: [&str; 6] = ["param", "params", "input", "prompt", "text", "resultjson"];

/// Rows under a heading.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) head: &'static [&'static str],
    pub(super) rows: Vec<Vec<String>>,
}

/// All there is to tell of one thing.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) tables: Vec<(&'static str, Table)>,
    pub(super) texts: Vec<(&'static str, String)>,
    pub(super) json: Value,
}

impl Table {
    /// Columns as wide as they must be; the last one takes what is left.
    pub(super) fn print(&self, indent: usize, out: &mut impl Write) -> io::Result<()> {
        let head = self.head.iter().map(|name| (*name).to_owned()).collect();
        let rows: Vec<Vec<String>> = std::iter::once(head)
            .chain(
                self.rows
                    .iter()
                    .map(|row| row.iter().map(|cell| one_line(cell)).collect()),
            )
            .collect();
        let last = self.head.len().saturating_sub(1);
        let widths: Vec<usize> = (0..last)
            .map(|n| {
                rows.iter()
                    .filter_map(|row| row.get(n))
                    .map(|cell| width(cell))
                    .max()
            })
            .map(Option::unwrap_or_default)
            .collect();
        let before = indent + widths.iter().map(|width| width + GAP.len()).sum::<usize>();
        let left = COLUMNS_MAX.saturating_sub(before).max(8);
        for row in &rows {
            let mut line = " ".repeat(indent);
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(&format!("{cell:<width$}{GAP}"));
            }
            line.push_str(&cut(row.get(last).map_or("", String::as_str), left));
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

impl Story {
    pub(super) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let name_width = self
            .facts
            .iter()
            .map(|(name, _)| name.len())
            .max()
            .unwrap_or(0);
        for (name, value) in self.facts.iter().filter(|(_, value)| !value.is_empty()) {
            let lines = wrap(&one_line(value), COLUMNS_MAX - name_width - GAP.len());
            for (n, line) in lines.iter().enumerate() {
                let name = if n == 0 { name } else { "" };
                writeln!(out, "{name:<name_width$}{GAP}{line}")?;
            }
        }
        for (title, table) in self
            .tables
            .iter()
            .filter(|(_, table)| !table.rows.is_empty())
        {
            writeln!(out, "\n{title}")?;
            table.print(2, out)?;
        }
        for (title, text) in self.texts.iter().filter(|(_, text)| !text.is_empty()) {
            writeln!(out, "\n{title}")?;
            for line in text.lines() {
                for part in wrap(&one_line(line), COLUMNS_MAX - 2) {
                    writeln!(out, "  {part}")?;
                }
            }
        }
        Ok(())
    }
}

/// One thing and what is to be said of it, in as many lines as that takes.
pub(super) fn say(id: &str, text: &str, out: &mut impl Write) -> io::Result<()> {
    for (n, line) in wrap(&one_line(&format!("{id}: {text}")), COLUMNS_MAX - 2)
        .iter()
        .enumerate()
    {
        writeln!(out, "{}{line}", if n == 0 { "" } else { "  " })?;
    }
    Ok(())
}

/// As `2026-01-31 12:00:05`, in UTC.
pub(super) fn when(at: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    at.to_offset(time::UtcOffset::UTC)
        .format(format)
        .unwrap_or_else(|_| at.to_string())
}

pub(super) fn when_if(at: Option<OffsetDateTime>) -> String {
    at.map(when).unwrap_or_default()
}

/// Secrets masked in every string of a value.
pub(super) fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        Value::String(text) => Value::from(redact::text(text)),
        Value::Array(items) => items.iter().map(without_secrets).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), without_secrets(value)))
            .collect::<Map<_, _>>()
            .into(),
    }
}

/// What users wrote or got is left out of a provider's answer.
pub(super) fn without_payload(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        Value::Array(items) => items.iter().map(without_payload).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let plain = name.to_ascii_lowercase().replace(['_', '-'], "");
                let private = PRIVATE_FIELDS.contains(&plain.as_str())
                    || plain.ends_with("url")
                    || plain.ends_with("urls");
                let hidden = private && !value.is_null();
                let value = if hidden {
                    Value::from("[payload]")
                } else {
                    without_payload(value)
                };
                (name.clone(), value)
            })
            .collect::<Map<_, _>>()
            .into(),
    }
}

/// Pretty JSON.
pub(super) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// On one line, without secrets, and with nothing that moves a cursor or turns the direction of writing.
fn one_line(text: &str) -> String {
    redact::text(text)
        .chars()
        .map(|c| match c {
            '\n' | '\t' | '\r' => ' ',
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

fn width(text: &str) -> usize {
    text.chars().count()
}

fn cut(text: &str, width_max: usize) -> String {
    if width(text) <= width_max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width_max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Broken at spaces where there are some; leading spaces are kept.
fn wrap(text: &str, width_max: usize) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let (mut lines, mut from) = (Vec::new(), 0);
    while chars.len() - from > width_max {
        let line = &chars[from..from + width_max];
        let at = line
            .iter()
            .rposition(|c| *c == ' ')
            .filter(|at| *at > width_max / 2);
        let end = at.map_or(width_max, |at| at + 1);
        lines.push(line[..end].iter().collect::<String>().trim_end().to_owned());
        from += end;
    }
    lines.push(chars[from..].iter().collect());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn printed(print: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        print(&mut out).expect("written to memory");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn a_table_is_aligned_and_fits() {
        let table = Table {
            head: &["ID", "STATE", "ERROR"],
            rows: vec![
                vec!["1".to_owned(), "dead".to_owned(), "x".repeat(200)],
                vec![
                    "2222".to_owned(),
                    "pending".to_owned(),
                    "a\u{1b}[31m\nb".to_owned(),
                ],
            ],
        };
        let text = printed(|out| table.print(0, out));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "ID    STATE    ERROR");
        assert_eq!(lines[1].chars().count(), 100);
        assert!(lines[1].ends_with("x…"));
        assert_eq!(lines[2], "2222  pending  a\u{fffd}[31m b");
    }

    #[test]
    fn a_story_wraps_and_hides_secrets() {
        let story = Story {
            facts: vec![
                (
                    "error",
                    format!(
                        "{} 123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0",
                        "word ".repeat(40)
                    ),
                ),
                ("empty", String::new()),
            ],
            tables: Vec::new(),
            texts: vec![("payload", "y".repeat(250))],
            json: Value::Null,
        };
        let text = printed(|out| story.print(out));
        assert!(
            text.lines().all(|line| line.chars().count() <= 100),
            "{text}"
        );
        assert!(
            !text.contains("AAHdq") && text.contains("[redacted]"),
            "{text}"
        );
        assert!(!text.contains("empty"));
        assert_eq!(text.matches('y').count(), 250 + 1, "with the title's own");
    }

    #[test]
    fn what_users_wrote_is_left_out_of_answers() {
        let answer = json!({ "code": 200, "data": { "param": "{\"prompt\":\"mine\"}", "taskId": "t1",
            "resultJson": "{}", "resultUrls": ["https://x"], "failMsg": null } });
        let hidden = without_payload(&answer);
        assert_eq!(hidden["data"]["taskId"], "t1");
        assert_eq!(hidden["data"]["param"], "[payload]");
        assert_eq!(hidden["data"]["resultUrls"], "[payload]");
        assert!(!hidden.to_string().contains("mine"));
    }
}
