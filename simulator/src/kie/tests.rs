//! The provider over HTTP, on a clock that only the test moves.

mod families;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::routing::{get, post};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::callback;
use super::models::Model;
use crate::{SimConfig, Simulator};

struct World {
    sim: Simulator,
    http: reqwest::Client,
}

impl World {
    async fn start() -> Self {
        let sim = Simulator::start(SimConfig {
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            token: "1000000001:TEST".to_owned(),
            manual_clock: Some(OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)),
            seed: 7,
            kie_key: "key".to_owned(),
            kie_speed: 1.0,
        });
        Self {
            sim: sim.await.unwrap(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let response = request.bearer_auth("key").send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn create(&self, body: Value) -> (u16, Value) {
        let url = format!("{}/api/v1/jobs/createTask", self.sim.kie_url());
        self.send(self.http.post(url).json(&body)).await
    }

    /// A fox by `prompt`; the task's id.
    async fn fox(&self, prompt: &str) -> String {
        let body = json!({"model": "qwen/text-to-image", "input": {"prompt": prompt}});
        let (_, answer) = self.create(body).await;
        answer["data"]["taskId"].as_str().unwrap().to_owned()
    }

    async fn record(&self, id: &str) -> Value {
        let url = format!("{}/api/v1/jobs/recordInfo?taskId={id}", self.sim.kie_url());
        self.send(self.http.get(url)).await.1["data"].clone()
    }

    async fn control(&self, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}/sim/{path}", self.sim.telegram_url());
        let request = match body {
            Some(body) => self.http.post(url).json(&body),
            None => self.http.get(url),
        };
        self.send(request).await.1
    }

    fn advance_ms(&self, ms: u64) {
        self.sim.clock().advance(Duration::from_millis(ms));
    }

    async fn idle(&self) {
        let core = self.sim.core();
        core.kie.idle(core.clock.now()).await;
    }
}

/// Serves one file at `/file` and takes callbacks at `/callback`; its address and the callbacks.
async fn outside(
    kind: &'static str,
    bytes: Vec<u8>,
) -> (
    String,
    tokio::sync::mpsc::UnboundedReceiver<(axum::http::HeaderMap, Value)>,
) {
    let (calls, received) = tokio::sync::mpsc::unbounded_channel();
    let router = Router::new()
        .route(
            "/file",
            get(move || async move { ([(header::CONTENT_TYPE, kind)], bytes) }),
        )
        .route(
            "/callback",
            post(move |headers, body: axum::Json<Value>| async move {
                let _ = calls.send((headers, body.0));
            }),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = axum::serve(listener, router);
    // Ends with the test's runtime.
    tokio_util::task::TaskTracker::new().spawn(server.into_future());
    (url, received)
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbaImage::from_pixel(width, height, image::Rgba([200, 60, 20, 255]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn a_task_goes_through_its_states_and_gives_a_picture_that_shows_the_prompt() {
    let world = World::start().await;
    let id = world.fox("a red fox").await;
    let mut states = Vec::new();
    for _ in 0..4 {
        states.push(world.record(&id).await["state"].clone());
        world.advance_ms(1_000);
    }
    assert_eq!(states, ["waiting", "queuing", "generating", "generating"]);
    world.advance_ms(2_000);
    let record = world.record(&id).await;
    assert_eq!(record["state"], "success");
    assert_eq!(record["costTime"], 6_000);
    assert!(record["param"].as_str().unwrap().contains("a red fox"));
    let result: Value = serde_json::from_str(record["resultJson"].as_str().unwrap()).unwrap();
    let url = result["resultUrls"][0].as_str().unwrap();
    let response = world.http.get(url).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "image/png");
    let whole = response.bytes().await.unwrap();
    assert_eq!(image::load_from_memory(&whole).unwrap().width(), 768);
    let part = world.http.get(url).header("range", "bytes=1-3");
    let part = part.send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap(), &b"PNG"[..]);
}

#[tokio::test]
async fn strangers_and_bad_requests_are_refused_with_the_documented_codes() {
    let world = World::start().await;
    let url = format!("{}/api/v1/chat/credit", world.sim.kie_url());
    let response = world.http.get(&url).bearer_auth("other").send().await;
    let response = response.unwrap();
    assert_eq!(response.status(), 401);
    let body: Value = response.json().await.unwrap();
    assert_eq!(
        body,
        json!({"code": 401, "msg": "You do not have access permissions"})
    );
    let bad = [
        json!({"model": "no/such", "input": {"prompt": "x"}}),
        json!({"model": "qwen/text-to-image", "input": {}}),
        json!({"model": "qwen/text-to-image", "input": {"prompt": "x", "surprise": 1}}),
        json!({"model": "kling/v2-1-standard", "input": {"prompt": "x", "image_url": "http://127.0.0.1:1/", "duration": 5}}),
        json!({"model": "qwen/image-edit", "input": {"prompt": "x", "image_url": "AgACAgI"}}),
        json!({"model": "qwen/text-to-image", "callBackUrl": "me", "input": {"prompt": "x"}}),
    ];
    for body in bad {
        let (status, answer) = world.create(body.clone()).await;
        assert_eq!((status, &answer["code"]), (422, &json!(422)), "{body}");
    }
    assert_eq!(world.control("kie/tasks", None).await["create_calls"], 6);
    world
        .control("kie/settings", Some(json!({"credits": 3})))
        .await;
    let body = json!({"model": "qwen/text-to-image", "input": {"prompt": "x"}});
    assert_eq!(world.create(body).await.0, 402);
}

#[tokio::test]
async fn the_limits_refuse_and_let_go() {
    let world = World::start().await;
    for _ in 0..20 {
        world.fox("x").await;
    }
    let body = json!({"model": "qwen/text-to-image", "input": {"prompt": "x"}});
    assert_eq!(world.create(body.clone()).await.0, 429);
    world.advance_ms(10_000);
    assert_eq!(world.create(body).await.0, 200);
    let url = format!("{}/api/v1/jobs/recordInfo?taskId=x", world.sim.kie_url());
    for _ in 0..10 {
        assert_eq!(world.send(world.http.get(&url)).await.0, 404);
    }
    assert_eq!(world.send(world.http.get(&url)).await.0, 429);
}

#[tokio::test]
async fn failures_come_on_demand_and_give_the_credits_back() {
    let world = World::start().await;
    let url = format!("{}/api/v1/chat/credit", world.sim.kie_url());
    let before = world.send(world.http.get(&url)).await.1["data"].clone();
    let failing = world.fox("!fail now").await;
    let refused = world.fox("!refuse").await;
    let endless = world.fox("!slow").await;
    let next = json!({"fail_next": {"code": 500, "msg": "ugly"}});
    world.control("kie/settings", Some(next)).await;
    let told = world.fox("fine").await;
    world.advance_ms(3_600_000);
    let mut codes = Vec::new();
    for id in [&failing, &refused, &told] {
        let record = world.record(id).await;
        assert_eq!(
            (&record["state"], &record["resultJson"]),
            (&json!("fail"), &json!(""))
        );
        codes.push(record["failCode"].clone());
    }
    assert_eq!(codes, ["501", "422", "500"]);
    assert_eq!(world.record(&endless).await["state"], "generating");
    let after = world.send(world.http.get(&url)).await.1["data"].clone();
    assert_eq!(after.as_i64().unwrap(), before.as_i64().unwrap() - 4);
}

#[tokio::test]
async fn inputs_are_read_and_must_be_what_they_should_be() {
    let world = World::start().await;
    let (photo, _calls) = outside("image/png", png(40, 30)).await;
    let (page, _calls) = outside("text/html", b"<p>".to_vec()).await;
    let upscale = |url: &str| json!({"model": "recraft/crisp-upscale", "input": {"image": url}});
    let mut ids = Vec::new();
    for url in [
        format!("{photo}/file"),
        format!("{photo}/gone"),
        format!("{page}/file"),
    ] {
        let (_, answer) = world.create(upscale(&url)).await;
        ids.push(answer["data"]["taskId"].as_str().unwrap().to_owned());
    }
    world.idle().await;
    world.advance_ms(6_000);
    let good = world.record(&ids[0]).await;
    assert_eq!(good["state"], "success");
    for id in &ids[1..] {
        let record = world.record(id).await;
        assert_eq!(
            (&record["state"], &record["failCode"]),
            (&json!("fail"), &json!("422"))
        );
    }
    let result: Value = serde_json::from_str(good["resultJson"].as_str().unwrap()).unwrap();
    let made = world.http.get(result["resultUrls"][0].as_str().unwrap());
    let made = made.send().await.unwrap().bytes().await.unwrap();
    let made = image::load_from_memory(&made).unwrap();
    assert_eq!((made.width(), made.height()), (80, 60));
    let tasks = world.control("kie/tasks", None).await;
    assert_eq!(tasks["tasks"][1]["inputs"][0]["status"], 404);
    assert_eq!(tasks["tasks"][2]["inputs"][0]["content_type"], "text/html");
}

#[tokio::test]
async fn a_callback_names_the_task_twice_and_its_signature_holds() {
    let world = World::start().await;
    let (url, mut calls) = outside("image/png", Vec::new()).await;
    let fault = json!({"target": "kie.callback", "times": 1, "status": 500});
    world.control("faults", Some(fault)).await;
    let body = json!({"model": "qwen/text-to-image", "callBackUrl": format!("{url}/callback"), "input": {"prompt": "x"}});
    let (_, answer) = world.create(body).await;
    let id = answer["data"]["taskId"].as_str().unwrap();
    world.idle().await;
    world.advance_ms(6_000);
    world.idle().await;
    let tasks = world.control("kie/tasks", None).await;
    assert_eq!(tasks["tasks"][0]["callbacks"][0]["status"], 500);
    world.advance_ms(2_000);
    let (headers, body) = calls.recv().await.unwrap();
    assert_eq!(
        (&body["taskId"], &body["data"]["task_id"]),
        (&json!(id), &json!(id))
    );
    let timestamp = headers["x-webhook-timestamp"].to_str().unwrap();
    assert_eq!(timestamp, "1700000008");
    let expected = callback::signature("key", id, 1_700_000_008).unwrap();
    assert_eq!(headers["x-webhook-signature"].to_str().unwrap(), expected);
}

#[tokio::test]
async fn answers_take_the_shapes_that_were_seen() {
    let world = World::start().await;
    let body = json!({"model": "bytedance/v1-lite-text-to-video", "input": {"prompt": "x"}});
    for (place, path) in [
        ("taskId", "/taskId"),
        ("data.recordId", "/data/recordId"),
        ("id", "/id"),
    ] {
        let shape =
            json!({"shape": {"task_id": place, "result_json": "object", "result_key": "videoUrl"}});
        world.control("kie/settings", Some(shape)).await;
        let (_, answer) = world.create(body.clone()).await;
        let id = answer.pointer(path).and_then(Value::as_str).unwrap();
        world.advance_ms(15_000);
        let url = world.record(id).await["resultJson"]["videoUrl"].clone();
        let video = world.http.get(url.as_str().unwrap()).send().await.unwrap();
        assert_eq!(video.headers()["content-type"], "video/mp4");
    }
}

#[test]
fn a_signature_is_as_documented() {
    // Computed with another implementation: HMAC-SHA256 of "t1.1700000000" under "secret".
    assert_eq!(
        callback::signature("secret", "t1", 1_700_000_000).unwrap(),
        "c/ttoTFH+mM/kCJ2sdGtg/eq3IKiIHqrXJ6h19vH51s="
    );
}

#[test]
fn every_service_of_the_catalogue_at_kie_is_known_with_its_parameters() {
    let catalogue = include_str!("../../../catalog.toml");
    let quoted = |line: &str, key: &str| {
        let after = line.split_once(&format!("{key} = \""))?.1;
        Some(after.split_once('"')?.0.to_owned())
    };
    let mut model = None;
    let mut checked = 0;
    let mut provider = String::new();
    for line in catalogue.lines().filter(|line| !line.starts_with('#')) {
        if line == "[[service]]" {
            model = None;
        }
        if let Some(name) = quoted(line, "name") {
            provider = name;
        }
        // Of a service with several ways those at others are theirs to check.
        if let Some(id) = quoted(line, "service").filter(|_| provider == "kie") {
            model = match quoted(line, "family") {
                Some(_) => Model::known(&id),
                None => Model::find(&id),
            };
            assert!(model.is_some(), "{id}");
        }
        let Some(name) = quoted(line.trim(), "param") else {
            continue;
        };
        let name = name.trim_end_matches("[]");
        let Some(model) = model else { continue };
        let params = model.params;
        assert!(params.iter().any(|param| param.name == name), "{name}");
        checked += 1;
    }
    assert!(checked > 30, "{checked}");
}

#[tokio::test]
async fn a_failure_may_wait_for_a_model() {
    let world = World::start().await;
    let next = json!({"fail_next": [
        {"code": 500, "msg": "not yours", "model": "recraft/crisp-upscale"},
        {"code": 501, "msg": "yours", "model": "qwen/text-to-image"},
    ]});
    world.control("kie/settings", Some(next)).await;
    let (failing, fine) = (world.fox("a").await, world.fox("b").await);
    world.advance_ms(3_600_000);
    assert_eq!(world.record(&failing).await["failMsg"], "yours");
    assert_eq!(world.record(&fine).await["state"], "success");
}

#[tokio::test]
async fn at_rest_no_callback_is_owed() {
    let world = World::start().await;
    let (url, mut calls) = outside("text/plain", Vec::new()).await;
    let rule = json!({"target": "kie.callback", "status": 500, "times": 1});
    world.control("faults", Some(rule)).await;
    let body = json!({"model": "qwen/text-to-image", "input": {"prompt": "fox"}, "callBackUrl": format!("{url}/callback")});
    world.create(body).await;
    world.sim.idle().await;
    assert!(calls.try_recv().is_err());
    world.advance_ms(3_600_000);
    world.sim.idle().await;
    // The first attempt was refused; the next is due in two seconds.
    assert!(calls.try_recv().is_err());
    world.advance_ms(2_000);
    world.sim.idle().await;
    assert!(calls.try_recv().is_ok());
}
