//! What stands around the service in the demo: database, simulator, and the environment that leads to them.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bulwark_simulator::{SimConfig, Simulator, flutterwave, replicate};
use tokio::net::TcpListener;

use super::Options;
use crate::base::ids::Ids;
use crate::config::{Demo, Env};
use crate::embedded::{self, Durability, Embedded, EmbeddedEnv, PassedOn};

const PORT: u16 = 8080;
const SIM_PORT: u16 = 8090;
/// In the form of a real token; worthless outside of the simulator.
const SIM_TOKEN: &str = "100000001:demo-token-of-the-simulator-0000000";
const SIM_KIE_KEY: &str = "demo-key-of-the-simulator";
/// So that margins are shown.
const KIE_CREDIT_COST: &str = "0.005";
/// The panels of the demo's catalogue, and where their keys are read from.
const PANELS: [(&str, &str); 2] = [
    ("demo-panel", "DEMO_PANEL_API_KEY"),
    ("spare-panel", "SPARE_PANEL_API_KEY"),
];
/// Enough for a few dozen paid orders, in minor units.
const WELCOME_GRANT: &str = "500";
/// Packages that the simulated Telegram sells.
const TOPUP_STARS: &str = "50,100,250,500";
/// What a dollar costs at the simulated Flutterwave.
const RATES: &str = "NGN=1600,USD=1";
/// What the simulated bot is called.
const SIM_USERNAME: &str = "bulwark_sim_bot";
/// What the top-ups of those bring who come by a link, and of those whom they bring in.
const REFERRAL_REWARD: &str = "10%,2%";
/// The largest tip, in minor units.
const TIP_MAX: &str = "1000";
/// The first user of the chat page, who is also an admin.
const ADMIN_ID: &str = "1001";

/// Everything that must be taken down at the end.
pub(super) struct Stage {
    database: Option<Embedded>,
    simulator: Option<Simulator>,
    data_dir: Option<PathBuf>,
}

impl Stage {
    /// Starts what is needed and points `env` at it.
    pub(super) async fn set(
        demo: &Demo,
        options: &Options,
        env: &mut Env,
    ) -> Result<Self, anyhow::Error> {
        let mut stage = Self {
            database: None,
            simulator: None,
            data_dir: None,
        };
        for (flag, asked) in [("--port", options.port), ("--sim-port", options.sim_port)] {
            // Before anything is fetched or created.
            free_port(flag, asked, 0).await?;
        }
        if !demo.has_database {
            stage.start_database(demo, options, env).await?;
        }
        let port = free_port("--port", options.port, PORT).await?;
        env.set("PORT", port.to_string());
        env.set("HOST", "127.0.0.1");
        env.set_default("PUBLIC_URL", format!("http://127.0.0.1:{port}"));
        env.set_default("SHUTDOWN_DELAY_MS", "0");
        env.set_default("WELCOME_GRANT", WELCOME_GRANT);
        if !demo.has_bot_token || env.get("KIE_API_KEY").is_none() {
            stage.start_simulator(demo, options, env).await?;
        }
        Ok(stage)
    }

    async fn start_database(
        &mut self,
        demo: &Demo,
        options: &Options,
        env: &mut Env,
    ) -> Result<(), anyhow::Error> {
        let tools = EmbeddedEnv {
            search_path: demo.search_path.clone(),
            home: demo.home.clone(),
            data_home: demo.data_home.clone(),
            pg_bin: demo.pg_bin.clone(),
            passed_on: PassedOn::select(env.iter()),
        };
        let data_dir = match options.data_dir.clone().or_else(|| demo.data_dir.clone()) {
            Some(data_dir) => data_dir,
            None => embedded::default_data_dir(&tools)?,
        };
        eprintln!("Starting the database in {} …", data_dir.display());
        let database = embedded::start(embedded::Options {
            data_dir: data_dir.clone(),
            durability: Durability::Durable,
            may_fetch: true,
            env: tools,
        })
        .await?;
        env.set("DATABASE_URL", database.database_url());
        self.database = Some(database);
        self.data_dir = Some(data_dir);
        Ok(())
    }

