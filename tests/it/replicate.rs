//! Pictures made by Replicate: from the order over its webhook to the picture in the chat, and every ugly way to end.

use std::time::Duration;

use bulwark_simulator::replicate::{SIGNING_KEY, TOKEN};
use serde_json::{Value, json};

use crate::shelf::text;
use crate::user::User;
use crate::world::{ADMIN, World};

const PROMPT: &str = "a lighthouse by night";
/// When admins are asked, with a little more.
const ASKED: Duration = Duration::from_secs(135);

/// A world with an account at Replicate, in which a new user starts with $5.00.
pub async fn world() -> World {
    let world = World::with(&[
        ("REPLICATE_API_TOKEN", TOKEN),
        ("REPLICATE_WEBHOOK_KEY", SIGNING_KEY),
    ])
    .await;
    world.user(ADMIN).says("/start").await;
    world
}

impl World {
    /// What Replicate has, oldest first.
    async fn predictions(&self) -> Vec<Value> {
        let all = self.get("/sim/replicate/predictions").await["predictions"].take();
        all.as_array().cloned().expect("a list")
    }

    async fn replicate(&self, settings: Value) {
        self.post("/sim/replicate/settings", settings).await;
    }

    /// How often a prediction was asked for, also in vain.
    async fn creations(&self) -> usize {
        self.calls("replicate.create").await
    }
}

impl User<'_> {
    /// Orders the "Picture in seconds" for $0.05; the world works on what it can do at once.
    pub async fn orders_sketch(&self, prompt: &str) {
        self.begins("sketch").await;
        self.says(prompt).await;
        self.presses("Skip").await;
        self.presses("Confirm $0.05").await;
    }

    /// The newest message is a picture.
    async fn has_a_picture(&self) {
        let last = self.last().await;
        assert!(last["media"].is_object(), "{}", self.transcript().await);
    }

    /// The order ended with this reason and its money is back; nothing of the provider was said.
    async fn was_refunded(&self, why: &str) {
        self.hears(why).await;
        self.hears("$0.05 is back on your balance: $5.00").await;
        assert_eq!(self.wallet().await, (500, 0));
        let transcript = self.transcript().await.to_lowercase();
        for word in ["replicate", "e005", "gpu-17", "predict", "credit", "http"] {
            assert!(!transcript.contains(word), "{word}: {transcript}");
        }
    }
}

/// Replicate refuses the next creation like this.
fn refused(status: u16, title: &str, detail: &str) -> Value {
    let body = json!({ "title": title, "detail": detail, "status": status });
    json!({ "target": "replicate.create", "times": 1, "status": status, "body": body })
}

#[tokio::test]
async fn a_picture_comes_when_its_webhook_says_so() {
    let world = world().await;
    let anna = world.user(11);
    anna.orders_sketch(PROMPT).await;
    world.finish().await;
    anna.has_a_picture().await;
    assert_eq!(anna.wallet().await, (495, 0));
    let made = world.predictions().await.remove(0);
    assert_eq!(made["model"], "black-forest-labs/flux-schnell");
    let expected =
        json!({"prompt": PROMPT, "aspect_ratio": "1:1", "output_format": "png", "num_outputs": 1});
    assert_eq!(made["input"], expected);
    assert_eq!(made["webhook_statuses"], json!([200]), "it was believed");
    world.assert_clean().await;
}

#[tokio::test]
async fn without_an_account_there_its_services_stay_off_the_shelf() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.begins("sketch").await;
    assert!(anna.notice().await.contains("no longer offered"));
    anna.says("/menu").await;
    anna.presses("Create images").await;
    let transcript = anna.transcript().await;
    assert!(!transcript.contains("Picture in seconds"), "{transcript}");
    world.assert_clean().await;
}

#[tokio::test]
async fn a_webhook_is_believed_by_its_signature_alone() {
    let world = world().await;
    let anna = world.user(11);
    anna.orders_sketch("!slow picture").await;
    let made = world.predictions().await.remove(0);
    let token = text(&world, "select callback_token from job").await;
    let address = format!("http://{}/callbacks/replicate/{token}", world.address);
    let body =
        json!({"id": made["id"], "status": "succeeded", "output": ["https://evil.example/x.png"]});
    let now = world.now().unix_timestamp().to_string();
    for signature in [
        "v1,AAAA",
        "",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ] {
        let request = world.http.post(&address).json(&body);
        let request = request
            .header("webhook-id", "msg_1")
            .header("webhook-timestamp", &now)
            .header("webhook-signature", signature);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 401, "{signature}");
    }
    let unsigned = world.http.post(&address).json(&body).send().await;
    assert_eq!(unsigned.expect("an answer").status(), 401);
    world.settle().await;
    assert_eq!(anna.wallet().await, (495, 5), "nothing was taken for it");
    world.finish().await;
    assert_eq!(anna.wallet().await, (500, 0), "it never ended");
    world.assert_clean().await;
}

#[tokio::test]
async fn what_replicate_does_not_take_is_paid_back() {
    for (fault, why) in [
        (
            refused(
                422,
                "Input validation failed",
                "- input.seed: must be a number",
            ),
            "cannot work with this input",
        ),
        (
            refused(
                422,
                "Input validation failed",
                "The prompt was flagged as sensitive",
            ),
            "against the rules",
        ),
        (
            refused(
                404,
                "Not found",
                "The requested resource could not be found.",
            ),
            "not available at the moment",
        ),
    ] {
        let world = world().await;
        let anna = world.user(11);
        world.fault(fault).await;
        anna.orders_sketch(PROMPT).await;
        world.finish().await;
        anna.was_refunded(why).await;
        assert_eq!(world.creations().await, 1);
        world.assert_clean().await;
    }
}

