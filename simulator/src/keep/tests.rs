//! A simulator that dies, and one that goes on in its folder.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{SimConfig, Simulator};

/// A folder of its own for each test, gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("bulwark-simulator-{}-{name}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&dir);
        Self(dir)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn config() -> SimConfig {
    SimConfig {
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        token: "42:secret".to_owned(),
        manual_clock: OffsetDateTime::from_unix_timestamp(1_750_000_000).ok(),
        seed: 7,
        kie_key: "key".to_owned(),
        kie_speed: 1.0,
    }
}

async fn start(dir: &Path) -> Simulator {
    Simulator::start_in(config(), dir).await.unwrap()
}

/// What a process does that is killed: everything ends at once, and nothing is taken down.
fn until_killed<T>(work: impl Future<Output = (T, Simulator)>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (left, simulator) = runtime.block_on(work);
    std::mem::forget(simulator);
    runtime.shutdown_timeout(Duration::from_secs(5));
    left
}

async fn post(sim: &Simulator, path: &str, body: &Value) -> Value {
    let request = reqwest::Client::new().post(format!("{}{path}", sim.telegram_url()));
    let response = request.bearer_auth("key").json(body).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.json().await.unwrap()
}

async fn get(sim: &Simulator, path: &str) -> Value {
    let request = reqwest::Client::new().get(format!("{}{path}", sim.telegram_url()));
    let response = request.bearer_auth("key").send().await.unwrap();
    response.json().await.unwrap()
}

#[test]
fn after_a_kill_everything_goes_on() {
    let folder = Folder::new("kill");
    let dir = &folder.0;
    let (file, task, sent, update) = until_killed(async {
        let sim = start(dir).await;
        let document = json!({"data": "aGVsbG8=", "file_name": "a.txt", "mime_type": "text/plain"});
        let said = json!({"document": document, "first_name": "Ada"});
        let said = post(&sim, "/sim/users/1/send", &said).await;
        let file = said["message"]["document"]["file_id"].as_str().unwrap();
        let hello = json!({"chat_id": 1, "text": "Hello"});
        let sent = post(&sim, "/bot42:secret/sendMessage", &hello).await;
        sim.clock().advance(Duration::from_secs(100));
        let task = json!({"model": "qwen/text-to-image", "input": {"prompt": "a fox"}});
        let task = post(&sim, "/kie/api/v1/jobs/createTask", &task).await;
        let task = task["data"]["taskId"].as_str().unwrap().to_owned();
        let left = (
            file.to_owned(),
            task,
            sent["result"]["message_id"].clone(),
            said["update_id"].clone(),
        );
        (left, sim)
    });
    until_killed(async {
        let sim = start(dir).await;
        let chat = get(&sim, "/sim/chats/1").await;
        assert_eq!(chat["first_name"], "Ada");
        assert_eq!(chat["messages"][0]["media"]["file_name"], "a.txt");
        assert_eq!(chat["messages"][1]["text"], "Hello");
        let url = format!("{}/sim/files/{file}", sim.telegram_url());
        let bytes = reqwest::get(url).await.unwrap().bytes().await.unwrap();
        assert_eq!(bytes, "hello");
        // What the bot had not fetched yet comes now, under the number it had.
        let updates = get(&sim, "/bot42:secret/getUpdates").await;
        assert_eq!(updates["result"][0]["update_id"], update);
        let again = post(&sim, "/sim/users/1/send", &json!({"text": "again"})).await;
        assert!(again["update_id"].as_i64() > update.as_i64());
        assert!(again["message_id"].as_i64() > sent.as_i64());
        let record = format!("/kie/api/v1/jobs/recordInfo?taskId={task}");
        assert_eq!(get(&sim, &record).await["data"]["state"], "waiting");
        sim.clock().advance(Duration::from_secs(60));
        let done = get(&sim, &record).await;
        assert_eq!(done["data"]["state"], "success");
        let result = done["data"]["resultJson"].as_str().unwrap();
        let result: Value = serde_json::from_str(result).unwrap();
        let url = result["resultUrls"][0].as_str().unwrap();
        let picture = reqwest::get(url).await.unwrap().bytes().await.unwrap();
        assert!(crate::telegram::image::sniff(&picture).is_some());
        ((), sim)
    });
}

