//! What can never succeed is set aside after a bounded number of tries, with its story, while all else goes on.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bulwark::base::clock::{Clock, ManualClock};
use bulwark::base::ids::Ids;
use bulwark::base::supervise::Shutdown;
use bulwark::engine::inbox::{
    self, AdmissionLimits, Dispatch, DispatchLimits, HandleError, Handling, NewUpdate,
    StoredUpdate, UpdateHandler,
};
use bulwark::engine::lanes::{Limits, Runner};
use bulwark::engine::outbox::{self, Action, NewMessage};
use bulwark::engine::shards::Shards;
use bulwark::engine::wake::Wake;
use bulwark::telegram::Rich;
use serde_json::json;
use sqlx::{Executor as _, PgConnection, PgPool, Row as _};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::database;
use crate::intake::deliver;
use crate::world::{START, User, World};

/// Fails as the update's kind says; in every case only after an effect that must not last.
struct Faulty {
    clock: Clock,
}

impl Faulty {
    async fn say(&self, conn: &mut PgConnection, text: &str) -> Result<(), HandleError> {
        let action = Action::Say {
            text: Rich::template(text),
            keyboard: None,
        };
        let message = NewMessage::new(1, Uuid::nil(), action);
        outbox::enqueue(conn, &message, self.clock.sql_now()).await?;
        Ok(())
    }
}

#[async_trait]
impl UpdateHandler for Faulty {
    type Refusal = Infallible;

    async fn refuse(
        &self,
        _: &mut PgConnection,
        _: &StoredUpdate,
        refusal: Infallible,
    ) -> Result<(), HandleError> {
        match refusal {}
    }

    async fn handle(
        &self,
        conn: &mut PgConnection,
        update: &StoredUpdate,
    ) -> Result<Handling<Infallible>, HandleError> {
        self.say(conn, "handled").await?;
        match update.kind.as_str() {
            "panics" | "panics twice" => panic!("choked on update {}", update.update_id),
            "loops" => std::future::pending().await,
            "fails" => Err(HandleError::Bug(anyhow::anyhow!("always wrong"))),
            "waits" => Err(HandleError::Retry(anyhow::anyhow!("never ready"))),
            "unreadable" => Err(HandleError::Unreadable("no sender".to_owned())),
            _ => Ok(Handling::Kept { has_jobs: false }),
        }
    }

    async fn apologise(
        &self,
        conn: &mut PgConnection,
        update: &StoredUpdate,
    ) -> Result<(), HandleError> {
        self.say(conn, "sorry").await?;
        assert_ne!(update.kind, "panics twice", "the apology panics as well");
        Ok(())
    }

    fn committed(&self, _: bool) {}
}

/// The engine of the inbox, with nothing around it but the database.
struct Engine {
    pool: PgPool,
    clock: Clock,
    hand: ManualClock,
    runner: Runner<Dispatch<Faulty>>,
    shards: Shards,
}

impl Engine {
    async fn new() -> Self {
        let pool = database::fresh_pool().await;
        let (clock, hand) = Clock::manual(START);
        let ids = Ids::seeded(3);
        let shards = Shards::new(pool.clone(), clock.clone(), ids.uuid());
        let handler = Arc::new(Faulty {
            clock: clock.clone(),
        });
        let limits = DispatchLimits {
            handler_timeout: Duration::from_millis(50),
            ..DispatchLimits::default()
        };
        let dispatch = Dispatch::new(
            pool.clone(),
            clock.clone(),
            ids.clone(),
            shards.clone(),
            handler,
            limits,
        );
        let limits = Limits {
            concurrency_max: 8,
            buffered_max: 64,
            poll: Duration::from_secs(1),
        };
        let runner = Runner::new(
            Arc::new(dispatch),
            clock.clone(),
            ids,
            Arc::new(Notify::new()),
            limits,
        );
        Self {
            pool,
            clock,
            hand,
            runner,
            shards,
        }
    }

