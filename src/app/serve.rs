//! `bulwark serve`: the service with a webhook.

use std::sync::Arc;

use super::{App, Delivery, Parts};
use crate::base::clock::Clock;
use crate::base::fault::{self, Mutant};
use crate::base::ids::Ids;
use crate::base::redact::ExposeSecret as _;
use crate::base::supervise::{Shutdown, spawn};
use crate::base::telemetry;
use crate::catalog::Catalog;
use crate::config::{Config, Env, problem_list};

/// Runs until a stop signal.
///
/// # Errors
/// What is wrong with configuration or catalogue, all at once; or why it cannot listen or migrate.
pub async fn run(env: &Env) -> Result<(), anyhow::Error> {
    let config = Config::from_env(env).map_err(|problems| {
        anyhow::anyhow!(
            "the configuration is not complete\n{}",
            problem_list(&problems)
        )
    })?;
    telemetry::init(config.logging.format, &config.logging.filter);
    #[cfg(feature = "faults")]
    fault::arm(crate::config::faults(env).map_err(anyhow::Error::msg)?);
    if fault::mutant(Mutant::SecretLogged) {
        eprintln!("{}", config.telegram.bot_token.expose_secret());
    }
    let catalog = catalog(&config)?;
    let parts = Parts {
        config,
        catalog: Arc::new(catalog),
        clock: Clock::system(),
        ids: Ids::random(),
    };
    let app = App::build(parts)?;
    let listener = app.listen().await?;
    tracing::info!(version = crate::VERSION, address = %listener.local_addr()?, "starting");
    let started = app.clock().monotonic();
    let clock = app.clock().clone();
    let ready = move || {
        let took_ms = (clock.monotonic() - started).as_millis();
        tracing::info!(took_ms, "ready");
    };
    app.run(listener, Delivery::Webhook, stop_signal()?, ready)
        .await?;
    Ok(())
}

/// The configured catalogue.
///
/// # Errors
/// Everything that is wrong with it.
pub fn catalog(config: &Config) -> Result<Catalog, anyhow::Error> {
    let providers = config.providers.names();
    Catalog::load(config.catalog_path.as_deref(), &providers).map_err(|problems| {
        let lines: Vec<String> = problems
            .iter()
            .map(|problem| format!("  {problem}"))
            .collect();
        anyhow::anyhow!("the catalogue is not right\n{}", lines.join("\n"))
    })
}

/// Cancelled by SIGTERM or SIGINT (which Fly.io sends by default); a second signal ends the process at once.
///
/// # Errors
/// When signals cannot be listened to.
pub fn stop_signal() -> Result<Shutdown, std::io::Error> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let shutdown = Shutdown::new();
    let stop = shutdown.clone();
    spawn("signals", async move {
        for last in [false, true] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if last {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "a second signal asks for exactly that"
                )]
                std::process::exit(130);
            }
            stop.cancel();
        }
    });
    Ok(shutdown)
}
