//! The control API: people, faults, the log.

use super::*;

#[tokio::test]
async fn a_press_gives_the_bots_answer() {
    let bench = Bench::new().await;
    let bot = bench.bot().await;
    bench.says(1, "/start").await;
    let keyboard = json!({"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]});
    let message = json!({"chat_id": 1, "text": "?", "reply_markup": keyboard});
    let id = bench.result("sendMessage", message).await["message_id"].clone();
    let press = bench.post(
        "/sim/users/1/press",
        json!({"message_id": id, "button": "Go"}),
    );
    let answer = async {
        let query = loop {
            let received = bot.received.lock().unwrap().clone();
            match received
                .iter()
                .find(|update| update["callback_query"].is_object())
            {
                Some(update) => break update["callback_query"].clone(),
                None => tokio::task::yield_now().await,
            }
        };
        assert_eq!(query["message"]["message_id"], id);
        let answer = json!({"callback_query_id": query["id"], "text": "Done", "show_alert": true});
        bench.result("answerCallbackQuery", answer).await;
    };
    let (pressed, ()) = tokio::join!(press, answer);
    assert_eq!(pressed["answer"], "Done");
    assert_eq!(pressed["show_alert"], true);
    let (status, body) = bench
        .try_post(
            "/sim/users/1/press",
            json!({"message_id": id, "button": "No"}),
        )
        .await;
    assert_eq!(
        (status, &body["error"]),
        (404, &json!("no such button; there are [\"Go\"]"))
    );
}

#[tokio::test]
async fn a_transcript_shows_edits_and_media() {
    let bench = Bench::new().await;
    let document = json!({"data": "aGVsbG8=", "file_name": "a.txt", "mime_type": "text/plain"});
    bench
        .post(
            "/sim/users/1/send",
            json!({"document": document, "caption": "see /help"}),
        )
        .await;
    let sent = bench
        .result("sendMessage", json!({"chat_id": 1, "text": "one"}))
        .await;
    let edit = json!({"chat_id": 1, "message_id": sent["message_id"], "text": "two"});
    bench.result("editMessageText", edit).await;
    let chat = bench.get("/sim/chats/1").await;
    let messages = chat["messages"].as_array().unwrap();
    assert_eq!(messages[0]["text"], "see /help");
    assert_eq!(messages[0]["entities"][0]["type"], "bot_command");
    assert_eq!(messages[0]["media"]["kind"], "document");
    assert_eq!(messages[0]["media"]["file_name"], "a.txt");
    assert_eq!(
        (&messages[1]["text"], &messages[1]["sender"]),
        (&json!("two"), &json!("bot"))
    );
    assert_eq!(messages[1]["edits"][0]["text"], "one");
    let url = messages[0]["media"]["url"].as_str().unwrap();
    let url = format!("{}{url}", bench.sim.telegram_url());
    let file = bench.http.get(url).send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "text/plain");
    assert_eq!(file.bytes().await.unwrap(), "hello");
}

#[tokio::test]
async fn a_fault_before_leaves_nothing_and_a_fault_after_leaves_the_message() {
    let bench = Bench::new().await;
    bench.says(1, "/start").await;
    let url = format!("{}/bot{TOKEN}/sendMessage", bench.sim.telegram_url());
    let hello = json!({"chat_id": 1, "text": "hello"});
    for (fault, messages) in [("drop_before", 1), ("drop_after", 2)] {
        let rule = json!({"target": "telegram.sendMessage", "times": 1, fault: true});
        bench.post("/sim/faults", rule).await;
        let sent = bench.http.post(&url).json(&hello).send().await;
        assert!(sent.is_err());
        let chat = bench.get("/sim/chats/1").await;
        assert_eq!(chat["messages"].as_array().map(Vec::len), Some(messages));
    }
    let rule = json!({"target": "telegram.*", "times": 1, "retry_after": 9});
    bench.post("/sim/faults", rule).await;
    let response = bench.http.post(&url).json(&hello).send().await.unwrap();
    assert_eq!(response.headers()["retry-after"], "9");
    let log = bench.get("/sim/log?method=sendMessage").await;
    let statuses: Vec<_> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|call| call["status"].clone())
        .collect();
    assert_eq!(statuses, [0, 0, 429]);
    assert_eq!(log[0]["params"], hello);
}

#[tokio::test]
async fn a_reset_forgets_people_but_neither_the_webhook_nor_the_numbers() {
    let bench = Bench::new().await;
    let bot = bench.bot().await;
    let before = bench.says(1, "a").await;
    bench.sim.idle().await;
    bench.post("/sim/reset", json!({})).await;
    assert_eq!(bench.get("/sim/chats").await, json!([]));
    let after = bench.says(1, "b").await;
    bench.sim.idle().await;
    assert_eq!(bot.received(), ["a", "b"]);
    for field in ["message_id", "update_id"] {
        assert!(after[field].as_i64() > before[field].as_i64());
    }
}

#[tokio::test]
async fn groups_show_the_bot_what_concerns_it() {
    let bench = Bench::new().await;
    let bot = bench.bot().await;
    for text in ["hi all", "/start", "@bulwark_sim_bot hi"] {
        bench
            .post("/sim/users/1/send", json!({"chat_id": -5, "text": text}))
            .await;
    }
    bench.sim.idle().await;
    assert_eq!(bot.received(), ["/start", "@bulwark_sim_bot hi"]);
}

