//! One world: the simulator, a database, a front door, and the replicas of the service.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bulwark_simulator::{SimConfig, Simulator};
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPool};
use tokio::task::JoinSet;

use crate::cards;
use crate::clock;
use crate::cluster::Cluster;
use crate::cutter::Cutter;
use crate::dice::Dice;
use crate::front::{Front, free_port};
use crate::inquirers;
use crate::inviters;
use crate::outside::Outside;
use crate::payers;
use crate::payouts;
use crate::people;
use crate::promoters;
use crate::replica::{Arming, Launch, Replica};
use crate::tables;
use crate::tippers;

/// The bot's token: nothing that is written anywhere may contain it.
pub const TOKEN: &str = "100000001:test-token-of-the-simulator-0000000";
/// The key of the provider's account.
pub const KIE_KEY: &str = "test-key-of-the-simulator";
/// What Telegram sends with each update.
pub const SECRET: &str = "the-secret-of-the-webhook";
/// What the world sells.
const CATALOG_FILE: &str = "catalog.toml";

/// What a world is made of.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Decides everything that is drawn by lot.
    pub seed: u64,
    /// How many processes.
    pub replicas: usize,
    /// The mistake that is in all of them.
    pub mutant: Option<String>,
    /// Whether Telegram's limits are enforced.
    pub limits: bool,
    /// How much faster than in life the provider works.
    pub speed: f64,
    /// Whether an outside service settles tips.
    pub settled_outside: bool,
    /// Whether what was earned with referrals is paid out, not what the main wallet has.
    pub earned: bool,
    /// The disk of Postgres, where it can be filled up.
    pub disk: Option<PathBuf>,
}

impl Plan {
    /// What a seed means.
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 1);
        let mut money = Dice::new(seed, 3);
        Self {
            seed,
            replicas: if dice.percent(65) { 2 } else { 1 },
            mutant: None,
            limits: dice.percent(30),
            speed: *dice.pick(&[8.0, 20.0, 60.0]),
            settled_outside: money.percent(50),
            earned: money.percent(30),
            disk: None,
        }
    }
}

/// A running world.
#[derive(Debug)]
pub struct World {
    /// How it was made.
    pub plan: Plan,
    /// What is around the service.
    pub outside: Arc<Outside>,
    /// Where Postgres lives.
    pub cluster: Cluster,
    /// What stands before it.
    pub cutter: Cutter,
    /// The processes.
    pub replicas: Vec<Replica>,
    /// What people do beside their ordinary life.
    pub errands: JoinSet<()>,
    /// Where their logs and notes are.
    pub folder: PathBuf,
    database: String,
    front: Front,
}

impl World {
    /// Makes the world of `plan` in an own database of `cluster`; nothing of the service runs yet but processes that
    /// were told to start with `armings`.
    pub async fn start(
        plan: Plan,
        cluster: Cluster,
        program: &Path,
        folder: PathBuf,
        armings: Vec<Arming>,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        let catalog = format!("{}\n{}", promoters::CATALOG, payouts::catalog(&plan));
        std::fs::write(folder.join(CATALOG_FILE), catalog)?;
        let outside = outside(&plan).await?;
        let database = format!("world_{}_{}", plan.seed, outside.sim().addr().port());
        tables::create(&cluster.options()?, &database).await?;
        let cutter = Cutter::start(&folder.join("s"), cluster.socket()?)?;
        let mut ports = Vec::new();
        for _ in 0..plan.replicas {
            ports.push(free_port().await?);
        }
        let front = Front::start(&ports).await?;
        let webhooks = format!("http://127.0.0.1:{}/payments/flutterwave", front.port());
        let settings = json!({ "webhook_url": webhooks });
        outside.post("/sim/flutterwave/settings", &settings).await?;
        let mut world = Self {
            plan,
            outside,
            cluster,
            cutter,
            replicas: Vec::new(),
            errands: JoinSet::new(),
            folder,
            database,
            front,
        };
        for ((number, port), arming) in ports.into_iter().enumerate().zip(armings) {
            let launch = world.launch(program, number, port);
            world.replicas.push(Replica::start(launch, arming)?);
        }
        Ok(world)
    }

