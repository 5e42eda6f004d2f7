//! Arbitrary updates: none is refused, and where frankenstein can read one, it must see the same.

use frankenstein::updates::{Update as Typed, UpdateContent};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Event, Incoming};
use crate::telegram::envelope::Envelope;

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(field_name(), inner, 0..6).prop_map(Value::from_iter),
        ]
    })
}

fn field_name() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "message",
            "from",
            "chat",
            "id",
            "text",
            "photo",
            "video",
            "document",
            "date",
            "data",
            "message_id",
            "type",
            "new_chat_member",
            "status",
            "file_id",
            "first_name",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ]
}

fn text_of(update: &Typed) -> Option<&str> {
    match &update.content {
        UpdateContent::Message(message) => message.text.as_deref(),
        _ => None,
    }
}

proptest! {
    #[test]
    fn nothing_with_an_update_id_is_refused(id in any::<i64>(), kind in field_name(), content in any_json()) {
        let mut update = json!({"update_id": id});
        if kind != "update_id" {
            update[&kind] = content;
        }
        let raw = update.to_string();
        prop_assert_eq!(Incoming::parse(raw.as_bytes()).unwrap().update_id, id);
        prop_assert_eq!(Envelope::parse(raw.as_bytes()).unwrap().update_id, id);
    }

    #[test]
    fn no_bytes_make_it_panic(raw in any::<Vec<u8>>()) {
        let envelope = Envelope::parse(&raw).map(|envelope| envelope.update_id);
        prop_assert_eq!(Incoming::parse(&raw).map(|incoming| incoming.update_id), envelope);
    }

    #[test]
    fn the_strict_parser_sees_the_same(text in any::<String>(), name in any::<String>(), id in 1_i64..1_000_000_000_000) {
        let update = json!({"update_id": 1, "message": {
            "message_id": 5,
            "date": 1,
            "text": text,
            "from": {"id": id, "is_bot": false, "first_name": name},
            "chat": {"id": id, "type": "private"},
        }});
        let typed: Typed = serde_json::from_value(update.clone()).unwrap();
        let incoming = Incoming::parse(update.to_string().as_bytes()).unwrap();
        prop_assert_eq!(i64::from(typed.update_id), incoming.update_id);
        prop_assert_eq!(incoming.user.first_name, name.replace('\0', ""));
        prop_assert_eq!((incoming.user.id, incoming.chat.id), (id, id));
        let Event::Message(message) = incoming.event else {
            return Err(TestCaseError::fail("not a message"));
        };
        prop_assert_eq!(message.text, text_of(&typed).map(|text| text.replace('\0', "")));
    }
}
