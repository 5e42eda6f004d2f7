//! Whatever a provider says, no user, log line, metric or command ever shows its words or a secret, and yet the whole answer
//! stands, without secrets, in the job's record and in the log under the job's correlation id.
//!
//! The real path: the simulator answers, the worker works, the outbox sends.

mod answers;

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Once;
use std::time::Duration;

use bulwark::base::redact;
use serde_json::json;

use crate::panels;
use crate::shelf::{raw, text};
use crate::world::World;
use answers::{Case, MARK, secrets, texts};

/// Calls of the Bot API by which anybody might read something.
const SAID_BY: [&str; 8] = [
    "sendMessage",
    "editMessageText",
    "editMessageCaption",
    "sendPhoto",
    "sendDocument",
    "sendVideo",
    "sendAudio",
    "answerCallbackQuery",
];

thread_local! {
    /// What this test's thread logged, as production formats it; None while nobody listens.
    static LOGGED: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Listens to everything that this test's thread logs: all of its world runs there.
struct Log;

impl Log {
    /// One subscriber for all threads: those of single threads disturb each other's idea of what is listened to.
    fn listening() -> Self {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            let subscriber = tracing_subscriber::fmt()
                .json()
                .flatten_event(true)
                .with_current_span(true)
                .with_span_list(false)
                .with_max_level(tracing::Level::INFO)
                .with_writer(|| Line)
                .finish();
            tracing::subscriber::set_global_default(subscriber).expect("the only one");
        });
        LOGGED.with_borrow_mut(|logged| *logged = Some(Vec::new()));
        Self
    }

    fn lines(&self) -> String {
        LOGGED.with_borrow(|logged| {
            let bytes = logged.as_deref().unwrap_or_default();
            redact::text(&String::from_utf8_lossy(bytes)).into_owned()
        })
    }
}

struct Line;

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LOGGED.with_borrow_mut(|logged| {
            if let Some(logged) = logged {
                logged.extend_from_slice(line);
            }
        });
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How an order is made in a world.
trait Shop {
    /// Which kind of provider it is about.
    const KIND: &str;
    /// Our key there.
    const KEY: &str;
    async fn world() -> World;
    async fn order(world: &World, user: i64);
}

struct Kie;

impl Shop for Kie {
    const KIND: &str = "kie";
    const KEY: &str = crate::world::KIE_KEY;

    async fn world() -> World {
        World::with(&[("WELCOME_GRANT", "1000")]).await
    }

    async fn order(world: &World, user: i64) {
        let user = world.user(user);
        user.says("/start").await;
        user.orders("a lighthouse").await;
    }
}

struct Panel;

impl Shop for Panel {
    const KIND: &str = "panel";
    const KEY: &str = bulwark_simulator::panel::KEY;

    async fn world() -> World {
        panels::world(&[("WELCOME_GRANT", "1000")]).await
    }

    async fn order(world: &World, user: i64) {
        let link = format!("t.me/channel{user}");
        world.user(user).orders_members(&link, "100").await;
    }
}

struct Replicate;

impl Shop for Replicate {
    const KIND: &str = "replicate";
    const KEY: &str = bulwark_simulator::replicate::TOKEN;

    async fn world() -> World {
        crate::replicate::world().await
    }

    async fn order(world: &World, user: i64) {
        world.user(user).orders_sketch("a lighthouse").await;
    }
}

/// Every text in every answer, one order each.
async fn survives<S: Shop>(cases: impl Fn(&str) -> Vec<Case>) {
    let log = Log::listening();
    let world = S::world().await;
    world.user(crate::world::ADMIN).says("/start").await;
    let mut user = 1_000;
    for (number, text) in texts(S::KEY).iter().enumerate() {
        for case in rotated(cases(text), number) {
            user += 1;
            world.fault(case.answer.clone()).await;
            S::order(&world, user).await;
            world.finish().await;
            let left = world.get("/sim/faults").await;
            assert_eq!(left, json!([]), "it was answered: {case:?}");
            let (_, held) = world.user(user).wallet().await;
            assert_eq!(held, 0, "{case:?}");
            if case.kept {
                assert_kept(&world, user, &log, &case).await;
            }
            // An ill provider is left alone for a while.
            world.advance(Duration::from_secs(20 * 60)).await;
        }
    }
    assert_nothing_leaked(&world, &log, S::KEY).await;
    world.assert_clean().await;
}

/// Three of the answers for each text, others for the next one: each text comes in each answer's place sooner or later.
fn rotated(mut cases: Vec<Case>, by: usize) -> Vec<Case> {
    let count = cases.len();
    cases.rotate_left(by * 3 % count);
    cases.truncate(3);
    cases
}

async fn assert_kept(world: &World, user: i64, log: &Log, case: &Case) {
    let sql = format!(
        "select count(*) from job_attempt a join job_history h on h.id = a.job_id
         where h.user_id = {user} and a.answer::text like '%{MARK}%'"
    );
    assert!(
        world.count_of(&sql).await > 0,
        "not in the record: {case:?}"
    );
    let sql = format!("select correlation::text from job_history where user_id = {user}");
    let correlation = world.text_of(&sql).await;
    let lines = log.lines();
    let told = lines
        .lines()
        .any(|line| line.contains(&correlation) && line.contains(MARK));
    assert!(told, "not in the log under {correlation}: {case:?}");
}