#[tokio::test]
async fn what_replicate_fails_is_paid_back() {
    for (prompt, why) in [
        ("!refuse this", "against the rules"),
        ("!fail this", "could not finish it"),
    ] {
        let world = world().await;
        let anna = world.user(11);
        anna.orders_sketch(prompt).await;
        world.finish().await;
        anna.was_refunded(why).await;
        world.assert_clean().await;
    }
}

#[tokio::test]
async fn an_empty_account_pauses_politely_and_admins_hear_of_it_once() {
    let world = world().await;
    let (anna, admin) = (world.user(11), world.user(ADMIN));
    world.replicate(json!({"credit_micros": 0})).await;
    anna.orders_sketch(PROMPT).await;
    world.settle().await;
    anna.was_refunded("not available").await;
    for _ in 0..3 {
        world.app.check_funds().await.expect("the database");
        world.settle().await;
    }
    let told = admin.transcript().await;
    assert_eq!(
        told.matches("our account there is empty").count(),
        1,
        "{told}"
    );
    admin.says("/providers").await;
    admin.hears("replicate: our account there is empty").await;
    let ben = world.user(12);
    ben.begins("sketch").await;
    ben.hears("not available at the moment").await;
    assert_eq!(world.creations().await, 1, "it is not asked again");

    world.replicate(json!({"credit_micros": 1_000_000})).await;
    world.advance(Duration::from_secs(301)).await;
    ben.orders_sketch(PROMPT).await;
    world.finish().await;
    ben.has_a_picture().await;
    world.assert_clean().await;
}

#[tokio::test]
async fn a_creation_whose_answer_was_lost_is_found_by_its_webhook() {
    let world = world().await;
    let anna = world.user(11);
    world
        .fault(json!({"target": "replicate.create", "times": 1, "drop_after": true}))
        .await;
    anna.orders_sketch(PROMPT).await;
    world.finish().await;
    anna.has_a_picture().await;
    assert_eq!(anna.wallet().await, (495, 0));
    assert_eq!(world.creations().await, 1, "sent once");
    world.assert_clean().await;
}

#[tokio::test]
async fn or_in_the_list_of_our_predictions_and_one_tap_decides() {
    let world = world().await;
    let (anna, ben, admin) = (world.user(11), world.user(12), world.user(ADMIN));
    world.replicate(json!({"webhooks": false})).await;
    world
        .fault(json!({"target": "replicate.create", "times": 1, "drop_after": true}))
        .await;
    anna.orders_sketch(PROMPT).await;
    let lost = world.predictions().await.remove(0)["id"].clone();
    let lost = lost.as_str().expect("an id");
    // The same words from somebody else are not taken for it.
    ben.orders_sketch(PROMPT).await;
    world.run_for(ASKED).await;
    admin.hears("Did this order get through?").await;
    admin.hears("It looks as if it did.").await;
    admin.presses(&format!("It went through: {lost}")).await;
    world.finish().await;
    for user in [anna, ben] {
        user.has_a_picture().await;
        assert_eq!(user.wallet().await, (495, 0));
    }
    assert_eq!(world.creations().await, 2, "each sent once");
    world.assert_clean().await;
}

#[tokio::test]
async fn one_that_never_arrived_looks_like_it() {
    let world = world().await;
    let (anna, admin) = (world.user(11), world.user(ADMIN));
    world
        .fault(json!({"target": "replicate.create", "times": 1, "drop_before": true}))
        .await;
    anna.orders_sketch(PROMPT).await;
    world.run_for(ASKED).await;
    admin.hears("It looks as if it did not.").await;
    admin.presses("It did not").await;
    world.finish().await;
    anna.was_refunded("never reached the service").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn an_order_is_taken_back_while_it_is_under_way() {
    let world = world().await;
    let anna = world.user(11);
    anna.orders_sketch("!slow picture").await;
    anna.presses("Cancel the order").await;
    world.finish().await;
    let made = world.predictions().await.remove(0);
    assert_eq!(made["status"], "canceled");
    assert_eq!(anna.wallet().await, (500, 0), "{}", anna.transcript().await);
    // What was asked for did work.
    anna.hears("✖️ Picture in seconds: cancelled").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn a_picture_comes_from_replicate_while_kie_cannot() {
    let world = world().await;
    let quick = async |user: User<'_>| {
        user.begins("quick-image").await;
        user.says(PROMPT).await;
        user.presses("Confirm").await;
        world.finish().await;
        user.has_a_picture().await;
    };
    quick(world.user(11)).await;
    assert_eq!((world.tasks().await.len(), world.creations().await), (1, 0));
    world
        .post("/sim/kie/settings", json!({ "credits": 0 }))
        .await;
    world.app.check_funds().await.expect("the database");
    quick(world.user(12)).await;
    assert_eq!((world.tasks().await.len(), world.creations().await), (1, 1));
    world
        .post("/sim/kie/settings", json!({ "credits": 10_000 }))
        .await;
    world.app.check_funds().await.expect("the database");
    quick(world.user(13)).await;
    assert_eq!((world.tasks().await.len(), world.creations().await), (2, 1));
    world.assert_clean().await;
}
