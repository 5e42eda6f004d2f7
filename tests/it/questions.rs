//! How people find their way through the questions of an order: back, once more, too fast, by old buttons.

use serde_json::json;

use crate::files::picture;
use crate::world::World;

#[tokio::test]
async fn what_is_sent_while_the_summary_is_shown_changes_nothing() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.prepares("a lighthouse").await;
    let (message, row, column) = anna.find("Confirm").await;
    anna.says("yes please").await;
    anna.hears("Shall I begin?").await;
    anna.send(json!({ "photo": picture(), "caption": "and this" }))
        .await;
    anna.hears("Description: a lighthouse").await;
    anna.press_at(message, row, column).await;
    world.settle().await;
    anna.presses("Confirm").await;
    assert!(
        anna.notice().await.contains("placed already"),
        "{}",
        anna.notice().await
    );
    world.finish().await;
    assert_eq!(anna.wallet().await, (490, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn buttons_of_screens_that_are_over_say_so() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.begins("speech").await;
    anna.says("Good morning").await;
    let (message, row, column) = anna.find("Aria").await;
    anna.says("Daniel").await;
    anna.press_at(message, row, column).await;
    world.settle().await;
    assert!(
        anna.notice().await.contains("out of date"),
        "{}",
        anna.notice().await
    );
    anna.presses("Skip").await;
    anna.hears("Voice: Daniel").await;
    let (message, row, column) = anna.find("Confirm").await;
    anna.presses("Cancel").await;
    anna.picks("quick-image").await;
    let press =
        json!({ "chat_id": 11, "message_id": message, "data": "dy:0123456789", "wait": false });
    world.post("/sim/users/11/press", press).await;
    world.settle().await;
    assert!(anna.notice().await.contains("out of date"));
    assert_eq!((row, column), (0, 0));
    anna.says("a red fox").await;
    anna.hears("Description: a red fox").await;
    assert_eq!(world.tasks().await.len(), 0);
    world.assert_clean().await;
}

#[tokio::test]
async fn two_taps_on_an_answer_are_one() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.begins("speech").await;
    anna.says("Good morning").await;
    for label in ["Aria", "Skip"] {
        let (message, row, column) = anna.find(label).await;
        anna.press_at(message, row, column).await;
        anna.press_at(message, row, column).await;
        world.settle().await;
        assert_eq!(anna.notice().await, "");
        let buttons = anna.last().await["buttons"].clone();
        assert!(buttons[0].is_array(), "{}", anna.transcript().await);
    }
    anna.hears("Voice: Aria").await;
    anna.presses("Confirm").await;
    world.finish().await;
    assert!(anna.last().await["media"].is_object());
    world.assert_clean().await;
}

#[tokio::test]
async fn two_taps_on_back_or_cancel_do_no_harm() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.begins("speech").await;
    anna.says("Good morning").await;
    for label in ["Back", "Cancel"] {
        let (message, row, column) = anna.find(label).await;
        anna.press_at(message, row, column).await;
        anna.press_at(message, row, column).await;
        world.settle().await;
        let buttons = anna.last().await["buttons"].clone();
        assert!(
            buttons[0].is_array(),
            "{label}: {}",
            anna.transcript().await
        );
        anna.picks("speech").await;
        anna.says("Good morning").await;
    }
    world.assert_clean().await;
}

#[tokio::test]
async fn back_leads_one_question_back_each_time() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/menu").await;
    anna.presses("Audio").await;
    anna.presses("Back").await;
    anna.hears("What would you like to make?").await;
    anna.presses("Audio").await;
    anna.presses("Text to speech").await;
    anna.presses("Back").await;
    anna.hears("Choose a service").await;
    anna.presses("Text to speech").await;
    anna.says("Good morning").await;
    anna.presses("Daniel").await;
    anna.hears("Step 3 of 3").await;
    anna.presses("Back").await;
    anna.hears("Step 2 of 3").await;
    anna.presses("Back").await;
    anna.hears("Step 1 of 3").await;
    anna.says("Good evening").await;
    anna.presses("Aria").await;
    anna.says("1").await;
    anna.hears("Text: Good evening\n• Voice: Aria\n• Speed: 1")
        .await;
    world.assert_clean().await;
}

#[tokio::test]
async fn one_answer_is_changed_and_the_others_stay() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.prepares("a lighthouse").await;
    anna.presses("Change").await;
    anna.hears("What would you like to change?").await;
    anna.presses("Shape").await;
    anna.presses("Tall 9:16").await;
    anna.hears("Description: a lighthouse\n• Shape: Tall 9:16")
        .await;
    anna.presses("Change").await;
    anna.presses("Description").await;
    anna.presses("To the summary").await;
    anna.hears("Description: a lighthouse\n• Shape: Tall 9:16")
        .await;
    anna.presses("Change").await;
    anna.presses("Description").await;
    anna.says("a windmill").await;
    anna.hears("Description: a windmill\n• Shape: Tall 9:16")
        .await;
    anna.presses("Confirm").await;
    world.finish().await;
    let task = &world.tasks().await[0];
    assert!(task.to_string().contains("a windmill"), "{task}");
    assert!(task.to_string().contains("9:16"), "{task}");
    world.assert_clean().await;
}
