//! The parts of which nothing else tells whether they are right.

use serde_json::{Value, json};
use time::macros::datetime;

use super::input;
use super::prediction::{Prediction, Status};
use super::webhook::signature;

#[test]
fn a_webhook_is_signed_as_in_the_example_of_its_makers() {
    // `index.test.ts` of replicate-javascript.
    let signed = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        br#"{"test": 2432232314}"#,
    );
    let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    assert_eq!(signed.as_deref(), Some(expected));
}

#[test]
fn an_input_is_checked_field_by_field() {
    let check = |value: Value| input::check(value.as_object().expect("an object"));
    assert_eq!(check(json!({"prompt": "a fox", "num_outputs": 4})), Ok(()));
    for wrong in [
        json!({}),
        json!({"prompt": ""}),
        json!({"prompt": "a fox", "num_outputs": 5}),
        json!({"prompt": "a fox", "image_size": "1:1"}),
        json!({"prompt": "a fox", "aspect_ratio": "7:1"}),
    ] {
        assert!(check(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn a_prediction_is_what_the_clock_says() {
    let created = datetime!(2026-01-01 0:00 UTC);
    let of = |prompt: &str| {
        let input = json!({ "prompt": prompt });
        let (takes, failure) = Prediction::fate(&input, 1.0);
        Prediction {
            id: "x".to_owned(),
            model: "somebody/pictures".into(),
            version: "hidden".into(),
            input,
            webhook: None,
            created,
            takes,
            deadline: Some(created + time::Duration::minutes(30)),
            failure,
            cancelled: None,
            told: Vec::new(),
            next_try: None,
        }
    };
    let after = |seconds| created + time::Duration::seconds(seconds);
    let mut one = of("a fox");
    let seen: Vec<Status> = [0, 2, 5].map(|seconds| one.status(after(seconds))).into();
    assert_eq!(
        seen,
        [Status::Starting, Status::Processing, Status::Succeeded]
    );
    let shown = |one: &Prediction, at| one.json("http://sim", at, true);
    assert!(shown(&one, after(5))["output"].is_array());
    let removed = shown(&one, after(3_605));
    assert_eq!(
        (&removed["output"], &removed["data_removed"]),
        (&Value::Null, &json!(true))
    );
    one.cancelled = Some(after(3));
    assert_eq!(one.status(after(4)), Status::Canceled);
    assert_eq!(of("!refuse").status(after(5)), Status::Failed);
    assert_eq!(of("!slow").status(after(1_799)), Status::Processing);
    assert_eq!(of("!slow").status(after(1_800)), Status::Canceled);
}
