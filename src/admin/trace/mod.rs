//! `bulwark trace`: the whole story of one thing, from the update that began it to the money that moved and the messages
//! that told of it.
//!
//! What belongs together carries one correlation id. Nothing that users wrote is shown, nor what they are called: the story
//! is of what we did. Rows that retention has taken are missing, and it says so.

mod gather;
mod user;
mod words;

use std::io::Write;

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use super::render::{Story, say, when, without_secrets};
use crate::base::clock::Clock;
use crate::config::Env;

/// How it is asked for.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// What it is
    #[arg(value_enum)]
    pub what: What,
    /// Its id: of a message the one that `bulwark outbox list` prints, of a user Telegram's
    #[arg(allow_hyphen_values = true)]
    pub id: String,
    /// Of a user: so many of the newest of each kind, 1 to 1000
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(i64).range(1..=1000))]
    pub limit: i64,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// What a story is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// Something that Telegram sent us
    Update,
    /// Work at a provider
    Job,
    /// A movement of money
    Transfer,
    /// A message to Telegram
    Message,
    /// A person
    User,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Happened {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// update, conversation, hold, transfer, job, attempt, callback, message, admin, operator.
    pub what: &'static str,
    /// Its id there.
    pub id: String,
    /// What happened to it.
    pub text: String,
}

/// A thing with all that belongs to it.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// What it is.
    pub facts: Vec<(&'static str, String)>,
    /// In the order in which it happened.
    pub happened: Vec<Happened>,
    /// What is missing, and why.
    pub missing: Vec<String>,
}

/// Where a story begins.
struct Thread {
    correlation: Uuid,
    around: OffsetDateTime,
    /// Whose money may have moved.
    users: Vec<i64>,
    /// Jobs that belong to it for certain.
    jobs: Vec<Uuid>,
    facts: Vec<(&'static str, String)>,
}

/// Tells the story from the database that the environment names. False: there is no such thing.
///
/// # Errors
/// What is wrong with the settings or the id; the database's.
pub async fn run(
    env: &Env,
    options: &Options,
    out: &mut (impl Write + Send),
) -> Result<bool, anyhow::Error> {
    on(&super::pool(env)?, &Clock::system(), options, out).await
}

/// As [`run`], on this database.
///
/// # Errors
/// The same.
pub async fn on(
    pool: &PgPool,
    clock: &Clock,
    options: &Options,
    out: &mut (impl Write + Send),
) -> Result<bool, anyhow::Error> {
    let Some(told) = tell(pool, clock, options).await? else {
        if options.json {
            writeln!(out, "null")?;
        } else {
            writeln!(out, "There is no such thing here, or not any more.")?;
        }
        return Ok(false);
    };
    if options.json {
        let facts = told
            .facts
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)));
        let all = json!({
            "facts": facts.collect::<serde_json::Map<String, Value>>(),
            "happened": told.happened,
            "missing": told.missing,
        });
        serde_json::to_writer_pretty(&mut *out, &without_secrets(&all))?;
        writeln!(out)?;
        return Ok(true);
    }
    let story = Story {
        facts: told.facts,
        tables: Vec::new(),
        texts: Vec::new(),
        json: Value::Null,
    };
    story.print(out)?;
    writeln!(out)?;
    for event in &told.happened {
        let id = if event.id.is_empty() {
            String::new()
        } else {
            format!(" ({})", event.id)
        };
        let head = format!("{}  {}", when(event.at), event.what);
        say(&head, &format!("{}{id}", event.text), out)?;
    }
    for missing in &told.missing {
        writeln!(out, "\n{missing}")?;
    }
    Ok(true)
}

async fn tell(
    pool: &PgPool,
    clock: &Clock,
    options: &Options,
) -> Result<Option<Told>, anyhow::Error> {
    let number = || {
        let id = options.id.trim();
        id.parse::<i64>()
            .map_err(|_| anyhow::anyhow!("the id of such a thing is a whole number, not {id:?}"))
    };
    let uuid = || {
        let id = options.id.trim();
        Uuid::try_parse(id).map_err(|_| {
            anyhow::anyhow!(
                "such an id looks like 0f8fad5b-d9cb-469f-a165-70867728950e, not {id:?}"
            )
        })
    };
    let thread = match options.what {
        What::Update => gather::update(pool, number()?).await?,
        What::Message => gather::message(pool, number()?).await?,
        What::Job => gather::job(pool, clock, uuid()?).await?,
        What::Transfer => gather::transfer(pool, uuid()?).await?,
        What::User => return user::tell(pool, clock, number()?, options.limit).await,
    };
    match thread {
        None => Ok(None),
        Some(thread) => Ok(Some(gather::all(pool, clock, thread).await?)),
    }
}
