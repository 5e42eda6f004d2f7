//! What goes wrong at the provider and on the way of a result: each ends with a reason that a person understands, the
//! money back once, nothing of the provider's words, and a Retry that works.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{ADMIN, User, World};

const PROMPT: &str = "a lighthouse by night";
/// Stands in every answer of the provider here; a user must never read it.
const PROVIDERS_WORDS: &str = "KIE upstream gpu-17 says <b>Internal</b>";

/// An order under `fault` ends with `why`; once all is well again, Retry brings the result.
async fn ends_with(settings: Value, fault: Value, why: &str) {
    let world = World::new().await;
    let (anna, admin) = (world.user(11), world.user(ADMIN));
    admin.says("/start").await;
    anna.says("/start").await;
    world.post("/sim/kie/settings", settings).await;
    world.fault(fault).await;
    anna.orders(PROMPT).await;
    world.finish().await;
    assert_failed(anna, why).await;
    // Only where nobody can know whether the provider works and charges, a person has to look.
    assert_eq!(
        admin.transcript().await.contains("never confirmed"),
        why == "did not confirm"
    );
    retries(&world, anna).await;
    world.assert_clean().await;
}

async fn assert_failed(anna: User<'_>, why: &str) {
    let text = anna.last_text().await;
    assert!(
        text.starts_with("❌ Image from text") && text.contains(why),
        "instead of `{why}`: {text}"
    );
    assert!(
        text.contains("$0.10 is back on your balance: $5.00"),
        "{text}"
    );
    assert_eq!(anna.wallet().await, (500, 0));
    let statement = anna.statement().await;
    assert_eq!(statement.matches("given back").count(), 1, "{statement}");
    assert!(!statement.contains("paid:"), "{statement}");
    let transcript = anna.transcript().await.to_lowercase();
    for word in ["kie", "upstream", "gpu-17", "internal", "html", "http"] {
        assert!(!transcript.contains(word), "{word}: {transcript}");
    }
}

/// All is well again after a while, and the same order goes through.
async fn retries(world: &World, anna: User<'_>) {
    world.post("/sim/faults", json!([])).await;
    world
        .post("/sim/kie/settings", json!({ "speed": 1.0 }))
        .await;
    world.advance(Duration::from_secs(20 * 60)).await;
    anna.presses("Retry").await;
    let summary = anna.last_text().await;
    assert!(summary.contains(PROMPT), "{summary}");
    anna.presses("Confirm").await;
    world.finish().await;
    let result = anna.last().await;
    assert!(result["media"].is_object(), "{result}");
    assert_eq!(anna.wallet().await, (490, 0));
    let statement = anna.statement().await;
    assert_eq!(statement.matches("paid:").count(), 1, "{statement}");
}

/// createTask answers this, as HTTP status and as the code inside.
fn refused(code: u16, words: &str) -> Value {
    let body = json!({ "code": code, "msg": format!("{words} {PROVIDERS_WORDS}") });
    json!({ "target": "kie.createTask", "status": code, "body": body })
}

#[tokio::test]
async fn an_order_that_the_provider_does_not_take_is_refunded() {
    for (code, words, why) in [
        (401, "You do not have access permissions", "not available"),
        (402, "Credits insufficient", "not available"),
        (404, "Not found", "cannot work with this input"),
        (422, "Invalid input", "cannot work with this input"),
        (
            422,
            "The prompt was flagged as sensitive",
            "against the rules",
        ),
        (455, "Maintenance", "not available"),
        (500, "Server error", "not available"),
        (501, "Generation failed", "could not finish"),
        (505, "Feature disabled", "not available"),
    ] {
        ends_with(json!({}), refused(code, words), why).await;
    }
}

#[tokio::test]
async fn a_code_inside_a_good_status_is_the_same_refusal() {
    let settings = json!({ "shape": { "http_200": true },
        "fail_next": { "code": 422, "msg": PROVIDERS_WORDS, "at_create": true } });
    ends_with(settings, json!([]), "cannot work with this input").await;
}

#[tokio::test]
async fn an_order_that_the_provider_puts_off_for_ever_is_refunded() {
    let rule = json!({ "target": "kie.createTask", "retry_after": 40 });
    ends_with(json!({}), rule, "not available").await;
}

