//! The older families: the suite for each, and what is theirs alone.

use super::*;
use crate::providers::FailureReason;

mod gpt4o_image {
    use super::*;

    async fn stage() -> KieStage {
        stage_of("4o-image:gpt-4o-image", json!({"size": "1:1"})).await
    }

    passes_conformance!(stage: files, callbacks);
}

mod flux_kontext {
    use super::*;

    async fn stage() -> KieStage {
        stage_of(
            "flux-kontext:flux-kontext-pro",
            json!({"aspectRatio": "1:1"}),
        )
        .await
    }

    passes_conformance!(stage: files, callbacks);
}

mod veo {
    use super::*;

    async fn stage() -> KieStage {
        stage_of("veo:veo3_fast", json!({"aspect_ratio": "16:9"})).await
    }

    passes_conformance!(stage: files, callbacks);
}

mod runway {
    use super::*;

    async fn stage() -> KieStage {
        let params = json!({"duration": 5, "quality": "720p", "aspectRatio": "16:9"});
        stage_of("runway:runway", params).await
    }

    passes_conformance!(stage: files, callbacks);
}

mod suno {
    use super::*;

    async fn stage() -> KieStage {
        stage_of(
            "suno:V5",
            json!({"customMode": false, "instrumental": true}),
        )
        .await
    }

    passes_conformance!(stage: files, callbacks);
}

#[tokio::test]
async fn a_family_is_asked_about_its_own_tasks_alone() {
    let stage = stage_of("veo:veo3_fast", json!({})).await;
    let id = stage.kie.submit(&stage.order()).await.unwrap().external_id;
    let plain = id.strip_prefix("veo:").unwrap();
    for stranger in [
        plain.to_owned(),
        format!("suno:{plain}"),
        format!("runway:{plain}"),
    ] {
        let error = stage.kie.poll(&stranger).await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Transient { .. }),
            "{stranger}: {error}"
        );
    }
    assert_eq!(
        stage.kie.poll(&id).await.unwrap().state,
        PollState::Running {
            progress_percent: None
        }
    );
}

#[tokio::test]
async fn music_goes_through_its_stages_and_comes_whole() {
    let stage = stage_of(
        "suno:V5",
        json!({"customMode": false, "instrumental": false}),
    )
    .await;
    let id = stage
        .kie
        .submit(&stage.of("a calm piano"))
        .await
        .unwrap()
        .external_id;
    let mut states = Vec::new();
    for _ in 0..5 {
        states.push(stage.kie.poll(&id).await.unwrap().state);
        stage.advance(Duration::from_secs(4));
    }
    let running = || PollState::Running {
        progress_percent: None,
    };
    assert_eq!(
        states,
        [
            PollState::Waiting,
            PollState::Waiting,
            running(),
            running(),
            running()
        ]
    );
    let PollState::Succeeded { results } = stage.kie.poll(&id).await.unwrap().state else {
        panic!("it should be done");
    };
    assert_eq!(results.len(), 2);
    for result in &results {
        assert_eq!(stage.kie.download(result).await.unwrap().mime, "audio/mpeg");
    }
}

#[tokio::test]
async fn a_success_without_results_is_asked_about_again_before_it_counts_as_lost() {
    for (service, params, done) in [
        (
            "veo:veo3_fast",
            json!({}),
            json!({"successFlag": 1, "response": {"resultUrls": []}}),
        ),
        (
            "runway:runway",
            json!({"duration": 5, "quality": "720p", "aspectRatio": "1:1"}),
            json!({"state": "success", "videoInfo": null}),
        ),
        (
            "qwen/text-to-image",
            json!({}),
            json!({"state": "success", "resultJson": ""}),
        ),
    ] {
        let stage = stage_of(service, params).await;
        let id = stage.kie.submit(&stage.order()).await.unwrap().external_id;
        let poll = async || {
            let rule = Rule {
                body: Some(json!({"code": 200, "msg": "success", "data": done})),
                ..Rule::default()
            };
            stage.fault(&stage.targets().1, rule);
            stage.kie.poll(&id).await.unwrap().state
        };
        assert_eq!(
            poll().await,
            PollState::Running {
                progress_percent: None
            },
            "{service}"
        );
        stage.finish().await;
        assert_eq!(
            poll().await,
            PollState::Succeeded {
                results: Vec::new()
            },
            "{service}"
        );
        // It comes after all: that counts, whenever it is asked about again.
        let PollState::Succeeded { results } = stage.kie.poll(&id).await.unwrap().state else {
            panic!("{service} is not done");
        };
        assert!(!results.is_empty(), "{service}");
    }
}

#[tokio::test]
async fn a_full_queue_and_a_file_that_cannot_be_fetched_have_their_classes() {
    let stage = stage_of("4o-image:gpt-4o-image", json!({"size": "1:1"})).await;
    let answer = |code: u16, words: &str| Rule {
        status: Some(200),
        body: Some(json!({"code": code, "msg": words, "data": null})),
        ..Rule::default()
    };
    stage.fault(&stage.targets().0, answer(550, "Connection Denied"));
    let error = stage.kie.submit(&stage.order()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Transient { .. }), "{error}");
    stage.fault(&stage.targets().0, answer(451, "Failed to fetch the image"));
    let error = stage.kie.submit(&stage.order()).await.unwrap_err();
    let ProviderError::Rejected { reason, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(reason, FailureReason::InputUnreachable);
}
