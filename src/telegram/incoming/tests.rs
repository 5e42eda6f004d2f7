//! Real and hostile updates. Where frankenstein can read one, it must see the same.

use frankenstein::updates::Update as Typed;
use serde_json::{Value, json};

use super::*;
use crate::telegram::envelope::{Envelope, Kind};
use crate::telegram::media::MediaKind;

fn parse(update: &Value) -> Incoming {
    Incoming::parse(update.to_string().as_bytes()).unwrap()
}

fn user() -> Value {
    json!({"id": 7_000_000_001_i64, "is_bot": false, "first_name": "Ада", "username": "ada", "language_code": "ru"})
}

fn message(fields: Value) -> Value {
    let mut message = json!({
        "message_id": 5, "date": 1_790_000_000, "from": user(),
        "chat": {"id": 7_000_000_001_i64, "type": "private", "first_name": "Ада"},
    });
    for (key, value) in fields.as_object().unwrap() {
        message[key] = value.clone();
    }
    json!({"update_id": 10, "message": message})
}

fn read_message(update: &Value) -> IncomingMessage {
    match parse(update).event {
        Event::Message(message) => *message,
        other => panic!("not a message: {other:?}"),
    }
}

fn file(extra: Value) -> Value {
    let mut file = json!({"file_id": "F", "file_unique_id": "U", "file_size": 1234});
    for (key, value) in extra.as_object().unwrap() {
        file[key] = value.clone();
    }
    file
}

#[test]
fn a_text_message() {
    let incoming = parse(&message(
        json!({"text": "hello", "reply_to_message": {"message_id": 4}}),
    ));
    assert_eq!(incoming.update_id, 10);
    assert_eq!(
        incoming.chat,
        ChatRef {
            id: 7_000_000_001,
            kind: ChatKind::Private
        }
    );
    assert_eq!(incoming.user.username.as_deref(), Some("ada"));
    let Event::Message(message) = incoming.event else {
        panic!("not a message");
    };
    assert_eq!(message.text.as_deref(), Some("hello"));
    assert_eq!(message.reply_to, Some(4));
    assert_eq!(message.date, 1_790_000_000);
}

#[test]
fn every_way_of_sending_a_file_has_its_kind() {
    let cases = [
        (
            json!({"video": file(json!({"width": 1, "height": 2, "duration": 3, "mime_type": "video/mp4"}))}),
            MediaKind::Video,
        ),
        (
            json!({"video_note": file(json!({"length": 240, "duration": 3}))}),
            MediaKind::Video,
        ),
        (
            json!({"animation": file(json!({"width": 1, "height": 2, "duration": 3})), "document": file(json!({}))}),
            MediaKind::Video,
        ),
        (
            json!({"audio": file(json!({"duration": 3}))}),
            MediaKind::Audio,
        ),
        (
            json!({"voice": file(json!({"duration": 3, "mime_type": "audio/ogg"}))}),
            MediaKind::Audio,
        ),
        (
            json!({"document": file(json!({"mime_type": "image/png"}))}),
            MediaKind::Image,
        ),
        (
            json!({"document": file(json!({"mime_type": "VIDEO/quicktime"}))}),
            MediaKind::Video,
        ),
        (
            json!({"document": file(json!({"mime_type": "audio/flac"}))}),
            MediaKind::Audio,
        ),
        (
            json!({"document": file(json!({"mime_type": "application/pdf"}))}),
            MediaKind::Document,
        ),
        (json!({"document": file(json!({}))}), MediaKind::Document),
    ];
    for (fields, kind) in cases {
        let update = message(fields);
        assert!(
            serde_json::from_value::<Typed>(update.clone()).is_ok(),
            "{update}"
        );
        let media = read_message(&update).media.unwrap();
        assert_eq!(
            (media.kind, media.file_id.as_str(), media.size),
            (kind, "F", Some(1234)),
            "{update}"
        );
        assert!(
            Envelope::parse(update.to_string().as_bytes())
                .unwrap()
                .has_media
        );
    }
}

#[test]
fn a_video_note_is_square() {
    let media = read_message(&message(
        json!({"video_note": file(json!({"length": 240, "duration": 9}))}),
    ))
    .media
    .unwrap();
    assert_eq!(
        (media.width, media.height, media.duration_s),
        (Some(240), Some(240), Some(9))
    );
}

