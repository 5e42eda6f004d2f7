//! `bulwark demo`: everything on one machine, with nothing to install.
//!
//! An embedded Postgres, the service, and in the place of Telegram and the providers a simulator with a chat page.
//! With a bot token in the environment the same set-up talks to the real Telegram by long polling instead.
//! Data are kept between runs. When the process ends, in whatever way, nothing of it is left running.

mod greeting;
mod stage;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;

use crate::app::serve::{catalog, stop_signal};
use crate::app::{App, Delivery, Parts};
use crate::base::clock::Clock;
use crate::base::ids::Ids;
use crate::base::telemetry;
use crate::catalog::Catalog;
use crate::config::{Config, Demo, Env, problem_list};
use stage::Stage;

/// What the demo has on offer besides the shipped catalogue.
const MORE: &str = concat!(
    include_str!("panel.toml"),
    "\n",
    include_str!("withdrawals.toml")
);

/// The demo's command line.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Open no browser
    #[arg(long)]
    headless: bool,
    /// Port of the service [default: 8080, or a free one]
    #[arg(long)]
    port: Option<u16>,
    /// Port of the chat page and the simulator [default: 8090, or a free one]
    #[arg(long)]
    sim_port: Option<u16>,
    /// Folder for the database
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

/// Runs until a stop signal.
///
/// # Errors
/// Why it cannot start, with what helps.
pub async fn run(mut env: Env, options: Options) -> Result<(), anyhow::Error> {
    let shutdown = stop_signal()?;
    env.set_default("LOG_LEVEL", "warn");
    let logging = crate::config::Logging::from_env(&env)
        .map_err(|problems| anyhow::anyhow!("{}", problem_list(&problems)))?;
    telemetry::init(logging.format, &logging.filter);
    let demo = Demo::from_env(&env);
    let stage = tokio::select! {
        stage = Stage::set(&demo, &options, &mut env) => stage?,
        // What was started by then ends by itself: the database by its watchdog.
        () = shutdown.cancelled() => return Ok(()),
    };
    let result = play(&env, &options, &demo, &stage, shutdown).await;
    stage.strike().await;
    result
}

/// What is sold: with a simulator also a service of its panel and withdrawals, unless there is a catalogue of the operator's own.
fn shop(config: &Config, stage: &Stage) -> Result<Catalog, anyhow::Error> {
    if config.catalog_path.is_some() || stage.page().is_none() {
        return catalog(config);
    }
    let problems = |problems: Vec<crate::catalog::Problem>| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the demo's catalogue is not right\n{}", lines.join("\n"))
    };
    Catalog::shipped_with(MORE, &config.providers.names()).map_err(problems)
}

async fn play(
    env: &Env,
    options: &Options,
    demo: &Demo,
    stage: &Stage,
    shutdown: crate::base::supervise::Shutdown,
) -> Result<(), anyhow::Error> {
    let config = Config::from_env(env).map_err(|problems| {
        anyhow::anyhow!(
            "the configuration is not complete\n{}",
            problem_list(&problems)
        )
    })?;
    let catalog = Arc::new(shop(&config, stage)?);
    let parts = Parts {
        config,
        catalog,
        clock: Clock::system(),
        ids: Ids::random(),
    };
    let app = App::build(parts)?;
    let listener = app.listen().await.context("choose another with --port")?;
    let delivery = if demo.has_bot_token {
        Delivery::Polling
    } else {
        Delivery::Webhook
    };
    let (greeting, open) = (greeting::text(stage, demo), !options.headless);
    let page = stage.page().filter(|_| open);
    let ready = move || {
        println!("{greeting}");
        if let Some(page) = page {
            greeting::open(&page);
        }
    };
    app.run(listener, delivery, shutdown, ready).await?;
    println!("Stopped. Your data are kept.");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::money::Amount;

    #[test]
    fn what_the_demo_sells_besides_is_right() {
        let names = [
            "kie",
            "replicate",
            "smmflare",
            "plugsmms",
            "smmstone",
            "demo-panel",
            "spare-panel",
        ];
        let catalog = Catalog::shipped_with(MORE, &names).unwrap();
        let members = catalog.service("members").unwrap();
        assert!(members.is_by_thousand());
        assert_eq!(members.routes.len(), 2);
        let offer = catalog.withdrawals.unwrap();
        let fee = offer.method("usdt-tron").unwrap().fee_of(Amount(1_001));
        assert_eq!(fee, Amount(16), "1.5 %, rounded up");
    }
}
