//! The books: what `bulwark reconcile` works with, its comparison of each night, and the alarm.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use metrics::gauge;
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use time::Time;

use super::build::{self, Parts};
use super::funds::Low;
use super::stars::BotStars;
use super::switches::only_while;
use super::{breakers, env, payments, providers};
use crate::admin::reconcile::{Reconciliation, Verdict};
use crate::base::clock::Clock;
use crate::base::db::PoolLimits;
use crate::base::ids::Ids;
use crate::config::{Config, problem_list};
use crate::engine::books::Costs;
use crate::engine::outbox::{self, Action, NewMessage, Priority};
use crate::engine::task::Task;
use crate::engine::wake::Wake;
use crate::engine::{books, ledger};
use crate::features;
use crate::features::cx::Env;
use crate::features::processors::Processor;
use crate::features::topup::{Desk, Reconciler};
use crate::http::metrics::BOOKS_FINDINGS;
use crate::providers::Provider;
use crate::telegram::Rich;

/// Nights begin here, UTC: when least is paid.
const NIGHT: Time = time::macros::time!(03:00);

/// What `bulwark reconcile` works with, by the environment of the service.
///
/// # Errors
/// What is wrong with the environment or the catalogue.
pub fn reconciliation(variables: &crate::config::Env) -> Result<Reconciliation, anyhow::Error> {
    #[cfg(feature = "faults")]
    crate::base::fault::arm(crate::config::faults(variables).map_err(anyhow::Error::msg)?);
    let config = Config::from_env(variables)
        .map_err(|problems| anyhow::anyhow!("{}", problem_list(&problems)))?;
    let catalog = super::serve::catalog(&config)?;
    let route = config.database.route()?;
    let client = build::client(&config)?;
    let (clock, ids) = (Clock::system(), Ids::random());
    let breakers = breakers::of(&config, &clock, &ids);
    let providers = providers::all(&config, &breakers, &clock, &ids)?;
    let processors = payments::all(&config, &breakers, &clock, &ids)?;
    let public_url = config.http.public_url.clone();
    let parts = Parts {
        config,
        catalog: Arc::new(catalog),
        clock,
        ids,
    };
    let limits = PoolLimits {
        connections_max: 2,
        ..PoolLimits::default()
    };
    let pool = route.pool(&limits);
    let world = Arc::new(env::env(&parts, &[], &processors, &Low::default()));
    // The service's next poll finds what is to be sent.
    let stars = Reconciler::new(
        pool.clone(),
        Arc::clone(&world),
        Arc::new(BotStars(client)),
        Wake::default(),
    );
    let desk = Desk::new(
        pool.clone(),
        Arc::clone(&world),
        processors,
        Wake::default(),
        public_url,
    );
    let mut comparisons = desk.comparisons();
    comparisons.insert(0, Arc::new(stars));
    Ok(Reconciliation {
        pool,
        clock: parts.clock,
        ids: parts.ids,
        currency: world.currency().clone(),
        providers,
        processors: comparisons,
        operator: variables.user_name(),
        admin_ids: world.admin_ids.clone(),
    })
}

/// All that looks after the books.
pub(super) struct Books {
    all: Reconciliation,
    nightly: Nightly,
    alarm: Alarm,
}

impl Books {
    /// `messages` is notified after each commit that tells somebody.
    pub(super) fn new(
        pool: &PgPool,
        env: &Arc<Env>,
        providers: Vec<Arc<dyn Provider>>,
        processors: Vec<Arc<dyn Processor>>,
        messages: Wake,
    ) -> Self {
        let all = Reconciliation {
            pool: pool.clone(),
            clock: env.clock.clone(),
            ids: env.ids.clone(),
            currency: env.currency().clone(),
            providers,
            processors,
            operator: "the service".to_owned(),
            admin_ids: env.admin_ids.clone(),
        };
        let nightly = Nightly {
            env: Arc::clone(env),
            all: all.clone(),
            messages: messages.clone(),
        };
        let alarm = Alarm {
            env: Arc::clone(env),
            pool: pool.clone(),
            messages,
        };
        Self {
            all,
            nightly,
            alarm,
        }
    }

    /// What of it recurs.
    pub(super) fn tasks(&self) -> [Arc<dyn Task>; 3] {
        let (pool, clock) = (self.all.pool.clone(), self.all.clock.clone());
        let money = &self.alarm.env.money;
        [
            only_while(money, Costs::new(pool, clock)),
            only_while(money, self.alarm.clone()),
            only_while(money, self.nightly.clone()),
        ]
    }
}

impl super::App {
    /// What `bulwark reconcile` works with.
    pub fn reconciliation(&self) -> Reconciliation {
        self.books.all.clone()
    }

