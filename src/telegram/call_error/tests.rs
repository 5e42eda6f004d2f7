//! The texts are those of the Bot API server.

use serde_json::json;

use super::*;

fn error(method: &str, code: u16, description: &str) -> CallError {
    let body = json!({"ok": false, "error_code": code, "description": description}).to_string();
    decode(method, code, None, body.as_bytes()).unwrap_err()
}

#[test]
fn telegrams_texts_have_their_classes() {
    let media = |description: &str| CallError::MediaRefused {
        description: description.to_owned(),
    };
    let entities = "Bad Request: can't parse entities: Character '.' is reserved and must be escaped with the preceding '\\'";
    let cases = [
        (
            400,
            entities,
            CallError::BadEntities {
                description: entities.to_owned(),
            },
        ),
        (400, "Bad Request: message is too long", CallError::TooLong),
        (
            400,
            "Bad Request: message caption is too long",
            CallError::TooLong,
        ),
        (
            400,
            "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
            CallError::NotModified,
        ),
        (
            400,
            "Bad Request: message to edit not found",
            CallError::MessageGone,
        ),
        (
            400,
            "Bad Request: message can't be edited",
            CallError::MessageGone,
        ),
        (
            400,
            "Bad Request: message to delete not found",
            CallError::MessageGone,
        ),
        (
            400,
            "Bad Request: there is no text in the message to edit",
            CallError::MessageGone,
        ),
        (
            400,
            "Bad Request: query is too old and response timeout expired or query ID is invalid",
            CallError::CallbackTooOld,
        ),
        (
            400,
            "Bad Request: failed to get HTTP URL content",
            media("Bad Request: failed to get HTTP URL content"),
        ),
        (
            400,
            "Bad Request: wrong file identifier/HTTP URL specified",
            media("Bad Request: wrong file identifier/HTTP URL specified"),
        ),
        (
            400,
            "Bad Request: wrong type of the web page content",
            media("Bad Request: wrong type of the web page content"),
        ),
        (
            400,
            "Bad Request: PHOTO_INVALID_DIMENSIONS",
            media("Bad Request: PHOTO_INVALID_DIMENSIONS"),
        ),
        (
            413,
            "Request Entity Too Large",
            media("Request Entity Too Large"),
        ),
        (400, "Bad Request: chat not found", CallError::ChatGone),
        (
            400,
            "Bad Request: group chat was deactivated",
            CallError::ChatGone,
        ),
        (
            403,
            "Forbidden: bot was blocked by the user",
            CallError::Blocked,
        ),
        (403, "Forbidden: user is deactivated", CallError::Blocked),
        (
            400,
            "Bad Request: private chat not found",
            CallError::ChatGone,
        ),
        (
            401,
            "Unauthorized: invalid token specified",
            CallError::Unauthorized,
        ),
        (
            421,
            "Misdirected Request: unallowed token specified",
            CallError::Unauthorized,
        ),
        (404, "Not Found", CallError::Unauthorized),
    ];
    for (code, description, class) in cases {
        assert_eq!(error("sendMessage", code, description), class);
    }
    for (code, description) in [
        (404, "Not Found: method not found"),
        (400, "Bad Request: BUTTON_DATA_INVALID"),
        (400, "Bad Request: message text is empty"),
        (409, "Conflict: terminated by other getUpdates request"),
    ] {
        let class = CallError::Rejected {
            code,
            description: description.to_owned(),
        };
        assert_eq!(error("sendMessage", code, description), class);
    }
}

#[test]
fn a_flood_wait_keeps_its_time_from_wherever_it_comes() {
    let flood = |body: &str, header: Option<&str>| match decode(
        "sendMessage",
        429,
        header,
        body.as_bytes(),
    ) {
        Err(CallError::FloodWait { retry_after_s }) => retry_after_s,
        other => panic!("{other:?}"),
    };
    let body = |parameters: &str| {
        format!(
            r#"{{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 8"{parameters}}}"#
        )
    };
    assert_eq!(
        flood(&body(r#","parameters":{"retry_after":82800}"#), Some("1")),
        82_800
    );
    assert_eq!(
        flood(&body(r#","parameters":{"retry_after":99999999999}"#), None),
        u32::MAX
    );
    assert_eq!(flood(&body(""), Some("35")), 35);
    assert_eq!(flood(&body(""), None), 8);
    assert_eq!(flood("<html>429</html>", Some("12")), 12);
    assert_eq!(flood("", None), RETRY_AFTER_DEFAULT_S);
    assert_eq!(flood(&body(r#","parameters":{"retry_after":0}"#), None), 1);
}

#[test]
fn a_migrated_group_names_its_successor() {
    let body = r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-1001234567890}}"#;
    assert_eq!(
        decode("sendMessage", 400, None, body.as_bytes()),
        Err(CallError::Migrated {
            to_chat_id: -1_001_234_567_890
        })
    );
}

#[test]
fn a_gateways_error_leaves_a_send_unknown_and_a_repeatable_call_transient() {
    let html = b"<html><h1>502 Bad Gateway</h1></html>";
    assert!(
        decode("sendPhoto", 502, None, html)
            .unwrap_err()
            .may_have_acted()
    );
    for method in [
        "editMessageText",
        "answerCallbackQuery",
        "getFile",
        "setWebhook",
    ] {
        let error = decode(method, 502, None, html).unwrap_err();
        assert!(
            matches!(error, CallError::Transient { .. }),
            "{method}: {error:?}"
        );
    }
    let restart = error("sendMessage", 500, "Internal Server Error: restart");
    assert!(restart.may_have_acted(), "{restart:?}");
    for (method, description) in [
        (
            "sendMessage",
            "Internal Server Error: sent request is not handled",
        ),
        ("editMessageText", "Internal Server Error: restart"),
    ] {
        let own = error(method, 500, description);
        assert!(matches!(own, CallError::Transient { .. }), "{own:?}");
    }
}

#[test]
fn what_was_done_is_never_a_failure() {
    let deep = format!(
        r#"{{"ok":true,"result":{{"message_id":41,"x":{}{}}}}}"#,
        "[".repeat(500),
        "]".repeat(500)
    );
    for body in [
        deep.as_str(),
        r#"{"ok":true,"result":{"message_id":41,"x":1e999}}"#,
        r#"{"ok":true,"result":{"message_id":41,"chat":{"type":"metaverse"}}}"#,
        r#"{"ok":true,"result":{"message_id":41,"x":"\ud800"}}"#,
    ] {
        let result = decode("sendMessage", 200, None, body.as_bytes()).unwrap();
        assert_eq!(result_value(&result)["message_id"], 41, "{body}");
    }
    let unreadable = decode("sendMessage", 200, None, b"{\"ok\":tr").unwrap_err();
    assert!(unreadable.may_have_acted());
}
