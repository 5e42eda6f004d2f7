//! What the Bot API does and refuses.

use super::*;
use crate::telegram::media::{NewFile, store};
use crate::telegram::world::FileKind;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x06\0\0\0\x04\0";

#[tokio::test]
async fn strangers_groups_and_blockers_are_told_apart() {
    let bench = Bench::new().await;
    let hello = |chat: i64| json!({"chat_id": chat, "text": "hello"});
    assert_eq!(
        bench.refusal("sendMessage", hello(5)).await,
        "Bad Request: chat not found"
    );
    bench
        .post("/sim/users/5", json!({"first_name": "Eve"}))
        .await;
    assert_eq!(
        bench.refusal("sendMessage", hello(5)).await,
        "Forbidden: bot can't initiate conversation with a user"
    );
    bench.says(5, "/start").await;
    assert_eq!(
        bench.result("sendMessage", hello(5)).await["chat"]["first_name"],
        "Eve"
    );
    bench.post("/sim/users/5", json!({"blocked": true})).await;
    assert_eq!(
        bench.refusal("sendMessage", hello(5)).await,
        "Forbidden: bot was blocked by the user"
    );
    let in_group = json!({"chat_id": -7, "text": "/start"});
    bench.post("/sim/users/6/send", in_group).await;
    bench
        .post(
            "/sim/chats/-7",
            json!({"migrate_to": -1_000_000_000_007_i64}),
        )
        .await;
    let (status, body) = bench.call("sendMessage", hello(-7)).await;
    assert_eq!(status, 400);
    assert_eq!(
        body["description"],
        "Bad Request: group chat was upgraded to a supergroup chat"
    );
    assert_eq!(
        body["parameters"]["migrate_to_chat_id"],
        -1_000_000_000_007_i64
    );
}

#[tokio::test]
async fn edits_have_to_change_something_of_the_bots_own() {
    let bench = Bench::new().await;
    let theirs = bench.says(1, "mine").await["message_id"].clone();
    let sent = bench
        .result("sendMessage", json!({"chat_id": 1, "text": "a"}))
        .await;
    let id = sent["message_id"].clone();
    let edit = |id: &Value, text: &str| json!({"chat_id": 1, "message_id": id, "text": text});
    let same = bench.refusal("editMessageText", edit(&id, "a")).await;
    assert!(
        same.starts_with("Bad Request: message is not modified: specified new message content")
    );
    assert_eq!(
        bench.result("editMessageText", edit(&id, "b")).await["text"],
        "b"
    );
    assert_eq!(
        bench
            .refusal("editMessageText", edit(&json!(99), "b"))
            .await,
        "Bad Request: message to edit not found"
    );
    assert_eq!(
        bench.refusal("editMessageText", edit(&theirs, "b")).await,
        "Bad Request: message can't be edited"
    );
    assert_eq!(
        bench
            .refusal(
                "editMessageCaption",
                json!({"chat_id": 1, "message_id": id, "caption": "c"})
            )
            .await,
        "Bad Request: there is no caption in the message to edit"
    );
    let delete = json!({"chat_id": 1, "message_id": id});
    bench.result("deleteMessage", delete.clone()).await;
    assert_eq!(
        bench.refusal("deleteMessage", delete).await,
        "Bad Request: message to delete not found"
    );
}

#[tokio::test]
async fn more_than_a_burst_is_flood_until_the_time_has_passed() {
    let bench = Bench::new().await;
    bench.says(1, "/start").await;
    let hello = json!({"chat_id": 1, "text": "hello"});
    for _ in 0..5 {
        bench.result("sendMessage", hello.clone()).await;
    }
    let (status, body) = bench.call("sendMessage", hello.clone()).await;
    assert_eq!(status, 429);
    assert_eq!(body["description"], "Too Many Requests: retry after 1");
    assert_eq!(body["parameters"]["retry_after"], 1);
    bench.advance(1);
    bench.result("sendMessage", hello.clone()).await;
    bench.post("/sim/limits", json!({"enabled": false})).await;
    for _ in 0..10 {
        bench.result("sendMessage", hello.clone()).await;
    }
}

#[tokio::test]
async fn an_upload_is_kept_and_can_be_read_back() {
    let bench = Bench::new().await;
    bench.says(1, "/start").await;
    let part = reqwest::multipart::Part::bytes(PNG.to_vec()).file_name("a.png");
    let form = reqwest::multipart::Form::new()
        .text("chat_id", "1")
        .text("caption", "*c*")
        .text("parse_mode", "MarkdownV2")
        .part("photo", part);
    let url = format!("{}/bot{TOKEN}/sendPhoto", bench.sim.telegram_url());
    let response = bench.http.post(url).multipart(form).send().await.unwrap();
    let message: Value = response.json().await.unwrap();
    let message = &message["result"];
    assert_eq!(message["caption_entities"][0]["type"], "bold");
    let widths: Vec<_> = message["photo"]
        .as_array()
        .unwrap()
        .iter()
        .map(|size| size["width"].clone())
        .collect();
    assert_eq!(widths, [90, 320, 800, 1280, 1536]);
    let file_id = &message["photo"][4]["file_id"];
    let file = bench.result("getFile", json!({ "file_id": file_id })).await;
    let path = file["file_path"].as_str().unwrap();
    let url = format!("{}/file/bot{TOKEN}/{path}", bench.sim.telegram_url());
    let part = bench
        .http
        .get(&url)
        .header("range", "bytes=1-3")
        .send()
        .await
        .unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap(), "PNG");
    let again = bench
        .result("sendPhoto", json!({"chat_id": 1, "photo": file_id}))
        .await;
    assert_eq!(again["photo"], message["photo"]);
    assert_eq!(
        bench
            .refusal("sendVideo", json!({"chat_id": 1, "video": file_id}))
            .await,
        "Bad Request: can't use file of type Photo as Video"
    );
}

