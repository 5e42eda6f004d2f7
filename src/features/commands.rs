//! The commands there are: what Telegram offers while typing, and what `/help` lists. One list serves both, so that neither
//! promises what does not work here. Their descriptions are texts of the storefront.

use super::cx::Env;
use super::speech::{Args, Speech};

/// For everybody, in the order in which they are shown, with the keys of their descriptions.
const USERS: [(&str, &str); 11] = [
    ("start", "command-start"),
    ("menu", "command-menu"),
    ("balance", "command-balance"),
    ("topup", "command-topup"),
    ("history", "command-history"),
    ("withdraw", "command-withdraw"),
    ("referrals", "command-referrals"),
    ("tip", "command-tip"),
    ("language", "command-language"),
    ("cancel", "command-cancel"),
    ("help", "command-help"),
];
const ADMINS: [(&str, &str); 7] = [
    ("user", "about-admin-user"),
    ("grant", "about-admin-grant"),
    ("refund", "about-admin-refund"),
    ("withdrawals", "about-admin-withdrawals"),
    ("verify", "about-admin-verify"),
    ("providers", "about-admin-providers"),
    ("broadcast", "about-admin-broadcast"),
];
/// Understood, and not shown.
const OTHER_NAMES: [&str; 4] = ["ref", "send", "give", "unverify"];

/// A command, without its stroke, and what it does in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Such as `balance`.
    pub name: String,
    /// In the language of the speech.
    pub about: String,
}

/// Every name that means something here: no tool of a catalogue may have it.
pub fn names() -> impl Iterator<Item = &'static str> {
    let described = USERS.into_iter().chain(ADMINS).map(|(name, _)| name);
    described.chain(OTHER_NAMES)
}

/// What everybody may say: what is switched off or not configured is left out; free tools with a command of their own are in it.
pub fn for_users(env: &Env, speech: Speech<'_>) -> Vec<Command> {
    let tools = env.catalog.services.iter().filter_map(|service| {
        let name = service.instant.as_ref()?.command.clone()?;
        let about = service.title.get(speech.language().code()).to_owned();
        Some(Command { name, about })
    });
    offered(&USERS, env, speech).chain(tools).collect()
}

/// What admins may say besides.
pub fn for_admins(env: &Env, speech: Speech<'_>) -> Vec<Command> {
    offered(&ADMINS, env, speech).collect()
}

fn offered(
    known: &[(&'static str, &'static str)],
    env: &Env,
    speech: Speech<'_>,
) -> impl Iterator<Item = Command> {
    let known = known.iter().filter(|(name, _)| works(env, name));
    known.map(move |(name, key)| Command {
        name: (*name).to_owned(),
        about: speech.plain(key, &Args::new()),
    })
}

/// Whether a command leads anywhere in this deployment.
fn works(env: &Env, name: &str) -> bool {
    match name {
        "balance" | "history" | "user" | "grant" => env.money.is_on(),
        "withdraw" | "withdrawals" => env.catalog.withdrawals.is_some() && env.money.is_on(),
        "topup" | "refund" => env.has_topup(),
        "referrals" => env.referrals.is_on(),
        "tip" | "verify" => env.tips.is_on(),
        _ => true,
    }
}
