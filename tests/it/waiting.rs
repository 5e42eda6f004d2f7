//! Orders that wait, and what a user may do meanwhile: read how long, take them back, place more, come to a limit.

use std::time::Duration;

use serde_json::json;
use sqlx::Executor as _;

use crate::world::{User, World};

/// The provider takes no order for this long; what is ordered waits in the queue.
async fn provider_is_busy(world: &World, seconds: u32) {
    let rule = json!({ "target": "kie.createTask", "retry_after": seconds, "times": 1 });
    world.fault(rule).await;
}

/// The newest message about an order under way, or about its end.
async fn progress(user: User<'_>) -> String {
    let messages = user.messages().await;
    let texts = messages.iter().rev().filter_map(|m| m["text"].as_str());
    let is_progress = |text: &&str| {
        ["⏳", "⚙️", "✅", "❌", "✖️ Im"]
            .iter()
            .any(|mark| text.starts_with(mark))
    };
    texts
        .filter(is_progress)
        .map(str::to_owned)
        .next()
        .unwrap_or_default()
}

#[tokio::test]
async fn a_waiting_order_is_taken_back_by_its_button() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    provider_is_busy(&world, 60).await;
    anna.orders("a lighthouse").await;
    assert_eq!(anna.wallet().await, (490, 10));
    let (message, row, column) = anna.find("Cancel the order").await;
    anna.press_at(message, row, column).await;
    anna.press_at(message, row, column).await;
    world.settle().await;
    let text = progress(anna).await;
    assert!(
        text.contains("cancelled") && text.contains("$0.10 is back on your balance: $5.00"),
        "{text}"
    );
    assert_eq!(anna.wallet().await, (500, 0));
    assert!(
        anna.notice().await.contains("no longer"),
        "{}",
        anna.notice().await
    );
    world.finish().await;
    assert_eq!(world.tasks().await.len(), 0, "never ordered");
    let statement = anna.statement().await;
    assert_eq!(statement.matches("given back").count(), 1, "{statement}");
    world.assert_clean().await;
}

#[tokio::test]
async fn cancel_takes_a_waiting_order_back() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    provider_is_busy(&world, 60).await;
    anna.orders("a lighthouse").await;
    anna.says("/cancel").await;
    assert_eq!(anna.wallet().await, (500, 0), "{}", anna.transcript().await);
    assert!(progress(anna).await.contains("cancelled"));
    anna.hears("Cancelled").await;
    anna.says("/cancel").await;
    anna.hears("nothing to cancel").await;
    world.finish().await;
    assert_eq!(world.tasks().await.len(), 0, "never ordered");
    world.assert_clean().await;
}

#[tokio::test]
async fn cancel_leaves_the_waiting_order_while_another_is_being_entered() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    provider_is_busy(&world, 60).await;
    anna.orders("a lighthouse").await;
    anna.picks("speech").await;
    anna.says("/cancel").await;
    anna.hears("Cancelled").await;
    assert_eq!(anna.wallet().await, (490, 10), "the order stays");
    world.finish().await;
    assert_eq!(anna.wallet().await, (490, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn what_is_being_made_cannot_be_taken_back() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.prepares("!slow lighthouse").await;
    anna.presses("Confirm").await;
    anna.says("/cancel").await;
    anna.hears("can no longer be stopped").await;
    assert_eq!(anna.wallet().await, (490, 10));
    world.finish().await;
    assert_eq!(anna.wallet().await, (500, 0), "its time ran out");
    world.assert_clean().await;
}

#[tokio::test]
async fn cancelling_in_the_moment_of_its_beginning_is_one_or_the_other() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    for _ in 0..8 {
        let (before, tasks) = (anna.wallet().await.0, world.tasks().await.len());
        provider_is_busy(&world, 30).await;
        anna.orders("a lighthouse").await;
        let (message, row, column) = anna.find("Cancel the order").await;
        world.advance(Duration::from_secs(30)).await;
        tokio::join!(anna.press_at(message, row, column), world.step());
        world.finish().await;
        let text = progress(anna).await;
        let made = world.tasks().await.len() - tasks;
        let paid = before - anna.wallet().await.0;
        match made {
            0 => assert!(paid == 0 && text.contains("cancelled"), "{paid}: {text}"),
            1 => assert!(paid == 10 && text.contains("done"), "{paid}: {text}"),
            more => panic!("made {more} times"),
        }
        world.advance(Duration::from_secs(60)).await;
    }
    world.assert_clean().await;
}

