//! `bulwark inbox|outbox|jobs|light`: reads what was set aside, replays it, or gives it up. `bulwark providers`: holds one
//! open, and releases it.
//!
//! Everything goes through the engines' own `shelf` modules: each change is one transaction under a row lock, recorded
//! with who and why. The service needs no telling: its next poll, within a second or two, finds what was put back.

mod inbox;
mod jobs;
mod light;
pub(super) mod options;
mod outbox;
mod providers;
mod queue;
mod related;

use super::render;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;

pub use options::Command;

use super::decider::Decider;
use crate::base::clock::Clock;
use crate::base::db::{self, PoolLimits};
use crate::base::ids::Ids;
use crate::base::redact;
use crate::catalog::Catalog;
use crate::config::{Database, Env, Providers, Wallet, problem_list};
use crate::engine::jobs::JobKind;
use crate::engine::limits::Rate;
use crate::features::paying::PaymentsOffer;
use crate::features::rewards::ReferralRules;
use crate::features::tips::TipRules;
use crate::features::{self, cx};
use options::{Action, JobsAction};
use queue::Asked;

/// What an operator works with.
pub struct Desk {
    pool: PgPool,
    clock: Clock,
    kinds: Vec<Arc<dyn JobKind>>,
    providers: Vec<String>,
    admin_ids: Vec<i64>,
    name: String,
}

impl Desk {
    /// A desk as the environment of the service says.
    ///
    /// # Errors
    /// What is wrong with the settings or the catalogue.
    pub fn open(env: &Env) -> Result<Self, anyhow::Error> {
        let database = Database::from_env(env)
            .map_err(|problems| anyhow::anyhow!("{}", problem_list(&problems)))?;
        let limits = PoolLimits {
            connections_max: 2,
            ..PoolLimits::default()
        };
        let pool = database.route()?.pool(&limits);
        Self::on(pool, Clock::system(), env)
    }

    /// As [`Desk::open`], on this database and by this clock.
    ///
    /// # Errors
    /// What is wrong with the settings or the catalogue.
    pub fn on(pool: PgPool, clock: Clock, env: &Env) -> Result<Self, anyhow::Error> {
        let world = Arc::new(world(&clock, env)?);
        let kinds = features::job_kinds(&world);
        Ok(Self {
            admin_ids: world.admin_ids.clone(),
            pool,
            clock,
            kinds,
            providers: Providers::isolable_in(env),
            name: env.user_name(),
        })
    }

    /// Carries out a command. False: nothing matched, or something was refused; the answer says what.
    ///
    /// # Errors
    /// The database's, or an owner's that cannot settle a job.
    pub async fn run(
        &self,
        command: &Command,
        out: &mut (impl Write + Send),
    ) -> Result<bool, anyhow::Error> {
        let (pool, clock) = (&self.pool, &self.clock);
        match command {
            Command::Inbox(asked) => {
                let inbox = inbox::Inbox { pool, clock };
                queue::act(&inbox, &asked.action, &self.asked(asked), out).await
            }
            Command::Outbox(asked) => {
                let outbox = outbox::Outbox { pool, clock };
                queue::act(&outbox, &asked.action, &self.asked(asked), out).await
            }
            Command::Light(asked) => {
                let light = light::Light { pool, clock };
                queue::act(&light, &asked.action, &self.asked(asked), out).await
            }
            Command::Providers(asked) => {
                let desk = providers::Providers {
                    pool,
                    clock,
                    names: &self.providers,
                };
                desk.run(&asked.action, &self.asked(asked), out).await
            }
            Command::Jobs(asked) => {
                let jobs = jobs::Jobs {
                    pool,
                    clock,
                    kinds: &self.kinds,
                };
                let by = self.settler(asked)?;
                let mut about = self.asked(asked);
                about.name = by.as_deref().unwrap_or(about.name);
                match &asked.action {
                    JobsAction::Any(action) => queue::act(&jobs, action, &about, out).await,
                    JobsAction::Resolve(options) => {
                        let by = queue::operator(&about, options.reason.clone());
                        let outcome = jobs.resolve(options, &by).await?;
                        let told = [(options.id.to_string(), outcome)];
                        queue::tell(&told, "job", about.json, out)
                    }
                }
            }
        }
    }

    /// Who settles a job by this command, which moves its money; None: it settles none.
    fn settler(&self, asked: &options::Queue<JobsAction>) -> Result<Option<String>, anyhow::Error> {
        match &asked.action {
            JobsAction::Resolve(_) | JobsAction::Any(Action::Discard(_)) => {
                let given = asked.name.as_deref();
                let decider = Decider::named(given, &self.admin_ids, &self.name)?;
                Ok(Some(decider.name()))
            }
            JobsAction::Any(Action::List(_) | Action::Show(_) | Action::Retry(_)) => Ok(None),
        }
    }

    fn asked<'a, A: clap::Subcommand>(&'a self, asked: &'a options::Queue<A>) -> Asked<'a> {
        Asked {
            json: asked.json,
            name: asked.name.as_deref().unwrap_or(&self.name),
            now: self.clock.now(),
        }
    }
}

/// Runs one command against the database of the environment.
///
/// # Errors
/// With what to do about it, where that is known.
pub async fn run(
    env: &Env,
    command: &Command,
    out: &mut (impl Write + Send),
) -> Result<bool, anyhow::Error> {
    let desk = Desk::open(env)?;
    desk.run(command, out).await.map_err(explained)
}

pub(super) fn explained(error: anyhow::Error) -> anyhow::Error {
    let text = match error.downcast_ref::<sqlx::Error>() {
        // Undefined table or column.
        Some(sqlx::Error::Database(database))
            if matches!(database.code().as_deref(), Some("42P01" | "42703")) =>
        {
            "the database's schema is older than this program: run `bulwark migrate`".to_owned()
        }
        Some(error) if db::is_transient(error) => {
            format!("the database is not there: {error}")
        }
        _ => return error,
    };
    anyhow::anyhow!("{}", redact::text(&text))
}

/// What is needed to settle orders and withdrawals, and nothing to take any.
///
/// # Errors
/// What is wrong with the settings or the catalogue.
pub(super) fn world(clock: &Clock, env: &Env) -> Result<cx::Env, anyhow::Error> {
    let wallet =
        Wallet::from_env(env).map_err(|problems| anyhow::anyhow!("{}", problem_list(&problems)))?;
    Ok(settling(clock.clone(), super::catalog(env)?, wallet))
}

fn settling(clock: Clock, catalog: Catalog, wallet: Wallet) -> cx::Env {
    cx::Env {
        clock,
        ids: Ids::random(),
        catalog: Arc::new(catalog),
        bot_name: std::sync::OnceLock::new(),
        admin_ids: wallet.admin_ids,
        welcome_grant: wallet.welcome_grant,
        money: cx::Switch::default(),
        stars: cx::StarsOffer::default(),
        grants: cx::GrantRules::default(),
        export_as_file: true,
        payments: PaymentsOffer::default(),
        referrals: ReferralRules::default(),
        tips: TipRules::default(),
        free_uses_per_day: 0,
        orders_per_user: 0,
        work_rate: Rate {
            every: Duration::from_secs(1),
            burst: 1,
        },
        credit_micros: BTreeMap::new(),
        standing: Box::new(|_| None),
    }
}
