//! What is claimed, whatever a replica holds in memory.

use std::sync::Arc;

use async_trait::async_trait;
use bulwark::base::ids::Ids;
use bulwark::base::redact::Secret;
use bulwark::engine::lanes::{LaneWork as _, Verdict, Waiting};
use bulwark::engine::outbox::{
    DeadLetter, DeadLetters, FileStore, OutboxEvents, PacingLimits, Sender,
};
use bulwark::engine::shards::Shards;
use bulwark::telegram::{Client, ClientConfig, UploadFile};
use sqlx::{Executor as _, PgConnection, Row as _};
use uuid::Uuid;

use super::rig::{Post, people, sends};
use crate::world::{TOKEN, World};

const CHAT: i64 = 3_000;

struct Nothing;

#[async_trait]
impl FileStore for Nothing {
    async fn open(&self, _: Uuid) -> Result<Option<UploadFile>, anyhow::Error> {
        Ok(None)
    }
}

#[async_trait]
impl OutboxEvents for Nothing {
    async fn dead_letter(&self, _: &mut PgConnection, _: &DeadLetter) -> Result<(), sqlx::Error> {
        Ok(())
    }

    async fn report(&self, _: &mut PgConnection, _: &[DeadLetters]) -> Result<(), sqlx::Error> {
        Ok(())
    }

    async fn unreachable(&self, _: &mut PgConnection, _: i64) -> Result<(), sqlx::Error> {
        Ok(())
    }

    async fn migrated(&self, _: &mut PgConnection, _: i64, _: i64) -> Result<(), sqlx::Error> {
        Ok(())
    }
}

fn sender(world: &World, shards: &Shards) -> Sender {
    let config = ClientConfig::new(Secret::from(TOKEN.to_owned()), world.sim.telegram_url());
    Sender::new(
        world.pool.clone(),
        world.app.clock().clone(),
        Ids::seeded(3),
        shards.clone(),
        Client::new(config).expect("a client"),
        Arc::new(Nothing),
        Arc::new(Nothing),
        PacingLimits::of(30, 20, 20),
    )
}

/// The rows of the chat, as a replica holds them.
async fn rows(world: &World) -> Vec<Waiting> {
    let rows = world
        .pool
        .fetch_all("select id from outbox_message where chat_id = 3000 order by id");
    let rows = rows.await.expect("rows");
    rows.iter()
        .map(|row| Waiting {
            id: row.get(0),
            lane: CHAT,
            priority: 1,
            not_before: None,
        })
        .collect()
}

#[tokio::test]
async fn no_row_is_sent_while_an_earlier_one_of_its_chat_waits() {
    let world = World::new().await;
    people(&world, CHAT..CHAT + 1);
    for n in 0..3 {
        Post::to(CHAT, &format!("n{n}")).put(&world).await;
    }
    let rows = rows(&world).await;
    let worker = Uuid::from_u128(11);
    let shards = Shards::new(world.pool.clone(), world.app.clock().clone(), worker);
    let sender = sender(&world, &shards);
    // Before the lanes are its own it says so, and sends nothing.
    assert_eq!(sender.process(rows[0]).await, Verdict::Elsewhere);
    while shards.renew().await.expect("the database") == 0 {
        world.advance(std::time::Duration::from_secs(6)).await;
    }
    assert!(shards.owns(CHAT), "alone it has all lanes");
    // It came back in the middle, and holds only the later rows.
    assert_eq!(sender.process(rows[2]).await, Verdict::Passed);
    assert_eq!(sender.process(rows[1]).await, Verdict::Passed);
    assert!(sends(&world).await.is_empty());
    for row in &rows {
        assert_eq!(sender.process(*row).await, Verdict::Done);
        assert_eq!(sender.process(*row).await, Verdict::Done, "it is gone");
    }
    let texts: Vec<String> = sends(&world).await.into_iter().map(|it| it.text).collect();
    assert_eq!(texts, ["n0", "n1", "n2"]);
}
