//! The service against its simulator: the suite for every provider, and what is its own.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use bulwark_simulator::faults::Rule;
use bulwark_simulator::settlement::KEY;
use bulwark_simulator::{SimConfig, Simulator};
use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::base::clock::ManualClock;
use crate::providers::conformance::{Stage, Trouble, passes_conformance};
use crate::providers::{FailureReason, PollState};

struct SettlementStage {
    settlement: Settlement,
    sim: Simulator,
    clock: Clock,
    manual: ManualClock,
    orders: AtomicU64,
}

async fn stage() -> SettlementStage {
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
    SettlementStage {
        settlement: adapter(&sim.settlement_url(), &clock, FetchLimits::default()),
        sim,
        clock,
        manual,
        orders: AtomicU64::new(1),
    }
}

fn adapter(api_url: &str, clock: &Clock, limits: FetchLimits) -> Settlement {
    let config = SettlementConfig {
        name: "settlement".to_owned(),
        api_key: Secret::from(KEY),
        api_url: api_url.to_owned(),
    };
    Settlement::with_limits(config, clock.clone(), Ids::seeded(7), limits).unwrap()
}

impl SettlementStage {
    fn transfer(&self, to: i64) -> SubmitRequest {
        let number = self.orders.fetch_add(1, Ordering::Relaxed);
        let key = Uuid::from_u128(number.into());
        SubmitRequest {
            service: "tip".to_owned(),
            params: json!({ "key": key, "from": 11, "to": to, "amount": 150, "currency": "USD" }),
            callback_url: None,
            correlation: key,
        }
    }

    fn trouble(&self, target: &str, trouble: Trouble) {
        let says = |status: u16, body: Value| Rule {
            status: Some(status),
            body: Some(body),
            ..Rule::default()
        };
        let error = |status, code: &str| {
            let message = format!("no; your key {KEY}");
            says(
                status,
                json!({ "error": { "code": code, "message": message } }),
            )
        };
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
            Trouble::GatewayPage => says(502, json!("<html>502 Bad Gateway</html>")),
            Trouble::Nonsense => Rule {
                body: Some(json!("<!DOCTYPE html><h1>Settled!</h1>")),
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
            Trouble::Maintenance => error(503, "maintenance"),
            Trouble::NoFunds => error(402, "no_funds"),
            Trouble::KeyRefused => error(401, "key"),
            Trouble::InputRefused => error(422, "invalid"),
            Trouble::ContentRefused => error(422, "refused"),
        };
        self.sim.core().faults.add(Rule {
            target: target.to_owned(),
            times: Some(1),
            ..rule
        });
    }
}

#[async_trait]
impl Stage for SettlementStage {
    fn provider(&self) -> &dyn Provider {
        &self.settlement
    }

    fn hasty(&self) -> Box<dyn Provider> {
        let limits = FetchLimits {
            call: Duration::from_millis(300),
            ..FetchLimits::default()
        };
        Box::new(adapter(&self.sim.settlement_url(), &self.clock, limits))
    }

    fn unreachable(&self) -> Box<dyn Provider> {
        let nobody = "http://127.0.0.1:1/settlement";
        Box::new(adapter(nobody, &self.clock, FetchLimits::default()))
    }

    fn order(&self) -> SubmitRequest {
        self.transfer(12)
    }

    fn doomed_order(&self) -> SubmitRequest {
        self.transfer(666)
    }

    fn trouble_submit(&self, trouble: Trouble) {
        self.trouble("settlement.create", trouble);
    }

    fn trouble_poll(&self, trouble: Trouble) {
        self.trouble("settlement.get", trouble);
    }

    fn submits_seen(&self) -> usize {
        let log = &self.sim.core().log;
        log.since(0, Some("settlement.create")).len()
    }

    async fn tasks(&self) -> usize {
        self.sim.core().settlement.count()
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

#[tokio::test]
async fn a_lost_answer_leaves_evidence_by_our_own_key() {
    let stage = stage().await;
    for (trouble, arrived) in [
        (Trouble::CutAfter, Arrived::Likely),
        (Trouble::CutBefore, Arrived::Unlikely),
    ] {
        let request = stage.order();
        stage.trouble_submit(trouble);
        let error = stage.settlement.submit(&request).await.unwrap_err();
        assert!(matches!(error, ProviderError::Ambiguous { .. }), "{error}");
        let clues = Clues {
            note: stage.settlement.note(&request).await,
            ..Clues::default()
        };
        let evidence = stage.settlement.evidence(&clues).await.unwrap();
        assert_eq!(evidence.arrived, arrived, "{trouble:?}");
        for candidate in &evidence.candidates {
            assert_eq!(stage.settlement.knows(candidate).await, Ok(true));
        }
        let is_found = arrived == Arrived::Likely;
        assert_eq!(evidence.candidates.len(), usize::from(is_found));
        assert_eq!(stage.settlement.knows("st-nowhere").await, Ok(false));
    }
}

#[tokio::test]
async fn a_key_names_one_transfer_for_ever() {
    let stage = stage().await;
    let request = stage.order();
    let first = stage.settlement.submit(&request).await.unwrap();
    let again = stage.settlement.submit(&request).await.unwrap();
    assert_eq!(first.external_id, again.external_id);
    assert_eq!(stage.sim.core().settlement.count(), 1);
}

#[tokio::test]
async fn progress_is_passed_on() {
    let stage = stage().await;
    let id = stage
        .settlement
        .submit(&stage.order())
        .await
        .unwrap()
        .external_id;
    stage.advance(Duration::from_secs(15));
    let state = stage.settlement.poll(&id).await.unwrap().state;
    let expected = PollState::Running {
        progress_percent: Some(50),
    };
    assert_eq!(state, expected);
    let wrong = stage.settlement.poll("../balance").await.unwrap_err();
    assert!(matches!(wrong, ProviderError::Permanent { .. }), "{wrong}");
    let refused = FailureReason::ContentRefused;
    let doomed = stage
        .settlement
        .submit(&stage.doomed_order())
        .await
        .unwrap();
    stage.finish().await;
    let state = stage
        .settlement
        .poll(&doomed.external_id)
        .await
        .unwrap()
        .state;
    assert!(matches!(state, PollState::Failed { reason, .. } if reason == refused));
}
