//! Records as docs.kie.ai shows them for each family, and the same ones bent.

use serde_json::json;

use super::*;
use crate::providers::FailureReason;
use crate::providers::kie::classify::failed_task;

const A: &str = "https://cdn.example/a";
const B: &str = "https://cdn.example/b";

#[test]
fn a_service_and_a_task_name_their_family() {
    for family in Family::OLDER {
        let task = family.task("t_1");
        assert_eq!(Family::split(&task), (family, "t_1"));
        assert_eq!(family.task(&task), task, "a name that is whole already");
        assert_eq!(
            answer::id(&json!(task)).as_deref(),
            Some(&*task),
            "fit to be kept"
        );
    }
    for name in ["google/nano-banana", "abc:def", "t-1", "", ":"] {
        assert_eq!(Family::split(name), (Family::Market, name));
        assert_eq!(Family::Market.task(name), name);
    }
    assert_eq!(Family::split("veo:veo3_fast"), (Family::Veo, "veo3_fast"));
    assert_eq!(Family::split("veo:a:b"), (Family::Veo, "a:b"));
}

#[test]
fn a_request_has_the_form_of_its_family() {
    let params = json!({"prompt": "x"});
    let body = |family: Family| family.request("m", &params, Some("https://us.example/c"));
    assert_eq!(
        body(Family::Market),
        json!({"model": "m", "input": {"prompt": "x"}, "callBackUrl": "https://us.example/c"})
    );
    for family in [Family::FluxKontext, Family::Veo, Family::Suno] {
        assert_eq!(
            body(family),
            json!({"model": "m", "prompt": "x", "callBackUrl": "https://us.example/c"})
        );
    }
    for family in [Family::Gpt4oImage, Family::Runway] {
        assert_eq!(
            body(family),
            json!({"prompt": "x", "callBackUrl": "https://us.example/c"})
        );
    }
    assert_eq!(
        Family::Suno.request("V5", &json!(null), None),
        json!({"model": "V5"})
    );
}

#[test]
fn every_familys_success_gives_its_results_and_nothing_else() {
    for (family, data, expected) in [
        (
            Family::Gpt4oImage,
            json!({"status": "SUCCESS", "successFlag": 1, "progress": "1.00", "response": {"resultUrls": [A, B]},
                   "paramJson": json!({"filesUrl": ["https://us.example/in"]}).to_string()}),
            vec![A, B],
        ),
        (
            Family::Gpt4oImage,
            json!({"status": "SUCCESS", "response": json!({"result_urls": [A]}).to_string()}),
            vec![A],
        ),
        (
            Family::FluxKontext,
            json!({"successFlag": 1, "response": {"originImageUrl": "https://cdn.example/o", "resultImageUrl": A}}),
            vec![A],
        ),
        (
            Family::FluxKontext,
            json!({"successFlag": "1", "response": {"resultImageUrl": A, "originImageUrl": null}}),
            vec![A],
        ),
        (
            Family::Veo,
            json!({"successFlag": 1, "fallbackFlag": false,
                   "response": {"resultUrls": [A], "originUrls": ["https://cdn.example/o"], "resolution": "1080p"}}),
            vec![A],
        ),
        (
            Family::Veo,
            json!({"successFlag": 1, "response": {"resultUrls": json!([A]).to_string()}}),
            vec![A],
        ),
        // The page's own example has a code and words of a failure beside the success.
        (
            Family::Runway,
            json!({"state": "success", "failCode": 400, "failMsg": "Generation failed, please try again later",
                   "generateParam": {"imageUrl": "https://us.example/in"},
                   "videoInfo": {"videoUrl": A, "imageUrl": "https://cdn.example/cover"}}),
            vec![A],
        ),
        (
            Family::Runway,
            json!({"state": "success", "videoInfo": {"video_url": A, "image_url": "https://cdn.example/cover"}}),
            vec![A],
        ),
        (
            Family::Suno,
            json!({"status": "SUCCESS", "response": {"sunoData": [
                {"audioUrl": A, "streamAudioUrl": "https://cdn.example/s", "imageUrl": "https://cdn.example/i"},
                {"audioUrl": B, "sourceAudioUrl": "https://cdn.example/sa", "imageUrl": "https://cdn.example/i"}]}}),
            vec![A, B],
        ),
    ] {
        assert_eq!(family.state(&data), Some(TaskState::Succeeded), "{data}");
        assert_eq!(family.result_urls(&data), expected, "{data}");
    }
}