#[test]
fn after_a_kill_replicate_knows_its_predictions() {
    let folder = Folder::new("replicate");
    let dir = &folder.0;
    let call = |sim: &Simulator, path: &str| {
        let url = format!("{}{path}", sim.replicate_url());
        reqwest::Client::new().request(
            match path {
                "/predictions" => reqwest::Method::POST,
                _ => reqwest::Method::GET,
            },
            url,
        )
    };
    let id = until_killed(async {
        let sim = start(dir).await;
        let version = "5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa";
        let body = json!({"version": version, "input": {"prompt": "a fox"}});
        let request = call(&sim, "/predictions").bearer_auth(crate::replicate::TOKEN);
        let made = request.json(&body).send().await.unwrap();
        assert_eq!(made.status(), 201);
        let made: Value = made.json().await.unwrap();
        (made["id"].as_str().unwrap().to_owned(), sim)
    });
    until_killed(async {
        let sim = start(dir).await;
        sim.clock().advance(Duration::from_secs(60));
        let request = call(&sim, &format!("/predictions/{id}"));
        let request = request.bearer_auth(crate::replicate::TOKEN);
        let one: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(one["status"], "succeeded", "{one}");
        let settings = get(&sim, "/sim/replicate/settings").await;
        assert_eq!(settings["credit_micros"], 9_999_000);
        ((), sim)
    });
}

#[tokio::test]
async fn a_task_whose_inputs_were_being_read_reads_them_again() {
    let folder = Folder::new("inputs");
    let sim = start(&folder.0).await;
    let input = json!({"image": "http://127.0.0.1:9/none"});
    let task = json!({"model": "recraft/crisp-upscale", "input": input});
    // Read once before the stop; the state of the moment before is what a kill would have left.
    post(&sim, "/kie/api/v1/jobs/createTask", &task).await;
    sim.shutdown().await;
    let path = folder.0.join("state.json");
    let state = fs::read_to_string(&path).unwrap();
    let mut state: Value = serde_json::from_str(&state).unwrap();
    state["kie"]["tasks"][0]["task"]["inputs"] = json!("Reading");
    fs::write(&path, state.to_string()).unwrap();
    let sim = start(&folder.0).await;
    let read = async {
        loop {
            let tasks = get(&sim, "/sim/kie/tasks").await;
            if tasks["tasks"][0]["state"] == "fail" {
                return tasks["tasks"][0]["fail_msg"].clone();
            }
            sim.clock().advance(Duration::from_secs(1));
        }
    };
    let failed = tokio::time::timeout(Duration::from_secs(20), read).await;
    assert_eq!(failed.unwrap(), "Failed to read the input file: no answer");
}

#[tokio::test]
async fn a_state_that_is_none_of_ours_is_set_aside() {
    let folder = Folder::new("foreign");
    let foreign = json!({"format": "other", "version": 1, "bot_id": 42}).to_string();
    for bad in ["", "{", "[]", foreign.as_str()] {
        let _ = fs::remove_dir_all(&folder.0);
        fs::create_dir_all(&folder.0).unwrap();
        fs::write(folder.0.join("state.json"), bad).unwrap();
        let sim = start(&folder.0).await;
        assert_eq!(get(&sim, "/sim/chats").await, json!([]));
        let aside = fs::read(folder.0.join("state.json.unreadable-1750000000"));
        assert_eq!(aside.unwrap(), bad.as_bytes());
        post(&sim, "/sim/users/1/send", &json!({"text": "new"})).await;
        sim.shutdown().await;
        let sim = start(&folder.0).await;
        assert_eq!(
            get(&sim, "/sim/chats/1").await["messages"][0]["text"],
            "new"
        );
        sim.shutdown().await;
    }
}

#[tokio::test]
async fn files_that_nobody_names_any_more_are_removed() {
    let folder = Folder::new("files");
    let sim = start(&folder.0).await;
    let count = || fs::read_dir(folder.0.join("files")).unwrap().count();
    post(&sim, "/sim/users/1/send", &json!({"document": "aGVsbG8="})).await;
    assert_eq!(count(), 1);
    post(&sim, "/sim/reset", &json!({})).await;
    sim.saved().await;
    assert_eq!(count(), 0);
}
