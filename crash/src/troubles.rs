//! What goes wrong between the service and the world outside, on any day.

use serde_json::{Value, json};

/// A connection that breaks before and after acting, answers that are late, wrong, or no answers.
pub fn all() -> [Value; 39] {
    let nonsense = "<html>502 Bad Gateway</html>";
    [
        json!({ "target": "webhook", "drop_before": true }),
        json!({ "target": "webhook", "drop_after": true }),
        json!({ "target": "webhook", "drop_after": true, "delay_ms": 300 }),
        json!({ "target": "webhook", "status": 500 }),
        json!({ "target": "telegram.sendMessage", "drop_before": true }),
        json!({ "target": "telegram.sendMessage", "drop_after": true }),
        json!({ "target": "telegram.sendMessage", "delay_ms": 1500 }),
        json!({ "target": "telegram.sendMessage", "body": nonsense }),
        json!({ "target": "telegram.sendMessage", "retry_after": 1 }),
        json!({ "target": "telegram.sendPhoto", "drop_after": true }),
        json!({ "target": "telegram.sendPhoto", "status": 502 }),
        json!({ "target": "telegram.*", "status": 500, "body": nonsense }),
        json!({ "target": "telegram.answerCallbackQuery", "drop_after": true }),
        json!({ "target": "telegram.sendInvoice", "drop_after": true }),
        json!({ "target": "telegram.refundStarPayment", "drop_after": true }),
        json!({ "target": "telegram.refundStarPayment", "status": 502 }),
        json!({ "target": "telegram.refundStarPayment", "body": nonsense }),
        json!({ "target": "kie.createTask", "drop_before": true }),
        json!({ "target": "kie.createTask", "drop_after": true }),
        json!({ "target": "kie.createTask", "body": nonsense }),
        json!({ "target": "kie.createTask", "status": 500, "body": { "code": 500, "msg": "busy" } }),
        json!({ "target": "kie.recordInfo", "body": { "code": 200, "data": { "state": "perhaps" } } }),
        json!({ "target": "kie.recordInfo", "drop_after": true }),
        json!({ "target": "kie.results", "drop_after": true }),
        json!({ "target": "kie.callback", "drop_after": true }),
        json!({ "target": "kie.callback", "drop_before": true }),
        json!({ "target": "panel.add", "drop_before": true }),
        json!({ "target": "panel.add", "drop_after": true }),
        json!({ "target": "panel.add", "drop_after": true, "delay_ms": 1500 }),
        json!({ "target": "panel.add", "body": nonsense }),
        json!({ "target": "panel.add", "body": { "error": "Something went wrong" } }),
        json!({ "target": "panel.add", "status": 200, "body": { "error": "We are under maintenance" } }),
        json!({ "target": "panel.add", "status": 200, "body": { "error": "<b>promo-panel.internal</b> says no" } }),
        json!({ "target": "panel.balance", "drop_after": true }),
        json!({ "target": "panel.status", "drop_after": true }),
        json!({ "target": "panel.status", "body": [] }),
        json!({ "target": "panel.status", "status": 502, "body": nonsense }),
        json!({ "target": "panel.cancel", "drop_after": true }),
        json!({ "target": "panel.refill", "drop_after": true }),
    ]
}