    async fn start_simulator(
        &mut self,
        demo: &Demo,
        options: &Options,
        env: &mut Env,
    ) -> Result<(), anyhow::Error> {
        let port = free_port("--sim-port", options.sim_port, SIM_PORT).await?;
        let config = SimConfig {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            token: SIM_TOKEN.to_owned(),
            kie_key: SIM_KIE_KEY.to_owned(),
            manual_clock: None,
            seed: Ids::random().uuid().as_u64_pair().0,
            kie_speed: 1.0,
        };
        let data_dir = self.data_dir.clone().or_else(|| options.data_dir.clone());
        let simulator = match data_dir.or_else(|| demo.data_dir.clone()) {
            // Chats and tasks in flight outlive the demo, as the database does.
            Some(dir) => Simulator::start_in(config, &dir.join("simulator")).await,
            None => Simulator::start(config).await,
        };
        let simulator = simulator.context("the simulator cannot start")?;
        if !demo.has_bot_token {
            env.set("TELEGRAM_BOT_TOKEN", SIM_TOKEN);
            env.set("TELEGRAM_API_URL", simulator.telegram_url());
            env.set_default("ADMIN_IDS", ADMIN_ID);
            env.set_default("TOPUP_STARS", TOPUP_STARS);
            env.set_default("BOT_USERNAME", SIM_USERNAME);
            env.set_default("REFERRAL_ON", "topup");
            env.set_default("REFERRAL_REWARD", REFERRAL_REWARD);
            env.set_default("TIP_MAX", TIP_MAX);
        }
        if !demo.has_bot_token && env.get("FLUTTERWAVE_API_KEY").is_none() {
            simulate_payments(&simulator, env);
        }
        if env.get("KIE_API_KEY").is_none() || !demo.has_bot_token {
            env.set("KIE_API_KEY", SIM_KIE_KEY);
            env.set("KIE_API_URL", simulator.kie_url());
            env.set("KIE_WEBHOOK_KEY", SIM_KIE_KEY);
            env.set_default("KIE_CREDIT_COST", KIE_CREDIT_COST);
        }
        // Beside the panels that are configured.
        let mut panels: Vec<String> = env.get("PANELS").into_iter().map(str::to_owned).collect();
        for (name, key_variable) in PANELS {
            panels.push(format!("{name}={}", simulator.panel_url(name)));
            env.set(key_variable, bulwark_simulator::panel::KEY);
        }
        if !demo.has_bot_token || env.get("REPLICATE_API_TOKEN").is_none() {
            panels.push(format!("replicate={}", simulator.replicate_url()));
            env.set("REPLICATE_API_TOKEN", replicate::TOKEN);
            env.set("REPLICATE_WEBHOOK_KEY", replicate::SIGNING_KEY);
        }
        env.set("PANELS", panels.join(","));
        self.simulator = Some(simulator);
        Ok(())
    }

    /// The address of the chat page.
    pub(super) fn page(&self) -> Option<String> {
        self.simulator.as_ref().map(Simulator::telegram_url)
    }

    /// Where the data are kept.
    pub(super) fn data_dir(&self) -> Option<&Path> {
        self.data_dir.as_deref()
    }

    /// Takes everything down.
    pub(super) async fn strike(self) {
        if let Some(simulator) = self.simulator {
            simulator.shutdown().await;
        }
        if let Some(database) = self.database
            && let Err(error) = database.stop().await
        {
            eprintln!("The database did not stop: {error}");
        }
    }
}

/// Cards are charged by a simulated Flutterwave, which tells the service what was paid.
fn simulate_payments(simulator: &Simulator, env: &mut Env) {
    let public_url = env.get("PUBLIC_URL").unwrap_or_default();
    let webhooks = format!("{public_url}/payments/flutterwave");
    simulator.core().flutterwave.send_webhooks_to(webhooks);
    env.set("FLUTTERWAVE_API_KEY", flutterwave::KEY);
    env.set("FLUTTERWAVE_API_URL", simulator.flutterwave_url());
    env.set("FLUTTERWAVE_SECRET_HASH", flutterwave::SECRET_HASH);
    env.set("FLUTTERWAVE_RATES", RATES);
}

/// The port that was asked for, which must be free; else the usual one, or any.
async fn free_port(flag: &str, asked: Option<u16>, usual: u16) -> Result<u16, anyhow::Error> {
    let try_port = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let listener = match asked {
        Some(port) => try_port(port)
            .await
            .with_context(|| format!("port {port} cannot be had, choose another with {flag}"))?,
        None => match try_port(usual).await {
            Ok(listener) => listener,
            Err(_) => try_port(0).await?,
        },
    };
    Ok(listener.local_addr()?.port())
}
