//! MarkdownV2 as Telegram reads it (tdlib, `MessageEntity.cpp`, `parse_markdown_v2`), with its error texts.

use crate::entities::Entity;

#[cfg(test)]
mod tests;

mod links;

pub(crate) use links::{link, mark, user_of_link};

const RESERVED: &[u8] = b"_*[]()~`>#+-=|{}.!\n";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bold,
    Italic,
    Underline,
    Strikethrough,
    Spoiler,
    Code,
    Pre,
    PreCode,
    TextUrl,
    CustomEmoji,
    BlockQuote,
}

impl Kind {
    fn is_code(self) -> bool {
        matches!(self, Self::Code | Self::Pre | Self::PreCode)
    }

    /// The name in the Bot API.
    fn name(self) -> &'static str {
        match self {
            Self::Bold => "bold",
            Self::Italic => "italic",
            Self::Underline => "underline",
            Self::Strikethrough => "strikethrough",
            Self::Spoiler => "spoiler",
            Self::Code => "code",
            Self::Pre | Self::PreCode => "pre",
            Self::TextUrl => "text_link",
            Self::CustomEmoji => "custom_emoji",
            Self::BlockQuote => "blockquote",
        }
    }
}

/// An entity whose end is not seen yet.
struct Open {
    kind: Kind,
    language: Option<String>,
    /// In UTF-16 units of the plain text.
    offset: usize,
    /// In bytes of the source, for the error text.
    source_offset: usize,
    /// In bytes of the plain text.
    plain_offset: usize,
}

struct Parser<'t> {
    text: &'t [u8],
    at: usize,
    plain: Vec<u8>,
    /// Length of `plain` in UTF-16 units.
    utf16: usize,
    open: Vec<Open>,
    entities: Vec<Entity>,
    in_quote: bool,
    /// At the start of a line; marks and `\r` in between do not count.
    may_quote: bool,
}

/// The plain text and its marks, in order.
///
/// # Errors
/// The text that follows `Bad Request: can't parse entities: `.
pub fn parse_v2(text: &str) -> Result<(String, Vec<Entity>), String> {
    let mut parser = Parser {
        text: text.as_bytes(),
        at: 0,
        plain: Vec::with_capacity(text.len()),
        utf16: 0,
        open: Vec::new(),
        entities: Vec::new(),
        in_quote: false,
        may_quote: true,
    };
    while parser.at < parser.text.len() {
        parser.step()?;
    }
    parser.finish()
}