#[tokio::test]
async fn too_many_orders_at_once_wait_for_one_to_be_done() {
    let world = World::with(&[("ORDERS_PER_USER", "2")]).await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.orders("!slow one").await;
    anna.orders("!slow two").await;
    anna.orders("a third").await;
    let text = anna.last_text().await;
    assert!(text.contains("You have 2 orders running"), "{text}");
    assert_eq!(anna.wallet().await, (480, 20), "nothing set aside for it");
    world.finish().await;
    anna.presses("Confirm").await;
    world.finish().await;
    assert_eq!(
        anna.wallet().await,
        (490, 0),
        "what was entered is still there"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn the_free_service_is_free_again_tomorrow() {
    let world = World::with(&[("WELCOME_GRANT", "0"), ("ORDERS_PER_USER", "9")]).await;
    let anna = world.user(11);
    anna.says("/start").await;
    for _ in 0..5 {
        anna.picks("quick-image").await;
        anna.says("a fox").await;
        anna.presses("Confirm (free)").await;
        world.finish().await;
        assert!(anna.last().await["media"].is_object());
    }
    anna.picks("quick-image").await;
    anna.says("a fox").await;
    anna.presses("Confirm (free)").await;
    anna.hears("tomorrow").await;
    world.advance(Duration::from_secs(24 * 3600)).await;
    anna.presses("Confirm (free)").await;
    world.finish().await;
    assert!(anna.last().await["media"].is_object());
    assert_eq!(world.tasks().await.len(), 6);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_free_order_that_fails_is_not_counted() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    for prompt in ["!fail 1", "!fail 2", "!fail 3", "!fail 4", "!fail 5", "fox"] {
        anna.picks("quick-image").await;
        anna.says(prompt).await;
        anna.presses("Confirm (free)").await;
        world.finish().await;
    }
    assert!(
        anna.last().await["media"].is_object(),
        "{}",
        anna.last_text().await
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn two_orders_at_once_each_show_their_own_progress() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    world
        .post("/sim/kie/settings", json!({ "speed": 0.05 }))
        .await;
    anna.orders("a lighthouse").await;
    anna.picks("speech").await;
    anna.says("Good morning").await;
    anna.presses("Skip").await;
    anna.presses("Skip").await;
    anna.presses("Confirm").await;
    assert_eq!(anna.wallet().await, (484, 16));
    let transcript = anna.transcript().await;
    for title in ["⚙️ Image from text", "⚙️ Text to speech"] {
        assert_eq!(transcript.matches(title).count(), 1, "{transcript}");
    }
    world.finish().await;
    let transcript = anna.transcript().await;
    for title in ["✅ Image from text: done", "✅ Text to speech: done"] {
        assert_eq!(transcript.matches(title).count(), 1, "{transcript}");
    }
    assert_eq!(anna.wallet().await, (484, 0));
    assert_eq!(transcript.matches("[audio]").count(), 1);
    assert_eq!(transcript.matches("[photo]").count(), 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn who_is_short_of_money_goes_on_where_they_were_once_it_came() {
    let world = World::with(&[("WELCOME_GRANT", "4")]).await;
    let (anna, admin) = (world.user(11), world.user(crate::world::ADMIN));
    anna.says("/start").await;
    anna.prepares("a lighthouse").await;
    let text = anna.last_text().await;
    assert!(text.contains("$0.06 short"), "{text}");
    admin.says("/grant 11 1.00 a gift").await;
    anna.presses("Check again").await;
    anna.presses("Confirm").await;
    world.finish().await;
    assert_eq!(anna.wallet().await, (94, 0));
    world.assert_clean().await;
}

/// An order confirmed in another language than it was begun in.
async fn orders_in(world: &World, user: User<'_>, language: &str) {
    user.says("/start").await;
    user.prepares("a lighthouse").await;
    let (message, row, column) = user.find("Confirm").await;
    user.says("/language").await;
    user.presses(language).await;
    user.press_at(message, row, column).await;
    world.settle().await;
}

#[tokio::test]
async fn whoever_stands_in_line_reads_their_place_and_how_long_it_takes() {
    let world = World::new().await;
    let (anna, boris, carla) = (world.user(11), world.user(12), world.user(13));
    anna.says("/start").await;
    world.user(20).says("/start").await;
    // Somebody's order is being made; then the provider takes no more.
    world.user(20).orders("!slow lighthouse").await;
    provider_is_busy(&world, 240).await;
    anna.orders("a lighthouse").await;
    let text = progress(anna).await;
    assert!(!text.contains("in line"), "nobody else waits: {text}");
    world.advance(Duration::from_secs(6)).await;
    orders_in(&world, boris, "Русский").await;
    let text = progress(boris).await;
    assert!(text.contains("Ваш заказ 2-й в очереди."), "{text}");

    // From now on it is known how long such orders take.
    let lately = "insert into job_history (id, kind, state, user_id, chat_id, attempts, polls, submitted_at, unique_key,
            callback_token, provider, provider_snapshot, correlation, created_at, finished_at)
        select gen_random_uuid(), kind, 'succeeded', 1, 1, 1, 1, created_at - interval '1 hour', 'old' || n, 'old' || n, provider,
            provider_snapshot, gen_random_uuid(), created_at - interval '1 hour', created_at - interval '1 hour' + n * interval '10 s'
        from (select * from job limit 1) j, generate_series(6, 14) n";
    world.pool.execute(lately).await.expect("measured");
    orders_in(&world, carla, "Español").await;
    let text = progress(carla).await;
    assert!(
        text.contains("Tu pedido es el 3.º de la cola, unos 6–8 min."),
        "{text}"
    );
    world.app.upkeep().await;
    world.settle().await;
    let text = progress(anna).await;
    assert!(
        text.contains("You are 1st in line, about 3–4 min."),
        "{text}"
    );
    world.advance(Duration::from_secs(11)).await;
    world.app.upkeep().await;
    world.settle().await;
    let text = progress(boris).await;
    assert!(text.contains("2-й в очереди, около 4–6 мин."), "{text}");

    let sent = "select count(*) from outbox_sent where chat_id in (11, 12, 13)";
    let before = world.count(sent).await;
    for _ in 0..5 {
        world.app.upkeep().await;
        world.settle().await;
    }
    assert_eq!(world.count(sent).await, before, "no news");
    anna.says("/cancel").await;
    world.advance(Duration::from_secs(11)).await;
    world.app.upkeep().await;
    world.settle().await;
    let text = progress(boris).await;
    assert!(text.contains("1-й в очереди, около 3–4 мин."), "{text}");
    world.assert_clean().await;
}
