//! A rolling deploy of two replicas behind a load balancer, under load: nothing is refused, lost, doubled or overtaken.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use bulwark::base::supervise::Supervisor;
use bulwark::engine::ledger::AuditReport;
use futures_util::future::join_all;
use serde_json::json;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{Executor as _, Row as _};

use crate::database;
use crate::service::{Outside, Service, deliver, free_port, results};

const PAYING: std::ops::Range<i64> = 1..5;
const TALKING: std::ops::Range<i64> = 100..130;
const HELP_EVERY: u32 = 20;

/// Sends each request to the next replica that says it is ready; never tries a second time.
#[derive(Clone, Default)]
struct Balancer {
    ports: Arc<Mutex<Vec<u16>>>,
    ready: Arc<Mutex<Vec<u16>>>,
    next: Arc<AtomicUsize>,
    http: reqwest::Client,
}

impl Balancer {
    async fn start(port: u16, tasks: &Supervisor) -> Self {
        let balancer = Self {
            // A connection for each request: one that is kept may be closed by the other side at any time.
            http: reqwest::Client::builder()
                .pool_max_idle_per_host(0)
                .build()
                .unwrap(),
            ..Self::default()
        };
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port))
            .await
            .unwrap();
        let router = axum::Router::new()
            .fallback(forward)
            .with_state(balancer.clone());
        let mut listener = Some(listener);
        tasks.service("balancer", move |_| {
            let (listener, router) = (listener.take().unwrap(), router.clone());
            async move { axum::serve(listener, router).await.unwrap() }
        });
        let probing = balancer.clone();
        tasks.service("probes", move |_| {
            let probing = probing.clone();
            async move {
                let mut ticks = tokio::time::interval(Duration::from_millis(50));
                loop {
                    ticks.tick().await;
                    probing.probe().await;
                }
            }
        });
        balancer
    }

    async fn probe(&self) {
        let ports = self.ports.lock().unwrap().clone();
        let answers = ports.iter().map(async |port| {
            let url = format!("http://127.0.0.1:{port}/readyz");
            let answer = self.http.get(url).send().await;
            answer.is_ok_and(|answer| answer.status().is_success())
        });
        let answers = join_all(answers).await;
        let mut ready: Vec<u16> = ports;
        let mut answers = answers.into_iter();
        ready.retain(|_| answers.next() == Some(true));
        *self.ready.lock().unwrap() = ready;
    }

    /// Waits until exactly these are ready.
    async fn settles_on(&self, expected: &[u16]) {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        let settled = tokio::time::timeout(Duration::from_secs(60), async {
            while *self.ready.lock().unwrap() != expected {
                ticks.tick().await;
            }
        });
        settled.await.expect("the replicas become ready");
    }
}

