//! The world of a scenario: the app, the simulator, a database, and one clock for all.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bulwark::app::{App, Delivery, Parts};
use bulwark::base::clock::{Clock, ManualClock};
use bulwark::base::ids::Ids;
use bulwark::base::supervise::Supervisor;
use bulwark::catalog::Catalog;
use bulwark::config::{Config, Env, Providers};
use bulwark::engine::ledger::AuditReport;
use bulwark::engine::{inbox, jobs, outbox};
use bulwark_simulator::panel::KEY as PANEL_KEY;
use bulwark_simulator::{SimConfig, Simulator};
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Executor as _, PgPool, Row as _};
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::net::TcpListener;

use crate::database;
pub use crate::user::User;

pub const START: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
pub const TOKEN: &str = "100000001:test-token-of-the-simulator-0000000";
pub const KIE_KEY: &str = "test-key-of-the-simulator";
pub const ADMIN: i64 = 900;
/// Longest time that a scenario lets pass while it waits for the end of its jobs.
const HORIZON: Duration = Duration::from_secs(45 * 60);

/// Everything a scenario needs.
pub struct World {
    pub app: Arc<App>,
    pub sim: Simulator,
    pub http: reqwest::Client,
    pub address: SocketAddr,
    pub pool: PgPool,
    catalog: Arc<Catalog>,
    clock: ManualClock,
    /// The database, past any pooler.
    pub options: PgConnectOptions,
    pub port_env: Env,
    intake: Supervisor,
}

impl World {
    /// A fresh world in which a new user starts with $5.00.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A fresh world with variables of its own.
    pub async fn with(variables: &[(&str, &str)]) -> Self {
        let catalog = Catalog::shipped(Providers::NAMES).expect("the catalogue");
        Self::selling(catalog, variables).await
    }

    /// A fresh world with things of its own on sale.
    pub async fn selling(catalog: Catalog, variables: &[(&str, &str)]) -> Self {
        let catalog = Arc::new(catalog);
        let sim = Simulator::start(SimConfig {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            token: TOKEN.to_owned(),
            manual_clock: Some(START),
            seed: 1,
            kie_key: KIE_KEY.to_owned(),
            kie_speed: 1.0,
        })
        .await
        .expect("the simulator");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        let webhooks = format!("http://{address}/payments/flutterwave");
        sim.core().flutterwave.send_webhooks_to(webhooks);
        let options = database::fresh().await;
        let mut env = Env::from([
            ("TELEGRAM_BOT_TOKEN", TOKEN),
            ("TELEGRAM_API_URL", sim.telegram_url().as_str()),
            ("KIE_API_KEY", KIE_KEY),
            ("KIE_API_URL", sim.kie_url().as_str()),
            ("KIE_WEBHOOK_KEY", KIE_KEY),
            (
                "PANELS",
                format!(
                    "one={},two={},replicate={}",
                    sim.panel_url("one"),
                    sim.panel_url("two"),
                    sim.replicate_url()
                )
                .as_str(),
            ),
            ("ONE_API_KEY", PANEL_KEY),
            ("FLUTTERWAVE_API_URL", sim.flutterwave_url().as_str()),
            (
                "PUBLIC_URL",
                format!("http://127.0.0.1:{}", address.port()).as_str(),
            ),
            ("HOST", "127.0.0.1"),
            ("DATABASE_URL", "postgres://replaced@localhost/replaced"),
            ("WELCOME_GRANT", "500"),
            ("ADMIN_IDS", ADMIN.to_string().as_str()),
            ("SHUTDOWN_DELAY_MS", "0"),
            // The flood limiter goes by real time, in which a scenario is a flood.
            ("RATE_LIMIT_BURST", "600"),
        ]);
        for (name, value) in variables {
            env.set(name, *value);
        }
        if env.get("TIP_SETTLEMENT_KEY").is_some() {
            env.set_default("TIP_SETTLEMENT_URL", sim.settlement_url());
        }
        let (clock, manual) = Clock::manual(START);
        let app = Arc::new(build(&env, &catalog, &options, clock));
        let pool = app.pool().clone();
        let intake = app.start_intake(listener).await.expect("the intake");
        app.introduce(Delivery::Webhook).await.expect("the webhook");
        let http = reqwest::Client::new();
        Self {
            app,
            sim,
            http,
            address,
            pool,
            catalog,
            clock: manual,
            options,
            port_env: env,
            intake,
        }
    }

    /// Ends the app as a crash would, without any farewell, and starts a new one on the same database and address.
    pub async fn restart(&mut self) {
        // A dropped intake closes its sockets; nothing is drained, no lease is given back.
        self.intake.stop(Duration::from_secs(5)).await;
        self.advance(Duration::from_secs(10)).await;
        let (clock, manual) = Clock::manual(self.clock.now());
        self.clock = manual;
        self.app = Arc::new(build(&self.port_env, &self.catalog, &self.options, clock));
        self.pool = self.app.pool().clone();
        let listener = TcpListener::bind(self.address)
            .await
            .expect("the same port");
        self.intake = self.app.start_intake(listener).await.expect("the intake");
    }