#[test]
fn the_largest_photo_counts_and_its_caption_is_the_text() {
    let size = |id: &str, width: u32| json!({"file_id": id, "file_unique_id": id, "width": width, "height": width});
    let update = message(json!({
        "caption": "make it blue",
        "photo": [size("small", 90), size("large", 1280), size("middle", 320)],
        "forward_origin": {"type": "something_new"},
    }));
    let message = read_message(&update);
    assert_eq!(message.text.as_deref(), Some("make it blue"));
    let media = message.media.unwrap();
    assert_eq!(
        (media.file_id.as_str(), media.kind),
        ("large", MediaKind::Image)
    );
    assert_eq!(media.mime.as_deref(), Some("image/jpeg"));
}

#[test]
fn what_a_strict_parser_refuses_is_read_all_the_same() {
    let cases = [
        message(json!({"text": "x", "suggested_post_info": {"state": "pending"}})),
        message(json!({"text": "x", "forward_origin": {"type": "new_origin", "date": 1}})),
        message(
            json!({"text": "x", "paid_media": {"star_count": 1, "paid_media": [{"type": "hologram"}]}}),
        ),
        message(json!({"text": "x", "chat": {"id": 7_000_000_001_i64, "type": "metaverse"}})),
        json!({"update_id": -5, "message": message(json!({"text": "x"}))["message"]}),
        json!({"update_id": 5_000_000_000_i64, "message": message(json!({"text": "x"}))["message"]}),
        message(json!({"text": "x", "message_id": 3_000_000_000_i64})),
        message(json!({"text": "x", "date": -1})),
    ];
    for update in cases {
        assert!(
            serde_json::from_value::<Typed>(update.clone()).is_err(),
            "the strict parser has learnt: {update}"
        );
        assert_eq!(read_message(&update).text.as_deref(), Some("x"), "{update}");
    }
}

#[test]
fn what_nobody_wrote_is_not_a_message() {
    let cases = [
        (
            message(json!({"pinned_message": {"message_id": 1}})),
            "message:pinned_message",
        ),
        (
            message(json!({"new_chat_members": [user()]})),
            "message:new_chat_members",
        ),
        (
            json!({"update_id": 1, "edited_message": message(json!({}))["message"]}),
            "edited_message",
        ),
        (json!({"update_id": 1, "poll": {"id": "1"}}), "poll"),
        (
            json!({"update_id": 1, "brand_new_kind": {"from": user()}}),
            "brand_new_kind",
        ),
        (json!({"update_id": 1, "Brand-New\u{0}": 5}), "?rand??ew?"),
        (json!({"update_id": 1, "message": null}), "none"),
        (json!({"update_id": 1, "message": []}), "message"),
        (json!({"update_id": 1}), "none"),
    ];
    for (update, name) in cases {
        assert_eq!(
            parse(&update).event,
            Event::Other(name.to_owned()),
            "{update}"
        );
    }
}

#[test]
fn a_known_kind_wins_over_an_unknown_key_before_it() {
    let raw = format!(
        r#"{{"aaa":{{"x":1}},"update_id":3,"message":{}}}"#,
        message(json!({"text": "x"}))["message"]
    );
    assert_eq!(Envelope::parse(raw.as_bytes()).unwrap().kind, Kind::Message);
}

#[test]
fn button_presses() {
    let press = |message: Value| json!({"update_id": 1, "callback_query": {"id": "77", "from": user(), "chat_instance": "1", "data": "a:1", "message": message}});
    let event = |date: i64| Event::Callback {
        id: "77".to_owned(),
        data: "a:1".to_owned(),
        message_id: Some(9),
        inaccessible: date == 0,
    };
    for date in [0, 1_790_000_000] {
        let update = press(
            json!({"message_id": 9, "date": date, "chat": {"id": -5, "type": "group", "title": "g"}}),
        );
        let incoming = parse(&update);
        assert_eq!(incoming.event, event(date));
        assert_eq!(
            incoming.chat,
            ChatRef {
                id: -5,
                kind: ChatKind::Group
            }
        );
    }
    let inline = parse(&press(Value::Null));
    assert_eq!(
        inline.chat,
        ChatRef {
            id: 7_000_000_001,
            kind: ChatKind::Private
        }
    );
    assert!(matches!(
        inline.event,
        Event::Callback {
            message_id: None,
            inaccessible: false,
            ..
        }
    ));
}

