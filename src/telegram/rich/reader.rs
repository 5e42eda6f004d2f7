//! A strict reader of MarkdownV2 for tests, after the rules of the Bot API docs: what Telegram would show.

use super::{Rich, Style};

/// Every character shown, with its style.
pub(super) type Shown = Vec<(char, Style)>;

/// What the text says it is.
pub(super) fn intended(rich: &Rich) -> Shown {
    rich.spans()
        .iter()
        .flat_map(|span| span.text.chars().map(|c| (c, span.style.clone())))
        .collect()
}

/// What Telegram makes of the markup, or why it refuses it.
pub(super) fn read(markup: &str) -> Result<Shown, String> {
    let mut reader = Reader {
        rest: markup,
        shown: Vec::new(),
    };
    reader.text(&Style::default(), None)?;
    Ok(reader.shown)
}

struct Reader<'m> {
    rest: &'m str,
    shown: Shown,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn skip(&mut self, mark: &str) -> bool {
        let rest = self.rest.strip_prefix(mark);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Any character of ASCII may be escaped; before others a backslash is itself.
    fn escaped(&mut self) -> Option<char> {
        let is_escape = self.rest.chars().next().is_some_and(|c| c.is_ascii());
        if is_escape { self.next() } else { Some('\\') }
    }

    /// Reads to the end, or to the mark that closes what is open.
    fn text(&mut self, style: &Style, closing: Option<char>) -> Result<(), String> {
        while !self.rest.is_empty() {
            let doubled = self.rest.starts_with("__");
            if self.skip("```") {
                self.code(style, true)?;
                continue;
            }
            let Some(c) = self.next() else { break };
            match c {
                '\\' => {
                    let shown = self.escaped().ok_or("nothing to escape")?;
                    self.shown.push((shown, style.clone()));
                }
                '_' if doubled => return Err("underline is never meant".to_owned()),
                _ if Some(c) == closing => return Ok(()),
                '*' => {
                    let bold = Style {
                        bold: true,
                        ..style.clone()
                    };
                    self.text(&bold, Some('*'))?;
                }
                '_' => {
                    let italic = Style {
                        italic: true,
                        ..style.clone()
                    };
                    self.text(&italic, Some('_'))?;
                }
                '`' => self.code(style, false)?,
                '[' => self.link(style)?,
                ']' | '(' | ')' | '~' | '>' | '#' | '+' | '-' | '=' | '|' | '{' | '}' | '.'
                | '!' => {
                    return Err(format!("{c} is reserved"));
                }
                _ => self.shown.push((c, style.clone())),
            }
        }
        match closing {
            Some(mark) => Err(format!("no end of {mark}")),
            None => Ok(()),
        }
    }

    fn code(&mut self, style: &Style, pre: bool) -> Result<(), String> {
        if !style.is_plain() {
            return Err("code inside another style".to_owned());
        }
        if pre && !self.skip("\n") {
            return Err("the first word would be a language".to_owned());
        }
        let style = Style {
            code: !pre,
            pre,
            ..Style::default()
        };
        let end = if pre { "```" } else { "`" };
        while !self.skip(end) {
            let c = match self.next().ok_or("no end of code")? {
                '\\' => self.escaped().ok_or("nothing to escape")?,
                '`' => return Err("` is reserved in code".to_owned()),
                c => c,
            };
            self.shown.push((c, style.clone()));
        }
        Ok(())
    }

    fn link(&mut self, style: &Style) -> Result<(), String> {
        let start = self.shown.len();
        self.text(style, Some(']'))?;
        if !self.skip("(") {
            return Err("a label without an address".to_owned());
        }
        let mut address = String::new();
        while !self.skip(")") {
            address.push(match self.next().ok_or("no end of an address")? {
                '\\' => self.escaped().ok_or("nothing to escape")?,
                c => c,
            });
        }
        for (_, shown) in &mut self.shown[start..] {
            shown.link = Some(address.clone());
        }
        Ok(())
    }
}
