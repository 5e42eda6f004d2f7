//! Panels against the simulator's: the suite for every provider, and what is theirs alone.

mod orders;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use bulwark_simulator::faults::Rule;
use bulwark_simulator::panel::KEY;
use bulwark_simulator::{SimConfig, Simulator};
use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::base::clock::ManualClock;
use crate::providers::conformance::{Stage, Trouble, passes_conformance};
use crate::providers::{FailureReason, PollState};

struct PanelStage {
    panel: Panel,
    sim: Simulator,
    clock: Clock,
    manual: ManualClock,
    orders: AtomicUsize,
}

async fn stage() -> PanelStage {
    let start = datetime!(2026-01-01 0:00 UTC);
    let sim = Simulator::start(SimConfig {
        bind: SocketAddr::from(([127, 0, 0, 1], 0)),
        token: "1000000001:TEST".to_owned(),
        manual_clock: Some(start),
        seed: 7,
        kie_key: "key".to_owned(),
        kie_speed: 1.0,
    });
    let sim = sim.await.unwrap();
    let (clock, manual) = Clock::manual(start);
    PanelStage {
        panel: adapter(&sim.panel_url("one"), &clock, FetchLimits::default()),
        sim,
        clock,
        manual,
        orders: AtomicUsize::new(0),
    }
}

fn adapter(api_url: &str, clock: &Clock, limits: FetchLimits) -> Panel {
    let config = PanelConfig {
        name: "one".to_owned(),
        api_key: Secret::from(KEY),
        api_url: api_url.to_owned(),
    };
    Panel::with_limits(config, clock.clone(), Ids::seeded(7), limits).unwrap()
}

impl PanelStage {
    fn of(&self, service: &str, params: Value) -> SubmitRequest {
        let number = self.orders.fetch_add(1, Ordering::Relaxed);
        SubmitRequest {
            service: service.to_owned(),
            params,
            callback_url: None,
            correlation: Uuid::from_u128(number as u128),
        }
    }

    /// Members for a channel; words in the link decide how it ends.
    fn members(&self, word: &str) -> SubmitRequest {
        let number = self.orders.load(Ordering::Relaxed);
        let link = format!("https://t.me/channel{number}{word}");
        self.of("101", json!({ "link": link, "quantity": 100 }))
    }

    async fn taken(&self, request: &SubmitRequest) -> String {
        self.panel.submit(request).await.unwrap().external_id
    }

    async fn state(&self, external_id: &str) -> PollState {
        self.panel.poll(external_id).await.unwrap().state
    }

    fn fault(&self, target: &str, rule: Rule) {
        self.sim.core().faults.add(Rule {
            target: target.to_owned(),
            times: Some(1),
            ..rule
        });
    }

    fn trouble(&self, target: &str, trouble: Trouble) {
        let says = |body: Value| Rule {
            status: Some(200),
            body: Some(body),
            ..Rule::default()
        };
        let error = |words: &str| says(json!({ "error": words }));
        let rule = match trouble {
            Trouble::CutBefore => Rule {
                drop_before: true,
                ..Rule::default()
            },
            Trouble::CutAfter => Rule {
                drop_after: true,
                ..Rule::default()
            },
            Trouble::Silence => Rule {
                delay_ms: Some(1_000),
                ..Rule::default()
            },
            Trouble::GatewayPage => Rule {
                status: Some(502),
                body: Some(json!("<html>502 Bad Gateway</html>")),
                ..Rule::default()
            },
            Trouble::Nonsense => Rule {
                body: Some(json!("<!DOCTYPE html><h1>Order placed!</h1>")),
                ..Rule::default()
            },
            Trouble::EmptyAnswer => Rule {
                body: Some(json!([])),
                ..Rule::default()
            },
            Trouble::RateLimited => Rule {
                retry_after: Some(17),
                ..Rule::default()
            },
            Trouble::Maintenance => error("We are under maintenance"),
            Trouble::NoFunds => error("neworder.error.not_enough_funds"),
            Trouble::KeyRefused => error("Incorrect API key"),
            Trouble::InputRefused => error(&format!("Incorrect link, key {KEY}")),
            Trouble::ContentRefused => error("This link is blacklisted"),
        };
        self.fault(target, rule);
    }

    async fn control(&self, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}/sim/panel/one/{path}", self.sim.telegram_url());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = match body {
            Some(body) => client.post(url).json(&body),
            None => client.get(url),
        };
        request.send().await.unwrap().json().await.unwrap()
    }

    fn calls(&self, target: &str) -> usize {
        self.sim.core().log.since(0, Some(target)).len()
    }
}

#[async_trait]
impl Stage for PanelStage {
    fn provider(&self) -> &dyn Provider {
        &self.panel
    }

    fn hasty(&self) -> Box<dyn Provider> {
        let limits = FetchLimits {
            call: Duration::from_millis(300),
            ..FetchLimits::default()
        };
        Box::new(adapter(&self.sim.panel_url("one"), &self.clock, limits))
    }

    fn unreachable(&self) -> Box<dyn Provider> {
        let nobody = "http://127.0.0.1:1/api/v2";
        Box::new(adapter(nobody, &self.clock, FetchLimits::default()))
    }

    fn order(&self) -> SubmitRequest {
        self.members("")
    }

    fn doomed_order(&self) -> SubmitRequest {
        self.members("cancel")
    }

    fn doomed_reason(&self) -> FailureReason {
        FailureReason::Cancelled
    }

    fn trouble_submit(&self, trouble: Trouble) {
        self.trouble("panel.add", trouble);
    }

    fn trouble_poll(&self, trouble: Trouble) {
        self.trouble("panel.status", trouble);
    }

    fn submits_seen(&self) -> usize {
        self.calls("panel.add")
    }

    async fn tasks(&self) -> usize {
        self.control("orders", None).await["orders"]
            .as_array()
            .unwrap()
            .len()
    }

    fn advance(&self, by: Duration) {
        self.manual.advance(by);
        self.sim.clock().advance(by);
    }

    async fn finish(&self) {
        self.advance(Duration::from_secs(60));
    }

    fn secrets(&self) -> Vec<String> {
        vec![KEY.to_owned()]
    }
}

passes_conformance!(stage);