#[test]
fn membership_migration_and_payments() {
    let membership = |status: &str| {
        json!({"update_id": 1, "my_chat_member": {
            "chat": {"id": 7_000_000_001_i64, "type": "private"}, "from": user(), "date": 1,
            "old_chat_member": {"status": "member"}, "new_chat_member": {"status": status}}})
    };
    assert_eq!(parse(&membership("kicked")).event, Event::BotBlocked);
    assert_eq!(parse(&membership("member")).event, Event::BotUnblocked);
    assert_eq!(
        parse(&membership("demoted")).event,
        Event::Other("my_chat_member".to_owned())
    );
    assert_eq!(
        parse(&message(json!({"migrate_to_chat_id": -100_500}))).event,
        Event::ChatMigrated { to: -100_500 }
    );
    let paid = json!({"currency": "XTR", "total_amount": 9_000_000_000_i64, "invoice_payload": "p",
        "telegram_payment_charge_id": "t", "provider_payment_charge_id": ""});
    let payment = read_message(&message(json!({"successful_payment": paid}))).successful_payment;
    assert_eq!(
        payment.map(|payment| payment.total_amount),
        Some(9_000_000_000)
    );
    let checkout = json!({"update_id": 1, "pre_checkout_query": {"id": "q", "from": user(), "currency": "XTR",
        "total_amount": 50, "invoice_payload": "p"}});
    assert!(matches!(
        parse(&checkout).event,
        Event::PreCheckout {
            total_amount: 50,
            ..
        }
    ));
    let envelope = Envelope::parse(checkout.to_string().as_bytes()).unwrap();
    assert_eq!(envelope.pre_checkout_query_id.as_deref(), Some("q"));
    assert!(envelope.has_payment && envelope.chat_id.is_none());
}

#[test]
fn hostile_json_costs_only_the_field_it_is_in() {
    let base = message(json!({"text": "TEXT", "extra": "EXTRA"})).to_string();
    let deep = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
    let cases = [
        (base.replace("\"TEXT\"", r#""a\ud800b""#), "a\u{fffd}b"),
        (base.replace("\"TEXT\"", r#""a\u0000b""#), "ab"),
        (base.replace("\"TEXT\"", "\"a\u{0}b\""), "a\u{fffd}b"),
        (base.replace("\"EXTRA\"", &deep), "TEXT"),
        (base.replace("\"EXTRA\"", "1e99999"), "TEXT"),
        (
            base.replace("\"EXTRA\"", "1,\"text\":\"first\",\"text\":\"TEXT\""),
            "TEXT",
        ),
    ];
    for (raw, text) in cases {
        let raw = raw.as_bytes();
        assert_eq!(Envelope::parse(raw).unwrap().chat_id, Some(7_000_000_001));
        let Event::Message(message) = Incoming::parse(raw).unwrap().event else {
            panic!("not a message");
        };
        assert_eq!(message.text.as_deref(), Some(text));
    }
}

#[test]
fn only_what_telegram_never_sends_is_refused() {
    for raw in [
        &b""[..],
        b"null",
        b"[]",
        b"{}",
        b"{\"update_id\":\"1\"}",
        b"{\"update_id\":1.5}",
        b"{\"update_id\":1",
        b"{\"update_id\":1} x",
        b"\xff\xfe",
    ] {
        assert_eq!(Envelope::parse(raw), Err(NotAnUpdate));
        assert_eq!(Incoming::parse(raw), Err(NotAnUpdate));
    }
}

#[test]
fn a_huge_update_is_read_in_time_that_grows_with_its_size() {
    // Quadratic work on this many fields would take minutes.
    let raw = format!(
        "{{\"update_id\":1{}}}",
        ",\"a\":null,\"b\":[{}]".repeat(200_000)
    );
    let event = Incoming::parse(raw.as_bytes()).unwrap().event;
    assert_eq!(event, Event::Other("b".to_owned()));
}