async fn assert_nothing_leaked(world: &World, log: &Log, key: &str) {
    let mut said = String::new();
    for method in SAID_BY {
        for call in world.log(method).await {
            said.push_str(&call["params"].to_string());
            said.push('\n');
        }
    }
    assert!(said.len() > 1_000, "something was said");
    for line in said.lines() {
        let lower = line.to_lowercase();
        for word in [
            MARK,
            "acme",
            "traceback",
            "sqlstate",
            "doctype",
            "nullpointer",
            "недостаточно",
            "余额",
        ] {
            assert!(!lower.contains(word), "{word}: {line}");
        }
        assert!(!line.contains(is_unseen), "{line}");
    }
    let (_, list) = raw(world, "jobs list --state all --limit 1000").await;
    let mut shown = format!("{list}\n{}", bulwark::http::metrics::render());
    for word in [MARK, "acme"] {
        assert!(!shown.contains(word), "{word}: {shown}");
    }
    let ids = text(world, "select string_agg(id::text, ',') from job_history").await;
    for id in ids.split(',').step_by(5) {
        for line in [
            format!("jobs show {id}"),
            format!("jobs show {id} --payload"),
            format!("jobs show {id} --json"),
        ] {
            shown.push_str(&raw(world, &line).await.1);
            shown.push('\n');
        }
    }
    let logged = log.lines();
    for (name, text) in [("messages", &said), ("commands", &shown), ("log", &logged)] {
        // In small letters a secret is one still.
        let lower = text.to_lowercase();
        for secret in secrets(key) {
            let secret = secret.to_lowercase();
            let line = lower.lines().find(|line| line.contains(&secret));
            assert!(line.is_none(), "{secret} in {name}: {line:?}");
        }
        assert!(!text.contains(is_unseen), "something unseen in {name}");
    }
}

/// What moves a cursor or turns the direction of writing.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || c.is_control() && c != '\n'
}

#[tokio::test]
async fn whatever_kie_answers_to_an_order() {
    survives::<Kie>(answers::kie_submits).await;
}

#[tokio::test]
async fn whatever_kie_answers_to_a_question() {
    survives::<Kie>(answers::kie_polls).await;
}

#[tokio::test]
async fn whatever_a_panel_answers_to_an_order() {
    survives::<Panel>(answers::panel_submits).await;
}

#[tokio::test]
async fn whatever_a_panel_answers_to_a_question() {
    survives::<Panel>(answers::panel_polls).await;
}

#[tokio::test]
async fn whatever_replicate_answers_to_an_order() {
    survives::<Replicate>(answers::replicate_submits).await;
}

#[tokio::test]
async fn whatever_replicate_answers_to_a_question() {
    survives::<Replicate>(answers::replicate_polls).await;
}

#[test]
fn no_kind_of_provider_is_left_out() {
    let covered = [Kie::KIND, Panel::KIND, Replicate::KIND];
    let all: Vec<&str> = bulwark::providers::kinds::names().collect();
    assert_eq!(all, covered, "its answers belong here");
}

/// Whoever does not know the secret writes no more than a few lines into our log, however often they come.
#[tokio::test]
async fn strangers_do_not_fill_the_log() {
    let log = Log::listening();
    let world = World::new().await;
    for n in 0..300 {
        let address = format!("http://{}/webhook", world.address);
        let request = world.http.post(address).body("{}");
        let request = request.header("x-telegram-bot-api-secret-token", format!("guess-{n}"));
        let status = request.send().await.expect("an answer").status();
        assert_eq!(status.as_u16(), 401);
    }
    let lines = log.lines();
    let said = lines.matches("without the right secret").count();
    assert!((1..=40).contains(&said), "{said}");
    assert!(!lines.contains("guess-"), "what was tried is in the log");
}

#[tokio::test]
async fn whatever_comes_to_a_callback_address() {
    let log = Log::listening();
    let world = Kie::world().await;
    world.user(crate::world::ADMIN).says("/start").await;
    world
        .post("/sim/kie/settings", json!({ "speed": 0.05 }))
        .await;
    Kie::order(&world, 11).await;
    let token = text(&world, "select callback_token from job").await;
    let mut answered = 0;
    for (number, words) in texts(Kie::KEY).iter().enumerate() {
        for body in answers::callbacks(words) {
            let address = format!("http://{}/callbacks/kie/{token}", world.address);
            let request = world.http.post(address).body(body);
            let request = if number % 2 == 0 {
                request
            } else {
                request
                    .header("x-webhook-signature", "AAAA")
                    .header("x-webhook-timestamp", world.now().unix_timestamp())
            };
            let answer = request.send().await.expect("an answer");
            assert!(answer.status().is_client_error(), "{}", answer.status());
            let said = answer.text().await.expect("a body");
            assert!(!said.contains(MARK), "{said}");
            answered += 1;
        }
    }
    assert!(answered >= 100, "{answered}");
    world.finish().await;
    assert!(world.user(11).last().await["media"].is_object());
    let logged = log.lines();
    assert!(
        !logged.contains(&token),
        "the token of the address is logged"
    );
    assert_nothing_leaked(&world, &log, Kie::KEY).await;
    world.assert_clean().await;
}
