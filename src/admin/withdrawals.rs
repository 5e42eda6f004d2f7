//! `bulwark withdrawals`: the same steps as the admins' buttons, and as many at once as are named.

use std::io::Write;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use time::format_description::well_known::Rfc3339;

use super::decider::Decider;
use super::render::{Story, Table, say, when, when_if, without_secrets};
use super::shelf::options::short_text;
use super::shelf::{explained, world};
use crate::base::clock::Clock;
use crate::config;
use crate::engine::admin_audit::{self, Act};
use crate::engine::withdrawals::{self, State, Withdrawal};
use crate::features::cx;
use crate::features::withdrawals::{Actor, Step, Stepped, csv, masked_payee, step};

/// Who looks without the name of an admin.
const NO_ADMIN: i64 = 0;

/// How it is asked for.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// As JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Who acts, for the record: to approve, reject or pay the Telegram id of an admin; else any name [default: the user of
    /// this machine]
    #[arg(long = "as", global = true, value_name = "WHO", value_parser = short_text)]
    pub name: Option<String>,
    #[command(subcommand)]
    action: Action,
}

/// What can be done.
#[derive(Clone, Debug, Subcommand)]
enum Action {
    /// Lists, oldest first; by default what has not ended. Exit code 1 if there is nothing
    List(List),
    /// Tells all of one
    Show {
        /// Its id, as `list` prints it
        id: String,
        /// With whom to pay: private, and written down
        #[arg(long)]
        details: bool,
    },
    /// It shall be paid
    Approve {
        /// Which, as `list` prints them
        #[arg(required = true, num_args = 1..=100)]
        ids: Vec<String>,
    },
    /// It shall not be paid: the money goes back
    Reject {
        /// Which, as `list` prints them
        #[arg(required = true, num_args = 1..=100)]
        ids: Vec<String>,
        /// Why; the user reads it
        #[arg(long, value_parser = short_text)]
        reason: String,
    },
    /// It was paid
    Paid {
        /// Which, as `list` prints them
        #[arg(required = true, num_args = 1..=100)]
        ids: Vec<String>,
        /// Of the payment, as the bank or the chain names it
        #[arg(long, value_parser = short_text)]
        reference: String,
    },
}

#[derive(Clone, Debug, Args)]
struct List {
    /// Only these states; separate several by commas
    #[arg(long, value_enum, value_delimiter = ',')]
    state: Vec<StateFilter>,
    /// At most so many, 1 to 1000
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1000))]
    limit: i64,
    /// As comma-separated values with whom to pay: private, and written down
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StateFilter {
    Requested,
    Approved,
    Paid,
    Rejected,
    Cancelled,
}

impl StateFilter {
    fn state(self) -> State {
        match self {
            Self::Requested => State::Requested,
            Self::Approved => State::Approved,
            Self::Paid => State::Paid,
            Self::Rejected => State::Rejected,
            Self::Cancelled => State::Cancelled,
        }
    }
}

/// Carries out a command on the database of the environment. False: nothing matched, or something was refused.
///
/// # Errors
/// What is wrong with the settings or the catalogue; the database's.
pub async fn run(
    env: &config::Env,
    options: &Options,
    out: &mut (impl Write + Send),
) -> Result<bool, anyhow::Error> {
    let desk = Desk::on(super::pool(env)?, Clock::system(), env)?;
    desk.run(options, out).await.map_err(explained)
}

/// Where withdrawals are worked on by command.
pub struct Desk {
    pool: PgPool,
    world: cx::Env,
    name: String,
}

impl Desk {
    /// On this database and by this clock, with the settings of the service.
    ///
    /// # Errors
    /// What is wrong with the settings or the catalogue.
    pub fn on(pool: PgPool, clock: Clock, env: &config::Env) -> Result<Self, anyhow::Error> {
        Ok(Self {
            pool,
            world: world(&clock, env)?,
            name: env.user_name(),
        })
    }

