//! KIE against the simulator's KIE: the suite for every provider, run for every family, and what is KIE's own.

mod families;

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulwark_simulator::faults::Rule;
use bulwark_simulator::{SimConfig, Simulator};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;
use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::base::clock::ManualClock;
use crate::providers::conformance::{
    FileTrouble, RawCallback, Signature, Stage, Trouble, passes_conformance,
};

const API_KEY: &str = "kie-canary-key-0123";
const CALLBACK_TOKEN: &str = "canary-token-of-the-job";

struct KieStage {
    kie: Kie,
    sim: Simulator,
    clock: Clock,
    manual: ManualClock,
    service: &'static str,
    params: Value,
}

async fn stage() -> KieStage {
    stage_of("qwen/text-to-image", json!({})).await
}

/// A stage on which this service is ordered, with these parameters beside the prompt.
async fn stage_of(service: &'static str, params: Value) -> KieStage {
    let start = datetime!(2026-01-01 0:00 UTC);
    let sim = Simulator::start(SimConfig {
        bind: SocketAddr::from(([127, 0, 0, 1], 0)),
        token: "1000000001:TEST".to_owned(),
        manual_clock: Some(start),
        seed: 7,
        kie_key: API_KEY.to_owned(),
        kie_speed: 1.0,
    });
    let sim = sim.await.unwrap();
    let (clock, manual) = Clock::manual(start);
    KieStage {
        kie: adapter(&sim.kie_url(), &clock, FetchLimits::default()),
        sim,
        clock,
        manual,
        service,
        params,
    }
}

fn adapter(api_url: &str, clock: &Clock, limits: FetchLimits) -> Kie {
    let config = KieConfig {
        api_key: Secret::from(API_KEY),
        api_url: api_url.to_owned(),
        webhook_key: Some(Secret::from(API_KEY)),
    };
    Kie::with_limits(config, clock.clone(), Ids::seeded(7), limits).unwrap()
}

fn order(prompt: &str) -> SubmitRequest {
    SubmitRequest {
        service: "qwen/text-to-image".to_owned(),
        params: json!({ "prompt": prompt }),
        callback_url: Some(format!("http://127.0.0.1:1/callbacks/kie/{CALLBACK_TOKEN}")),
        correlation: Uuid::nil(),
    }
}

impl KieStage {
    /// An order of what this stage is about.
    fn of(&self, prompt: &str) -> SubmitRequest {
        let mut params = self.params.clone();
        params["prompt"] = Value::from(prompt);
        SubmitRequest {
            service: self.service.to_owned(),
            params,
            ..order(prompt)
        }
    }

    /// The simulator's names of the two calls.
    fn targets(&self) -> (String, String) {
        match Family::split(self.service).0 {
            Family::Market => ("kie.createTask".to_owned(), "kie.recordInfo".to_owned()),
            family => {
                let name = family.name();
                (format!("kie.{name}.generate"), format!("kie.{name}.record"))
            }
        }
    }

    fn fault(&self, target: &str, rule: Rule) {
        self.sim.core().faults.add(Rule {
            target: target.to_owned(),
            times: Some(1),
            ..rule
        });
    }

    fn trouble(&self, target: &str, trouble: Trouble) {
        let coded = |code: u16, words: &str| Rule {
            status: Some(code),
            body: Some(json!({ "code": code, "msg": words })),
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
                body: Some(json!({"code": 200, "data": {}})),
                ..Rule::default()
            },
            Trouble::RateLimited => Rule {
                retry_after: Some(17),
                ..Rule::default()
            },
            Trouble::Maintenance => coded(455, "Under maintenance"),
            Trouble::NoFunds => coded(402, "Credits insufficient"),
            Trouble::KeyRefused => coded(401, "You do not have access permissions"),
            Trouble::InputRefused => coded(
                422,
                &format!(
                    "{API_KEY}: image_size is out of range, see http://127.0.0.1:1/callbacks/kie/{CALLBACK_TOKEN}?sig=canary"
                ),
            ),
            Trouble::ContentRefused => {
                coded(422, "The prompt was flagged as violating content policies")
            }
        };
        self.fault(target, rule);
    }

    /// From the control API.
    async fn control(&self, path: &str) -> Value {
        let url = format!("{}/sim/kie/{path}", self.sim.telegram_url());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.get(url).send().await.unwrap().json().await.unwrap()
    }

    async fn settings(&self, change: Value) {
        let url = format!("{}/sim/kie/settings", self.sim.telegram_url());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.post(url).json(&change).send().await.unwrap();
        assert!(answer.status().is_success());
    }
}

#[async_trait]
impl Stage for KieStage {
    fn provider(&self) -> &dyn Provider {
        &self.kie
    }

    fn hasty(&self) -> Box<dyn Provider> {
        let limits = FetchLimits {
            call: Duration::from_millis(300),
            download_bytes_max: 16,
            ..FetchLimits::default()
        };
        Box::new(adapter(&self.sim.kie_url(), &self.clock, limits))
    }

    fn unreachable(&self) -> Box<dyn Provider> {
        Box::new(adapter(
            "http://127.0.0.1:1/",
            &self.clock,
            FetchLimits::default(),
        ))
    }

    fn order(&self) -> SubmitRequest {
        self.of("a red fox")
    }

    fn doomed_order(&self) -> SubmitRequest {
        self.of("!refuse this")
    }

