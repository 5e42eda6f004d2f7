//! Replicate against the simulator's: the suite for every provider, and what is Replicate's own.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulwark_simulator::faults::Rule;
use bulwark_simulator::replicate::{SIGNING_KEY, TOKEN};
use bulwark_simulator::{SimConfig, Simulator};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::base::clock::ManualClock;
use crate::base::redact::Secret;
use crate::providers::conformance::{
    FileTrouble, RawCallback, Signature, Stage, Trouble, passes_conformance,
};
use crate::providers::{Arrived, FailureReason};

const CALLBACK_TOKEN: &str = "canary-token-of-the-job";
const MODEL: &str = "black-forest-labs/flux-schnell";
const VERSION: &str =
    "somebody/pictures:5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa";

struct ReplicateStage {
    replicate: Replicate,
    sim: Simulator,
    clock: Clock,
    manual: ManualClock,
}

async fn stage() -> ReplicateStage {
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
    ReplicateStage {
        replicate: adapter(&sim.replicate_url(), &clock, FetchLimits::default()),
        sim,
        clock,
        manual,
    }
}

fn adapter(api_url: &str, clock: &Clock, limits: FetchLimits) -> Replicate {
    let account = Account {
        name: "replicate".to_owned(),
        api_url: api_url.to_owned(),
        api_key: Secret::from(TOKEN),
        webhook_key: Some(Secret::from(SIGNING_KEY)),
    };
    Replicate::with_limits(account, clock.clone(), Ids::seeded(7), limits).unwrap()
}

fn order(service: &str, prompt: &str) -> SubmitRequest {
    SubmitRequest {
        service: service.to_owned(),
        params: json!({ "prompt": prompt, "output_format": "png" }),
        callback_url: Some(format!(
            "http://127.0.0.1:1/callbacks/replicate/{CALLBACK_TOKEN}"
        )),
        correlation: Uuid::nil(),
    }
}

impl ReplicateStage {
    fn fault(&self, target: &str, rule: Rule) {
        self.sim.core().faults.add(Rule {
            target: target.to_owned(),
            times: Some(1),
            ..rule
        });
    }

    fn trouble(&self, target: &str, trouble: Trouble) {
        let says = |status: u16, title: &str, detail: &str| Rule {
            status: Some(status),
            body: Some(json!({"title": title, "detail": detail, "status": status})),
            ..Rule::default()
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
            Trouble::GatewayPage => Rule {
                status: Some(502),
                body: Some(json!("<html>502 Bad Gateway</html>")),
                ..Rule::default()
            },
            Trouble::Nonsense => Rule {
                body: Some(json!("\"half of it")),
                ..Rule::default()
            },
            Trouble::EmptyAnswer => Rule {
                body: Some(json!({})),
                ..Rule::default()
            },
            Trouble::RateLimited => Rule {
                retry_after: Some(17),
                ..Rule::default()
            },
            Trouble::Maintenance => says(503, "Service unavailable", "We are in maintenance."),
            Trouble::NoFunds => says(402, "Insufficient credit", "Go to billing."),
            Trouble::KeyRefused => says(401, "Unauthenticated", "No valid token"),
            Trouble::InputRefused => says(
                422,
                "Input validation failed",
                &format!(
                    "{TOKEN}: seed must be a number, see http://127.0.0.1:1/callbacks/replicate/{CALLBACK_TOKEN}?sig=canary"
                ),
            ),
            Trouble::ContentRefused => says(
                422,
                "Input validation failed",
                "The prompt was flagged as sensitive",
            ),
        };
        self.fault(target, rule);
    }

    async fn control(&self, path: &str, change: Option<Value>) -> Value {
        let url = format!("{}/sim/replicate/{path}", self.sim.telegram_url());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = match change {
            Some(change) => client.post(url).json(&change),
            None => client.get(url),
        };
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success());
        answer.json().await.unwrap()
    }

    async fn predictions(&self) -> Vec<Value> {
        let all = self.control("predictions", None).await["predictions"].take();
        all.as_array().unwrap().clone()
    }

    async fn evidence(&self, note: &SubmitNote) -> Evidence {
        let clues = Clues {
            note: Some(note.clone()),
            ..Clues::default()
        };
        self.replicate.evidence(&clues).await.unwrap()
    }
}