#[tokio::test]
async fn addresses_are_fetched_and_have_to_fit() {
    let bench = Bench::new().await;
    bench.says(1, "/start").await;
    let send = |url: String| json!({"chat_id": 1, "photo": url, "document": url});
    let base = bench.sim.telegram_url();
    assert_eq!(
        bench
            .refusal("sendPhoto", send(format!("{base}/sim/users")))
            .await,
        "Bad Request: wrong type of the web page content"
    );
    assert_eq!(
        bench
            .refusal("sendPhoto", send(format!("{base}/nowhere/at/all")))
            .await,
        "Bad Request: failed to get HTTP URL content"
    );
    assert_eq!(
        bench
            .refusal("sendPhoto", send("no-such-id".to_owned()))
            .await,
        "Bad Request: wrong file identifier/HTTP URL specified"
    );
    let photo = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, PNG);
    let sent = bench
        .post("/sim/users/1/send", json!({ "photo": photo }))
        .await;
    let file_id = sent["message"]["photo"][0]["file_id"].as_str().unwrap();
    let url = format!("{base}/sim/files/{file_id}");
    let shown = bench.result("sendPhoto", send(url.clone())).await;
    assert_eq!(shown["photo"][4]["height"], 1024);
    // By address, documents are PDF, ZIP and GIF.
    assert_eq!(
        bench.refusal("sendDocument", send(url)).await,
        "Bad Request: wrong type of the web page content"
    );
}

#[tokio::test]
async fn the_token_and_the_method_have_to_be_right() {
    let bench = Bench::new().await;
    let status = async |path: &str| {
        let url = format!("{}{path}", bench.sim.telegram_url());
        bench.http.get(url).send().await.unwrap().status().as_u16()
    };
    assert_eq!(status("/bot42:wrong/getMe").await, 401);
    assert_eq!(status("/bot42:secret/getme").await, 200);
    assert_eq!(status("/bot42:secret/getEverything").await, 404);
    assert_eq!(
        bench
            .refusal("answerCallbackQuery", json!({"callback_query_id": "1"}))
            .await,
        "Bad Request: query is too old and response timeout expired or query ID is invalid"
    );
    assert_eq!(
        bench
            .refusal("setWebhook", json!({"url": "http://bot.example/"}))
            .await,
        "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
    );
}

fn kept(bench: &Bench, kind: FileKind, bytes: Vec<u8>) -> String {
    let file = NewFile {
        bytes: bytes.into(),
        mime: "image/png".to_owned(),
        file_name: None,
        duration: 0,
    };
    store(bench.sim.core(), kind, file)[0].file_id.clone()
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let bench = Bench::new().await;
    bench.says(1, "/start").await;
    let url = |id: &str| format!("{}/sim/files/{id}", bench.sim.telegram_url());
    let mut large = PNG.to_vec();
    large.resize(6 << 20, 0);
    let photo = kept(&bench, FileKind::Document, large);
    assert_eq!(
        bench
            .refusal("sendPhoto", json!({"chat_id": 1, "photo": url(&photo)}))
            .await,
        "Bad Request: failed to get HTTP URL content"
    );
    let huge = kept(&bench, FileKind::Document, vec![0; (20 << 20) + 1]);
    assert_eq!(
        bench.refusal("getFile", json!({"file_id": huge})).await,
        "Bad Request: file is too big"
    );
    let mut long = PNG.to_vec();
    long[16..20].copy_from_slice(&[0, 0, 0x27, 0]);
    long[20..24].copy_from_slice(&[0, 0, 0, 9]);
    let photo = kept(&bench, FileKind::Document, long);
    assert_eq!(
        bench
            .refusal("sendPhoto", json!({"chat_id": 1, "photo": url(&photo)}))
            .await,
        "Bad Request: PHOTO_INVALID_DIMENSIONS"
    );
}

#[tokio::test]
async fn an_album_is_sent_whole_or_not_at_all() {
    let bench = Bench::new().await;
    bench.says(1, "/start").await;
    let photo = kept(&bench, FileKind::Photo, PNG.to_vec());
    let item = |media: &str| json!({"type": "photo", "media": media});
    let group = |items: Value| json!({"chat_id": 1, "media": items});
    let wrong = group(json!([item(&photo), item("nothing")]));
    assert_eq!(
        bench.refusal("sendMediaGroup", wrong).await,
        "Bad Request: wrong file identifier/HTTP URL specified"
    );
    let chat = bench.get("/sim/chats/1").await;
    assert_eq!(chat["messages"].as_array().map(Vec::len), Some(1));
    let sent = bench
        .result("sendMediaGroup", group(json!([item(&photo), item(&photo)])))
        .await;
    assert_eq!(sent[0]["media_group_id"], sent[1]["media_group_id"]);
}
