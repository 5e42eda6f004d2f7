//! An update that the bot cannot handle, whatever it tries: the user hears of it, and so do the admins.

use serde_json::json;
use sqlx::Executor as _;
use tokio::task::JoinSet;

use crate::database;
use crate::world::{ADMIN, World};

/// A table that `/cancel` needs and nothing else here does is away, and comes back.
async fn rename(world: &World, sql: &'static str) {
    world.pool.execute(sql).await.expect("another name");
}

const AWAY: &str = "alter table storefront_order rename to elsewhere";
const BACK: &str = "alter table elsewhere rename to storefront_order";

#[tokio::test]
async fn what_cannot_be_handled_ends_with_an_apology_in_the_users_language() {
    let world = World::new().await;
    let (anna, admin) = (world.user(11), world.user(ADMIN));
    admin.says("/start").await;
    anna.says("/language").await;
    anna.presses("Español").await;
    rename(&world, AWAY).await;
    anna.says("/cancel").await;
    anna.says("/help").await;
    world.finish().await;
    rename(&world, BACK).await;
    let transcript = anna.transcript().await;
    let apology = transcript.find("Lo siento").expect("an apology");
    let help = transcript.find("Cómo funciona").expect("the help");
    assert!(apology < help, "in order: {transcript}");
    assert_eq!(transcript.matches("Lo siento").count(), 1, "{transcript}");
    for word in ["storefront", "elsewhere", "relation", "SQL"] {
        assert!(!transcript.contains(word), "{word}: {transcript}");
    }
    let told = admin.transcript().await;
    assert_eq!(told.matches("was set aside").count(), 1, "{told}");
    assert!(told.contains("from chat 11"), "{told}");
    anna.says("/cancel").await;
    assert!(!anna.last_text().await.contains("Lo siento"));
    world.assert_books_balance().await;
}

#[tokio::test]
async fn many_failures_are_one_matter_for_the_admins() {
    let world = World::new().await;
    let admin = world.user(ADMIN);
    admin.says("/start").await;
    for id in 11..21 {
        world.user(id).says("/start").await;
    }
    rename(&world, AWAY).await;
    for id in 11..21 {
        world.user(id).says("/cancel").await;
    }
    world.finish().await;
    rename(&world, BACK).await;
    for id in 11..21 {
        world.user(id).hears("Sorry").await;
    }
    let told = admin.transcript().await;
    assert_eq!(told.matches("was set aside").count(), 3, "{told}");
    world.assert_books_balance().await;
}

#[tokio::test]
async fn nobody_apologises_for_what_another_replica_has_handled() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    // The handler stands before this table until it is another one's.
    let mut table = world.pool.begin().await.expect("a transaction");
    table
        .execute("lock table storefront_order in access exclusive mode")
        .await
        .expect("the lock");
    let cancel = json!({ "text": "/cancel" });
    world.post("/sim/users/11/send", cancel).await;
    world.sim.idle().await;
    // It is the last of its tries.
    world
        .pool
        .execute("update inbox_update set attempts = 4 where state = 0")
        .await
        .expect("an update");
    let meanwhile = async {
        database::until_blocked(&world.pool, 1).await;
        // The other replica claims it when this one has failed, and is done before this one has written that down.
        let pool = world.pool.clone();
        let mut other = JoinSet::new();
        other.spawn(async move {
            let mut tx = pool.begin().await.expect("a transaction");
            let claim = "update inbox_update set state = 1, finished_at = now() where state = 0";
            let claimed = tx.execute(claim).await.expect("a claim");
            assert_eq!(claimed.rows_affected(), 1);
            database::until_blocked(&pool, 1).await;
            tx.commit().await.expect("a commit");
        });
        database::until_blocked(&world.pool, 2).await;
        table.execute(AWAY).await.expect("another name");
        table.commit().await.expect("a commit");
        other.join_all().await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        drained = world.app.drain() => drained.map(drop).expect("the database"),
        () = meanwhile => {}
    }
    rename(&world, BACK).await;
    world.settle().await;
    let transcript = anna.transcript().await;
    assert!(!transcript.contains("Sorry"), "{transcript}");
    world.assert_clean().await;
}
