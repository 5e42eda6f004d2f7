//! MarkdownV2 as Telegram reads it (tdlib, `MessageEntity.cpp`, `parse_markdown_v2`), with its error texts.

use crate::entities::Entity;

#[cfg(test)]
mod tests;

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
    at_line_start: bool,
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
        at_line_start: true,
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
            self.push_current();
            return Ok(());
        }
        let in_code = self.open.last().is_some_and(|open| open.kind.is_code());
        let reserved = if in_code { b"`".as_slice() } else { RESERVED };
        if !reserved.contains(&byte) {
            self.push_current();
            return Ok(());
        }
        if self.ends_current(byte) {
            return self.close();
        }
        if byte == b'\n' || in_code {
            self.push_current();
            self.at_line_start = byte == b'\n';
            return Ok(());
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
        self.at_line_start = false;
    }

    fn ends_current(&self, byte: u8) -> bool {
        let Some(open) = self.open.last() else {
            return false;
        };
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
            Kind::BlockQuote => {
                let line_ends = byte == b'\n' && self.peek(1) != b'>';
                line_ends || self.is_expandable_end(byte)
            }
        }
    }

    /// `||` as the last thing of a quote makes it an expandable one.
    fn is_expandable_end(&self, byte: u8) -> bool {
        let behind = self.peek(2);
        let ends = self.at + 2 >= self.text.len() || (behind == b'\n' && self.peek(3) != b'>');
        byte == b'|' && self.peek(1) == b'|' && ends
    }

    fn begin(&mut self, byte: u8) -> Result<(), String> {
        let source_offset = self.at;
        let reserved = || {
            let character = char::from(byte);
            format!(
                "Character '{character}' is reserved and must be escaped with the preceding '\\'"
            )
        };
        let mut language = None;
        let kind = match (byte, self.peek(1)) {
            (b'_', b'_') => Kind::Underline,
            (b'_', _) => Kind::Italic,
            (b'*', _) => Kind::Bold,
            (b'~', _) => Kind::Strikethrough,
            (b'|', b'|') => Kind::Spoiler,
            (b'[', _) => Kind::TextUrl,
            (b'!', b'[') => Kind::CustomEmoji,
            (b'`', b'`') if self.peek(2) == b'`' => {
                self.at += 3;
                language = self.take_language();
                match language {
                    Some(_) => Kind::PreCode,
                    None => Kind::Pre,
                }
            }
            (b'`', _) => Kind::Code,
            (b'>', _) if self.at_line_start && self.continues_quote() => {
                self.at += 1;
                self.at_line_start = false;
                return Ok(());
            }
            (b'>', _) if self.at_line_start && self.open.is_empty() => Kind::BlockQuote,
            _ => return Err(reserved()),
        };
        self.at += match kind {
            Kind::Underline | Kind::Spoiler | Kind::CustomEmoji => 2,
            Kind::Pre | Kind::PreCode => 0,
            Kind::Bold | Kind::Italic | Kind::Strikethrough | Kind::Code => 1,
            Kind::TextUrl | Kind::BlockQuote => 1,
        };
        self.at_line_start = false;
        self.open.push(Open {
            kind,
            language,
            offset: self.utf16,
            source_offset,
            plain_offset: self.plain.len(),
        });
        Ok(())
    }

    fn continues_quote(&self) -> bool {
        self.open
            .first()
            .is_some_and(|open| open.kind == Kind::BlockQuote)
    }

    /// Behind the opening of a code block: its language, and one line break.
    fn take_language(&mut self) -> Option<String> {
        let rest = &self.text[self.at..];
        let length = rest
            .iter()
            .position(|b| b.is_ascii_whitespace() || *b == b'`')
            .unwrap_or(rest.len());
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

    fn close(&mut self) -> Result<(), String> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let length = self.utf16 - open.offset;
        let mut entity = Entity::new(open.kind.name(), open.offset, length);
        entity.language = open.language;
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
                match link(&url) {
                    Some(url) => entity.url = Some(url),
                    None => return Ok(()),
                }
            }
            Kind::CustomEmoji => {
                self.at += 1;
                if self.peek(0) != b'(' {
                    return Err("Custom emoji entity must contain a tg://emoji URL".to_owned());
                }
                let url = self.take_url()?;
                let id = url.strip_prefix("tg://emoji?id=");
                let id = id.filter(|id| id.parse::<u64>().is_ok());
                entity.custom_emoji_id = Some(id.ok_or("Invalid custom emoji URL")?.to_owned());
            }
            Kind::BlockQuote if self.peek(0) == b'|' => {
                self.at += 2;
                "expandable_blockquote".clone_into(&mut entity.kind);
            }
            // The line break is text of its own.
            Kind::BlockQuote => {
                self.push_current();
                self.at_line_start = true;
            }
        }
        if length > 0 {
            self.entities.push(entity);
        }
        Ok(())
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
        if let [only] = self.open.as_slice()
            && only.kind == Kind::BlockQuote
        {
            let length = self.utf16 - only.offset;
            if length > 0 {
                self.entities
                    .push(Entity::new("blockquote", only.offset, length));
            }
            self.open.clear();
        }
        if let Some(open) = self.open.last() {
            return Err(format!(
                "Can't find end of {:?} entity at byte offset {}",
                open.kind, open.source_offset
            ));
        }
        self.entities
            .sort_by_key(|entity| (entity.offset, std::cmp::Reverse(entity.length)));
        let plain = String::from_utf8_lossy(&self.plain).into_owned();
        Ok((plain, self.entities))
    }
}

/// The person that an address like `tg://user?id=5` names (tdlib, `get_link_user_id`).
pub(crate) fn user_of_link(url: &str) -> Option<i64> {
    let url = url.to_ascii_lowercase();
    let rest = url.strip_prefix("tg:")?;
    let rest = rest
        .strip_prefix("//")
        .unwrap_or(rest)
        .strip_prefix("user")?;
    let query = rest.strip_prefix('/').unwrap_or(rest).strip_prefix('?')?;
    let query = query.split('#').next()?;
    let id = query.split('&').find_map(|pair| pair.strip_prefix("id="))?;
    id.parse().ok().filter(|id| *id > 0)
}

/// An address that Telegram makes a link of; other text in its place is simply no link.
pub(crate) fn link(url: &str) -> Option<String> {
    let url = url.trim();
    if ["tg://", "ton://", "tonsite://", "mailto:", "tel:"]
        .iter()
        .any(|start| url.starts_with(start))
    {
        return Some(url.to_owned());
    }
    let with_scheme = if url.contains("://") {
        url.to_owned()
    } else {
        format!("http://{url}")
    };
    let parsed = reqwest::Url::parse(&with_scheme).ok()?;
    let host = parsed.host_str()?;
    (matches!(parsed.scheme(), "http" | "https") && host.contains('.')).then(|| parsed.to_string())
}