#[async_trait]
impl Stage for ReplicateStage {
    fn provider(&self) -> &dyn Provider {
        &self.replicate
    }

    fn hasty(&self) -> Box<dyn Provider> {
        let limits = FetchLimits {
            call: Duration::from_millis(300),
            download_bytes_max: 16,
            ..FetchLimits::default()
        };
        Box::new(adapter(&self.sim.replicate_url(), &self.clock, limits))
    }

    fn unreachable(&self) -> Box<dyn Provider> {
        let nobody = "http://127.0.0.1:1/v1";
        Box::new(adapter(nobody, &self.clock, FetchLimits::default()))
    }

    fn order(&self) -> SubmitRequest {
        order(MODEL, "a red fox")
    }

    fn doomed_order(&self) -> SubmitRequest {
        order(MODEL, "!refuse this")
    }

    fn trouble_submit(&self, trouble: Trouble) {
        self.trouble("replicate.create", trouble);
    }

    fn trouble_poll(&self, trouble: Trouble) {
        self.trouble("replicate.get", trouble);
    }

    fn trouble_file(&self, trouble: FileTrouble) {
        let answer = |status: u16, body: &str| Rule {
            status: Some(status),
            body: Some(json!(body)),
            ..Rule::default()
        };
        let rule = match trouble {
            FileTrouble::Missing => answer(404, "<h1>gone</h1>"),
            FileTrouble::Page => answer(200, "<!DOCTYPE html><h1>Please log in</h1>"),
            FileTrouble::Unavailable => answer(503, ""),
        };
        self.fault("replicate.file", rule);
    }

    fn tells_balance(&self) -> bool {
        false
    }

    fn submits_seen(&self) -> usize {
        let log = &self.sim.core().log;
        log.since(0, Some("replicate.create")).len()
    }

    async fn tasks(&self) -> usize {
        self.predictions().await.len()
    }

    fn advance(&self, by: Duration) {
        self.manual.advance(by);
        self.sim.clock().advance(by);
    }

    async fn finish(&self) {
        self.advance(Duration::from_secs(60));
    }

    fn callback(&self, external_id: &str, signature: Signature) -> RawCallback {
        let (key, age) = match signature {
            Signature::Good | Signature::Absent => (SIGNING_KEY, 0),
            Signature::Forged => ("whsec_YW5vdGhlciBrZXk=", 0),
            Signature::Stale => (SIGNING_KEY, 3_600),
        };
        let body = json!({"id": external_id, "status": "succeeded"}).to_string();
        let timestamp = (self.clock.now().unix_timestamp() - age).to_string();
        let key = STANDARD.decode(key.trim_start_matches("whsec_")).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("msg_1.{timestamp}.{body}").as_bytes());
        let signed = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let headers = match signature {
            Signature::Absent => Vec::new(),
            Signature::Good | Signature::Forged | Signature::Stale => vec![
                ("webhook-id", b"msg_1".to_vec()),
                ("webhook-timestamp", timestamp.into_bytes()),
                ("webhook-signature", signed.into_bytes()),
            ],
        };
        (headers, body.into_bytes())
    }

    fn secrets(&self) -> Vec<String> {
        [TOKEN, SIGNING_KEY, CALLBACK_TOKEN, "sig=canary"]
            .map(str::to_owned)
            .into()
    }
}

passes_conformance!(stage: files, callbacks);

#[tokio::test]
async fn a_community_model_is_run_by_its_version() {
    let stage = stage().await;
    let submitted = stage.replicate.submit(&order(VERSION, "a fox")).await;
    let id = submitted.unwrap().external_id;
    let made = stage.predictions().await.remove(0);
    assert_eq!(
        (&made["id"], &made["model"]),
        (&json!(id), &json!("somebody/pictures"))
    );
    for unknown in ["nobody/nothing", &VERSION.replace("5c7d", "0000")] {
        let error = stage.replicate.submit(&order(unknown, "a fox")).await;
        let error = error.unwrap_err();
        assert!(
            matches!(error, ProviderError::Permanent { .. }),
            "{unknown}: {error}"
        );
    }
    assert_eq!(stage.submits_seen(), 3);
    let error = stage.replicate.submit(&order("1234", "a fox")).await;
    assert!(matches!(error, Err(ProviderError::Permanent { .. })));
    assert_eq!(stage.submits_seen(), 3, "what is no model is not asked for");
}

