//! What providers might say, of all the things that nobody should read.

use serde_json::{Value, json};

/// Stands in every hostile answer, and nowhere else.
pub const MARK: &str = "zq7x";
/// Stands in every secret in them, and must be in no record either.
pub const SECRET: &str = "s3cr3tCanary";

/// Everything that would be a leak in a record for operators.
pub fn secrets(key: &str) -> [String; 3] {
    [SECRET, key, crate::world::TOKEN].map(str::to_owned)
}

/// Texts of every kind, each with the mark in it, some with our own key at the provider.
pub fn texts(key: &str) -> Vec<String> {
    let n = 1_001;
    vec![
        format!(
            "<!DOCTYPE html><html><title>{MARK} ACME Panel{n}</title><body onload=x><h1>502 Bad Gateway</h1></body></html>"
        ),
        format!("ACME Panel{n} ({MARK}) https://acme{n}.example: contact support@acme.example"),
        format!("{MARK} Your API key {key} is over its quota"),
        format!("{MARK} key={SECRET}0 api_key={SECRET}{n} token: {SECRET} ({key})"),
        format!(
            "Traceback (most recent call last):\n  File \"/srv/{MARK}/app.py\", line {n}, in submit\nKeyError: 'x'"
        ),
        format!(
            "java.lang.NullPointerException: {MARK}\n\tat com.acme.Panel.add(Panel.java:{n})\n\tat java.base/java.lang.Thread.run"
        ),
        format!(
            "SQLSTATE[42S02]: {MARK} Table 'panel{n}.orders' doesn't exist; SELECT * FROM users WHERE password='{SECRET}'"
        ),
        format!("{MARK}{n}: cannot reach postgres://root:{SECRET}@db.acme.example/panel"),
        format!("Недостаточно средств {MARK}{n}. Пополните счёт у ACME"),
        format!("余额不足 {MARK}{n} ・ お問い合わせ ・ رصيد غير كاف"),
        format!("{MARK} {}", "very long ".repeat(30_000 + n)),
        format!(
            "{MARK}\u{7}\u{1b}[31mred\u{1b}[0m\u{0}\u{8}\u{9b}2J{n}\r\nSet-Cookie: sid={SECRET}"
        ),
        format!("\u{202e}{MARK}\u{2066}gnorw\u{2069}\u{200f}{n}\u{feff}\u{200b}"),
        format!(
            "*{MARK}* _{n}_ [click](tg://user?id=1) `code` ||spoiler|| <b>bold</b> <a href=\"https://evil.example\">x</a> @everyone /start"
        ),
        format!(
            "see https://cdn.acme.example/{MARK}{n}.png?X-Amz-Signature={SECRET}&X-Amz-Credential={SECRET}#frag"
        ),
        format!("Bearer {SECRET}{n}abcdef {MARK} eyJhbGciOiJIUzI1NiJ9.{SECRET}.c2lnbmF0dXJl"),
        format!("{{\"error\":\"{MARK}\",\"secret\":\"{SECRET}{n}\"}}"),
        format!(
            "{MARK} -----BEGIN RSA PRIVATE KEY-----\n{SECRET}{n}\n-----END RSA PRIVATE KEY-----"
        ),
        format!("Order{n} {{ $title }} {MARK} {{{{7*7}}}} ${{jndi:ldap://x}} %s%n"),
        format!("{MARK}'; drop table job; --{n}"),
        format!(
            "{MARK} callback https://us.example/callbacks/kie/{SECRET}{n} media /media/v1.{SECRET}.x"
        ),
    ]
}

/// One way in which an answer reaches us.
#[derive(Clone, Debug)]
pub struct Case {
    /// The answer, as a rule of the simulator: `status` and `body`.
    pub answer: Value,
    /// Whether its words must stand in the job's record.
    pub kept: bool,
}

fn case(target: &'static str, status: u16, body: Value) -> Case {
    Case {
        answer: json!({ "target": target, "times": 1, "status": status, "body": body }),
        kept: true,
    }
}

fn passing(case: Case) -> Case {
    Case {
        kept: false,
        ..case
    }
}

/// What createTask may answer, with a text in it.
pub fn kie_submits(text: &str) -> Vec<Case> {
    const T: &str = "kie.createTask";
    vec![
        case(T, 200, json!({ "code": 422, "msg": text })),
        case(
            T,
            401,
            json!({ "code": 401, "msg": text, "data": { "hint": text } }),
        ),
        case(T, 200, json!({ "code": 501, "message": text })),
        case(
            T,
            200,
            json!({ "code": 505, "msg": text, "trace": [text, { "at": text }] }),
        ),
        case(T, 200, json!({ "code": 200, "msg": text, "data": {} })),
        case(T, 502, Value::from(text)),
        case(T, 200, Value::from(text)),
    ]
}

