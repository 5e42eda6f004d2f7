//! The client against a server that misbehaves as networks, gateways and Telegram do.

mod files;
mod updates;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{any, post};
use futures_util::StreamExt;
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

const TOKEN: &str = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";

fn client(address: &str) -> Client {
    Client::new(ClientConfig::new(
        Secret::from(TOKEN),
        format!("http://{address}/"),
    ))
    .unwrap()
}

/// The same client with no patience.
fn hasty(client: Client) -> Client {
    Client::new(ClientConfig {
        request_timeout: Duration::from_millis(50),
        file_idle_timeout: Duration::from_millis(200),
        ..client.config
    })
    .unwrap()
}

/// Runs the test while the server serves.
async fn against<T>(router: Router, test: impl AsyncFnOnce(Client) -> T) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&listener.local_addr().unwrap().to_string());
    tokio::select! {
        stopped = axum::serve(listener, router).into_future() => panic!("the server stopped: {stopped:?}"),
        outcome = test(client) => outcome,
    }
}

/// Answers every connection with these bytes, once a request has come, and closes it.
async fn against_raw<T>(answer: &[u8], test: impl AsyncFnOnce(Client) -> T) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&listener.local_addr().unwrap().to_string());
    let serve = async {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0_u8; 4096];
            assert!(socket.read(&mut request).await.unwrap() > 0);
            socket.write_all(answer).await.unwrap();
        }
    };
    tokio::select! {
        () = serve => unreachable!("it serves for ever"),
        outcome = test(client) => outcome,
    }
}

fn answering(status: u16, body: &'static str) -> Router {
    let status = StatusCode::from_u16(status).unwrap();
    Router::new().fallback(any(move || async move { (status, body) }))
}

async fn send(client: Client) -> Result<Value, CallError> {
    client
        .call("sendMessage", &json!({"chat_id": 1, "text": "x"}))
        .await
}

fn assert_secret_free(shown: &str) {
    assert!(
        !shown.contains(TOKEN) && !shown.contains("AAHdq"),
        "{shown}"
    );
    assert!(!shown.contains("127.0.0.1"), "{shown}");
}

fn assert_silent(error: &CallError) {
    assert_secret_free(&format!("{error} {error:?}"));
}

#[tokio::test]
async fn a_result_is_given_whatever_is_in_it() {
    let body = r#"{"ok":true,"result":{"message_id":5,"chat":{"type":"metaverse"}}}"#;
    let result = against(answering(200, body), send).await.unwrap();
    assert_eq!(result["message_id"], 5);
}

#[tokio::test]
async fn a_call_is_json_on_the_path_of_the_token() {
    let path = format!("/bot{TOKEN}/sendMessage");
    let router =
        Router::new().route(
            &path,
            post(|body: axum::Json<Value>| async move {
                axum::Json(json!({"ok": true, "result": *body}))
            }),
        );
    let result = against(router, send).await.unwrap();
    assert_eq!(result, json!({"chat_id": 1, "text": "x"}));
}

#[tokio::test]
async fn a_gateways_page_after_a_send_leaves_it_unknown() {
    let error = against(answering(502, "<html>Bad Gateway</html>"), send)
        .await
        .unwrap_err();
    assert!(error.may_have_acted(), "{error:?}");
    assert_silent(&error);
}

#[tokio::test]
async fn a_long_flood_wait_is_understood() {
    let body = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 82800","parameters":{"retry_after":82800}}"#;
    let error = against(answering(429, body), send).await.unwrap_err();
    assert_eq!(
        error,
        CallError::FloodWait {
            retry_after_s: 82_800
        }
    );
    let router = Router::new().fallback(any(|| async {
        (
            StatusCode::TOO_MANY_REQUESTS,
            [(RETRY_AFTER, "17")],
            "<html>",
        )
    }));
    let error = against(router, send).await.unwrap_err();
    assert_eq!(error, CallError::FloodWait { retry_after_s: 17 });
}

#[tokio::test]
async fn a_connection_that_drops_after_the_request_leaves_it_unknown() {
    for answer in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"ok\":true",
        b"not http at all\r\n\r\n",
    ] {
        let error = against_raw(answer, send).await.unwrap_err();
        assert!(error.may_have_acted(), "{error:?}");
        assert_silent(&error);
    }
}

#[tokio::test]
async fn a_refusal_that_breaks_off_is_still_a_refusal() {
    let answer = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 100\r\n\r\n{\"ok\":fal";
    assert_eq!(
        against_raw(answer, send).await,
        Err(CallError::Unauthorized)
    );
}

#[tokio::test]
async fn nobody_listening_is_surely_not_acted_upon() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = send(client(&address)).await.unwrap_err();
    assert!(matches!(error, CallError::Transient { .. }), "{error:?}");
    assert_silent(&error);
}

