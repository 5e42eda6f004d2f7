//! What an address in a text stands for (tdlib, `LinkManager.cpp`).

use serde_json::json;

use crate::entities::Entity;

/// Telegram's ids of people.
const USER_ID_MAX: i64 = (1 << 40) - 1;

/// Makes `entity` a link or a mention; false for an address that is none, whose text stays plain.
pub(crate) fn mark(entity: &mut Entity, url: &str) -> bool {
    match user_of_link(url) {
        Some(user_id) => {
            "text_mention".clone_into(&mut entity.kind);
            entity.user = Some(json!({ "id": user_id }));
        }
        None => entity.url = link(url),
    }
    entity.user.is_some() || entity.url.is_some()
}

/// Makes `entity` a custom emoji or a date.
pub(super) fn mark_special(entity: &mut Entity, url: &str) -> Result<(), String> {
    if let Some(id) = emoji_of_link(url) {
        entity.custom_emoji_id = Some(id.to_string());
        return Ok(());
    }
    let time = time_of_link(url);
    let time = time.ok_or("Invalid tg://emoji or tg://time URL specified")?;
    "date_time".clone_into(&mut entity.kind);
    entity.unix_time = Some(time);
    Ok(())
}

/// The person that an address like `tg://user?id=5` names.
pub(crate) fn user_of_link(url: &str) -> Option<i64> {
    let query = tg_query(url, "user")?;
    number(parameter(query, "id")?).filter(|id| (1..=USER_ID_MAX).contains(id))
}

fn emoji_of_link(url: &str) -> Option<i64> {
    let query = tg_query(url, "emoji")?;
    number(parameter(query, "id")?).filter(|id| *id != 0)
}

fn time_of_link(url: &str) -> Option<i32> {
    let query = tg_query(url, "time")?;
    let format = parameter(query, "format").unwrap_or_default();
    let is_relative = ["r", "R"].contains(&format);
    if !is_relative && !format.bytes().all(|b| b"tTdDwW".contains(&b)) {
        return None;
    }
    let time = number(parameter(query, "unix")?)?;
    i32::try_from(time).ok().filter(|time| *time > 0)
}

/// The parameters of `tg:<host>?…`; scheme and host in any case, `//` and `/` as they please.
fn tg_query<'u>(url: &'u str, host: &str) -> Option<&'u str> {
    let start = |text: &'u str, wanted: &str| {
        let (start, rest) = text.split_at_checked(wanted.len())?;
        start.eq_ignore_ascii_case(wanted).then_some(rest)
    };
    let rest = start(url, "tg:")?;
    let rest = start(rest.strip_prefix("//").unwrap_or(rest), host)?;
    let query = rest.strip_prefix('/').unwrap_or(rest).strip_prefix('?')?;
    query.split('#').next()
}

fn parameter<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    let mut pairs = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.find_map(|(key, value)| (key == name).then_some(value))
}

/// Digits as a machine writes them: no sign in front but a minus, no leading zero.
fn number(digits: &str) -> Option<i64> {
    let number: i64 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

/// An address that Telegram makes a link of; other text in its place is simply no link.
pub(crate) fn link(url: &str) -> Option<String> {
    let url = url.trim();
    for scheme in ["tg", "ton", "tonsite"] {
        let rest = url.split_at_checked(scheme.len());
        let rest = rest.filter(|(start, _)| start.eq_ignore_ascii_case(scheme));
        if let Some(rest) = rest.and_then(|(_, rest)| rest.strip_prefix(':')) {
            return own_link(scheme, rest.strip_prefix("//").unwrap_or(rest));
        }
    }
    let with_scheme = if url.contains("://") {
        url.to_owned()
    } else {
        format!("http://{url}")
    };
    let parsed = reqwest::Url::parse(&with_scheme).ok()?;
    let host = parsed.host_str()?;
    let is_host = host.contains('.') || host.starts_with('[');
    (matches!(parsed.scheme(), "http" | "https") && is_host).then(|| parsed.to_string())
}

/// A link into Telegram's own apps.
fn own_link(scheme: &str, rest: &str) -> Option<String> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, query) = rest.split_at(end);
    let fits = |b: u8| {
        b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || (scheme == "tonsite" && b == b'.')
    };
    let is_host = !host.is_empty() && host.bytes().all(fits);
    let query = match query.strip_prefix('/') {
        Some(rest) if rest.starts_with('?') => rest,
        Some(_) | None => query,
    };
    let host = host.to_ascii_lowercase();
    is_host.then(|| format!("{scheme}://{host}{query}"))
}
