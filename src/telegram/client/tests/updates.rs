//! Webhook settings and polling: spelt as Telegram spells them, and nothing strange is lost.

use std::sync::{Arc, Mutex};

use frankenstein::methods as typed_layer;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::telegram::methods::ALLOWED_UPDATES;

/// The parameters of the one call that the test makes.
async fn parameters_of(result: Value, test: impl AsyncFnOnce(Client)) -> Value {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    let router = Router::new().fallback(any(move |body: axum::Json<Value>| async move {
        record.lock().unwrap().push(body.0);
        axum::Json(json!({"ok": true, "result": result}))
    }));
    against(router, test).await;
    let mut seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 1);
    seen.remove(0)
}

/// The typed layer drops what it does not know.
fn assert_known<T: Serialize + DeserializeOwned>(params: &Value) {
    let known: T = serde_json::from_value(params.clone()).unwrap();
    assert_eq!(serde_json::to_value(known).unwrap(), *params);
}

#[tokio::test]
async fn every_setting_is_one_that_telegram_knows() {
    let settings = WebhookSettings {
        url: "https://bot.example/webhook".to_owned(),
        secret: Secret::from("s3cret"),
        max_connections: 40,
        allowed_updates: ALLOWED_UPDATES.map(str::to_owned).to_vec(),
        drop_pending_updates: false,
    };
    assert!(!format!("{settings:?}").contains("s3cret"));
    let webhook = parameters_of(json!(true), async |client| {
        client.set_webhook(&settings).await.unwrap();
    })
    .await;
    assert_known::<typed_layer::SetWebhookParams>(&webhook);
    assert_eq!(webhook["secret_token"], "s3cret");

    let commands = parameters_of(json!(true), async |client| {
        let commands = [("start", "Начать".to_owned())];
        client.set_my_commands(&commands, Some("ru")).await.unwrap();
    })
    .await;
    assert_known::<typed_layer::SetMyCommandsParams>(&commands);

    let polling = parameters_of(json!([]), async |client| {
        let wait = Duration::from_secs(25);
        client
            .get_updates(Some(7), wait, &ALLOWED_UPDATES)
            .await
            .unwrap();
    })
    .await;
    assert_known::<typed_layer::GetUpdatesParams>(&polling);
    assert_eq!(
        (&polling["offset"], &polling["timeout"]),
        (&json!(7), &json!(25))
    );

    let first = parameters_of(json!([]), async |client| {
        client.get_updates(None, Duration::ZERO, &[]).await.unwrap();
    })
    .await;
    assert!(first.get("offset").is_none());
}

#[tokio::test]
async fn updates_come_as_they_are_even_the_strange_ones() {
    let body = r#"{"ok":true,"result":[{"update_id":1,"x":1e999},{"update_id":2, "b":"\ud800"},{"no":"id"}]}"#;
    let updates = against(answering(200, body), async |client| {
        client
            .get_updates(Some(1), Duration::ZERO, &["message"])
            .await
    })
    .await
    .unwrap();
    let ids: Vec<i64> = updates.iter().map(|update| update.update_id).collect();
    assert_eq!(ids, [1, 2]);
    assert_eq!(updates[0].raw, br#"{"update_id":1,"x":1e999}"#);
}
