//! Builds every part and joins them; nothing runs yet, and nothing is connected to.

use std::sync::Arc;

use super::App;
use super::books::Books;
use super::bounds::{job_limits, lane_limits, pacing};
use super::breakers;
use super::env::env;
use super::funds::{Funds, Low};
use super::gauges::Gauges;
use super::granted::GrantedUses;
use super::joins::{Artifacts, Events, MediaAndCallbackLinks, Readiness};
use super::payees::ForgetPayees;
use super::payments;
use super::pools::{Pools, pools};
use super::providers;
use super::retention::Retention;
use super::services::Assortment;
use super::stars::BotStars;
use super::switches::{Switches, only_while};
use crate::base::clock::Clock;
use crate::base::db::Route;
use crate::base::ids::Ids;
use crate::catalog::Catalog;
use crate::config::Config;
use crate::engine::broadcast::Broadcasts;
use crate::engine::inbox::{self, AdmissionLimits, Dispatch, DispatchLimits};
use crate::engine::jobs::{ArtifactStore, History, JobRunner, Jobs, Lines, Rescue};
use crate::engine::lanes::Runner;
use crate::engine::ledger::Audit;
use crate::engine::light::{LightLimits, LightRunner};
use crate::engine::outbox::{DeadLetterReport, Sender};
use crate::engine::shards::Shards;
use crate::engine::task::Task;
use crate::engine::upkeep::Upkeep;
use crate::engine::vitals::Vitals;
use crate::engine::wake::{Queue, Wakes};
use crate::features;
use crate::features::broadcast;
use crate::features::routes::Router;
use crate::features::storefront;
use crate::features::topup::{Checkouts, Desk, Reconciler, Refunds};
use crate::features::wallet::ExpireGrants;
use crate::http::callbacks::Callbacks;
use crate::http::intake::Intake;
use crate::http::media::{MediaProxy, MediaSigner};
use crate::http::payments::Payments;
use crate::http::reduced::Reduced;
use crate::http::routes::{self, Surface};
use crate::http::webhook::Webhook;
use crate::providers::breaker::Class;
use crate::providers::kinds::MakeError;
use crate::telegram::{Client, ClientConfig};

/// Bodies of updates that may wait for the database at once, bytes. Telegram's are below one kibibyte as a rule.
const WAITING_BYTES_MAX: usize = 64 << 20;

/// What an app is made of.
pub struct Parts {
    /// What it was told.
    pub config: Config,
    /// What it sells.
    pub catalog: Arc<Catalog>,
    /// The time.
    pub clock: Clock,
    /// Identifiers.
    pub ids: Ids,
}