    /// The comparisons of this night, if they were not made yet.
    ///
    /// # Errors
    /// A processor's or the database's.
    pub async fn nightly(&self) -> Result<Value, anyhow::Error> {
        self.books.nightly.run().await
    }

    /// Tells the admins what the audit found since they were last told.
    ///
    /// # Errors
    /// The database's.
    pub async fn alarm(&self) -> Result<Value, anyhow::Error> {
        self.books.alarm.run().await
    }
}

/// The comparisons of each night. Looked for every half hour, so that a restart or an absence of a processor costs no night.
///
/// What is missing here is booked. The ledger itself is audited around the clock, in parts: here it is only counted.
#[derive(Clone)]
struct Nightly {
    env: Arc<Env>,
    all: Reconciliation,
    messages: Wake,
}

#[async_trait]
impl Task for Nightly {
    fn name(&self) -> &'static str {
        "reconcile"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(1800)
    }

    fn at_start(&self) -> bool {
        false
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        let pool = &self.all.pool;
        let night = (self.env.clock.now() - NIGHT.duration_since(Time::MIDNIGHT)).date();
        if books::was_made(pool, night).await? {
            return Ok(json!({ "night": night.to_string(), "compared": false }));
        }
        let mut news = Vec::new();
        let mut processors = Vec::new();
        for (name, compared) in self.all.compare(false).await? {
            let left = compared.differences.iter().filter(|it| !it.is_mended);
            news.extend(
                left.clone()
                    .map(|it| format!("{name}: {}, {}", it.what, it.reference)),
            );
            processors.push(json!({ "processor": name, "transactions": compared.transactions,
                                    "differences": compared.differences.len(), "left": left.count() }));
        }
        let providers = self.all.provider_lines().await?;
        let more = providers
            .iter()
            .filter(|line| line.verdict == Verdict::MoreWent);
        news.extend(more.map(|line| {
            let went = line.went.unwrap_or_default();
            format!(
                "{}: {went} went, our jobs cost {} ({})",
                line.provider, line.believed, line.unit
            )
        }));
        let (_, ledger) = ledger::open_findings(pool, 1).await?;
        let findings = i32::try_from(news.len()).unwrap_or(i32::MAX);
        let status = json!({ "processors": processors, "providers": providers, "ledger": ledger });
        for finding in &news {
            tracing::error!(finding, "a night's comparison found something");
        }
        gauge!(BOOKS_FINDINGS, "source" => "night").set(f64::from(findings));
        let all = findings.saturating_add(i32::try_from(ledger).unwrap_or(i32::MAX));
        let mut tx = pool.begin().await?;
        let is_first = books::made(&mut tx, night, &status, all, self.env.clock.sql_now()).await?;
        if is_first && !news.is_empty() {
            tell_admins(&mut tx, &self.env, &features::books::alarm(&news)).await?;
        }
        tx.commit().await?;
        self.messages.notify();
        Ok(
            json!({ "night": night.to_string(), "compared": true, "findings": findings, "ledger": ledger }),
        )
    }
}

/// Tells the admins what the recurring audit of the ledger found, each finding once.
#[derive(Clone)]
struct Alarm {
    env: Arc<Env>,
    pool: PgPool,
    messages: Wake,
}

#[async_trait]
impl Task for Alarm {
    fn name(&self) -> &'static str {
        "books_alarm"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        const UNTOLD_MAX: i64 = 1_000;
        let (_, open) = ledger::open_findings(&self.pool, 1).await?;
        gauge!(BOOKS_FINDINGS, "source" => "ledger")
            .set(f64::from(i32::try_from(open).unwrap_or(i32::MAX)));
        if open == 0 {
            return Ok(json!({ "open": 0, "told": 0 }));
        }
        let mut tx = self.pool.begin().await?;
        let untold = ledger::untold(&mut tx, UNTOLD_MAX).await?;
        if !untold.is_empty() {
            let news: Vec<String> = untold
                .iter()
                .map(|finding| format!("{}: not so for {}", finding.check, finding.subject))
                .collect();
            tell_admins(&mut tx, &self.env, &features::books::alarm(&news)).await?;
        }
        tx.commit().await?;
        self.messages.notify();
        Ok(json!({ "open": open, "told": untold.len() }))
    }
}

async fn tell_admins(conn: &mut PgConnection, env: &Env, text: &Rich) -> Result<(), sqlx::Error> {
    for admin_id in &env.admin_ids {
        let action = Action::Say {
            text: text.clone(),
            keyboard: None,
        };
        let message = NewMessage {
            priority: Priority::Low,
            merge_key: Some(outbox::ADMIN_NOTICES),
            ..NewMessage::new(*admin_id, outbox::REPORT, action)
        };
        outbox::enqueue(conn, &message, env.clock.sql_now()).await?;
    }
    Ok(())
}
