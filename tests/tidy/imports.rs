//! Who may import whom: the table, and a reader of `crate::…` paths that understands nested braces.

use crate::source::{Source, root};

/// A module, and the modules it may import besides itself.
const TABLE: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("telegram", &["base"]),
    ("catalog", &["base"]),
    ("config", &["base"]),
    ("embedded", &["base"]),
    ("providers", &["base"]),
    ("engine", &["base", "telegram", "providers"]),
    (
        "features",
        &["base", "telegram", "providers", "engine", "catalog"],
    ),
    (
        "http",
        &[
            "base",
            "telegram",
            "providers",
            "engine",
            "features",
            "catalog",
            "config",
        ],
    ),
    (
        "admin",
        &[
            "base",
            "telegram",
            "providers",
            "engine",
            "features",
            "catalog",
            "config",
        ],
    ),
    (
        "app",
        &[
            "base",
            "telegram",
            "providers",
            "engine",
            "features",
            "catalog",
            "config",
            "http",
            "admin",
        ],
    ),
    (
        "demo",
        &[
            "base", "telegram", "catalog", "config", "embedded", "http", "app",
        ],
    ),
    ("lib", &[]),
];

/// The engines that must not know each other, with the exceptions: a broadcast is nothing but a slow producer of
/// messages, whose progress is what became of them.
const ENGINES: [&str; 13] = [
    "books",
    "broadcast",
    "inbox",
    "conversation",
    "outbox",
    "jobs",
    "light",
    "ledger",
    "payments",
    "stars",
    "upkeep",
    "grants",
    "withdrawals",
];
const ENGINE_EXCEPTIONS: [(&str, &str); 2] = [("inbox", "conversation"), ("broadcast", "outbox")];

/// Who may hold the Telegram client.
const CLIENT_HOLDERS: [&str; 6] = [
    "src/telegram/",
    "src/engine/outbox/",
    "src/http/media",
    "src/polling",
    "src/app",
    "src/demo/",
];

/// Every import of a file that the table does not allow.
pub(crate) fn violations(file: &Source) -> Vec<String> {
    let parts: Vec<&str> = file
        .path
        .trim_end_matches(".rs")
        .split('/')
        .skip(1)
        .collect();
    let module = parts[0];
    // The command line is the only place that sees everything.
    if module == "main" || module == "bin" {
        return Vec::new();
    }
    let Some((_, allowed)) = TABLE.iter().find(|(name, _)| *name == module) else {
        return vec![format!("module `{module}` has no line in the import table")];
    };
    let mut found = Vec::new();
    for path in paths(&file.code()) {
        let first = path[0].as_str();
        if first != module && is_module(first) && !allowed.contains(&first) {
            found.push(format!("`{module}` must not import `{first}`"));
        }
        found.extend(engine_violation(&parts, &path));
        found.extend(feature_violation(&parts, &path));
        found.extend(client_violation(file, &path));
    }
    found.sort();
    found.dedup();
    found
}

/// Whether a name after `crate::` is a module: a macro or constant of the root is none.
fn is_module(name: &str) -> bool {
    let folder = root().join("src").join(name);
    folder.is_dir() || folder.with_extension("rs").is_file()
}

fn engine_violation(parts: &[&str], path: &[String]) -> Option<String> {
    let [first, other, ..] = path else {
        return None;
    };
    let (Some(&"engine"), Some(own)) = (parts.first(), parts.get(1)) else {
        return None;
    };
    let other = other.as_str();
    let barred = first == "engine"
        && other != *own
        && ENGINES.contains(&other)
        && ENGINES.contains(own)
        && !ENGINE_EXCEPTIONS.contains(&(own, other));
    barred.then(|| format!("engine `{own}` must not import engine `{other}`"))
}

/// A feature is a folder; what several need is a file beside the folders, perhaps with a folder of its own.
fn feature_violation(parts: &[&str], path: &[String]) -> Option<String> {
    let [first, other, ..] = path else {
        return None;
    };
    let [module, own, _, ..] = parts else {
        return None;
    };
    let folder = root().join("src/features").join(other);
    let barred = *module == "features"
        && first == "features"
        && other != own
        && folder.is_dir()
        && !folder.with_extension("rs").is_file();
    barred.then(|| format!("feature `{own}` must not import feature `{other}`"))
}

fn client_violation(file: &Source, path: &[String]) -> Option<String> {
    let is_client = path[0] == "telegram"
        && path[1..]
            .iter()
            .any(|part| part == "Client" || part == "client");
    let may = CLIENT_HOLDERS
        .iter()
        .any(|place| file.path.starts_with(place));
    (is_client && !may)
        .then(|| "holds the Telegram client; only outbox, media, polling and app may".to_owned())
}

/// All paths after `crate::`, with groups multiplied out: `a::{b, c::{d, e}}` gives `a::b`, `a::c::d`, `a::c::e`.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, mark) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        expand(&code[at + mark.len()..], &mut Vec::new(), &mut found);
    }
    found
}

/// Reads one path or group from the start of `rest` and returns what follows it.
fn expand<'a>(rest: &'a str, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let rest = rest.trim_start();
    if let Some(mut inner) = rest.strip_prefix('{') {
        loop {
            inner = inner.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            if inner.is_empty() {
                return inner;
            }
            if let Some(after) = inner.strip_prefix('}') {
                return after;
            }
            let after = expand(inner, prefix, found);
            inner = after.trim_start_matches(|c: char| c != ',' && c != '}' && c != '{');
            if after.len() == inner.len() && inner.starts_with('{') {
                return inner;
            }
        }
    }
    let end = rest
        .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '*'))
        .unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    prefix.push(name.to_owned());
    let after = match after.strip_prefix("::") {
        Some(deeper)
            if deeper
                .starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '{' || c == '*') =>
        {
            expand(deeper, prefix, found)
        }
        Some(_) | None => {
            found.push(prefix.clone());
            after
        }
    };
    prefix.pop();
    after
}

#[test]
fn groups_are_multiplied_out() {
    let code = "use crate::a::{b, c::{d, e as f}, self};\nlet x = crate::g::h::<u8>(1); pub(crate) fn i() {}";
    let found: Vec<String> = paths(code).iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["a::b", "a::c::d", "a::c::e", "a::self", "g::h"]);
}

#[test]
fn a_wrong_import_is_found() {
    let violations_of = |path: &str, text: &str| {
        violations(&Source {
            path: path.to_owned(),
            text: text.to_owned(),
        })
    };
    assert_eq!(
        violations_of("src/base/clock.rs", "use crate::{config::Env, base::ids};"),
        ["`base` must not import `config`"]
    );
    assert_eq!(
        violations_of(
            "src/engine/inbox/store.rs",
            "use crate::engine::{lanes, outbox::Message, conversation};"
        ),
        ["engine `inbox` must not import engine `outbox`"]
    );
    assert_eq!(
        violations_of(
            "src/http/webhook.rs",
            "use crate::telegram::{Client, Envelope};"
        ),
        ["holds the Telegram client; only outbox, media, polling and app may"]
    );
    assert!(
        violations_of(
            "src/engine/outbox/sender.rs",
            "use crate::telegram::Client;"
        )
        .is_empty()
    );
    assert_eq!(
        violations_of("src/novel/mod.rs", ""),
        ["module `novel` has no line in the import table"]
    );
}