#[tokio::test]
async fn an_answer_that_proves_nothing_is_looked_into_and_then_refunded() {
    let page = format!("<html><body>{PROVIDERS_WORDS}</body></html>");
    for rule in [
        json!({ "target": "kie.createTask", "status": 200, "body": page }),
        json!({ "target": "kie.createTask", "status": 502, "body": page }),
        json!({ "target": "kie.createTask", "status": 504, "body": { "code": 504, "msg": page } }),
        json!({ "target": "kie.createTask", "drop_before": true }),
    ] {
        ends_with(json!({}), rule, "did not confirm").await;
    }
}

#[tokio::test]
async fn a_passing_trouble_is_waited_out() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    for mut trouble in [
        refused(429, "Too many"),
        refused(455, "Maintenance"),
        refused(500, "Server error"),
        json!({ "target": "kie.recordInfo", "status": 502, "body": "<html>" }),
        json!({ "target": "kie.recordInfo", "retry_after": 5 }),
        json!({ "target": "kie.results", "status": 503 }),
        json!({ "target": "kie.results", "status": 404 }),
        json!({ "target": "kie.results", "drop_after": true }),
    ] {
        trouble["times"] = json!(1);
        let before = anna.wallet().await.0;
        world.fault(trouble.clone()).await;
        anna.orders(PROMPT).await;
        world.finish().await;
        assert!(anna.last().await["media"].is_object(), "{trouble}");
        assert_eq!(anna.wallet().await, (before - 10, 0), "{trouble}");
        world.advance(Duration::from_secs(20 * 60)).await;
    }
    world.assert_clean().await;
}

#[tokio::test]
async fn a_task_that_fails_is_refunded() {
    for (code, words, why) in [
        (400, "Bad parameters", "cannot work with this input"),
        (422, "Flagged by the content policy", "against the rules"),
        (
            422,
            "Failed to download the image file",
            "could not be read",
        ),
        (455, "Maintenance", "not available"),
        (500, "Server error", "could not finish"),
        (501, "Generation failed", "could not finish"),
        (504, "Timed out", "took too long"),
    ] {
        let words = format!("{words} {PROVIDERS_WORDS}");
        let settings = json!({ "fail_next": { "code": code, "msg": words } });
        ends_with(settings, json!([]), why).await;
    }
}

#[tokio::test]
async fn a_task_that_never_ends_is_refunded() {
    ends_with(json!({ "speed": 0.001 }), json!([]), "took too long").await;
}

#[tokio::test]
async fn a_provider_that_cannot_be_asked_any_more_is_given_up() {
    for rule in [
        json!({ "target": "kie.recordInfo", "status": 502, "body": PROVIDERS_WORDS }),
        json!({ "target": "kie.recordInfo", "status": 401, "body": { "code": 401, "msg": PROVIDERS_WORDS } }),
        json!({ "target": "kie.recordInfo", "status": 200, "body": { "code": 200, "data": { "state": "dreaming" } } }),
    ] {
        ends_with(json!({}), rule, "took too long").await;
    }
}

#[tokio::test]
async fn a_task_that_the_provider_forgot_is_refunded() {
    let body = json!({ "code": 404, "msg": PROVIDERS_WORDS });
    let rule = json!({ "target": "kie.recordInfo", "status": 404, "body": body });
    ends_with(json!({}), rule, "could not finish").await;
}

#[tokio::test]
async fn a_result_that_cannot_be_fetched_is_refunded() {
    for rule in [
        json!({ "target": "kie.results", "status": 500, "body": PROVIDERS_WORDS }),
        json!({ "target": "kie.results", "status": 404 }),
        json!({ "target": "kie.results", "drop_before": true }),
        json!({ "target": "kie.results", "status": 403 }),
        json!({ "target": "kie.results", "status": 200, "body": PROVIDERS_WORDS }),
        json!({ "target": "kie.results", "status": 200, "body": "" }),
    ] {
        ends_with(json!({}), rule, "could not be fetched").await;
    }
}

#[tokio::test]
async fn a_result_too_large_for_telegram_is_refunded() {
    let rule = json!({ "target": "kie.results", "status": 200, "body": format!("GIF89a{}", "x".repeat(50_000_000)) });
    ends_with(json!({}), rule, "larger than Telegram lets me send").await;
}
