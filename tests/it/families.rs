//! Orders for KIE's older families: music in stages, a film whose receipt is lost, refusals in each family's words.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{User, World};

/// Answers all questions of a service and confirms.
async fn orders(user: User<'_>, service: &str, words: &str) {
    user.says("/start").await;
    user.picks(service).await;
    user.says(words).await;
    if user.transcript().await.ends_with("<✖️ Cancel>")
        && !user.last_text().await.contains("Shall I begin?")
    {
        user.presses("Skip").await;
    }
    user.presses("Confirm").await;
}

fn media(messages: &[Value]) -> Vec<String> {
    let kinds = messages.iter().filter_map(|message| {
        let media = &message["media"];
        media["kind"].as_str().or(media["type"].as_str())
    });
    kinds.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_song_comes_whole_though_it_is_announced_in_parts() {
    let world = World::new().await;
    let anna = world.user(11);
    orders(anna, "song", "a slow blues about a late train").await;
    assert_eq!(anna.wallet().await, (475, 25));
    world.finish().await;
    let announced: Vec<Value> = world.log("kie.callback").await;
    let kinds: Vec<&str> = announced
        .iter()
        .filter_map(|call| call["params"]["data"]["callbackType"].as_str())
        .collect();
    assert_eq!(kinds, ["text", "first", "complete"]);
    assert_eq!(
        media(&anna.messages().await),
        ["audio", "audio"],
        "{}",
        anna.transcript().await
    );
    assert!(anna.transcript().await.contains("✅ Song from words: done"));
    assert_eq!(anna.wallet().await, (475, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_film_whose_receipt_was_lost_is_found_by_its_callback() {
    let world = World::new().await;
    let anna = world.user(11);
    world
        .fault(json!({ "target": "kie.veo.generate", "drop_after": true, "times": 1 }))
        .await;
    orders(anna, "film", "a train leaves the station").await;
    assert!(
        anna.transcript()
            .await
            .contains("checking whether your order got through"),
        "{}",
        anna.transcript().await
    );
    world.finish().await;
    assert_eq!(
        media(&anna.messages().await),
        ["video"],
        "{}",
        anna.transcript().await
    );
    assert_eq!(world.tasks().await.len(), 1, "ordered once");
    assert_eq!(anna.wallet().await, (440, 0));
    let named = "select count(*) from job_history where external_id like 'veo:%'";
    assert_eq!(world.count(named).await, 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_refusal_is_told_in_our_words_and_paid_back_in_every_family() {
    for (service, words) in [
        ("lettering", "!refuse a card"),
        ("film", "!refuse a scene"),
        ("song", "!refuse a song"),
        ("lettering", "!fail a card"),
        ("film", "!fail a scene"),
        ("song", "!fail a song"),
    ] {
        let world = World::new().await;
        let anna = world.user(11);
        orders(anna, service, words).await;
        world.finish().await;
        let expected = if words.starts_with("!refuse") {
            "against the rules"
        } else {
            "could not finish it"
        };
        let transcript = anna.transcript().await;
        assert!(
            transcript.contains(expected),
            "{service} {words}: {transcript}"
        );
        assert!(
            transcript.contains("is back on your balance: $5.00"),
            "{transcript}"
        );
        for word in ["kie", "suno", "veo", "openai", "gpu-17", "upstream", "http"] {
            assert!(
                !transcript.to_lowercase().contains(word),
                "{word}: {transcript}"
            );
        }
        assert_eq!(anna.wallet().await, (500, 0));
        world.assert_clean().await;
    }
}

#[tokio::test]
async fn records_that_make_no_sense_end_in_the_users_favour() {
    let broken = [
        json!({"code": 200, "msg": "success", "data": {"successFlag": "done"}}),
        json!({"code": 200, "msg": "success", "data": {"successFlag": 1, "response": {"resultUrls": "not a list"}}}),
        json!({"code": 200, "msg": "success", "data": {"successFlag": 1}}),
        json!({"code": "200", "data": "[]"}),
        json!("<html>half a page"),
    ];
    for record in broken {
        let world = World::new().await;
        let anna = world.user(11);
        world
            .fault(json!({ "target": "kie.veo.record", "body": record }))
            .await;
        orders(anna, "film", "a train leaves the station").await;
        world.finish().await;
        assert_eq!(
            anna.wallet().await,
            (500, 0),
            "{record}: {}",
            anna.transcript().await
        );
        assert!(media(&anna.messages().await).is_empty(), "{record}");
        world.post("/sim/faults", json!([])).await;
        world.advance(Duration::from_secs(1200)).await;
        world.assert_clean().await;
    }
}
