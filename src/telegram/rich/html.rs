//! HTML; Bot API docs, "HTML style".

use super::{Rich, Span};

pub(super) fn render(rich: &Rich) -> String {
    let mut out = String::new();
    for span in rich.spans() {
        render_span(&mut out, span);
    }
    out
}

fn render_span(out: &mut String, span: &Span) {
    let style = &span.style;
    let tags = [
        (style.pre, "pre"),
        (style.code, "code"),
        (style.bold, "b"),
        (style.italic, "i"),
    ];
    if let Some(address) = &style.link {
        out.push_str("<a href=\"");
        escape(out, address);
        out.push_str("\">");
    }
    for (_, tag) in tags.iter().filter(|(on, _)| *on) {
        out.push('<');
        out.push_str(tag);
        out.push('>');
    }
    escape(out, &span.text);
    for (_, tag) in tags.iter().rev().filter(|(on, _)| *on) {
        out.push_str("</");
        out.push_str(tag);
        out.push('>');
    }
    if style.link.is_some() {
        out.push_str("</a>");
    }
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
}
