//! Starts the services in order and stops them in reverse.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::net::TcpListener;

use super::{App, gauges, polling};
use crate::base::db;
use crate::base::fault::{self, Point};
use crate::base::supervise::{Shutdown, Supervisor};
use crate::engine::task::Task as _;
use crate::features::commands;
use crate::features::cx::Env;
use crate::features::speech::Language;
use crate::features::storefront;
use crate::http::metrics;
use crate::http::server::{self, ServerLimits};
use crate::telegram::methods::ALLOWED_UPDATES;
use crate::telegram::{CallError, WebhookSettings};

/// How updates reach us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Telegram pushes them.
    Webhook,
    /// We ask for them.
    Polling,
}

/// Why the service cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The schema cannot be brought up to date.
    #[error("the migrations failed: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

impl App {
    /// Binds the configured address.
    ///
    /// # Errors
    /// [`RunError::Listen`].
    pub async fn listen(&self) -> Result<TcpListener, RunError> {
        let address = self.parts.config.http.listen;
        TcpListener::bind(address)
            .await
            .map_err(|source| RunError::Listen { address, source })
    }

    /// Runs until `shutdown`, then stops in good order. `ready` is called once, when everything runs.
    ///
    /// # Errors
    /// [`RunError::Migrate`]; everything else is waited for.
    pub async fn run(
        &self,
        listener: TcpListener,
        delivery: Delivery,
        shutdown: Shutdown,
        ready: impl FnOnce() + Send,
    ) -> Result<(), RunError> {
        let (intake, work, leases) = (
            Supervisor::default(),
            Supervisor::default(),
            Supervisor::default(),
        );
        self.serve(&intake, listener);
        self.serve_metrics(&intake).await?;
        if !self.prepare(&shutdown).await? {
            self.stop(intake, work, leases).await;
            return Ok(());
        }
        self.start_leases(&leases);
        self.start_work(&work);
        self.readiness.set_migrated();
        self.start_delivery(&intake, delivery);
        ready();
        shutdown.cancelled().await;
        self.stop(intake, work, leases).await;
        Ok(())
    }

    fn serve(&self, intake: &Supervisor, listener: TcpListener) {
        let front = self.front.clone();
        let drain = self.parts.config.http.shutdown_grace / 2;
        let mut listener = Some(listener);
        intake.service("http", move |shutdown| {
            let (front, listener) = (front.clone(), listener.take());
            async move {
                if let Some(listener) = listener {
                    server::serve(listener, front, ServerLimits::default(), shutdown, drain).await;
                }
            }
        });
        let writer = self
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let mut writer = writer;
        intake.service("inbox writer", move |shutdown| {
            let writer = writer.take();
            async move {
                if let Some(writer) = writer {
                    writer.run(shutdown).await;
                }
            }
        });
    }

