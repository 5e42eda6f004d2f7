//! Updates arrive at once and in order, again after failures, and not for ever.

use super::*;

#[tokio::test]
async fn updates_arrive_with_the_secret_and_in_order_within_a_chat() {
    let bench = Bench::new().await;
    let bot = bench.bot().await;
    for n in 0..5 {
        bench.says(1, &format!("a{n}")).await;
        bench.says(2, &format!("b{n}")).await;
    }
    bench.sim.idle().await;
    let received = bot.received();
    for chat in ["a", "b"] {
        let own: Vec<&String> = received.iter().filter(|t| t.starts_with(chat)).collect();
        let expected: Vec<String> = (0..5).map(|n| format!("{chat}{n}")).collect();
        assert_eq!(own, expected.iter().collect::<Vec<_>>());
    }
    assert!(bot.secrets.lock().unwrap().iter().all(|s| s == "s3cret"));
    assert_eq!(
        bench.result("getWebhookInfo", json!({})).await["pending_update_count"],
        0
    );
}

#[tokio::test]
async fn a_failing_update_is_tried_at_once_then_after_growing_pauses_and_blocks_its_chat_only() {
    let bench = Bench::new().await;
    let bot = bench.bot().await;
    for _ in 0..4 {
        bot.reply(500, None);
    }
    bench.says(1, "first").await;
    bench.sim.idle().await;
    // The first retry is immediate.
    assert_eq!(bot.received(), ["first"; 2]);
    bench.says(1, "second").await;
    bench.sim.idle().await;
    assert_eq!(bot.received().len(), 2);
    for (pause, tries) in [(2, 3), (4, 4)] {
        bench.advance(pause - 1);
        bench.sim.idle().await;
        assert_eq!(bot.received().len(), tries - 1);
        bench.advance(1);
        bench.sim.idle().await;
        assert_eq!(bot.received().len(), tries);
    }
    bench.says(2, "other").await;
    bench.sim.idle().await;
    assert_eq!(bot.received().last().map(String::as_str), Some("other"));
    let info = bench.result("getWebhookInfo", json!({})).await;
    let error = "Wrong response from the webhook: 500 Internal Server Error";
    assert_eq!(info["last_error_message"], error);
    assert_eq!(info["pending_update_count"], 2);
    bench.advance(8);
    bench.sim.idle().await;
    assert_eq!(bot.received()[5..], ["first", "second"]);
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let bench = Bench::new().await;
    let bot = bench.bot().await;
    bot.reply(503, Some(30));
    bench.says(1, "a").await;
    bench.sim.idle().await;
    bench.advance(29);
    bench.sim.idle().await;
    assert_eq!(bot.received().len(), 1);
    bench.advance(1);
    bench.sim.idle().await;
    assert_eq!(bot.received().len(), 2);
}

