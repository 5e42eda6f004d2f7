//! An update that the bot cannot handle, whatever it tries: the user hears of it, and so do the admins.

use sqlx::Executor as _;

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
