//! What people give for the inputs of an order, in every way that people do.

use serde_json::{Value, json};

use crate::files::{file, picture, sound, video};
use crate::world::{User, World};

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
    let anna = world.user(11);
    anna.begins("image-edit").await;
    album(&world, anna, "1", 3, "").await;
    let asked = anna.transcript().await.matches("Step 2 of 3").count();
    assert_eq!(asked, 1, "{}", anna.transcript().await);
    anna.says("make it winter").await;
    anna.hears("Step 3 of 3").await;
    anna.presses("Skip").await;
    anna.hears("Shall I begin?").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn an_album_in_the_wrong_place_is_explained_once() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.begins("quick-image").await;
    album(&world, anna, "1", 4, "").await;
    let told = anna
        .transcript()
        .await
        .matches("I need a text here")
        .count();
    assert_eq!(told, 1, "{}", anna.transcript().await);
    anna.says("a red fox").await;
    anna.hears("Shall I begin?").await;
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
    let anna = world.user(11);
    anna.begins("quick-image").await;
    anna.send(json!({ "photo": picture(), "caption": "a red fox" }))
        .await;
    anna.hears("Description: a red fox").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn a_photo_that_says_what_to_change_answers_both_questions() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.begins("image-edit").await;
    album(&world, anna, "1", 2, "make it winter").await;
    anna.hears("Step 3 of 3").await;
    anna.presses("Skip").await;
    anna.hears("What to change: make it winter").await;
    anna.presses("Confirm").await;
    world.finish().await;
    assert!(anna.last().await["media"].is_object());
    world.assert_clean().await;
}

#[tokio::test]
async fn a_caption_that_is_too_short_is_asked_for_again() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.begins("image-edit").await;
    anna.send(json!({ "photo": picture(), "caption": "x" }))
        .await;
    anna.hears("Step 2 of 3").await;
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
        let anna = world.user(11);
        anna.begins(service).await;
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
        let anna = world.user(11);
        anna.begins(service).await;
        anna.send(body).await;
        anna.hears(expected).await;
        anna.presses("Cancel").await;
    }
    world.assert_clean().await;
}

#[tokio::test]
async fn what_has_no_text_and_no_file_is_explained_too() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.begins("quick-image").await;
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
    let anna = world.user(11);
    anna.begins("speech").await;
    anna.says("Good morning").await;
    anna.says("the loud one").await;
    anna.hears("choose one of the buttons").await;
    anna.send(json!({ "photo": picture() })).await;
    anna.hears("choose one of the buttons").await;
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
        anna.hears(expected).await;
    }
    anna.says("1,1").await;
    anna.hears("Voice: George\n• Speed: 1.1").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn what_a_user_writes_is_shown_as_it_is_and_sent_whole() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.begins("text-to-image").await;
    let words = "*bold* _it_ [x](http://y) `c` ||s|| 100% & <b> \\ 🦊 #tag {a} ~z~ - . ! >";
    anna.says(words).await;
    anna.presses("Skip").await;
    anna.hears(words).await;
    anna.presses("Confirm").await;
    world.finish().await;
    assert_eq!(world.tasks().await[0]["param"]["input"]["prompt"], words);
    world.assert_clean().await;
}
