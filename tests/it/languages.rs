//! In which language a user is spoken to.

use serde_json::json;

use crate::world::{User, World};

async fn starts(user: User<'_>, language_code: &str) -> String {
    user.send(json!({ "text": "/start", "language_code": language_code }))
        .await;
    user.last_text().await
}

#[tokio::test]
async fn the_clients_language_is_spoken_if_it_is_known_and_else_english() {
    let world = World::new().await;
    for (id, tag, balance) in [
        (11, "es-MX", "Tu saldo"),
        (12, "de", "Your balance"),
        (13, "ru", "Ваш баланс"),
        (14, "", "Your balance"),
        (15, "RU-ru", "Ваш баланс"),
        (16, "pt-br", "Your balance"),
        (17, "🦊", "Your balance"),
    ] {
        let text = starts(world.user(id), tag).await;
        assert!(text.contains(balance), "{tag}: {text}");
    }
    world.assert_clean().await;
}

#[tokio::test]
async fn a_chosen_language_stays_whatever_the_client_says() {
    let mut world = World::new().await;
    starts(world.user(11), "de").await;
    world.user(11).says("/language").await;
    world.user(11).presses("Русский").await;
    let anna = world.user(11);
    assert!(
        anna.notice().await.contains("Русский"),
        "{}",
        anna.notice().await
    );
    assert!(anna.transcript().await.contains("<✅ Русский>"));
    world.restart().await;
    let text = starts(world.user(11), "es").await;
    assert!(text.contains("Ваш баланс"), "{text}");
    world.assert_clean().await;
}

#[tokio::test]
async fn an_old_screen_in_the_old_language_goes_on_in_the_new_one() {
    let world = World::new().await;
    let anna = world.user(11);
    starts(anna, "en").await;
    anna.prepares("a lighthouse").await;
    let (message, row, column) = anna.find("Confirm").await;
    anna.says("/language").await;
    anna.presses("Español").await;
    anna.press_at(message, row, column).await;
    world.finish().await;
    let transcript = anna.transcript().await;
    assert!(
        transcript.contains("✅ Imagen desde texto: "),
        "{transcript}"
    );
    assert_eq!(anna.wallet().await, (490, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn an_order_is_told_of_in_the_language_it_was_placed_in() {
    let world = World::new().await;
    let maria = world.user(12);
    starts(maria, "ru").await;
    maria.picks("quick-image").await;
    maria.says("!fail").await;
    maria.presses("Подтвердить").await;
    world.finish().await;
    let text = maria.last_text().await;
    assert!(text.starts_with("❌ Быстрая картинка"), "{text}");
    maria.presses("Повторить").await;
    assert!(maria.last_text().await.contains("!fail"));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_language_that_is_not_spoken_cannot_be_forced() {
    let world = World::new().await;
    let anna = world.user(11);
    starts(anna, "ru").await;
    anna.presses_data("ls:xx").await;
    let text = starts(anna, "ru").await;
    assert!(text.contains("Ваш баланс"), "{text}");
    world.assert_clean().await;
}
