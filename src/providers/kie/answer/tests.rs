//! Every shape that an answer is known to have.

use serde_json::json;

use super::*;

#[test]
fn a_task_id_is_found_under_each_of_its_names() {
    for answer in [
        json!({"code": 200, "data": {"taskId": "t-1"}}),
        json!({"code": 200, "data": {"recordId": "t-1"}}),
        json!({"code": 200, "data": {"task_id": "t-1"}}),
        json!({"code": 200, "data": {"id": "t-1"}}),
        json!({"code": 200, "data": "t-1"}),
        json!({"taskId": "t-1"}),
        json!({"id": "t-1", "data": null}),
        json!({"recordId": "t-1", "data": {}}),
        json!({"data": {"taskId": "t-1", "recordId": "r-2"}}),
    ] {
        assert_eq!(created_task(&answer).as_deref(), Some("t-1"), "{answer}");
    }
    assert_eq!(
        created_task(&json!({"data": {"taskId": 42}})).as_deref(),
        Some("42")
    );
    for answer in [
        json!({"data": {"taskId": ""}}),
        json!({"data": {"taskId": "a/../b"}}),
        json!({"data": {"taskId": "a\u{0}b"}}),
        json!({"data": {"taskId": "x".repeat(129)}}),
        json!({"data": {"taskId": {"a": 1}}}),
        json!([]),
    ] {
        assert_eq!(created_task(&answer), None, "{answer}");
    }
    assert_eq!(named_task(&json!({"code": 500, "id": "request-9"})), None);
}

#[test]
fn results_are_found_in_each_of_their_shapes() {
    let (a, b) = ("https://cdn.example/a.png?x=1", "https://cdn.example/b.png");
    for data in [
        json!({"resultJson": json!({"resultUrls": [a, b]}).to_string()}),
        json!({"resultJson": {"resultUrls": [a, b]}}),
        json!({"resultJson": json!(json!({"resultUrls": [a, b]}).to_string()).to_string()}),
        json!({"resultUrls": [a, b, a]}),
        json!({"resultUrls": json!([a, b]).to_string()}),
        json!({"result_urls": [a, b]}),
        json!({"response": {"resultUrls": [a, b], "originUrls": ["https://cdn.example/o"]}}),
        json!({"info": {"resultImageUrl": a, "resultUrls": [b], "originImageUrl": "https://cdn.example/o"}}),
        json!({"videoUrl": a, "image_urls": [b]}),
        json!({"response": {"data": [{"audioUrl": a, "imageUrl": b}]}}),
        json!({"resultUrls": [{"url": a}, {"url": b}]}),
    ] {
        let mut urls = result_urls(&data);
        urls.sort();
        assert_eq!(urls, [a, b], "{data}");
    }
}

#[test]
fn what_we_sent_and_what_is_no_result_is_not_taken_for_one() {
    let data = json!({
        "param": json!({"callBackUrl": "https://us.example/c", "input": {"image_url": "https://us.example/m"}}).to_string(),
        "callBackUrl": "https://us.example/c",
        "thumbnailUrl": "https://cdn.example/t", "coverUrl": "https://cdn.example/c",
        "resultJson": "{\"resultUrls\":[\"https://cdn.example/a\"],\"resultWaterMarkUrls\":[\"https://cdn.example/w\"]}",
    });
    assert_eq!(result_urls(&data), ["https://cdn.example/a"]);
    for data in [
        json!({"resultJson": ""}),
        json!({"resultJson": "{broken"}),
        json!({"resultUrls": ["javascript:alert(1)", "file:///etc/passwd", 7, null]}),
        json!({"resultUrls": null}),
    ] {
        assert!(result_urls(&data).is_empty(), "{data}");
    }
}

#[test]
fn states_are_read_as_words_and_as_flags() {
    for (data, expected) in [
        (json!({"state": "waiting"}), Some(TaskState::Waiting)),
        (json!({"state": "queuing"}), Some(TaskState::Waiting)),
        (json!({"state": "generating"}), Some(TaskState::Running)),
        (json!({"state": "success"}), Some(TaskState::Succeeded)),
        (json!({"state": "fail"}), Some(TaskState::Failed)),
        (
            json!({"status": "SUCCESS", "successFlag": 0}),
            Some(TaskState::Succeeded),
        ),
        (
            json!({"status": "CREATE_TASK_FAILED"}),
            Some(TaskState::Failed),
        ),
        (json!({"successFlag": 0}), Some(TaskState::Running)),
        (json!({"successFlag": "1"}), Some(TaskState::Succeeded)),
        (json!({"successFlag": 3}), Some(TaskState::Failed)),
        (json!({"state": "pondering"}), None),
        (json!({}), None),
    ] {
        assert_eq!(state(&data), expected, "{data}");
    }
}

#[test]
fn codes_and_progress_come_as_numbers_or_strings() {
    assert_eq!(code(&json!({"code": "422"})), Some(422));
    assert_eq!(
        failure(&json!({"failCode": 422, "failMsg": "no"})),
        ("422".to_owned(), "no")
    );
    assert_eq!(
        failure(&json!({"failCode": "", "errorCode": null})),
        (String::new(), "")
    );
    for (value, expected) in [
        (json!("0.35"), Some(35)),
        (json!("1.00"), Some(100)),
        (json!(0.5), Some(50)),
        (json!(35), Some(35)),
        (json!("35%"), Some(35)),
        (json!(400), Some(100)),
        (json!("soon"), None),
        (json!("NaN"), None),
    ] {
        assert_eq!(
            progress_percent(&json!({"progress": value})),
            expected,
            "{value}"
        );
    }
}
