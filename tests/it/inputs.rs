//! What people give for the inputs of an order, in every way that people do, and how they find their way through.

use serde_json::{Value, json};

use crate::files::{file, picture, sound, video};
use crate::world::{User, World};

async fn begin<'w>(world: &'w World, service: &str) -> User<'w> {
    let anna = world.user(11);
    anna.says("/start").await;
    anna.picks(service).await;
    anna
}

/// The bot's newest words contain `expected`.
async fn hears(user: User<'_>, expected: &str) {
    let text = user.last_text().await;
    assert!(
        text.contains(expected),
        "instead of `{expected}`: {text}\n{}",
        user.transcript().await
    );
}

/// Several messages at once, as an album arrives; the first with what is under it.
async fn album(world: &World, user: User<'_>, id: &str, pictures: usize, caption: &str) {
    for position in 0..pictures {
        let mut body = json!({ "photo": picture(), "media_group_id": id });
        if position == 0 {
            body["caption"] = json!(caption);
        }
        world
            .post(&format!("/sim/users/{}/send", user.id), body)
            .await;
    }
    world.settle().await;
}

#[tokio::test]
async fn an_album_counts_as_its_first_picture() {
    let world = World::new().await;
    let anna = begin(&world, "image-edit").await;
    album(&world, anna, "1", 3, "").await;
    let asked = anna.transcript().await.matches("Step 2 of 3").count();
    assert_eq!(asked, 1, "{}", anna.transcript().await);
    anna.says("make it winter").await;
    hears(anna, "Step 3 of 3").await;
    anna.presses("Skip").await;
    hears(anna, "Shall I begin?").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn an_album_in_the_wrong_place_is_explained_once() {
    let world = World::new().await;
    let anna = begin(&world, "quick-image").await;
    album(&world, anna, "1", 4, "").await;
    let told = anna
        .transcript()
        .await
        .matches("I need a text here")
        .count();
    assert_eq!(told, 1, "{}", anna.transcript().await);
    anna.says("a red fox").await;
    hears(anna, "Shall I begin?").await;
    album(&world, anna, "2", 4, "").await;
    let told = anna
        .transcript()
        .await
        .matches("Please use the buttons")
        .count();
    assert_eq!(told, 1, "{}", anna.transcript().await);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_caption_is_a_text() {
    let world = World::new().await;
    let anna = begin(&world, "quick-image").await;
    anna.send(json!({ "photo": picture(), "caption": "a red fox" }))
        .await;
    hears(anna, "Description: a red fox").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn a_photo_that_says_what_to_change_answers_both_questions() {
    let world = World::new().await;
    let anna = begin(&world, "image-edit").await;
    album(&world, anna, "1", 2, "make it winter").await;
    hears(anna, "Step 3 of 3").await;
    anna.presses("Skip").await;
    hears(anna, "What to change: make it winter").await;
    anna.presses("Confirm").await;
    world.finish().await;
    assert!(anna.last().await["media"].is_object());
    world.assert_clean().await;
}

#[tokio::test]
async fn a_caption_that_is_too_short_is_asked_for_again() {
    let world = World::new().await;
    let anna = begin(&world, "image-edit").await;
    anna.send(json!({ "photo": picture(), "caption": "x" }))
        .await;
    hears(anna, "Step 2 of 3").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn forwarded_files_and_files_of_all_kinds_are_taken() {
    let world = World::new().await;
    let bytes: &[u8] = include_bytes!("files/picture.png");
    for (service, body) in [
        ("cutout", json!({ "photo": picture(), "forward": true })),
        (
            "cutout",
            json!({ "document": file(bytes, "x.webp", "image/webp") }),
        ),
        ("video-upscale", json!({ "video_note": video() })),
        ("video-upscale", json!({ "animation": video() })),
        (
            "video-upscale",
            json!({ "document": video(), "forward": true }),
        ),
        ("voice-clean", json!({ "voice": sound(), "forward": true })),
        ("voice-clean", json!({ "document": sound() })),
    ] {
        let anna = begin(&world, service).await;
        anna.send(body.clone()).await;
        let text = anna.last_text().await;
        assert!(
            text.contains("🧾") || text.contains("Step 2"),
            "{service}: {text}"
        );
    }
    world.assert_clean().await;
}

#[tokio::test]
async fn what_does_not_fit_is_explained_with_what_would() {
    let world = World::new().await;
    let large = vec![b'x'; 5 * 1024 * 1024 + 1];
    let mut long = video();
    long["duration"] = json!(11);
    let cases: [(&str, Value, &str); 11] = [
        (
            "cutout",
            json!({ "document": file(&large, "p.png", "image/png") }),
            "too large: 5 MB",
        ),
        (
            "cutout",
            json!({ "document": file(b"%PDF-", "p.pdf", "application/pdf") }),
            "need a photo",
        ),
        ("cutout", json!({ "video": video() }), "need a photo"),
        ("cutout", json!({ "text": "no picture" }), "up to 5 MB"),
        ("video-upscale", json!({ "video": long }), "too long: 10 s"),
        (
            "video-upscale",
            json!({ "photo": picture() }),
            "need a video",
        ),
        (
            "voice-clean",
            json!({ "video": video() }),
            "need a voice message",
        ),
        (
            "quick-image",
            json!({ "text": "x".repeat(501) }),
            "at most 500 characters, please. You sent 501",
        ),
        (
            "quick-image",
            json!({ "text": "ab" }),
            "at least 3 characters, please. You sent 2",
        ),
        ("quick-image", json!({ "voice": sound() }), "need a text"),
        (
            "quick-image",
            json!({ "video_note": video() }),
            "need a text",
        ),
    ];
    for (service, body, expected) in cases {
        let anna = begin(&world, service).await;
        anna.send(body).await;
        hears(anna, expected).await;
        anna.presses("Cancel").await;
    }
    world.assert_clean().await;
}

#[tokio::test]
async fn what_has_no_text_and_no_file_is_explained_too() {
    let world = World::new().await;
    let anna = begin(&world, "quick-image").await;
    for extra in [
        "sticker",
        "contact",
        "location",
        "dice",
        "poll",
        "something_new",
    ] {
        let message = json!({ "message_id": 900, "date": 1_772_366_400, extra: {},
            "chat": { "id": 11, "type": "private" }, "from": { "id": 11, "is_bot": false, "first_name": "A" } });
        world
            .post("/sim/raw_update", json!({ "message": message }))
            .await;
        world.settle().await;
    }
    let told = anna
        .transcript()
        .await
        .matches("I need a text here")
        .count();
    assert_eq!(told, 6, "{}", anna.transcript().await);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_choice_may_be_typed_and_a_number_must_be_in_its_range() {
    let world = World::new().await;
    let anna = begin(&world, "speech").await;
    anna.says("Good morning").await;
    anna.says("the loud one").await;
    hears(anna, "choose one of the buttons").await;
    anna.send(json!({ "photo": picture() })).await;
    hears(anna, "choose one of the buttons").await;
    anna.says("george").await;
    for (number, expected) in [
        ("fast", "not a number"),
        ("2", "from 0.7 to 1.2"),
        ("0.75", "in steps of 0.1"),
        ("-1", "from 0.7 to 1.2"),
        ("NaN", "a number"),
        ("1e999", "a number"),
    ] {
        anna.says(number).await;
        hears(anna, expected).await;
    }
    anna.says("1,1").await;
    hears(anna, "Voice: George\n• Speed: 1.1").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn what_is_sent_while_the_summary_is_shown_changes_nothing() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.prepares("a lighthouse").await;
    let (message, row, column) = anna.find("Confirm").await;
    anna.says("yes please").await;
    hears(anna, "Shall I begin?").await;
    anna.send(json!({ "photo": picture(), "caption": "and this" }))
        .await;
    hears(anna, "Description: a lighthouse").await;
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
    let anna = begin(&world, "speech").await;
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
    hears(anna, "Voice: Daniel").await;
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
    hears(anna, "Description: a red fox").await;
    assert_eq!(world.tasks().await.len(), 0);
    world.assert_clean().await;
}

#[tokio::test]
async fn back_leads_one_question_back_each_time() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/menu").await;
    anna.presses("Audio").await;
    anna.presses("Back").await;
    hears(anna, "What would you like to make?").await;
    anna.presses("Audio").await;
    anna.presses("Text to speech").await;
    anna.presses("Back").await;
    hears(anna, "Choose a service").await;
    anna.presses("Text to speech").await;
    anna.says("Good morning").await;
    anna.presses("Daniel").await;
    hears(anna, "Step 3 of 3").await;
    anna.presses("Back").await;
    hears(anna, "Step 2 of 3").await;
    anna.presses("Back").await;
    hears(anna, "Step 1 of 3").await;
    anna.says("Good evening").await;
    anna.presses("Aria").await;
    anna.says("1").await;
    hears(anna, "Text: Good evening\n• Voice: Aria\n• Speed: 1").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn one_answer_is_changed_and_the_others_stay() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.prepares("a lighthouse").await;
    anna.presses("Change").await;
    hears(anna, "What would you like to change?").await;
    anna.presses("Shape").await;
    anna.presses("Tall 9:16").await;
    hears(anna, "Description: a lighthouse\n• Shape: Tall 9:16").await;
    anna.presses("Change").await;
    anna.presses("Description").await;
    anna.presses("To the summary").await;
    hears(anna, "Description: a lighthouse\n• Shape: Tall 9:16").await;
    anna.presses("Change").await;
    anna.presses("Description").await;
    anna.says("a windmill").await;
    hears(anna, "Description: a windmill\n• Shape: Tall 9:16").await;
    anna.presses("Confirm").await;
    world.finish().await;
    let task = &world.tasks().await[0];
    assert!(task.to_string().contains("a windmill"), "{task}");
    assert!(task.to_string().contains("9:16"), "{task}");
    world.assert_clean().await;
}

#[tokio::test]
async fn what_a_user_writes_is_shown_as_it_is_and_sent_whole() {
    let world = World::new().await;
    let anna = begin(&world, "text-to-image").await;
    let words = "*bold* _it_ [x](http://y) `c` ||s|| 100% & <b> \\ 🦊 #tag {a} ~z~ - . ! >";
    anna.says(words).await;
    anna.presses("Skip").await;
    hears(anna, words).await;
    anna.presses("Confirm").await;
    world.finish().await;
    assert_eq!(world.tasks().await[0]["param"]["input"]["prompt"], words);
    world.assert_clean().await;
}
