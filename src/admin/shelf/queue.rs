//! The same four actions over any queue.

use std::io::Write;

use async_trait::async_trait;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::options::{Action, Discard, Id, List, Retry, State};
use super::render::{Story, Table, say, without_secrets};
use crate::engine::operator::{Operator, Outcome};

/// At most so many are replayed at once by `--all`.
pub(super) const ALL_MAX: i64 = 10_000;

/// A list for people and for machines.
pub(super) struct Listing {
    pub(super) table: Table,
    pub(super) json: Value,
}

/// A queue with things set aside.
#[async_trait]
pub(super) trait Shelf: Sync {
    type State: State;
    type Id: Id;

    /// For people: what one of them is called.
    const ONE: &'static str;

    async fn list(
        &self,
        options: &List<Self::State>,
        since: Option<OffsetDateTime>,
    ) -> Result<Listing, anyhow::Error>;
    async fn show(&self, id: &Self::Id, payload: bool) -> Result<Option<Story>, anyhow::Error>;
    /// What `--all` means, oldest first, at most [`ALL_MAX`].
    async fn set_aside(&self) -> Result<Vec<Self::Id>, anyhow::Error>;
    async fn retry(&self, id: &Self::Id, by: &Operator) -> Result<Outcome, anyhow::Error>;
    async fn discard(&self, id: &Self::Id, by: &Operator) -> Result<Outcome, anyhow::Error>;
}

/// How the answer is given, and by whom the question is asked.
pub(super) struct Asked<'a> {
    pub(super) json: bool,
    pub(super) name: &'a str,
    pub(super) now: OffsetDateTime,
}

/// Carries out one action. False: nothing matched, or something was refused.
pub(super) async fn act<Q: Shelf>(
    queue: &Q,
    action: &Action<Q::State, Q::Id>,
    asked: &Asked<'_>,
    out: &mut (impl Write + Send),
) -> Result<bool, anyhow::Error> {
    match action {
        Action::List(options) => list(queue, options, asked, out).await,
        Action::Show(options) => {
            let Some(story) = queue.show(&options.id, options.payload).await? else {
                return not_found(&options.id, Q::ONE, asked.json, out);
            };
            if asked.json {
                print_json(&story.json, out)?;
            } else {
                story.print(out)?;
            }
            Ok(true)
        }
        Action::Retry(options) => retry(queue, options, asked, out).await,
        Action::Discard(options) => discard(queue, options, asked, out).await,
    }
}

async fn list<Q: Shelf>(
    queue: &Q,
    options: &List<Q::State>,
    asked: &Asked<'_>,
    out: &mut (impl Write + Send),
) -> Result<bool, anyhow::Error> {
    let since = options.since.map(|since| since.from(asked.now));
    let Listing { table, json } = queue.list(options, since).await?;
    let count = table.rows.len();
    if asked.json {
        print_json(&json, out)?;
    } else if count == 0 && options.state.is_empty() {
        writeln!(out, "Nothing here needs a person.")?;
    } else if count == 0 {
        writeln!(out, "Nothing matches.")?;
    } else {
        table.print(0, out)?;
        if i64::try_from(count).is_ok_and(|count| count == options.limit) {
            writeln!(out, "Only the newest {count}; --limit shows more.")?;
        }
    }
    Ok(count > 0)
}

async fn retry<Q: Shelf>(
    queue: &Q,
    options: &Retry<Q::Id>,
    asked: &Asked<'_>,
    out: &mut (impl Write + Send),
) -> Result<bool, anyhow::Error> {
    let ids = if options.all {
        queue.set_aside().await?
    } else {
        options.ids.clone()
    };
    let by = operator(asked, options.reason.clone());
    let mut told = Vec::new();
    for id in &ids {
        told.push((id.to_string(), queue.retry(id, &by).await?));
    }
    tell(&told, Q::ONE, asked.json, out)
}

async fn discard<Q: Shelf>(
    queue: &Q,
    options: &Discard<Q::Id>,
    asked: &Asked<'_>,
    out: &mut (impl Write + Send),
) -> Result<bool, anyhow::Error> {
    let by = operator(asked, Some(options.reason.clone()));
    let mut told = Vec::new();
    for id in &options.ids {
        told.push((id.to_string(), queue.discard(id, &by).await?));
    }
    tell(&told, Q::ONE, asked.json, out)
}

pub(super) fn operator(asked: &Asked<'_>, reason: Option<String>) -> Operator {
    Operator {
        name: asked.name.to_owned(),
        reason,
    }
}

/// Prints a line for each; true if each is now as it was asked to be.
pub(super) fn tell(
    told: &[(String, Outcome)],
    one: &str,
    json: bool,
    out: &mut impl Write,
) -> Result<bool, anyhow::Error> {
    let lines: Vec<(&str, &'static str, &str)> = told
        .iter()
        .map(|(id, outcome)| match outcome {
            Outcome::Changed(text) => (id.as_str(), "changed", text.as_str()),
            Outcome::Already(text) => (id.as_str(), "already", text.as_str()),
            Outcome::Refused(text) => (id.as_str(), "refused", text.as_str()),
            Outcome::NotFound => (id.as_str(), "not_found", "there is no such thing here"),
        })
        .collect();
    if json {
        let lines = lines
            .iter()
            .map(|(id, result, text)| json!({ "id": id, "result": result, "text": text }));
        print_json(&lines.collect(), out)?;
    } else if lines.is_empty() {
        writeln!(out, "No {one} is set aside.")?;
    } else {
        for (id, result, text) in &lines {
            match *result {
                "changed" | "already" => say(id, text, out)?,
                "not_found" => say(id, &format!("there is no such {one}"), out)?,
                _ => say(id, &format!("{result}: {text}"), out)?,
            }
        }
    }
    let good = |(_, result, _): &(&str, &str, &str)| matches!(*result, "changed" | "already");
    Ok(!lines.is_empty() && lines.iter().all(good))
}

fn not_found(
    id: &impl Id,
    one: &str,
    json: bool,
    out: &mut impl Write,
) -> Result<bool, anyhow::Error> {
    if json {
        print_json(&Value::Null, out)?;
    } else {
        writeln!(out, "There is no {one} {id}.")?;
    }
    Ok(false)
}

pub(super) fn print_json(value: &Value, out: &mut impl Write) -> Result<(), anyhow::Error> {
    serde_json::to_writer_pretty(&mut *out, &without_secrets(value))?;
    writeln!(out)?;
    Ok(())
}