    /// Carries out a command. False: nothing matched, or something was refused.
    ///
    /// # Errors
    /// The database's.
    pub async fn run(
        &self,
        options: &Options,
        out: &mut (impl Write + Send),
    ) -> Result<bool, anyhow::Error> {
        let (ids, step) = match &options.action {
            Action::List(list) => return self.list(list, options, out).await,
            Action::Show { id, details } => return self.show(id, *details, options, out).await,
            Action::Approve { ids } => (ids, Step::Approve),
            Action::Reject { ids, reason } => (ids, Step::Reject { reason }),
            Action::Paid { ids, reference } => (ids, Step::Paid { reference }),
        };
        self.steps(ids, step, options, out).await
    }

    async fn list(
        &self,
        list: &List,
        options: &Options,
        out: &mut (impl Write + Send),
    ) -> Result<bool, anyhow::Error> {
        let mut states: Vec<State> = list.state.iter().map(|state| state.state()).collect();
        if states.is_empty() {
            states = vec![State::Requested, State::Approved];
        }
        let mut conn = self.pool.acquire().await?;
        let found = withdrawals::list(&mut conn, &states, 0, list.limit).await?;
        if list.csv {
            let target = ("csv", found.len());
            self.note_look(&mut conn, "withdrawals export", target, options)
                .await?;
            write!(out, "{}", csv(&self.world, &found))?;
        } else if options.json {
            let items: Value = found.iter().map(|one| self.json(one, false)).collect();
            print_json(&items, out)?;
        } else if found.is_empty() {
            writeln!(out, "Nothing matches.")?;
        } else {
            self.table(&found).print(0, out)?;
        }
        Ok(!found.is_empty())
    }

    fn table(&self, found: &[Withdrawal]) -> Table {
        let money = |amount| self.world.currency().format(amount);
        Table {
            head: &[
                "ID", "STATE", "ASKED", "USER", "AMOUNT", "TO PAY", "METHOD", "PAYEE",
            ],
            rows: found
                .iter()
                .map(|one| {
                    vec![
                        one.short_id.clone(),
                        one.state.name().to_owned(),
                        when(one.created_at),
                        one.user_id.to_string(),
                        money(one.amount),
                        money(one.net()),
                        one.method.clone(),
                        masked_payee(&self.world, one),
                    ]
                })
                .collect(),
        }
    }

    async fn show(
        &self,
        id: &str,
        details: bool,
        options: &Options,
        out: &mut (impl Write + Send),
    ) -> Result<bool, anyhow::Error> {
        let mut conn = self.pool.acquire().await?;
        let Some(one) = withdrawals::find(&mut conn, id).await? else {
            writeln!(out, "There is no withdrawal {id}.")?;
            return Ok(false);
        };
        if details {
            let target = (one.short_id.as_str(), 1);
            self.note_look(&mut conn, "withdrawal details", target, options)
                .await?;
        }
        if options.json {
            print_json(&self.json(&one, details), out)?;
        } else {
            self.story(&one, details).print(out)?;
        }
        Ok(true)
    }

    fn story(&self, one: &Withdrawal, details: bool) -> Story {
        let money = |amount| self.world.currency().format(amount);
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let given = one.details.clone().unwrap_or_default().0.into_iter();
        let given: Vec<String> = given.map(|(id, value)| format!("{id}: {value}")).collect();
        Story {
            facts: vec![
                ("id", one.short_id.clone()),
                ("withdrawal", one.id.to_string()),
                ("state", one.state.name().to_owned()),
                ("user", one.user_id.to_string()),
                ("amount", money(one.amount)),
                ("fee", money(one.fee)),
                ("to pay", money(one.net())),
                ("method", one.method.clone()),
                ("payee", masked_payee(&self.world, one)),
                ("asked", when(one.created_at)),
                ("approved", when_if(one.approved_at)),
                ("approved by", text(&one.approved_by)),
                ("ended", when_if(one.ended_at)),
                ("ended by", text(&one.ended_by)),
                ("reason", text(&one.reason)),
                ("reference", text(&one.external_ref)),
                ("correlation", one.correlation.to_string()),
            ],
            tables: Vec::new(),
            texts: if details {
                vec![("Whom to pay", given.join("\n"))]
            } else {
                Vec::new()
            },
            json: Value::Null,
        }
    }

