//! The catalogue and the providers' lists: what is noted at every start, and what the operator's commands work with.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{App, breakers, providers};
use crate::admin::services::Desk;
use crate::base::clock::Clock;
use crate::base::db::PoolLimits;
use crate::base::ids::Ids;
use crate::catalog::Catalog;
use crate::config::{Config, Env, problem_list};
use crate::engine::routing;
use crate::engine::task::Task;
use crate::features::assortment::{self, Matter};
use crate::providers::Provider;

/// Reading a long history takes its time.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(600);

/// Notes which pairs of a provider and an id the catalogue has, and warns of what is wrong with them.
pub(super) struct Assortment {
    pub(super) pool: PgPool,
    pub(super) clock: Clock,
    pub(super) catalog: Arc<Catalog>,
    pub(super) providers: Vec<Arc<dyn Provider>>,
}

#[async_trait]
impl Task for Assortment {
    fn name(&self) -> &'static str {
        "assortment"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(3600)
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        let routes = self
            .catalog
            .services
            .iter()
            .flat_map(|service| &service.routes);
        // An id that cannot be this provider's is not made its own by standing in the catalogue.
        let (pairs, misfits): (Vec<_>, Vec<_>) = routes
            .map(|route| (route.provider.as_str(), route.id.as_str()))
            .partition(|(name, id)| fits(&self.providers, name, id));
        for (provider, id) in &misfits {
            tracing::error!(
                provider,
                id,
                "the catalogue names a service that cannot be this provider's"
            );
        }
        routing::note_bound(&self.pool, &pairs, self.clock.sql_now()).await?;
        let mut conn = self.pool.acquire().await?;
        let findings = assortment::inspect(&mut conn, &self.catalog).await?;
        for finding in &findings {
            let (service, provider) = (&finding.service, &finding.provider);
            match &finding.matter {
                Matter::Foreign | Matter::Gone => {
                    tracing::error!(%service, %provider, id = finding.id, "a service {}", finding.matter);
                }
                Matter::Loss { .. } => {
                    tracing::warn!(%service, %provider, "a service {}", finding.matter)
                }
                Matter::Cost { .. }
                | Matter::Limits { .. }
                | Matter::NoRefill
                | Matter::NoCancel => {
                    tracing::info!(%service, %provider, "a service {}", finding.matter);
                }
            }
        }
        Ok(json!({ "pairs": pairs.len(), "misfits": misfits.len(), "findings": findings }))
    }
}

fn fits(providers: &[Arc<dyn Provider>], name: &str, id: &str) -> bool {
    let provider = providers.iter().find(|provider| provider.name() == name);
    provider.is_none_or(|provider| provider.is_service_id(id))
}

/// What `bulwark services` works with, by the environment of the service.
///
/// # Errors
/// What is wrong with the environment or the catalogue.
pub fn desk(env: &Env) -> Result<Desk, anyhow::Error> {
    let config =
        Config::from_env(env).map_err(|problems| anyhow::anyhow!("{}", problem_list(&problems)))?;
    let limits = PoolLimits {
        connections_max: 2,
        statement_timeout: STATEMENT_TIMEOUT,
        ..PoolLimits::default()
    };
    let pool = config.database.route()?.pool(&limits);
    let catalog = Arc::new(super::serve::catalog(&config)?);
    let (clock, ids) = (Clock::system(), Ids::random());
    Ok(Desk {
        providers: providers::all(&config, &breakers::of(&config, &clock, &ids), &clock, &ids)?,
        names: config
            .providers
            .names()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        credit_micros: providers::credits(&config),
        pool,
        clock,
        ids,
        catalog,
        operator: env.user_name(),
    })
}

impl App {
    /// What `bulwark services` works with, beside this app.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn services_desk(&self, operator: &str) -> Result<Desk, super::BuildError> {
        let parts = &self.parts;
        let names = parts.config.providers.names();
        let breakers = breakers::of(&parts.config, &parts.clock, &parts.ids);
        Ok(Desk {
            providers: providers::all(&parts.config, &breakers, &parts.clock, &parts.ids)?,
            names: names.into_iter().map(str::to_owned).collect(),
            credit_micros: providers::credits(&parts.config),
            pool: self.pool.clone(),
            clock: parts.clock.clone(),
            ids: parts.ids.clone(),
            catalog: Arc::clone(&parts.catalog),
            operator: operator.to_owned(),
        })
    }
}
