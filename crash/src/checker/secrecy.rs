//! G7: nothing of what is secret is in a log, and nothing of what the provider says in a chat.

use std::path::Path;

use super::{Facts, Verdict};
use crate::cards;
use crate::payouts;
use crate::promoters;
use crate::tippers;
use crate::world::{KIE_KEY, SECRET, TOKEN};

/// What the provider says of itself when it fails (the simulator's texts).
const PROVIDERS_WORDS: [&str; 6] = [
    "fal.ai",
    "bytedance",
    "kie.internal",
    "gpu-17",
    "promo-panel",
    "blacklisted",
];

pub(super) fn check(facts: &Facts, logs: &Path, verdict: &mut Verdict) {
    let secrets = [
        TOKEN,
        KIE_KEY,
        promoters::KEY,
        tippers::KEY,
        payouts::HOLDER,
        cards::KEY,
        cards::SECRET_HASH,
        cards::SIGNING_KEY,
        SECRET,
        "/media/v1",
        "postgres://",
    ];
    let tokens = facts.tokens.iter().map(String::as_str);
    let secrets: Vec<&str> = secrets.into_iter().chain(tokens).collect();
    for entry in std::fs::read_dir(logs).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "log") {
            continue;
        }
        let text = std::fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        for secret in secrets.iter().filter(|secret| text.contains(**secret)) {
            let kind = &secret[..6.min(secret.len())];
            verdict.add(
                "G7",
                format!("{} contains a secret ({kind}…)", path.display()),
            );
        }
        if text.contains("panicked at") || text.contains("panic=") {
            verdict.add("G8", format!("{}: something panicked", path.display()));
        }
    }
    for (chat, messages) in &facts.chats {
        for message in messages {
            let text = message["text"].as_str().unwrap_or_default();
            if PROVIDERS_WORDS.iter().any(|word| text.contains(word)) {
                verdict.add(
                    "G7",
                    format!("chat {chat} reads what the provider said: {text:?}"),
                );
            }
        }
    }
}