    /// Sets a variable from the next [`restart`](Self::restart) on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.port_env.set(name, value);
    }

    /// Another replica on the same database, which takes no updates in and works only when it is drained.
    pub fn replica(&self) -> Arc<App> {
        let clock = self.app.clock().clone();
        Arc::new(build(&self.port_env, &self.catalog, &self.options, clock))
    }

    /// The time of the app and the simulator.
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Lets time pass for the app and the simulator alike.
    pub async fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.sim.clock().advance(by);
    }

    /// Works off what can be done now, on both sides. When something is due next.
    pub async fn step(&self) -> Option<OffsetDateTime> {
        self.sim.idle().await;
        // On the heap: all that the app may do at once would be on the stack of every test, several times over.
        let next = Box::pin(self.app.drain()).await.expect("the database");
        self.sim.idle().await;
        next
    }

    /// Works off everything that is due within a few seconds: what a person waits for after a tap.
    pub async fn settle(&self) {
        self.run_for(Duration::from_secs(8)).await;
    }

    /// Works off everything until no job and no message is left, turning the clock as far as it takes.
    pub async fn finish(&self) {
        self.run_for(HORIZON).await;
        let now = Some(self.clock.now());
        let jobs = jobs::counts(&self.pool, now).await.expect("counts");
        assert_eq!(
            (jobs.queued, jobs.running, jobs.unknown),
            (0, 0, 0),
            "jobs are left"
        );
    }

    /// Works off everything that is due within `horizon`.
    pub async fn run_for(&self, horizon: Duration) {
        let end = self.clock.now() + horizon;
        for _ in 0..2_000 {
            let Some(next) = self.step().await.filter(|next| *next <= end) else {
                return;
            };
            let wait = (next - self.clock.now()).max(time::Duration::milliseconds(5));
            self.advance(wait.try_into().expect("forward")).await;
        }
        panic!("the world does not come to rest");
    }

    /// At the end of a scenario: nothing waits, nothing was set aside, the books balance.
    pub async fn assert_clean(&self) {
        self.finish().await;
        let now = Some(self.clock.now());
        let inbox = inbox::counts(&self.pool, now).await.expect("counts");
        assert_eq!((inbox.pending, inbox.quarantined), (0, 0), "{inbox:?}");
        let outbox = outbox::counts(&self.pool, now).await.expect("counts");
        assert_eq!((outbox.pending, outbox.dead), (0, 0), "{outbox:?}");
        self.assert_books_balance().await;
    }

    pub async fn assert_books_balance(&self) {
        let mut conn = self.pool.acquire().await.expect("a connection");
        let report = AuditReport::make(&mut conn).await.expect("an audit");
        assert_eq!(report.findings, []);
    }

    /// A call of the simulator's control API.
    pub async fn control(&self, method: reqwest::Method, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.sim.telegram_url());
        let answer = self
            .http
            .request(method, url)
            .json(&body)
            .send()
            .await
            .expect("the simulator");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert!(status.is_success(), "{path}: {status} {text}");
        if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).expect("JSON")
        }
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.control(reqwest::Method::POST, path, body).await
    }

    pub async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.sim.telegram_url());
        self.http
            .get(url)
            .send()
            .await
            .expect("the simulator")
            .json()
            .await
            .expect("JSON")
    }

    /// A user of the bot, in their private chat.
    pub fn user(&self, id: i64) -> User<'_> {
        User::of(self, id)
    }

    /// Makes something go wrong: a rule of the simulator.
    pub async fn fault(&self, rule: Value) {
        self.post("/sim/faults", rule).await;
    }

    /// The tasks that the provider has, oldest first.
    pub async fn tasks(&self) -> Vec<Value> {
        self.get("/sim/kie/tasks").await["tasks"]
            .as_array()
            .cloned()
            .expect("a list")
    }

    /// How often something stands in the database.
    pub async fn count(&self, sql: &'static str) -> i64 {
        self.pool.fetch_one(sql).await.expect("a row").get(0)
    }

    /// The same, of a question that was put together.
    pub async fn count_of(&self, sql: &str) -> i64 {
        let row = self.pool.fetch_one(AssertSqlSafe(sql.to_owned())).await;
        row.expect("a row").get(0)
    }

    /// A text of the database.
    pub async fn text_of(&self, sql: &str) -> String {
        let row = self.pool.fetch_one(AssertSqlSafe(sql.to_owned())).await;
        row.expect("a row").get(0)
    }

    /// How many Bot API calls of this method the simulator has seen.
    pub async fn calls(&self, method: &str) -> usize {
        self.log(method).await.len()
    }

    /// The calls of one method that the simulator has seen, oldest first.
    pub async fn log(&self, method: &str) -> Vec<Value> {
        let log = self.get(&format!("/sim/log?method={method}")).await;
        log.as_array().cloned().expect("a list")
    }
}

fn build(env: &Env, catalog: &Arc<Catalog>, options: &PgConnectOptions, clock: Clock) -> App {
    let config = Config::from_env(env).expect("a configuration");
    let parts = Parts {
        config,
        catalog: Arc::clone(catalog),
        clock,
        ids: Ids::random(),
    };
    App::build_on(parts, database::route(options.clone())).expect("an app")
}