async fn forward(State(balancer): State<Balancer>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let turn = balancer.next.fetch_add(1, Ordering::Relaxed);
    let port = {
        let ready = balancer.ready.lock().unwrap();
        ready.get(turn % ready.len().max(1)).copied()
    };
    let Some(port) = port else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let url = format!("http://127.0.0.1:{port}{}", parts.uri);
    let sent = balancer
        .http
        .request(parts.method, url)
        .headers(parts.headers)
        .body(body);
    match sent.send().await {
        Ok(answer) => {
            let status = answer.status();
            (status, answer.bytes().await.unwrap_or_default()).into_response()
        }
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

/// Delivers commands of many users, one after another each, until told to stop. What was not answered 200.
async fn talk(
    outside: &Outside,
    port: u16,
    (next, asked): (&AtomicI64, &AtomicI64),
    stop: &AtomicBool,
) -> Vec<StatusCode> {
    let talkers = TALKING.map(async |user| {
        let mut refused = Vec::new();
        let mut pace = tokio::time::interval(Duration::from_millis(100));
        let mut turn = 0;
        while !stop.load(Ordering::Relaxed) {
            pace.tick().await;
            let update_id = next.fetch_add(1, Ordering::Relaxed);
            // All commands at this pace would be more answers than Telegram lets a bot send.
            let kind = if turn % HELP_EVERY == 0 {
                asked.fetch_add(1, Ordering::Relaxed);
                "message"
            } else {
                "edited_message"
            };
            turn += 1;
            let update = json!({ "update_id": update_id, kind: {
                "message_id": update_id, "date": 1_772_366_400, "text": "/help",
                "chat": { "id": user, "type": "private", "first_name": "A" },
                "from": { "id": user, "is_bot": false, "first_name": "A" } } });
            let status = deliver(outside, port, &update).await;
            if status != StatusCode::OK {
                refused.push(status);
            }
        }
        refused
    });
    join_all(talkers).await.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_deploy_under_load_refuses_nothing_and_loses_nothing() {
    let outside = Outside::start().await;
    let database = database::fresh().await;
    let public = free_port().await;
    let tasks = Supervisor::default();
    let balancer = Balancer::start(public, &tasks).await;
    let start = |port| {
        let settings = [("SHUTDOWN_DELAY_MS", "400"), ("WELCOME_GRANT", "500")];
        Service::start(&outside.sim, (port, public), &database, &settings)
    };
    let ports = [
        free_port().await,
        free_port().await,
        free_port().await,
        free_port().await,
    ];
    let mut replicas = HashMap::new();
    for port in &ports[..2] {
        replicas.insert(*port, start(*port));
        balancer.ports.lock().unwrap().push(*port);
    }
    balancer.settles_on(&ports[..2]).await;

    let (next, stop) = (AtomicI64::new(5_000_000_000), AtomicBool::new(false));
    let asked = AtomicI64::new(0);
    let deploy = async {
        let mut serving = ports[..2].to_vec();
        for (old, new) in [(ports[0], ports[2]), (ports[1], ports[3])] {
            replicas.insert(new, start(new));
            serving.push(new);
            *balancer.ports.lock().unwrap() = serving.clone();
            balancer.settles_on(&serving).await;
            let clean = replicas.remove(&old).unwrap().stop().await;
            assert!(clean, "it stops in good order");
            serving.retain(|port| *port != old);
            *balancer.ports.lock().unwrap() = serving.clone();
            balancer.settles_on(&serving).await;
        }
    };
    for user in TALKING {
        outside.chat(user).says("/start").await;
    }
    let buy = join_all(PAYING.map(async |user| {
        let chat = outside.chat(user);
        chat.says("/start").await;
        for count in 1..=2 {
            chat.orders().await;
            chat.receives(count).await;
        }
    }));
    let work = async {
        tokio::join!(deploy, buy);
        stop.store(true, Ordering::Relaxed);
    };
    let (refused, ()) = tokio::join!(talk(&outside, public, (&next, &asked), &stop), work);
    assert_eq!(refused, Vec::<StatusCode>::new(), "refused");

    let pool = PgPoolOptions::new().connect_with(database).await.unwrap();
    let said = next.into_inner() - 5_000_000_000;
    check(&outside, &pool, said, asked.into_inner()).await;
}

async fn check(outside: &Outside, pool: &PgPool, said: i64, asked: i64) {
    let count = async |sql: &'static str| pool.fetch_one(sql).await.unwrap().get::<i64, _>(0);
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    let idle = tokio::time::timeout(Duration::from_secs(60), async {
        let waiting = "select (select count(*) from inbox_update where state = 0) + (select count(*) from outbox_message)";
        while count(waiting).await > 0 {
            ticks.tick().await;
        }
    });
    idle.await.expect("all is worked off");
    let handled = "select count(*) from inbox_update where state = 1 and update_id >= 5000000000";
    assert_eq!(count(handled).await, said, "each once");
    let overtaken = "select count(*) from (select finished_at < lag(finished_at) over (partition by lane order by seq) as early
         from inbox_update) rows where early";
    assert_eq!(count(overtaken).await, 0, "in order");
    let mut helps = 0;
    for user in TALKING {
        let messages = outside.chat(user).messages().await;
        let texts = messages.iter().filter_map(|m| m["text"].as_str());
        helps += texts.filter(|text| text.contains("How it works")).count();
    }
    assert_eq!(i64::try_from(helps).unwrap(), asked, "each answered once");
    let orders = 2 * PAYING.count();
    assert_eq!(outside.tasks().await.len(), orders, "each submitted once");
    for user in PAYING {
        assert_eq!(results(&outside.chat(user).messages().await), 2);
    }
    let mut conn = pool.acquire().await.unwrap();
    let report = AuditReport::make(&mut conn).await.unwrap();
    assert_eq!(report.findings, []);
}