#[tokio::test]
async fn a_time_out_after_the_request_leaves_it_unknown() {
    let router = Router::new().fallback(any(std::future::pending::<StatusCode>));
    let error = against(router, async |client| send(hasty(client)).await)
        .await
        .unwrap_err();
    assert!(error.may_have_acted(), "{error:?}");
    assert_silent(&error);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let router = Router::new().fallback(any(|| async { Redirect::temporary("/elsewhere") }));
    let error = against(router, send).await.unwrap_err();
    assert!(
        matches!(error, CallError::Rejected { code: 307, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_method_name_cannot_leave_its_folder() {
    let client = client("127.0.0.1:1");
    for method in ["", "../getMe", "getMe?x", "a/b"] {
        let error = client.call(method, &json!({})).await.unwrap_err();
        assert!(matches!(error, CallError::Rejected { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn debug_shows_no_secret() {
    let config = ClientConfig::new(Secret::from(TOKEN), "http://localhost");
    assert_secret_free(&format!("{config:?} {:?}", client("127.0.0.1:1")));
    against(answering(404, "gone"), async |client| {
        let opened = client.open_file("photos/file_1.jpg", None).await.unwrap();
        assert_secret_free(&format!("{opened:?}"));
    })
    .await;
}

async fn echo_upload(headers: HeaderMap, request: Request) -> impl IntoResponse {
    let body = request
        .into_body()
        .collect()
        .await
        .map(|body| body.to_bytes());
    let text = body.map(|body| String::from_utf8_lossy(&body).into_owned());
    let length = headers
        .get(header::CONTENT_LENGTH)
        .map(|value| value.to_str().unwrap().to_owned());
    axum::Json(json!({"ok": true, "result": {"body": text.ok(), "length": length}}))
}

#[tokio::test]
async fn an_upload_is_streamed_with_its_length_and_parameters_as_text() {
    let router = Router::new().fallback(any(echo_upload));
    let params =
        json!({"chat_id": 5, "caption": "c", "reply_markup": {"inline_keyboard": []}, "x": null});
    let file = UploadFile::from_bytes("a\"\r\nb.png", "image/png", Bytes::from_static(b"PIXELS"));
    let result = against(router, async |client| {
        client.upload("sendPhoto", &params, "photo", file).await
    })
    .await
    .unwrap();
    let body = result["body"].as_str().unwrap();
    assert_eq!(result["length"].as_str().unwrap(), body.len().to_string());
    for part in [
        "name=\"chat_id\"\r\n\r\n5\r\n",
        "name=\"caption\"\r\n\r\nc\r\n",
        "name=\"reply_markup\"\r\n\r\n{\"inline_keyboard\":[]}\r\n",
        "name=\"photo\"; filename=\"a___b.png\"\r\nContent-Type: image/png\r\n\r\nPIXELS\r\n",
    ] {
        assert!(body.contains(part), "{part} is missing in {body}");
    }
    assert!(!body.contains("name=\"x\""), "{body}");
}

#[test]
fn a_mime_type_cannot_break_a_header() {
    for (given, sent) in [
        ("image/png", "image/png"),
        ("text/plain; charset=UTF-8", "text/plain; charset=utf-8"),
        ("video/mp4; codecs=\"avc1\"", "video/mp4"),
        ("image/png\r\nX: y", "application/octet-stream"),
        ("", "application/octet-stream"),
    ] {
        assert_eq!(upload::tame_mime(given), sent);
    }
}

#[test]
fn only_servers_on_this_machine_bypass_proxies() {
    for (url, local) in [
        ("http://127.0.0.1:8081", true),
        ("http://[::1]:8081", true),
        ("http://localhost", true),
        ("https://api.telegram.org", false),
        ("http://10.0.0.1", false),
        ("not an address", false),
    ] {
        assert_eq!(is_on_this_machine(url), local, "{url}");
    }
}

#[tokio::test]
async fn a_file_that_breaks_off_was_surely_not_sent() {
    let pieces: [Vec<std::io::Result<Bytes>>; 3] = [
        vec![Ok(Bytes::from_static(b"PIX"))],
        vec![Ok(Bytes::from_static(b"PIXELS+"))],
        vec![
            Ok(Bytes::from_static(b"PIX")),
            Err(std::io::Error::other("source")),
        ],
    ];
    for body in pieces {
        let file = UploadFile {
            len: 6,
            body: futures_util::stream::iter(body).boxed(),
            ..UploadFile::from_bytes("a", "not a type", Bytes::new())
        };
        let router = Router::new().fallback(any(echo_upload));
        let error = against(router, async |client| {
            client.upload("sendPhoto", &json!({}), "photo", file).await
        })
        .await
        .unwrap_err();
        assert!(matches!(error, CallError::Transient { .. }), "{error:?}");
        assert_silent(&error);
    }
}

#[tokio::test]
async fn the_bot_knows_its_name() {
    let body = r#"{"ok":true,"result":{"id":123456789,"is_bot":true,"first_name":"B","username":"b_bot"}}"#;
    let me = against(answering(200, body), async |client| client.get_me().await)
        .await
        .unwrap();
    assert_eq!(me.username.as_deref(), Some("b_bot"));
}