#[tokio::test]
async fn every_refusal_is_json_and_says_what_is_wrong() {
    let bench = Bench::new().await;
    let cases = [
        ("GET", "/sim/nothing", "", 404),
        ("GET", "/sim", "", 404),
        ("POST", "/nothing", "", 404),
        ("GET", "/sim/users/1/send", "", 405),
        ("POST", "/sim/kie/tasks", "", 405),
        ("GET", "/sim/chats/x", "", 400),
        ("GET", "/sim/chats/99999999999999999999", "", 400),
        ("GET", "/sim/chats/7", "", 404),
        ("GET", "/sim/log?since=x", "", 400),
        ("GET", "/sim/files/x", "", 404),
        ("POST", "/sim/users/1/send", "", 400),
        ("POST", "/sim/users/1/send", "{", 400),
        ("POST", "/sim/users/1/send", "[]", 400),
        ("POST", "/sim/users/1/send", r#"{"text": 5}"#, 400),
        ("POST", "/sim/users/1/send", r#"{"photo": 5}"#, 400),
        ("POST", "/sim/users/1/send", r#"{"photo": "!"}"#, 400),
        (
            "POST",
            "/sim/users/1/send",
            r#"{"text": "a", "chat_id": 2}"#,
            400,
        ),
        ("POST", "/sim/users/-1/send", r#"{"text": "a"}"#, 400),
        ("POST", "/sim/users/1/press", r#"{"message_id": 1}"#, 404),
        ("POST", "/sim/users/1", r#"{"blocked": 1}"#, 400),
        (
            "POST",
            "/sim/clock",
            r#"{"advance_ms": 18446744073709551615}"#,
            400,
        ),
        ("POST", "/sim/limits", r#"{"enabled": "no"}"#, 400),
        ("POST", "/sim/raw_update", "7", 400),
        ("POST", "/sim/faults", r#"{"target": "file"}"#, 400),
        (
            "POST",
            "/sim/faults",
            r#"{"target": "sendMessage", "status": 500}"#,
            400,
        ),
        (
            "POST",
            "/sim/faults",
            r#"[{"target": "file", "status": 500}, {"target": "file", "status": 1000}]"#,
            400,
        ),
        ("POST", "/sim/kie/settings", r#"{"speed": "x"}"#, 400),
        (
            "POST",
            "/sim/kie/settings",
            r#"{"fail_next": {"code": 500, "model": "?"}}"#,
            400,
        ),
    ];
    for (method, path, body, status) in cases {
        let url = format!("{}{path}", bench.sim.telegram_url());
        let request = bench.http.request(method.parse().unwrap(), url).body(body);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{method} {path} {body}");
        let answer: Value = response.json().await.unwrap();
        let text = answer["error"].as_str().unwrap_or_default();
        assert!(!text.is_empty(), "{method} {path} {body}: {answer}");
    }
    assert_eq!(bench.get("/sim/faults").await, json!([]));
}

#[tokio::test]
async fn an_ambiguous_press_is_refused_with_the_places() {
    let bench = Bench::new().await;
    bench.says(1, "/start").await;
    let button = |data: &str| json!({"text": "Go", "callback_data": data});
    let keyboard = json!({"inline_keyboard": [[button("a")], [button("b"), {"text": "No", "callback_data": "c"}]]});
    let message = json!({"chat_id": 1, "text": "?", "reply_markup": keyboard});
    let id = bench.result("sendMessage", message).await["message_id"].clone();
    let press = |button: Value| {
        let body = json!({"message_id": id, "button": button, "wait": false});
        bench.try_post("/sim/users/1/press", body)
    };
    let (status, body) = press(json!("Go")).await;
    assert_eq!(status, 409);
    assert_eq!(
        body["error"],
        "several buttons have this text, at [[0,0],[1,0]]"
    );
    assert_eq!(press(json!("No")).await.0, 200);
    assert_eq!(press(json!([1, 0])).await.0, 200);
    assert_eq!(press(json!([1, 2])).await.0, 404);
    assert_eq!(press(json!([1])).await.0, 400);
}

#[tokio::test]
async fn a_cleared_chat_is_empty_for_the_person_and_the_same_for_the_bot() {
    let bench = Bench::new().await;
    bench.says(1, "/start").await;
    let sent = bench
        .result("sendMessage", json!({"chat_id": 1, "text": "one"}))
        .await;
    let url = format!("{}/sim/chats/1", bench.sim.telegram_url());
    let cleared = bench.http.delete(url).send().await.unwrap();
    assert_eq!(cleared.status(), 200);
    let edit = json!({"chat_id": 1, "message_id": sent["message_id"], "text": "two"});
    bench.result("editMessageText", edit).await;
    assert_eq!(bench.get("/sim/chats/1").await["messages"], json!([]));
    assert_eq!(bench.get("/sim/chats").await[0]["message_count"], 0);
    let all = bench.get("/sim/chats/1?deleted=true").await;
    assert_eq!(all["messages"][1]["text"], "two");
    bench.says(1, "again").await;
    let chat = bench.get("/sim/chats/1").await;
    assert_eq!(chat["messages"][0]["text"], "again");
}