#[tokio::test]
async fn one_that_is_stopped_ends_as_such_and_one_that_is_done_does_not() {
    let stage = stage().await;
    let slow = stage.replicate.submit(&order(MODEL, "!slow")).await;
    let slow = slow.unwrap().external_id;
    assert_eq!(stage.replicate.cancel(&slow).await, Ok(Stopped::Asked));
    let state = stage.replicate.poll(&slow).await.unwrap().state;
    let cancelled = PollState::Failed {
        reason: FailureReason::Cancelled,
        code: "canceled".to_owned(),
    };
    assert_eq!(state, cancelled);
    let done = stage.replicate.submit(&order(MODEL, "a fox")).await;
    let done = done.unwrap().external_id;
    stage.finish().await;
    assert_eq!(stage.replicate.cancel(&done).await, Ok(Stopped::TooLate));
    // Nobody waits for it any more, so that it stops by itself.
    let forgotten = stage.replicate.submit(&order(MODEL, "!slow")).await;
    let forgotten = forgotten.unwrap().external_id;
    stage.advance(DEADLINE);
    let state = stage.replicate.poll(&forgotten).await.unwrap().state;
    assert_eq!(state, cancelled);
}

#[tokio::test]
async fn what_was_removed_after_an_hour_is_not_waited_for() {
    let stage = stage().await;
    let id = stage.replicate.submit(&stage.order()).await.unwrap();
    stage.advance(Duration::from_secs(2 * 3_600));
    let state = stage.replicate.poll(&id.external_id).await.unwrap().state;
    let nothing = PollState::Succeeded {
        results: Vec::new(),
    };
    assert_eq!(state, nothing);
}

#[tokio::test]
async fn a_lost_creation_is_found_among_our_predictions() {
    let stage = stage().await;
    let lost = order(MODEL, "a fox in the snow");
    for shows_webhook in [true, false] {
        let settings = json!({ "shows_webhook": shows_webhook });
        stage.control("settings", Some(settings)).await;
        stage.advance(Duration::from_secs(3_600));
        let note = stage.replicate.note(&lost).await.unwrap();
        let kept = format!("{note:?}");
        assert!(!kept.contains(CALLBACK_TOKEN) && !kept.contains("snow"));

        let mut other = order(MODEL, "something else");
        other.callback_url = Some("http://127.0.0.1:1/callbacks/replicate/another".to_owned());
        stage.replicate.submit(&other).await.unwrap();
        assert_eq!(stage.evidence(&note).await.arrived, Arrived::Unlikely);

        stage.trouble_submit(Trouble::CutAfter);
        stage.replicate.submit(&lost).await.unwrap_err();
        let id = stage.predictions().await.pop().unwrap()["id"].clone();
        stage.replicate.submit(&other).await.unwrap();
        let evidence = stage.evidence(&note).await;
        assert_eq!(json!(evidence.candidates), json!([id]), "{evidence:?}");
        let expected = if shows_webhook {
            Arrived::Likely
        } else {
            Arrived::Unclear
        };
        assert_eq!(evidence.arrived, expected);
        stage.trouble("replicate.list", Trouble::GatewayPage);
        assert_eq!(stage.evidence(&note).await.arrived, Arrived::Unclear);
    }
    assert_eq!(stage.replicate.knows("nosuchprediction").await, Ok(false));
}

#[tokio::test]
async fn a_lost_creation_is_found_on_a_later_page() {
    let stage = stage().await;
    stage
        .control("settings", Some(json!({"limits": false})))
        .await;
    let lost = order(MODEL, "a fox in the snow");
    let note = stage.replicate.note(&lost).await.unwrap();
    let id = stage.replicate.submit(&lost).await.unwrap().external_id;
    let mut other = order(MODEL, "something else");
    other.callback_url = None;
    for _ in 0..110 {
        stage.replicate.submit(&other).await.unwrap();
    }
    assert_eq!(stage.evidence(&note).await.candidates, [id]);
}
