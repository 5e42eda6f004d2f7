//! Changes of messages, and their marks.

use super::*;

#[tokio::test]
async fn media_can_take_the_place_of_media_and_of_text() {
    let bench = Bench::new().await;
    bench.says(1, "/start").await;
    let data = json!({"data": "aGVsbG8=", "file_name": "a.txt", "mime_type": "text/plain"});
    let sent = bench
        .post("/sim/users/1/send", json!({ "document": data }))
        .await;
    let file_id = sent["message"]["document"]["file_id"].clone();
    let text = bench
        .result("sendMessage", json!({"chat_id": 1, "text": "soon"}))
        .await;
    let edit =
        |media: Value| json!({"chat_id": 1, "message_id": text["message_id"], "media": media});
    let document = json!({"type": "document", "media": file_id, "caption": "*here*", "parse_mode": "MarkdownV2"});
    let edited = bench
        .result("editMessageMedia", edit(document.clone()))
        .await;
    assert_eq!(edited["text"], Value::Null);
    assert_eq!(
        (&edited["caption"], &edited["document"]["file_id"]),
        (&json!("here"), &file_id)
    );
    let refusals = [
        (
            document,
            "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
        ),
        (
            json!({"type": "document"}),
            "can't parse InputMedia: media not found",
        ),
        (
            json!({"type": "voice", "media": file_id}),
            "can't parse InputMedia: Unsupported type",
        ),
        (
            json!({"media": file_id}),
            "can't parse InputMedia: Can't find field \"type\"",
        ),
        (json!("{"), "can't parse input media JSON object"),
        (
            json!({"type": "photo", "media": file_id}),
            "can't use file of type Document as Photo",
        ),
    ];
    for (media, error) in refusals {
        let refusal = bench.refusal("editMessageMedia", edit(media)).await;
        assert_eq!(refusal, format!("Bad Request: {error}"));
    }
    let theirs = json!({"chat_id": 1, "message_id": sent["message_id"], "media": {"type": "document", "media": file_id}});
    let refusal = bench.refusal("editMessageMedia", theirs).await;
    assert_eq!(refusal, "Bad Request: message can't be edited");
}

#[tokio::test]
async fn deleting_names_a_message_that_is_there_and_young_enough() {
    let bench = Bench::new().await;
    bench.says(1, "/start").await;
    let sent = bench
        .result("sendMessage", json!({"chat_id": 1, "text": "a"}))
        .await;
    let of = |id: Value| json!({"chat_id": 1, "message_id": id});
    let refusal = bench.refusal("deleteMessage", json!({"chat_id": 1})).await;
    assert_eq!(refusal, "Bad Request: message identifier is not specified");
    bench
        .result("deleteMessage", of(sent["message_id"].clone()))
        .await;
    let refusal = bench
        .refusal("deleteMessage", of(sent["message_id"].clone()))
        .await;
    assert_eq!(refusal, "Bad Request: message to delete not found");
    let old = bench
        .result("sendMessage", json!({"chat_id": 1, "text": "b"}))
        .await;
    bench.advance(48 * 3600 + 1);
    let refusal = bench
        .refusal("deleteMessage", of(old["message_id"].clone()))
        .await;
    assert_eq!(
        refusal,
        "Bad Request: message can't be deleted for everyone"
    );
}

#[tokio::test]
async fn hostile_marks_are_refused_and_mentions_show_whom_the_bot_knows() {
    let bench = Bench::new().await;
    bench.says(1, "/start").await;
    let with = |entity: Value| json!({"chat_id": 1, "text": "A😀B", "entities": [entity]});
    for (offset, length, error) in [
        (
            json!(i64::MAX),
            json!(1),
            "can't parse MessageEntity: Field \"offset\" must be a valid Number",
        ),
        (
            json!(1),
            json!(i32::MAX),
            "receive an entity with incorrect length 2147483647",
        ),
        (
            json!(1),
            json!(1_000_000),
            "entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 1000001",
        ),
        (
            json!(2),
            json!(1),
            "entity begins in a middle of a UTF-16 symbol at byte offset 5",
        ),
    ] {
        let entity = json!({"type": "bold", "offset": offset, "length": length});
        let refusal = bench.refusal("sendMessage", with(entity)).await;
        assert_eq!(refusal, format!("Bad Request: {error}"));
    }
    for (id, name) in [(1, json!("User 1")), (2, Value::Null)] {
        let entity = json!({"type": "text_mention", "offset": 0, "length": 1, "user": {"id": id}});
        let sent = bench.result("sendMessage", with(entity)).await;
        assert_eq!(sent["entities"][0]["user"]["first_name"], name);
    }
}