    fn launch(&self, program: &Path, number: usize, port: u16) -> Launch {
        let sim = self.outside.sim();
        let socket = self.cutter.folder().display();
        let database = &self.database;
        let env = [
            ("TELEGRAM_BOT_TOKEN", TOKEN.to_owned()),
            ("TELEGRAM_API_URL", sim.telegram_url()),
            ("WEBHOOK_SECRET", SECRET.to_owned()),
            ("KIE_API_KEY", KIE_KEY.to_owned()),
            ("KIE_API_URL", sim.kie_url()),
            ("KIE_WEBHOOK_KEY", KIE_KEY.to_owned()),
            (
                "PUBLIC_URL",
                format!("http://127.0.0.1:{}", self.front.port()),
            ),
            ("HOST", "127.0.0.1".to_owned()),
            ("PORT", port.to_string()),
            (
                "DATABASE_URL",
                format!(
                    "postgres://postgres@localhost:5432/{database}?host={socket}&sslmode=disable"
                ),
            ),
            (
                "ADMIN_IDS",
                people::ADMINS.map(|id| id.to_string()).join(","),
            ),
            ("WELCOME_GRANT", people::WELCOME.to_string()),
            ("ORDERS_PER_USER", "50".to_owned()),
            ("FREE_USES_PER_DAY", "1000".to_owned()),
            ("RATE_LIMIT_PER_MINUTE", "600".to_owned()),
            ("RATE_LIMIT_BURST", "600".to_owned()),
            ("SHUTDOWN_GRACE_MS", "6000".to_owned()),
            (
                "PANELS",
                format!("{}={}", promoters::PANEL, sim.panel_url(promoters::PANEL)),
            ),
            ("CRASH_PANEL_API_KEY", promoters::KEY.to_owned()),
            (
                "CATALOG_PATH",
                self.folder.join(CATALOG_FILE).display().to_string(),
            ),
            ("FLUTTERWAVE_API_KEY", cards::KEY.to_owned()),
            ("FLUTTERWAVE_API_URL", sim.flutterwave_url()),
            ("FLUTTERWAVE_SECRET_HASH", cards::SECRET_HASH.to_owned()),
            ("FLUTTERWAVE_SIGNING_KEY", cards::SIGNING_KEY.to_owned()),
            ("FLUTTERWAVE_RATES", cards::RATES.to_owned()),
            ("TOPUP_AMOUNTS", cards::AMOUNTS.to_owned()),
            ("TOPUP_STARS", payers::PACKAGES.to_owned()),
            ("TOPUP_STAR_RATE", payers::RATE.to_string()),
            ("UNKNOWN_ASK_S", inquirers::ASK_S.to_string()),
            ("LOG_LEVEL", "info".to_owned()),
            ("LOG_FORMAT", "json".to_owned()),
        ];
        Launch {
            program: program.to_owned(),
            env: env
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .chain(inviters::variables())
                .chain(tippers::variables(&self.plan, sim.settlement_url()))
                .collect(),
            folder: self.folder.clone(),
            number,
        }
    }

    /// What is armed in a process of this world, whatever else is.
    pub fn arming(&self, kill_at: Option<String>) -> Arming {
        Arming {
            kill_at,
            mutant: self.plan.mutant.clone(),
            clock_step: None,
        }
    }

    /// The way to the database past the cutter.
    pub fn options(&self) -> anyhow::Result<PgConnectOptions> {
        Ok(self.cluster.options()?.database(&self.database))
    }

    /// A connection past the cutter.
    pub async fn pool(&self) -> anyhow::Result<PgPool> {
        let options = self.options()?;
        tables::pool(options).await.context("the database")
    }

    /// Waits until the webhook is set: from then on updates come.
    pub async fn is_up(&self, patience: Duration) -> bool {
        let up = clock::until(patience, || {
            let calls = self.outside.sim().core().log.since(0, Some("setWebhook"));
            calls.iter().any(|call| call.status == 200).then_some(())
        });
        up.await.is_some()
    }

    /// The points that any process has passed, and those at which one was killed.
    pub fn notes(&self) -> Vec<(String, String)> {
        let notes = std::fs::read_to_string(self.folder.join("points")).unwrap_or_default();
        let lines = notes.lines().filter_map(|line| line.split_once(' '));
        lines
            .map(|(what, point)| (what.to_owned(), point.to_owned()))
            .collect()
    }

    /// How many processes were killed.
    pub fn kills(&self) -> usize {
        let kills = self.outside.journal.kills();
        usize::try_from(kills.values().sum::<u32>()).unwrap_or(0)
    }

    /// Ends everything; gives Postgres back.
    pub async fn end(mut self) -> Cluster {
        for replica in &mut self.replicas {
            replica.kill().await;
        }
        let database = self.database.clone();
        if let Ok(options) = self.cluster.options() {
            let _ = tables::remove(&options, &database).await;
        }
        self.cluster
    }
}

async fn outside(plan: &Plan) -> anyhow::Result<Arc<Outside>> {
    let sim = Simulator::start(SimConfig {
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        token: TOKEN.to_owned(),
        manual_clock: None,
        seed: plan.seed,
        kie_key: KIE_KEY.to_owned(),
        kie_speed: plan.speed,
    })
    .await
    .context("the simulator")?;
    let outside = Outside::new(sim);
    outside
        .post("/sim/limits", &json!({ "enabled": plan.limits }))
        .await?;
    promoters::opens(&outside, plan.speed).await?;
    Ok(Arc::new(outside))
}