    async fn receive(&self, updates: &[(i64, i64, &str)]) {
        let wake = Wake::default();
        let limits = AdmissionLimits {
            updates_max: 64,
            bytes_max: 1 << 20,
        };
        let (receiver, writer) = inbox::channel(
            self.pool.clone(),
            self.clock.clone(),
            Ids::seeded(7),
            wake,
            limits,
        );
        let stop = Shutdown::new();
        let deliver = async {
            for (update_id, lane, kind) in updates {
                let update = NewUpdate {
                    update_id: *update_id,
                    lane: *lane,
                    kind: (*kind).to_owned(),
                    payload: b"{}".as_slice().into(),
                    correlation: Uuid::from_u128(update_id.unsigned_abs().into()),
                    shed: false,
                };
                receiver.receive(update).await.expect("stored");
            }
            stop.cancel();
        };
        tokio::join!(writer.run(stop.clone()), deliver);
    }

    /// One round of everything that may start now.
    async fn round(&self) -> Option<time::OffsetDateTime> {
        self.shards.renew().await.expect("the lanes");
        self.runner.drain().await.expect("the database").next
    }

    /// Until nothing is left; how many rounds it took.
    async fn to_the_end(&self) -> usize {
        for round in 0..50 {
            let Some(next) = self.round().await else {
                return round;
            };
            let wait = (next - self.clock.now()).max(time::Duration::milliseconds(1));
            self.hand.advance(wait.try_into().expect("forward"));
        }
        panic!("it never ends");
    }

    async fn number(&self, sql: &'static str) -> i64 {
        self.pool.fetch_one(sql).await.expect("a row").get(0)
    }
}

#[tokio::test]
async fn a_handler_that_fails_in_any_way_is_set_aside_and_its_chat_goes_on() {
    let faults = [
        ("panics", 5, "bug: the handler panicked: choked on update 1"),
        (
            "panics twice",
            5,
            "bug: the handler panicked: choked on update 2",
        ),
        ("loops", 5, "bug: the handler took too long"),
        ("fails", 5, "bug: always wrong"),
        ("waits", 5, "try again: never ready"),
        ("unreadable", 1, "the update cannot be read: no sender"),
    ];
    let engine = Engine::new().await;
    // In each chat: the poison, and behind it something that is well. In another chat: all is well.
    for ((kind, ..), n) in faults.iter().zip(1_i64..) {
        engine
            .receive(&[(n, n, kind), (100 + n, n, "fine behind")])
            .await;
    }
    engine.receive(&[(200, 99, "fine elsewhere")]).await;

    engine.round().await;
    let elsewhere = "select count(*) from inbox_update where kind = 'fine elsewhere' and state = 1";
    assert_eq!(engine.number(elsewhere).await, 1, "others do not wait");
    let rounds = engine.to_the_end().await;
    assert!(rounds > 0, "the failing ones were tried again later");

    for ((kind, tries, error), n) in faults.iter().zip(1_i64..) {
        let row = engine
            .pool
            .fetch_one(sqlx::AssertSqlSafe(format!(
                "select state, attempts, error from inbox_update where update_id = {n}"
            )))
            .await
            .expect("its row");
        assert_eq!(row.get::<i16, _>(0), 2, "{kind} is quarantined");
        assert_eq!(row.get::<i16, _>(1), *tries, "{kind}: tries");
        assert_eq!(row.get::<String, _>(2), *error, "{kind}");
    }
    let behind = "select count(*) from inbox_update where kind = 'fine behind' and state = 1";
    assert_eq!(engine.number(behind).await, 6, "each chat goes on");
    let all = "select count(*) from outbox_message";
    // Nothing of a failed try is left; an apology for each, save the one that cannot be made.
    assert_eq!(engine.number(all).await, 7 + 5, "effects and apologies");
}

