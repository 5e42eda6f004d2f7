//! MarkdownV2; Bot API docs, "MarkdownV2 style", and the parser of the Bot API server.

use super::{Rich, Span};

pub(super) fn render(rich: &Rich) -> String {
    let mut out = String::new();
    for span in rich.spans() {
        render_span(&mut out, span);
    }
    out
}

/// Each span is opened and closed by itself, always in the same order: link, bold, italic. So two italics can only
/// touch when their styles are equal, and then they are one span: `__` (underline) never arises.
fn render_span(out: &mut String, span: &Span) {
    let style = &span.style;
    if style.pre {
        // Without the line end the first word would be taken for a language.
        out.push_str("```\n");
        escape(out, &span.text, is_special_in_code);
        out.push_str("```");
        return;
    }
    if style.code {
        out.push('`');
        escape(out, &span.text, is_special_in_code);
        out.push('`');
        return;
    }
    if style.link.is_some() {
        out.push('[');
    }
    let marks = [(style.bold, '*'), (style.italic, '_')];
    for (_, mark) in marks.iter().filter(|(on, _)| *on) {
        out.push(*mark);
    }
    escape(out, &span.text, is_special);
    for (_, mark) in marks.iter().rev().filter(|(on, _)| *on) {
        out.push(*mark);
    }
    if let Some(address) = &style.link {
        out.push_str("](");
        escape(out, address, |c| matches!(c, ')' | '\\'));
        out.push(')');
    }
}

fn escape(out: &mut String, text: &str, is_special: fn(char) -> bool) {
    for c in text.chars() {
        if is_special(c) {
            out.push('\\');
        }
        out.push(c);
    }
}

fn is_special(c: char) -> bool {
    matches!(
        c,
        '_' | '*'
            | '['
            | ']'
            | '('
            | ')'
            | '~'
            | '`'
            | '>'
            | '#'
            | '+'
            | '-'
            | '='
            | '|'
            | '{'
            | '}'
            | '.'
            | '!'
            | '\\'
    )
}

fn is_special_in_code(c: char) -> bool {
    matches!(c, '`' | '\\')
}