/// Why the parts do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The connection string is not one.
    #[error(transparent)]
    Database(#[from] crate::config::InvalidUrl),
    /// No adapter for a configured account.
    #[error("a provider cannot be used: {0}")]
    Provider(#[source] MakeError),
    /// The TLS set-up of this machine cannot be used.
    #[error("HTTP clients cannot be set up on this machine: {0}")]
    Http(String),
}

impl App {
    /// Builds the service.
    ///
    /// # Errors
    /// [`BuildError`]; never because something outside is away.
    pub fn build(parts: Parts) -> Result<Self, BuildError> {
        let route = parts.config.database.route()?;
        Self::build_on(parts, route)
    }

    /// As [`App::build`], on a database that no address can name, such as one behind a socket in a folder.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn build_on(parts: Parts, route: Route) -> Result<Self, BuildError> {
        let Parts {
            config, clock, ids, ..
        } = &parts;
        let Pools {
            work: pool,
            intake: intake_pool,
            checkouts: checkout_pool,
        } = pools(&route, config.database.pool_size);
        let worker = ids.uuid();
        let client = client(config)?;
        let breakers = breakers::of(config, clock, ids);
        let providers = providers::all(config, &breakers, clock, ids)?;
        let vitals = Vitals::new(pool.clone(), clock.clone(), providers.clone())
            .and_of(breakers.clone())
            .repeating(config.breakers.retry_percent, ids);
        let signer = Arc::new(MediaSigner::new(
            &config.media.secret,
            config.media.secret_previous.as_ref(),
        ));

        let wakes = Wakes::new(worker);
        let (updates, messages) = (wakes.of(Queue::Inbox), wakes.of(Queue::Outbox));
        let jobs = Jobs::new(clock.clone(), wakes.of(Queue::Jobs), messages.clone());
        let processors = payments::all(config, &breakers, clock, ids)?;
        let low = Low::default();
        let env = Arc::new(env(&parts, &providers, &processors, &low));
        let shards = Shards::new(pool.clone(), clock.clone(), worker);

        let (receiver, writer) = inbox::channel(
            intake_pool.clone(),
            clock.clone(),
            ids.clone(),
            updates.clone(),
            AdmissionLimits {
                updates_max: config.limits.intake_waiting,
                bytes_max: WAITING_BYTES_MAX,
            },
        );
        let rate = (config.limits.rate_per_minute, config.limits.rate_burst);
        let checkouts = Checkouts::new(checkout_pool.clone(), Arc::clone(&env));
        let free = Arc::new(storefront::Reduced::new(
            Arc::clone(&env.catalog),
            clock.clone(),
            env.free_uses_per_day,
        ));
        let reduced = Reduced::new(Arc::clone(&free), intake_pool.clone(), clock.clone());
        let intake = Intake::new(
            receiver,
            rate,
            checkouts,
            reduced,
            clock.clone(),
            ids.clone(),
        );
        let intake = Arc::new(intake);

        let handler = Router::new(Arc::clone(&env), messages.clone(), jobs.wake.clone());
        let dispatch = Dispatch::new(
            pool.clone(),
            clock.clone(),
            ids.clone(),
            shards.clone(),
            Arc::new(handler),
            DispatchLimits::default(),
        )
        .following(writer.arrivals());
        let lanes = lane_limits(config.limits.lane_concurrency);
        let dispatch = Runner::new(
            Arc::new(dispatch),
            clock.clone(),
            ids.clone(),
            updates.local(),
            lanes,
        );

        let artifacts = ArtifactStore::new(pool.clone(), clock.clone(), ids.clone());
        let events = Arc::new(Events(Arc::clone(&env)));
        let sender = Sender::new(
            pool.clone(),
            clock.clone(),
            ids.clone(),
            shards.clone(),
            client.clone(),
            Arc::new(Artifacts(artifacts)),
            Arc::clone(&events) as _,
            pacing(&config.limits),
        )
        .among(shards.replicas(), messages.clone())
        .behind(breakers.make(Class::Chat, "telegram"));
        let sender = Runner::new(
            Arc::new(sender),
            clock.clone(),
            ids.clone(),
            messages.local(),
            lane_limits(config.limits.send_concurrency),
        );

        let broadcasts = Broadcasts::new(
            pool.clone(),
            clock.clone(),
            Arc::new(broadcast::Progress::new(clock.clone())),
            messages.clone(),
            config.limits.send_notices_per_second,
        );

        let links = MediaAndCallbackLinks {
            public_url: config.http.public_url.clone(),
            signer: Arc::clone(&signer),
            ttl: config.media.link_ttl,
            clock: clock.clone(),
        };
        let job_limits = job_limits(config);
        let runner = JobRunner::new(
            pool.clone(),
            clock.clone(),
            ids.clone(),
            worker,
            providers.clone(),
            features::job_kinds(&env),
            Arc::new(links),
            job_limits,
            jobs.clone(),
        )
        .knowing(vitals);

        let light = LightRunner::new(
            pool.clone(),
            clock.clone(),
            ids.clone(),
            features::light_kinds(&env),
            LightLimits::default(),
            wakes.of(Queue::Light),
        );

        let stars = Arc::new(BotStars(client.clone()));
        let refunds = Refunds::new(
            pool.clone(),
            Arc::clone(&env),
            Arc::clone(&stars) as _,
            messages.clone(),
        );
        let reconciler = Reconciler::new(pool.clone(), Arc::clone(&env), stars, messages.clone());
        let desk = Desk::new(
            pool.clone(),
            Arc::clone(&env),
            processors.clone(),
            messages.clone(),
            config.http.public_url.clone(),
        );
        let mut comparisons = desk.comparisons();
        comparisons.insert(0, Arc::new(reconciler));
        let books = Books::new(
            &pool,
            &env,
            providers.clone(),
            comparisons,
            messages.clone(),
        );

        let switches = Arc::new(Switches::new(pool.clone(), Arc::clone(&env)));
        let funds = Arc::new(Funds::new(
            pool.clone(),
            Arc::clone(&env),
            providers.clone(),
            providers::limits(config),
            low,
            messages.clone(),
        ));
        let mut tasks: Vec<Arc<dyn Task>> = vec![
            Arc::new(Rescue::new(
                pool.clone(),
                clock.clone(),
                jobs.wake.clone(),
                job_limits.lease,
            )),
            Arc::new(Lines::new(
                pool.clone(),
                clock.clone(),
                providers
                    .iter()
                    .map(|provider| provider.name().to_owned())
                    .collect(),
                features::job_kinds(&env),
                messages.clone(),
            )),
            Arc::new(History::new(
                pool.clone(),
                clock.clone(),
                config.limits.job_retention,
            )),
            Arc::new(Retention::new(pool.clone(), &env, &config.limits)),
            only_while(&env.money, Audit::new(pool.clone(), clock.clone())),
            Arc::new(Gauges::new(
                pool.clone(),
                clock.clone(),
                providers.clone(),
                breakers.clone(),
            )),
            Arc::new(DeadLetterReport::new(pool.clone(), clock.clone(), events)),
            Arc::clone(&funds) as _,
            Arc::clone(&switches) as _,
            Arc::new(GrantedUses::new(pool.clone(), free)),
            only_while(
                &env.money,
                ForgetPayees::new(pool.clone(), clock.clone(), &config.payouts),
            ),
            only_while(
                &env.money,
                ExpireGrants::new(pool.clone(), Arc::clone(&env), messages.clone()),
            ),
            Arc::new(Assortment {
                pool: pool.clone(),
                clock: clock.clone(),
                catalog: Arc::clone(&env.catalog),
                providers: providers.clone(),
            }),
        ];
        tasks.extend(books.tasks());
        let upkeep = Upkeep::new(pool.clone(), clock.clone(), ids.clone(), tasks);

        let readiness = Arc::new(Readiness::new(pool.clone(), Arc::clone(&switches)));
        let webhook = Webhook::new(
            Arc::clone(&intake),
            &config.telegram.webhook_secret,
            config.telegram.webhook_secret_previous.as_ref(),
            config.http.body_bytes_max,
        );
        let callbacks = Callbacks {
            pool: pool.clone(),
            clock: clock.clone(),
            providers,
            wake: jobs.wake.clone(),
        };
        let front = routes::front(Surface {
            webhook: Arc::new(webhook),
            callbacks: Arc::new(callbacks),
            payments: Arc::new(Payments {
                pool: pool.clone(),
                clock: clock.clone(),
                ids: ids.clone(),
                processors,
            }),
            media: MediaProxy::new(signer, Arc::new(client.clone()), clock.clone())
                .behind(breakers.make(Class::Storage, "telegram-files")),
            readiness: Arc::clone(&readiness) as _,
            ids: ids.clone(),
            http: config.http.clone(),
            source_check: config.telegram.source_check,
        });
        Ok(Self {
            pool,
            intake_pool,
            checkout_pool,
            worker,
            client,
            intake,
            writer: std::sync::Mutex::new(Some(writer)),
            shards,
            wakes,
            route,
            dispatch: Arc::new(dispatch),
            sender: Arc::new(sender),
            broadcasts,
            jobs: Arc::new(runner),
            light: Arc::new(light),
            refunds,
            books,
            desk,
            upkeep,
            funds,
            switches,
            readiness,
            front,
            parts,
        })
    }
}

pub(super) fn client(config: &Config) -> Result<Client, BuildError> {
    let settings = ClientConfig::new(config.telegram.bot_token.clone(), &config.telegram.api_url);
    Client::new(settings).map_err(|error| BuildError::Http(error.to_string()))
}