impl Parser<'_> {
    /// The byte `ahead` of the current one; 0 behind the end.
    fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn step(&mut self) -> Result<(), String> {
        let byte = self.peek(0);
        if byte == b'\\' && (1..=126).contains(&self.peek(1)) {
            self.at += 1;
            let escaped = self.peek(0);
            self.push_current();
            if escaped != b'\r' {
                self.may_quote = escaped == b'\n';
            }
            return Ok(());
        }
        let in_code = self.open.last().is_some_and(|open| open.kind.is_code());
        let reserved = if in_code { b"`".as_slice() } else { RESERVED };
        if !reserved.contains(&byte) {
            self.push_current();
            if byte != b'\r' {
                self.may_quote = false;
            }
            return Ok(());
        }
        if self.ends_current(byte) {
            return self.close(byte);
        }
        self.begin(byte)
    }

    /// Takes one byte of the source as text.
    fn push_current(&mut self) {
        let byte = self.peek(0);
        // Only the first byte of a character counts; four-byte characters are a surrogate pair.
        if byte & 0xC0 != 0x80 {
            self.utf16 += 1 + usize::from(byte >= 0xF0);
        }
        self.plain.push(byte);
        self.at += 1;
    }

    fn ends_current(&self, byte: u8) -> bool {
        let Some(open) = self.open.last() else {
            return false;
        };
        // The last line of a quote ends it, and whatever is open in it.
        if self.in_quote && byte == b'\n' && self.peek(1) != b'>' {
            return true;
        }
        match open.kind {
            Kind::Bold => byte == b'*',
            Kind::Italic => byte == b'_' && self.peek(1) != b'_',
            Kind::Underline => byte == b'_' && self.peek(1) == b'_',
            Kind::Strikethrough => byte == b'~',
            Kind::Spoiler => byte == b'|' && self.peek(1) == b'|',
            Kind::Code => byte == b'`',
            Kind::Pre | Kind::PreCode => {
                byte == b'`' && self.peek(1) == b'`' && self.peek(2) == b'`'
            }
            Kind::TextUrl | Kind::CustomEmoji => byte == b']',
            Kind::BlockQuote => false,
        }
    }

    fn begin(&mut self, byte: u8) -> Result<(), String> {
        let source_offset = self.at;
        let mut language = None;
        let (kind, width) = match (byte, self.peek(1)) {
            (b'_', b'_') => (Kind::Underline, 2),
            (b'_', _) => (Kind::Italic, 1),
            (b'*', _) => (Kind::Bold, 1),
            (b'~', _) => (Kind::Strikethrough, 1),
            (b'|', b'|') => (Kind::Spoiler, 2),
            (b'[', _) => (Kind::TextUrl, 1),
            (b'!', b'[') => (Kind::CustomEmoji, 2),
            (b'`', b'`') if self.peek(2) == b'`' => {
                self.at += 3;
                language = self.take_language();
                match language {
                    Some(_) => (Kind::PreCode, 0),
                    None => (Kind::Pre, 0),
                }
            }
            (b'`', _) => (Kind::Code, 1),
            (b'\n', _) => {
                self.push_current();
                self.may_quote = true;
                return Ok(());
            }
            (b'>', _) if self.may_quote && self.in_quote => {
                self.at += 1;
                return Ok(());
            }
            (b'>', _) if self.may_quote => {
                self.in_quote = true;
                (Kind::BlockQuote, 1)
            }
            _ => {
                let character = char::from(byte);
                return Err(format!(
                    "Character '{character}' is reserved and must be escaped with the preceding '\\'"
                ));
            }
        };
        self.at += width;
        self.open.push(Open {
            kind,
            language,
            offset: self.utf16,
            source_offset,
            plain_offset: self.plain.len(),
        });
        Ok(())
    }

    /// Behind the opening of a code block: its language, and one line break.
    fn take_language(&mut self) -> Option<String> {
        let rest = &self.text[self.at..];
        let ends = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'\0' | 0x0b | b'`');
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        let mut language = None;
        if length > 0 && rest.get(length).is_some_and(|b| *b != b'`') {
            language = Some(String::from_utf8_lossy(&rest[..length]).into_owned());
            self.at += length;
        }
        let is_break = |b: u8| b == b'\n' || b == b'\r';
        if is_break(self.peek(0)) {
            let pair = is_break(self.peek(1)) && self.peek(0) != self.peek(1);
            self.at += 1 + usize::from(pair);
        }
        language
    }

    fn close(&mut self, byte: u8) -> Result<(), String> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        if byte == b'\n' {
            return self.close_quote(open);
        }
        let length = self.utf16 - open.offset;
        let mut entity = Entity::new(open.kind.name(), open.offset, length);
        entity.language = open.language;
        let mut is_mark = length > 0;
        match open.kind {
            Kind::Bold | Kind::Italic | Kind::Strikethrough | Kind::Code => self.at += 1,
            Kind::Underline | Kind::Spoiler => self.at += 2,
            Kind::Pre | Kind::PreCode => self.at += 3,
            Kind::TextUrl => {
                let shown = String::from_utf8_lossy(&self.plain[open.plain_offset..]).into_owned();
                self.at += 1;
                let url = match self.peek(0) {
                    b'(' => self.take_url()?,
                    _ => shown,
                };
                is_mark &= mark(&mut entity, &url);
            }
            Kind::CustomEmoji => {
                self.at += 1;
                if self.peek(0) != b'(' {
                    return Err("The entity must contain a tg://emoji or tg://time URL".to_owned());
                }
                let url = self.take_url()?;
                links::mark_special(&mut entity, &url)?;
            }
            // Only a line break ends it.
            Kind::BlockQuote => {}
        }
        if is_mark {
            self.entities.push(entity);
        }
        Ok(())
    }

    /// At the line break behind a quote. `||` as the last thing in it makes it an expandable one.
    fn close_quote(&mut self, mut last: Open) -> Result<(), String> {
        let mut kind = "blockquote";
        if last.kind == Kind::Spoiler && self.is_just_open(&last) {
            kind = "expandable_blockquote";
            let within = self.open.pop();
            last = within.ok_or_else(|| unfinished(&last))?;
        }
        if last.kind != Kind::BlockQuote {
            return Err(unfinished(&last));
        }
        // The line break is part of the quote.
        self.push_current();
        self.in_quote = false;
        self.may_quote = true;
        let length = self.utf16 - last.offset;
        self.entities.push(Entity::new(kind, last.offset, length));
        Ok(())
    }

    fn is_just_open(&self, open: &Open) -> bool {
        let behind = self.at - open.source_offset;
        behind == 2 || (behind == 3 && self.plain.last() == Some(&b'\r'))
    }

    /// From `(` to behind `)`.
    fn take_url(&mut self) -> Result<String, String> {
        self.at += 1;
        let begin = self.at;
        let mut url = Vec::new();
        while self.at < self.text.len() && self.peek(0) != b')' {
            if self.peek(0) == b'\\' && (1..=126).contains(&self.peek(1)) {
                self.at += 1;
            }
            url.push(self.peek(0));
            self.at += 1;
        }
        if self.at >= self.text.len() {
            return Err(format!("Can't find end of a URL at byte offset {begin}"));
        }
        self.at += 1;
        Ok(String::from_utf8_lossy(&url).into_owned())
    }

    fn finish(mut self) -> Result<(String, Vec<Entity>), String> {
        // A quote ends with the text.
        if self.in_quote {
            let mut kind = "blockquote";
            let is_open = |open: &Open| open.kind == Kind::Spoiler;
            let end = self.text.len();
            if self
                .open
                .last()
                .is_some_and(|o| is_open(o) && o.source_offset + 2 == end)
            {
                kind = "expandable_blockquote";
                self.open.pop();
            }
            if let Some(open) = self.open.pop_if(|open| open.kind == Kind::BlockQuote)
                && self.utf16 > open.offset
            {
                let length = self.utf16 - open.offset;
                self.entities.push(Entity::new(kind, open.offset, length));
            }
        }
        if let Some(open) = self.open.last() {
            return Err(unfinished(open));
        }
        crate::entities::sort(&mut self.entities);
        let plain = String::from_utf8_lossy(&self.plain).into_owned();
        Ok((plain, self.entities))
    }
}

fn unfinished(open: &Open) -> String {
    format!(
        "Can't find end of {:?} entity at byte offset {}",
        open.kind, open.source_offset
    )
}