    async fn serve_metrics(&self, intake: &Supervisor) -> Result<(), RunError> {
        metrics::install();
        let Some(address) = self.parts.config.http.metrics.listen else {
            return Ok(());
        };
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| RunError::Listen { address, source })?;
        let mut listener = Some(listener);
        intake.service("metrics", move |shutdown| {
            let listener = listener.take();
            async move {
                if let Some(listener) = listener {
                    gauges::serve(listener, shutdown).await;
                }
            }
        });
        Ok(())
    }

    /// Brings the schema up to date and repairs what a crash left. A database that is away is waited for.
    /// False: the stop came first.
    async fn prepare(&self, shutdown: &Shutdown) -> Result<bool, RunError> {
        let mut pause = Duration::from_millis(200);
        fault::reach(Point::StartMigrating);
        loop {
            match db::migrate(&self.route).await {
                Ok(()) => break,
                Err(sqlx::migrate::MigrateError::Execute(error)) if db::is_transient(&error) => {
                    tracing::warn!(error = %error, "the database is away, waiting for it");
                }
                Err(error) => return Err(error.into()),
            }
            tokio::select! {
                () = shutdown.cancelled() => return Ok(false),
                () = self.clock().sleep(pause) => {}
            }
            pause = (pause * 2).min(Duration::from_secs(5));
        }
        fault::reach(Point::StartMigrated);
        if self.route.is_pooled() && db::is_statement_time_unlimited(&self.pool).await {
            tracing::warn!(
                "behind the pooler a statement may run for ever: set statement_timeout and \
                 idle_in_transaction_session_timeout for the role (alter role ... set ...)"
            );
        }
        if let Err(error) = self.switches.set().await {
            tracing::warn!(error = %error, "cannot look which tables there are");
        }
        self.upkeep.run_at_start().await;
        if let Err(error) = self.funds.recall().await {
            tracing::warn!(error = %error, "cannot read whose accounts were low");
        }
        fault::reach(Point::StartRepaired);
        Ok(true)
    }

    fn start_leases(&self, leases: &Supervisor) {
        let shards = self.shards.clone();
        leases.service("lane leases", move |shutdown| shards.clone().run(shutdown));
        let (wakes, pool, clock) = (self.wakes.clone(), self.pool.clone(), self.clock().clone());
        let replicas = self.shards.replicas();
        leases.service("wake-ups out", move |shutdown| {
            let (pool, clock) = (pool.clone(), clock.clone());
            wakes
                .clone()
                .tell(pool, clock, Arc::clone(&replicas), shutdown)
        });
        let (wakes, clock) = (self.wakes.clone(), self.clock().clone());
        let direct = self.route.direct().clone();
        leases.service("wake-ups in", move |shutdown| {
            wakes
                .clone()
                .listen(direct.clone(), clock.clone(), shutdown)
        });
    }

    fn start_work(&self, work: &Supervisor) {
        let dispatch = Arc::clone(&self.dispatch);
        work.service("dispatcher", move |shutdown| {
            let dispatch = Arc::clone(&dispatch);
            async move { dispatch.run(shutdown).await }
        });
        let sender = Arc::clone(&self.sender);
        work.service("sender", move |shutdown| {
            let sender = Arc::clone(&sender);
            async move { sender.run(shutdown).await }
        });
        let broadcasts = self.broadcasts.clone();
        work.service("broadcasts", move |shutdown| {
            broadcasts.clone().run(shutdown)
        });
        let jobs = Arc::clone(&self.jobs);
        work.service("jobs", move |shutdown| Arc::clone(&jobs).run(shutdown));
        let light = Arc::clone(&self.light);
        work.service("light jobs", move |shutdown| {
            let light = Arc::clone(&light);
            async move { light.run(shutdown).await }
        });
        let refunds = self.refunds.clone();
        work.service("refunds", move |shutdown| refunds.clone().run(shutdown));
        if self.desk.has_work() {
            let desk = self.desk.clone();
            work.service("payments", move |shutdown| desk.clone().run(shutdown));
        }
        let vitals = self.jobs.vitals();
        work.service("breakers", move |shutdown| vitals.clone().run(shutdown));
        let upkeep = self.upkeep.clone();
        work.service("upkeep", move |shutdown| upkeep.clone().run(shutdown));
    }

    fn start_delivery(&self, intake: &Supervisor, delivery: Delivery) {
        let (client, clock) = (self.client.clone(), self.clock().clone());
        let updates = Arc::clone(&self.intake);
        let settings = self.webhook_settings();
        let env = Arc::clone(self.switches.env());
        intake.service("delivery", move |shutdown| {
            let (client, clock, updates, settings) =
                (client.clone(), clock.clone(), Arc::clone(&updates), settings.clone());
            let env = Arc::clone(&env);
            async move {
                let mut pause = Duration::from_secs(1);
                fault::reach(Point::StartIntroducing);
                while let Err(error) = introduce(&client, delivery, &settings, &env).await {
                    tracing::error!(error = %error, "cannot set the bot up at Telegram, trying again");
                    tokio::select! {
                        () = shutdown.cancelled() => return,
                        () = clock.sleep(pause) => {}
                    }
                    pause = (pause * 2).min(Duration::from_secs(60));
                }
                fault::reach(Point::StartIntroduced);
                match delivery {
                    Delivery::Webhook => tracing::info!("the webhook is set"),
                    Delivery::Polling => polling::run(client, updates, clock, shutdown).await,
                }
            }
        });
    }

    fn webhook_settings(&self) -> WebhookSettings {
        let config = &self.parts.config;
        WebhookSettings {
            url: format!("{}/webhook", config.http.public_url),
            secret: config.telegram.webhook_secret.clone(),
            max_connections: config.telegram.webhook_max_connections,
            allowed_updates: ALLOWED_UPDATES.map(str::to_owned).to_vec(),
            drop_pending_updates: false,
        }
    }

    async fn stop(&self, intake: Supervisor, work: Supervisor, leases: Supervisor) {
        let http = &self.parts.config.http;
        tracing::info!("stopping");
        self.readiness.set_draining();
        self.clock().sleep(http.shutdown_delay).await;
        let grace = http.shutdown_grace.saturating_sub(http.shutdown_delay);
        // A third each: intake must end before the work that it makes, and leases outlive the work that they cover.
        let clean = intake.stop(grace / 3).await
            & work.stop(grace / 3).await
            & leases.stop(grace / 6).await;
        if let Err(error) = self.shards.release().await {
            tracing::warn!(error = %error, "cannot give the lanes back, their leases will run out");
        }
        let _ = tokio::time::timeout(Duration::from_secs(2), self.disconnect()).await;
        tracing::info!(clean, worker = %self.worker, "stopped");
    }

    /// Works everything off that can be worked off now; for tests. The next time at which something is due.
    ///
    /// # Errors
    /// The database's.
    pub async fn drain(&self) -> Result<Option<OffsetDateTime>, sqlx::Error> {
        self.shards.renew().await?;
        self.jobs.vitals().sync().await?;
        loop {
            let dispatched = self.dispatch.drain().await?;
            let jobs = self.jobs.drain().await? + self.light.drain().await?;
            let broadcast = self.broadcasts.step().await?;
            let refunds = self.refunds.drain().await.map_err(asked)?;
            let payments = self.desk.drain().await.map_err(asked)?;
            let sent = self.sender.drain().await?;
            let done = dispatched.processed + jobs + broadcast.worked + refunds + payments;
            if done + sent.processed == 0 {
                let next_job = self.jobs.next_due().await?;
                let next_refund = self.refunds.next_due().await?;
                let next_payment = self.desk.next_due().await?;
                return Ok([
                    dispatched.next,
                    broadcast.next,
                    sent.next,
                    next_job,
                    next_refund,
                    next_payment,
                ]
                .into_iter()
                .flatten()
                .min());
            }
        }
    }

    /// Starts only what takes updates in, for tests that work the rest off by [`drain`](Self::drain).
    ///
    /// # Errors
    /// [`RunError::Migrate`].
    pub async fn start_intake(&self, listener: TcpListener) -> Result<Supervisor, RunError> {
        let intake = Supervisor::default();
        self.serve(&intake, listener);
        self.prepare(&Shutdown::new()).await?;
        self.readiness.set_migrated();
        Ok(intake)
    }

    /// Runs the upkeep tasks of a start once.
    pub async fn upkeep(&self) {
        self.upkeep.run_at_start().await;
    }

    /// Asks the providers what is left on our accounts, as upkeep does.
    ///
    /// # Errors
    /// The database's.
    pub async fn check_funds(&self) -> Result<(), anyhow::Error> {
        self.funds.run().await.map(drop)
    }

    /// Tells Telegram who the bot is and how to deliver, as a start does.
    ///
    /// # Errors
    /// Telegram's.
    pub async fn introduce(&self, delivery: Delivery) -> Result<(), CallError> {
        let settings = self.webhook_settings();
        introduce(&self.client, delivery, &settings, self.switches.env()).await
    }
}

/// What stopped the work on refunds, in the words of the others.
fn asked(error: anyhow::Error) -> sqlx::Error {
    error
        .downcast()
        .unwrap_or_else(|error| sqlx::Error::Protocol(format!("{error:#}")))
}

async fn introduce(
    client: &crate::telegram::Client,
    delivery: Delivery,
    settings: &WebhookSettings,
    env: &Env,
) -> Result<(), CallError> {
    match delivery {
        Delivery::Webhook => client.set_webhook(settings).await?,
        Delivery::Polling => client.delete_webhook().await?,
    }
    for language in Language::ALL {
        let commands = commands::for_users(env, storefront::speech(language));
        let commands: Vec<(&str, String)> = commands
            .iter()
            .map(|command| (command.name.as_str(), command.about.clone()))
            .collect();
        // English is what everybody else sees.
        let code = (language != Language::En).then(|| language.code());
        client.set_my_commands(&commands, code).await?;
    }
    if env.bot_name.get().is_none()
        && let Some(name) = client.get_me().await?.username
    {
        env.bot_name.get_or_init(|| name);
    }
    Ok(())
}