#[test]
fn a_task_under_way_is_under_way_in_every_familys_words() {
    use TaskState::{Running, Waiting};
    for (family, data, expected) in [
        (
            Family::Gpt4oImage,
            json!({"status": "GENERATING", "successFlag": 0, "response": null}),
            Running,
        ),
        (Family::FluxKontext, json!({"successFlag": 0}), Running),
        (
            Family::Veo,
            json!({"successFlag": "0", "response": null}),
            Running,
        ),
        (Family::Runway, json!({"state": "wait"}), Waiting),
        (Family::Runway, json!({"state": "queueing"}), Waiting),
        (Family::Runway, json!({"state": "generating"}), Running),
        (Family::Suno, json!({"status": "PENDING"}), Waiting),
        (Family::Suno, json!({"status": "TEXT_SUCCESS"}), Running),
        // The first track is there, the order is for all of them.
        (
            Family::Suno,
            json!({"status": "FIRST_SUCCESS", "response": {"sunoData": [{"audioUrl": A}]}}),
            Running,
        ),
        (
            Family::Suno,
            json!({"status": "CALLBACK_EXCEPTION", "response": null}),
            Running,
        ),
    ] {
        assert_eq!(family.state(&data), Some(expected), "{data}");
    }
    let done = json!({"status": "CALLBACK_EXCEPTION", "response": {"sunoData": [{"audioUrl": A}]}});
    assert_eq!(Family::Suno.state(&done), Some(TaskState::Succeeded));
}

#[test]
fn a_failure_says_why_in_every_familys_words() {
    use FailureReason::{BadInput, ContentRefused, InputUnreachable, ProviderFailed, TimedOut};
    for (family, data, expected) in [
        (
            Family::Gpt4oImage,
            json!({"status": "GENERATE_FAILED", "successFlag": 3, "errorCode": 400,
                   "errorMessage": "Your content was flagged by OpenAI as violating content policies"}),
            ContentRefused,
        ),
        (
            Family::Gpt4oImage,
            json!({"status": "CREATE_TASK_FAILED", "errorCode": "451", "errorMessage": null}),
            InputUnreachable,
        ),
        (
            Family::Gpt4oImage,
            json!({"status": "GENERATE_FAILED", "errorCode": 500, "errorMessage": "null"}),
            ProviderFailed,
        ),
        (
            Family::FluxKontext,
            json!({"successFlag": 3, "errorCode": null, "errorMessage": ""}),
            ProviderFailed,
        ),
        (
            Family::Veo,
            json!({"successFlag": 2, "errorCode": 422,
                   "errorMessage": "Your request was rejected by Flow(PUBLIC_ERROR)."}),
            ContentRefused,
        ),
        (
            Family::Veo,
            json!({"successFlag": 3, "errorCode": 400, "errorMessage": "Only English prompts are supported at this time"}),
            BadInput,
        ),
        (
            Family::Runway,
            json!({"state": "fail", "failCode": 400, "failMsg": "Your prompt was caught by our AI moderator."}),
            ContentRefused,
        ),
        (
            Family::Suno,
            json!({"status": "SENSITIVE_WORD_ERROR", "errorCode": null, "errorMessage": null}),
            ContentRefused,
        ),
        (
            Family::Suno,
            json!({"status": "GENERATE_AUDIO_FAILED", "errorCode": 413,
                   "errorMessage": "Uploaded audio matches existing work of art."}),
            ContentRefused,
        ),
        (
            Family::Suno,
            json!({"status": "GENERATE_AUDIO_FAILED", "errorCode": 408}),
            TimedOut,
        ),
        (
            Family::Suno,
            json!({"status": "CREATE_TASK_FAILED", "errorCode": 531}),
            ProviderFailed,
        ),
    ] {
        assert_eq!(family.state(&data), Some(TaskState::Failed), "{data}");
        let (code, words) = answer::failure(&data);
        assert!(!code.is_empty(), "{data}");
        assert_eq!(failed_task(&code, words), expected, "{data}");
    }
}

#[test]
fn odd_records_are_neither_a_success_nor_a_failure() {
    for family in Family::OLDER.into_iter().chain([Family::Market]) {
        for data in [
            json!(null),
            json!([]),
            json!("SUCCESS"),
            json!({}),
            json!({"state": 1, "status": null, "successFlag": null}),
            json!({"successFlag": true}),
            json!({"successFlag": 7}),
            json!({"successFlag": "one"}),
            json!({"status": "PAUSED", "successFlag": "x"}),
            json!({"state": {"state": "success"}}),
        ] {
            assert_eq!(family.state(&data), None, "{family:?} {data}");
        }
        for data in [
            json!({"response": null}),
            json!({"response": "not JSON {"}),
            json!({"response": {"resultUrls": [null, 7, "", "javascript:alert(1)", {"a": 1}]}}),
            json!({"videoInfo": {"videoUrl": ["ftp://x"], "imageUrl": 5}}),
            json!({"response": {"sunoData": [{"audioUrl": ""}, {"audioUrl": null}, "x"]}}),
        ] {
            assert!(family.result_urls(&data).is_empty(), "{family:?} {data}");
        }
    }
}
