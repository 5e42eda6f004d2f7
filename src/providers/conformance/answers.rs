//! What comes back: states, results, callbacks.

use serde_json::Value;

use super::*;
use crate::providers::CallbackError;

pub(in crate::providers) async fn a_task_that_fails_says_why(stage: &impl Stage) {
    let submitted = stage
        .provider()
        .submit(&stage.doomed_order())
        .await
        .unwrap();
    stage.finish().await;
    let state = poll(stage, &submitted.external_id).await.state;
    let PollState::Failed { reason, code } = state else {
        panic!("it is {state:?}");
    };
    assert_eq!(reason, stage.doomed_reason());
    assert!(!code.is_empty());
}

pub(in crate::providers) async fn trouble_while_asking_loses_no_task(stage: &impl Stage) {
    let id = created(stage).await.external_id;
    for trouble in [
        Trouble::CutBefore,
        Trouble::CutAfter,
        Trouble::GatewayPage,
        Trouble::Nonsense,
        Trouble::Maintenance,
        Trouble::RateLimited,
        Trouble::KeyRefused,
        Trouble::NoFunds,
        Trouble::InputRefused,
    ] {
        stage.trouble_poll(trouble);
        let error = stage.provider().poll(&id).await.unwrap_err();
        match error {
            ProviderError::Transient { .. } | ProviderError::RateLimited { .. } => {}
            ProviderError::Permanent { .. } if trouble == Trouble::KeyRefused => {}
            other => panic!("{trouble:?}: {other}"),
        }
    }
    stage.finish().await;
    let state = poll(stage, &id).await.state;
    assert!(is_done(&state), "{state:?}");
}

pub(in crate::providers) async fn an_unknown_task_is_asked_for_again_before_it_is_given_up(
    stage: &impl Stage,
) {
    let error = stage.provider().poll("no-such-task").await.unwrap_err();
    assert!(matches!(error, ProviderError::Transient { .. }), "{error}");
    stage.advance(Duration::from_secs(300));
    let error = stage.provider().poll("no-such-task").await.unwrap_err();
    assert!(matches!(error, ProviderError::Rejected { .. }), "{error}");
}

pub(in crate::providers) async fn many_questions_have_their_answers_in_their_order(
    stage: &impl Stage,
) {
    let old = created(stage).await.external_id;
    stage.finish().await;
    let new = created(stage).await.external_id;
    let ids = [new.as_str(), "999999999", old.as_str()];
    let answers = stage.provider().poll_many(&ids).await;
    let [Ok(new), Err(error), Ok(old)] = &answers[..] else {
        panic!("{answers:?}");
    };
    assert!(
        is_under_way(&new.state) && is_done(&old.state),
        "{answers:?}"
    );
    assert!(matches!(error, ProviderError::Transient { .. }), "{error}");
}

pub(in crate::providers) async fn a_result_that_cannot_be_passed_on_is_refused(stage: &impl Stage) {
    let url = results(stage).await.remove(0);
    let fetch = async |provider: &dyn Provider| provider.download(&url).await.err();
    let large = fetch(&*stage.hasty()).await;
    assert!(
        matches!(
            large,
            Some(ProviderError::Rejected {
                reason: FailureReason::ResultTooLarge,
                ..
            })
        ),
        "{large:?}"
    );
    let fetch = async |trouble| {
        stage.trouble_file(trouble);
        fetch(stage.provider()).await
    };
    let page = fetch(FileTrouble::Page).await;
    assert!(
        matches!(page, Some(ProviderError::Permanent { .. })),
        "{page:?}"
    );
    let unavailable = fetch(FileTrouble::Unavailable).await;
    assert!(
        matches!(unavailable, Some(ProviderError::Transient { .. })),
        "{unavailable:?}"
    );
    let missing = fetch(FileTrouble::Missing).await;
    assert!(
        matches!(missing, Some(ProviderError::Transient { .. })),
        "{missing:?}"
    );
    stage.advance(Duration::from_secs(300));
    let gone = fetch(FileTrouble::Missing).await;
    assert!(
        matches!(gone, Some(ProviderError::Permanent { .. })),
        "{gone:?}"
    );
    assert!(stage.provider().download(&url).await.is_ok());
}

pub(in crate::providers) async fn results_are_fetched_from_nowhere_inside(stage: &impl Stage) {
    for url in [
        "http://127.0.0.1:5432/",
        "https://127.0.0.1:5432/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://localhost/",
        "http://example.com/a.png",
        "file:///etc/passwd",
        "nonsense",
    ] {
        let url = ResultUrl {
            url: url.to_owned(),
        };
        let error = stage.provider().download(&url).await.err();
        match (&error, url.url.as_str()) {
            // Refused where names are resolved, which looks like a host that cannot be reached.
            (Some(ProviderError::Transient { .. }), "https://localhost/")
            | (Some(ProviderError::Permanent { .. }), _) => {}
            (other, url) => panic!("{url}: {other:?}"),
        }
    }
}

pub(in crate::providers) async fn a_callback_is_believed_by_its_signature_alone(
    stage: &impl Stage,
) {
    let id = created(stage).await.external_id;
    let check = |signature| {
        let (headers, body) = stage.callback(&id, signature);
        let headers: Vec<(&str, &[u8])> = headers
            .iter()
            .map(|(name, value)| (*name, &value[..]))
            .collect();
        stage.provider().verify_callback(&headers, &body)
    };
    let hint = check(Signature::Good).unwrap();
    assert!(hint.verified);
    // What a callback calls the task leads to the same one.
    let named = hint.external_id.unwrap();
    let service = stage.order().service;
    assert_eq!(stage.provider().task_named(&service, &named), id);
    assert_eq!(stage.provider().task_named(&service, &id), id);
    assert_eq!(check(Signature::Forged), Err(CallbackError::BadSignature));
    assert_eq!(check(Signature::Absent), Err(CallbackError::BadSignature));
    assert_eq!(check(Signature::Stale), Err(CallbackError::Stale));
    for body in [&b""[..], b"[]", b"nonsense", b"\xff\xfe", b"{}"] {
        assert!(
            stage.provider().verify_callback(&[], body).is_err(),
            "{body:?}"
        );
    }
}

pub(in crate::providers) async fn no_secret_is_shown(stage: &impl Stage) {
    let submitted = created(stage).await;
    let refusal = refused(stage, Trouble::InputRefused).await;
    let key = refused(stage, Trouble::KeyRefused).await;
    let cut = refused(stage, Trouble::CutAfter).await;
    let nobody = stage
        .unreachable()
        .submit(&stage.order())
        .await
        .unwrap_err();
    stage.finish().await;
    let polled = poll(stage, &submitted.external_id).await;
    assert!(matches!(polled.answer, Value::Object(_)));
    let mut shown = format!("{submitted:?} {polled:?}");
    for error in [refusal, key, cut, nobody] {
        shown.push_str(&format!(" {error} {error:?}"));
    }
    for secret in stage.secrets() {
        assert!(!shown.contains(&secret), "{secret} in {shown}");
    }
}

pub(in crate::providers) async fn questions_slow_down(stage: &impl Stage) {
    let provider = stage.provider();
    let mut longest = Duration::ZERO;
    for seconds in [0, 29, 31, 119, 121, 600] {
        let next = provider.next_poll(Duration::from_secs(seconds));
        assert!(next >= Duration::from_secs(1) && next <= Duration::from_secs(60));
        longest = longest.max(next);
    }
    assert!(longest > provider.next_poll(Duration::ZERO) * 2);
    assert!(provider.deadline() >= Duration::from_secs(60));
}