    fn trouble_submit(&self, trouble: Trouble) {
        self.trouble(&self.targets().0, trouble);
    }

    fn trouble_poll(&self, trouble: Trouble) {
        self.trouble(&self.targets().1, trouble);
    }

    fn results_expected(&self) -> usize {
        match Family::split(self.service).0 {
            Family::Suno => 2,
            _ => 1,
        }
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
        self.fault("kie.results", rule);
    }

    fn submits_seen(&self) -> usize {
        let target = self.targets().0;
        self.sim.core().log.since(0, Some(&target)).len()
    }

    async fn tasks(&self) -> usize {
        self.control("tasks").await["tasks"]
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

    fn callback(&self, external_id: &str, signature: Signature) -> RawCallback {
        // KIE itself knows nothing of families in ids.
        let external_id = Family::split(external_id).1;
        let (key, age) = match signature {
            Signature::Good | Signature::Absent => (API_KEY, 0),
            Signature::Forged => ("another key", 0),
            Signature::Stale => (API_KEY, 3_600),
        };
        let timestamp = (self.clock.now().unix_timestamp() - age).to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(format!("{external_id}.{timestamp}").as_bytes());
        let signed = STANDARD.encode(mac.finalize().into_bytes());
        let headers = match signature {
            Signature::Absent => Vec::new(),
            Signature::Good | Signature::Forged | Signature::Stale => vec![
                ("x-webhook-timestamp", timestamp.into_bytes()),
                ("x-webhook-signature", signed.into_bytes()),
            ],
        };
        let body = match Family::split(self.service).0 {
            Family::Market => {
                json!({"code": 200, "taskId": external_id, "data": {"task_id": external_id}})
            }
            Family::Runway | Family::Suno => {
                json!({"code": 200, "data": {"task_id": external_id}})
            }
            Family::Gpt4oImage | Family::FluxKontext | Family::Veo => {
                json!({"code": 200, "data": {"taskId": external_id, "info": {}}})
            }
        };
        (headers, body.to_string().into_bytes())
    }

    fn secrets(&self) -> Vec<String> {
        [API_KEY, CALLBACK_TOKEN, "sig=canary"]
            .map(str::to_owned)
            .into()
    }
}

passes_conformance!(stage: files, callbacks);

#[tokio::test]
async fn every_shape_of_an_answer_leads_to_the_same_result() {
    let stage = stage().await;
    for task_id in [
        "data.taskId",
        "data.recordId",
        "data.id",
        "taskId",
        "recordId",
        "id",
    ] {
        stage.settings(json!({"shape": {"task_id": task_id}})).await;
        let submitted = stage.kie.submit(&order("a fox")).await.unwrap();
        let tasks = stage.control("tasks").await;
        let newest = tasks["tasks"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(
            newest["task_id"],
            submitted.external_id.as_str(),
            "{task_id}"
        );
        assert_eq!(
            newest["param"]["callBackUrl"],
            order("").callback_url.unwrap()
        );
    }
    for result_json in ["string", "object"] {
        for result_key in [
            "resultUrls",
            "videoUrl",
            "imageUrl",
            "audioUrl",
            "resultUrl",
            "url",
        ] {
            let shape =
                json!({"result_json": result_json, "result_key": result_key, "message": true});
            stage
                .settings(json!({ "shape": shape, "limits": false }))
                .await;
            let id = stage.kie.submit(&order("a fox")).await.unwrap().external_id;
            stage.finish().await;
            let state = stage.kie.poll(&id).await.unwrap().state;
            let PollState::Succeeded { results } = state else {
                panic!("{result_json} {result_key}: {state:?}");
            };
            assert!(results[0].url.contains(&id), "{result_json} {result_key}");
        }
    }
}

#[tokio::test]
async fn a_refusal_counts_the_same_when_only_its_code_tells() {
    let stage = stage().await;
    for http_200 in [false, true] {
        stage
            .settings(json!({"shape": {"http_200": http_200}, "credits": 0}))
            .await;
        let error = stage.kie.submit(&order("a fox")).await.unwrap_err();
        assert_eq!(error, ProviderError::NoFunds);
        assert_eq!(stage.kie.balance().await, Ok(Some(Balance::credits(0))));
        assert!(stage.kie.is_unavailable());
        stage.settings(json!({"credits": 100})).await;
        let mut unknown = order("a fox");
        unknown.service = "no/such-model".to_owned();
        let error = stage.kie.submit(&unknown).await.unwrap_err();
        assert!(matches!(error, ProviderError::Rejected { .. }), "{error}");
    }
}

#[tokio::test]
async fn an_input_that_kie_cannot_read_is_told_as_such() {
    let stage = stage().await;
    let request = SubmitRequest {
        service: "google/nano-banana-edit".to_owned(),
        params: json!({"prompt": "a hat", "image_urls": ["http://127.0.0.1:1/media/signed"]}),
        ..order("")
    };
    let id = stage.kie.submit(&request).await.unwrap().external_id;
    let core = stage.sim.core();
    core.kie.idle(core.clock.now()).await;
    stage.finish().await;
    let polled = stage.kie.poll(&id).await.unwrap();
    let expected = PollState::Failed {
        reason: crate::providers::FailureReason::InputUnreachable,
        code: "422".to_owned(),
    };
    assert_eq!(polled.state, expected);
    assert!(!polled.answer.to_string().contains("/media/signed"));
}