#[tokio::test]
async fn what_cannot_be_retried_before_it_expires_is_dropped() {
    let bench = Bench::new().await;
    let bot = bench.bot().await;
    bench.says(1, "hello").await;
    bench.sim.idle().await;
    let keyboard = json!({"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]});
    let message = json!({"chat_id": 1, "text": "?", "reply_markup": keyboard});
    let message_id = bench.result("sendMessage", message).await["message_id"].clone();
    bot.reply(429, Some(200));
    let press = json!({"message_id": message_id, "button": [0, 0], "wait": false});
    bench.post("/sim/users/1/press", press).await;
    bench.sim.idle().await;
    bench.advance(200);
    bench.sim.idle().await;
    assert_eq!(bot.received(), ["hello", "go"]);
    let updates = bench.get("/sim/updates").await;
    assert_eq!(updates[1]["fate"], "expired");
}

#[tokio::test]
async fn an_answer_that_does_not_come_within_a_minute_is_a_failure() {
    let bench = Bench::new().await;
    let bot = bench.bot().await;
    bot.gate.forget_permits(Semaphore::MAX_PERMITS);
    bench.says(1, "slow").await;
    while bot.received().is_empty() {
        tokio::task::yield_now().await;
    }
    bot.gate.add_permits(10);
    bot.gate.forget_permits(10);
    bench.advance(60);
    while bot.received().len() < 2 {
        tokio::task::yield_now().await;
    }
    bot.gate.add_permits(10);
    bench.sim.idle().await;
    assert_eq!(bot.received(), ["slow"; 2]);
    let updates = bench.get("/sim/updates").await;
    assert_eq!(updates[0]["attempts"][0]["outcome"], "Read timeout expired");
    assert_eq!(updates[0]["fate"], "delivered");
}

#[tokio::test]
async fn no_more_than_max_connections_are_under_way() {
    let bench = Bench::new().await;
    let bot = bench.bot().await;
    bot.gate.forget_permits(Semaphore::MAX_PERMITS);
    for user in 1..=5 {
        bench.says(user, "x").await;
    }
    while bot.received().len() < 3 {
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.sim.core().telegram.state().delivery.active, 3);
    bot.gate.add_permits(100);
    bench.sim.idle().await;
    assert_eq!(bot.received().len(), 5);
}

#[tokio::test]
async fn a_method_in_the_answer_is_run() {
    let bench = Bench::new().await;
    let bot = bench.bot().await;
    let method = json!({"method": "sendMessage", "chat_id": 1, "text": "from the answer"});
    bot.replies.lock().unwrap().push_back((200, None, method));
    bench.says(1, "hello").await;
    bench.sim.idle().await;
    loop {
        let chat = bench.get("/sim/chats/1").await;
        if let Some(text) = chat["messages"][1]["text"].as_str() {
            assert_eq!(text, "from the answer");
            return;
        }
    }
}

#[tokio::test]
async fn a_lost_answer_means_the_update_comes_again() {
    let bench = Bench::new().await;
    let bot = bench.bot().await;
    let fault = json!({"target": "webhook", "drop_after": true, "times": 1});
    bench.post("/sim/faults", fault).await;
    bench.says(1, "twice").await;
    bench.sim.idle().await;
    assert_eq!(bot.received(), ["twice"; 2]);
}

#[tokio::test]
async fn polling_confirms_by_offset_and_yields_to_a_webhook() {
    let bench = Bench::new().await;
    bench.says(1, "a").await;
    bench.says(1, "b").await;
    let updates = bench.result("getUpdates", json!({})).await;
    assert_eq!(updates.as_array().map(Vec::len), Some(2));
    let offset = updates[1]["update_id"].clone();
    let updates = bench.result("getUpdates", json!({"offset": offset})).await;
    assert_eq!(updates[0]["message"]["text"], "b");
    let offset = offset.as_u64().unwrap() + 1;
    let poll = bench.result("getUpdates", json!({"offset": offset, "timeout": 30}));
    let (updates, _) = tokio::join!(poll, bench.says(1, "c"));
    assert_eq!(updates[0]["message"]["text"], "c");
    let _bot = bench.bot().await;
    let (status, body) = bench.call("getUpdates", json!({})).await;
    assert_eq!(status, 409);
    assert!(
        body["description"]
            .as_str()
            .unwrap()
            .starts_with("Conflict: can't use getUpdates")
    );
}

#[tokio::test]
async fn a_raw_update_arrives_as_it_is() {
    let bench = Bench::new().await;
    let bot = bench.bot().await;
    bench
        .post(
            "/sim/raw_update",
            json!({"update_id": 77, "novelty": {"x": 1}}),
        )
        .await;
    bench.sim.idle().await;
    let received = bot.received.lock().unwrap().clone();
    assert_eq!(received, [json!({"update_id": 77, "novelty": {"x": 1}})]);
}

#[tokio::test]
async fn after_ten_seconds_of_failures_one_connection_has_to_do() {
    let bench = Bench::new().await;
    let bot = bench.bot().await;
    for _ in 0..20 {
        bot.reply(500, None);
    }
    for user in 1..=3 {
        bench.says(user, "x").await;
    }
    bench.sim.idle().await;
    assert_eq!(bot.received().len(), 6);
    for tries in [7, 8] {
        bench.advance(20);
        bench.sim.idle().await;
        assert_eq!(bot.received().len(), tries);
    }
    let wait = bench.sim.next_delivery_at().unwrap() - bench.sim.clock().now();
    assert_eq!(wait.whole_seconds(), 2);
    bench.sim.clock().advance(wait.unsigned_abs());
    bench.sim.idle().await;
    assert_eq!(bot.received().len(), 9);
}

#[tokio::test]
async fn only_unwanted_kinds_are_held_back() {
    let bench = Bench::new().await;
    let bot = Bot::start(&bench.sim).await;
    let params = json!({"url": bot.url, "allowed_updates": ["message"]});
    bench.result("setWebhook", params).await;
    bench.says(1, "a").await;
    bench.post("/sim/users/1", json!({"blocked": true})).await;
    bench.sim.idle().await;
    assert_eq!(bot.received(), ["a"]);
    let updates = bench.get("/sim/updates").await;
    assert_eq!(
        (&updates[1]["kind"], &updates[1]["fate"]),
        (&json!("my_chat_member"), &json!("filtered"))
    );
}

#[tokio::test]
async fn a_webhook_fault_answers_in_place_of_the_bot() {
    let bench = Bench::new().await;
    let bot = bench.bot().await;
    let fault = json!({"target": "webhook", "times": 1, "status": 503, "retry_after": 30});
    bench.post("/sim/faults", fault).await;
    bench.says(1, "late").await;
    bench.sim.idle().await;
    bench.advance(29);
    bench.sim.idle().await;
    assert_eq!(bot.received().len(), 0);
    bench.advance(1);
    bench.sim.idle().await;
    assert_eq!(bot.received(), ["late"]);
    let updates = bench.get("/sim/updates").await;
    let outcome = &updates[0]["attempts"][0]["outcome"];
    assert_eq!(
        outcome,
        "Wrong response from the webhook: 503 Service Unavailable"
    );
    // With a status the bot is not asked; without one it acts, and only its answer is another.
    let method = json!({"method": "sendMessage", "chat_id": 1, "text": "made up"});
    for (fault, asked) in [
        (
            json!({"target": "webhook", "times": 1, "status": 200, "body": method}),
            1,
        ),
        (json!({"target": "webhook", "times": 1, "body": method}), 2),
    ] {
        bench.post("/sim/faults", fault).await;
        bench.says(1, "x").await;
        bench.sim.idle().await;
        assert_eq!(bot.received().len(), asked);
        let chat = bench.get("/sim/chats/1").await;
        let last = chat["messages"].as_array().unwrap().last().cloned();
        assert_eq!(last.unwrap()["text"], "made up");
    }
}