    fn json(&self, one: &Withdrawal, details: bool) -> Value {
        let at = |at: time::OffsetDateTime| at.format(&Rfc3339).unwrap_or_default();
        json!({
            "id": one.short_id,
            "withdrawal": one.id,
            "state": one.state,
            "user_id": one.user_id,
            "wallet": one.wallet_kind,
            "method": one.method,
            "amount": one.amount,
            "fee": one.fee,
            "net": one.net(),
            "currency": one.currency,
            "payee": masked_payee(&self.world, one),
            "details": one.details.as_ref().filter(|_| details),
            "created_at": at(one.created_at),
            "approved_at": one.approved_at.map(at),
            "approved_by": one.approved_by,
            "ended_at": one.ended_at.map(at),
            "ended_by": one.ended_by,
            "reason": one.reason,
            "reference": one.external_ref,
        })
    }

    /// The same rules as in the chat hold for who decides.
    fn actor(&self, options: &Options) -> Result<Actor, anyhow::Error> {
        let given = options.name.as_deref();
        let decider = Decider::named(given, &self.world.admin_ids, &self.name)?;
        Ok(Actor::AtCommand {
            admin_id: decider.admin_id,
            name: decider.name(),
        })
    }

    /// Who looks. An admin is named as one.
    fn looker(&self, options: &Options) -> (i64, String) {
        match self.actor(options) {
            Ok(Actor::AtCommand { admin_id, name }) => (admin_id, name),
            Ok(Actor::User(_) | Actor::Admin(_)) | Err(_) => {
                let name = options.name.as_deref().unwrap_or(&self.name);
                (NO_ADMIN, format!("operator {name}"))
            }
        }
    }

    /// One step for each of these, each in a transaction of its own.
    async fn steps(
        &self,
        ids: &[String],
        asked: Step<'_>,
        options: &Options,
        out: &mut (impl Write + Send),
    ) -> Result<bool, anyhow::Error> {
        let by = self.actor(options)?;
        let mut told = Vec::new();
        for id in ids {
            let mut tx = self.pool.begin().await?;
            let correlation = self.world.ids.uuid();
            let stepped = step(&mut tx, &self.world, id, asked, &by, correlation)
                .await
                .map_err(failure)?;
            tx.commit().await?;
            told.push((id.as_str(), said(&stepped)));
        }
        if options.json {
            let lines = told
                .iter()
                .map(|(id, (result, text))| json!({ "id": id, "result": result, "text": text }));
            print_json(&lines.collect(), out)?;
        } else {
            for (id, (result, text)) in &told {
                match *result {
                    "refused" => say(id, &format!("refused: {text}"), out)?,
                    _ => say(id, text, out)?,
                }
            }
        }
        let good = |result: &str| matches!(result, "changed" | "already");
        Ok(told.iter().all(|(_, (result, _))| good(result)))
    }

    /// Who looks whom to pay is written down.
    async fn note_look(
        &self,
        conn: &mut PgConnection,
        action: &str,
        (target, count): (&str, usize),
        options: &Options,
    ) -> Result<(), sqlx::Error> {
        let (admin_id, by) = self.looker(options);
        let row = Act {
            admin_id,
            action,
            target,
            detail: &json!({ "by": by, "count": count }),
            correlation: self.world.ids.uuid(),
        };
        admin_audit::record(conn, &row, self.world.clock.sql_now()).await
    }
}

fn said(stepped: &Stepped) -> (&'static str, String) {
    match stepped {
        Stepped::Now(one) => ("changed", format!("it is {} now", one.state.name())),
        Stepped::Before(one) => ("already", format!("it was {} before", one.state.name())),
        Stepped::NotFrom(one) => ("refused", format!("it is {}", one.state.name())),
        Stepped::Own(_) => ("refused", "it is the admin's own".to_owned()),
        Stepped::NotThere => ("not_found", "there is no such withdrawal".to_owned()),
    }
}

fn failure(stop: cx::Stop) -> anyhow::Error {
    match stop {
        cx::Stop::Failed(error) => error.into(),
        cx::Stop::Refused(_) | cx::Stop::RefusedWith(..) => {
            anyhow::anyhow!("a refusal where nothing can be refused")
        }
    }
}

fn print_json(value: &Value, out: &mut impl Write) -> Result<(), anyhow::Error> {
    serde_json::to_writer_pretty(&mut *out, &without_secrets(value))?;
    writeln!(out)?;
    Ok(())
}