async fn number(world: &World, sql: &'static str) -> i64 {
    world.pool.fetch_one(sql).await.expect("a row").get(0)
}

/// A paid order, confirmed.
async fn order(user: User<'_>) {
    user.says("/menu").await;
    user.presses("Create images").await;
    user.presses("Image from text").await;
    user.says("a lighthouse").await;
    user.presses("Skip").await;
    user.presses("Confirm").await;
}

#[tokio::test]
async fn an_update_that_cannot_be_parsed_is_kept_for_a_person() {
    let world = World::new().await;
    let anna = world.user(11);
    let from = json!({ "id": 11, "is_bot": false, "first_name": "A" });
    let chat = json!({ "id": 11, "type": "private" });
    for (update, n) in [
        json!({ "message": { "message_id": "?", "from": from, "chat": chat } }),
        json!({ "message": { "message_id": 5, "from": from, "text": "sent nowhere" } }),
        json!({ "callback_query": { "from": from, "data": "x" } }),
        json!({ "message": "text" }),
    ]
    .into_iter()
    .zip(900_000_001_i64..)
    {
        let mut update = update;
        update["update_id"] = json!(n);
        assert!(deliver(&world, &update).await.status().is_success());
    }
    anna.says("/start").await;
    assert!(
        anna.last_text().await.contains("$5.00"),
        "{}",
        anna.transcript().await
    );
    let kept = "select count(*) from inbox_update
                where state = 2 and attempts = 1 and error like '%cannot be read%' and length(payload) > 20";
    assert_eq!(number(&world, kept).await, 4);
}

#[tokio::test]
async fn a_provider_that_answers_nonsense_for_ever_costs_nobody_anything() {
    for target in ["kie.recordInfo", "kie.createTask", "kie.results"] {
        let world = World::new().await;
        let anna = world.user(11);
        anna.says("/start").await;
        for body in [
            json!("<html>nonsense</html>"),
            json!({ "code": 200, "data": [[]] }),
        ] {
            world.post("/sim/faults", json!([])).await;
            world
                .post(
                    "/sim/faults",
                    json!({ "target": target, "status": 200, "body": body }),
                )
                .await;
            // The breaker may be open from the last question of the order before.
            world.advance(Duration::from_secs(15 * 60)).await;
            order(anna).await;
            // Meanwhile others are served.
            world.user(12).says("/start").await;
            assert!(world.user(12).last_text().await.contains("$5.00"));
            world.finish().await;
            let said = anna.transcript().await;
            assert_eq!(anna.wallet().await, (500, 0), "{target}: {said}");
        }
        let story = "select count(*) from job_history h
                     where state in ('failed', 'timed_out')
                       and exists (select 1 from job_attempt a where a.job_id = h.id and a.outcome <> 'accepted')";
        assert_eq!(number(&world, story).await, 2, "{target}");
        let tries = "select coalesce(max(n), 0) from (select count(*) n from job_attempt group by job_id) a";
        assert!(
            number(&world, tries).await < 400,
            "{target}: {} tries",
            number(&world, tries).await
        );
        world.assert_clean().await;
    }
}

#[tokio::test]
async fn a_message_that_telegram_refuses_for_ever_becomes_a_dead_letter() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    let body =
        json!({ "ok": false, "error_code": 400, "description": "Bad Request: SOMETHING_NEW" });
    let rule = json!({ "target": "telegram.sendMessage", "chat_id": 11, "status": 400, "body": body, "times": 1 });
    world.post("/sim/faults", rule).await;
    anna.says("/help").await;
    assert!(!anna.transcript().await.contains("How it works"));
    let dead =
        "select count(*) from outbox_message where state = 3 and error like '%SOMETHING_NEW%'";
    assert_eq!(number(&world, dead).await, 1);
    anna.says("/help").await;
    assert!(
        anna.transcript().await.contains("How it works"),
        "the chat goes on"
    );
}