/// What recordInfo may answer.
pub fn kie_polls(text: &str) -> Vec<Case> {
    const T: &str = "kie.recordInfo";
    let fail = |code: &str| json!({ "code": 200, "data": { "state": "fail", "failCode": code, "failMsg": text, "param": text } });
    vec![
        case(T, 200, fail("422")),
        case(T, 200, fail("500")),
        case(
            T,
            200,
            json!({ "code": 200, "data": { "state": "fail", "failCode": text, "failMsg": text } }),
        ),
        case(T, 500, json!({ "code": 500, "msg": text })),
        case(T, 200, Value::from(text)),
        passing(case(
            T,
            200,
            json!({ "code": 200, "data": { "state": text, "progress": text } }),
        )),
        passing(case(
            T,
            200,
            json!({ "code": 200, "data": { "state": "success", "resultJson": json!({ "resultUrls": [format!("https://cdn.invalid/{text}")] }).to_string() } }),
        )),
    ]
}

/// What a creation at Replicate may answer.
pub fn replicate_submits(text: &str) -> Vec<Case> {
    const T: &str = "replicate.create";
    let problem = |status: u16| json!({ "title": text, "detail": text, "status": status });
    vec![
        case(T, 422, problem(422)),
        case(T, 401, problem(401)),
        case(T, 404, problem(404)),
        case(
            T,
            422,
            json!({ "detail": [{ "loc": ["body", text], "msg": text }] }),
        ),
        case(T, 500, problem(500)),
        case(
            T,
            201,
            json!({ "id": text, "status": text, "urls": { "get": text } }),
        ),
        case(T, 502, Value::from(text)),
        case(T, 200, Value::from(text)),
    ]
}

/// What a question about a prediction may answer.
pub fn replicate_polls(text: &str) -> Vec<Case> {
    const T: &str = "replicate.get";
    let failed = |logs: &str| json!({ "status": "failed", "error": text, "logs": logs });
    vec![
        case(T, 200, failed(text)),
        case(T, 200, failed("")),
        case(
            T,
            200,
            json!({ "status": "canceled", "error": { "at": text }, "input": { "prompt": text } }),
        ),
        case(T, 404, json!({ "title": text, "detail": text })),
        case(T, 500, json!({ "detail": text })),
        case(T, 200, Value::from(text)),
        passing(case(
            T,
            200,
            json!({ "status": text, "logs": format!("{text}\n 50%|x| 1/2 {text}") }),
        )),
        passing(case(
            T,
            200,
            json!({ "status": "succeeded", "output": [format!("https://cdn.invalid/{text}"), text] }),
        )),
    ]
}

/// What `add` may answer.
pub fn panel_submits(text: &str) -> Vec<Case> {
    const T: &str = "panel.add";
    vec![
        case(T, 200, json!({ "error": text })),
        case(T, 400, json!({ "errors": [text, text] })),
        case(
            T,
            200,
            json!({ "error": { "message": text, "debug": text } }),
        ),
        case(T, 200, json!({ "order": text, "status": text })),
        case(T, 500, json!({ "error": text })),
        case(T, 404, Value::from(text)),
        case(T, 200, Value::from(text)),
    ]
}

/// What `status` may answer.
pub fn panel_polls(text: &str) -> Vec<Case> {
    const T: &str = "panel.status";
    vec![
        case(T, 200, json!({ "error": text })),
        case(
            T,
            200,
            json!({ "status": "Canceled", "charge": text, "currency": text, "note": text }),
        ),
        case(
            T,
            200,
            json!({ "status": "Partial", "remains": "40", "start_count": text, "currency": text }),
        ),
        case(T, 503, Value::from(text)),
        case(T, 200, json!({ "status": "Error", "reason": text })),
        passing(case(
            T,
            200,
            json!({ "status": text, "remains": text, "start_count": text }),
        )),
    ]
}

/// What somebody who knows a job's callback address may send there.
pub fn callbacks(text: &str) -> Vec<Vec<u8>> {
    vec![
        text.as_bytes().to_vec(),
        json!({ "code": 501, "msg": text, "data": { "task_id": text } })
            .to_string()
            .into_bytes(),
        json!({ "taskId": text, "data": { "taskId": text, "state": text, "failMsg": text } })
            .to_string()
            .into_bytes(),
        json!([text]).to_string().into_bytes(),
        [b"\xff\xfe", text.as_bytes()].concat(),
    ]
}
