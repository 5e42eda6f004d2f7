//! Templates: a small markup in texts of ours, and variables that are data.

use super::{Rich, Span, Style, VARIABLE_END, VARIABLE_START};

/// One unit of a template. What came escaped or from a variable is text and can never be a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Text(String),
    Mark(char),
}

pub(super) fn parse(template: &str) -> Rich {
    let tokens = tokens(template);
    region(&tokens, &Style::default(), Rich::default())
}

fn tokens(template: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut text = String::new();
    let mut depth = 0_usize;
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            VARIABLE_START => depth += 1,
            VARIABLE_END => {
                depth = depth.saturating_sub(1);
                // Also when it is empty: marks around an empty variable are still a pair.
                tokens.push(Token::Text(std::mem::take(&mut text)));
            }
            _ if depth > 0 => text.push(c),
            // Only marks can be escaped: a backslash must not swallow the start of a variable.
            '\\' => text.push(
                chars
                    .next_if(|next| is_mark(*next) || *next == '\\')
                    .unwrap_or('\\'),
            ),
            _ if is_mark(c) => {
                if !text.is_empty() {
                    tokens.push(Token::Text(std::mem::take(&mut text)));
                }
                tokens.push(Token::Mark(c));
            }
            _ => text.push(c),
        }
    }
    if !text.is_empty() {
        tokens.push(Token::Text(text));
    }
    tokens
}

fn is_mark(c: char) -> bool {
    matches!(c, '*' | '_' | '`' | '[' | ']' | '(' | ')')
}

/// Appends the tokens in the given style; goes deeper at most once per style, since an inner region holds no more
/// of the marks that delimit it.
fn region(tokens: &[Token], style: &Style, mut out: Rich) -> Rich {
    let mut rest = tokens;
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        let mark = match token {
            Token::Text(text) => {
                out = out.with(span(text.clone(), style));
                continue;
            }
            Token::Mark(mark) => *mark,
        };
        if let Some((inner, inner_style, remaining)) = styled(mark, after, style) {
            out = if inner_style.code {
                out.with(span(literal(inner), &inner_style))
            } else {
                region(inner, &inner_style, out)
            };
            rest = remaining;
        } else {
            out = out.with(span(mark.to_string(), style));
        }
    }
    out
}

type Styled<'t> = (&'t [Token], Style, &'t [Token]);

/// What a mark encloses, in which style, and what follows; `None` when it has no partner.
fn styled<'t>(mark: char, after: &'t [Token], style: &Style) -> Option<Styled<'t>> {
    let mut inner_style = style.clone();
    match mark {
        '*' => inner_style.bold = true,
        '_' => inner_style.italic = true,
        '`' => inner_style.code = true,
        '[' => return link(after, style),
        _ => return None,
    }
    let end = position(after, mark).filter(|end| *end > 0)?;
    Some((&after[..end], inner_style, &after[end + 1..]))
}

fn link<'t>(after: &'t [Token], style: &Style) -> Option<Styled<'t>> {
    let label_end = position(after, ']').filter(|end| *end > 0)?;
    let address = after.get(label_end + 1..)?;
    let (open, address) = address.split_first()?;
    if *open != Token::Mark('(') || style.link.is_some() {
        return None;
    }
    let address_end = position(address, ')').filter(|end| *end > 0)?;
    let style = Style {
        link: Some(literal(&address[..address_end])),
        ..style.clone()
    };
    Some((&after[..label_end], style, &address[address_end + 1..]))
}

fn position(tokens: &[Token], mark: char) -> Option<usize> {
    tokens.iter().position(|token| *token == Token::Mark(mark))
}

fn literal(tokens: &[Token]) -> String {
    let mut text = String::new();
    for token in tokens {
        match token {
            Token::Text(piece) => text.push_str(piece),
            Token::Mark(mark) => text.push(*mark),
        }
    }
    text
}

fn span(text: String, style: &Style) -> Span {
    Span {
        text,
        style: style.clone(),
    }
}
