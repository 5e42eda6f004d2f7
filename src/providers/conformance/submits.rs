//! Creating work: what money depends on.

use futures_util::StreamExt as _;

use super::*;
use crate::providers::{FailureReason, Step};

pub(in crate::providers) async fn an_order_is_created_once_and_goes_on_to_its_end(
    stage: &impl Stage,
) {
    let id = created(stage).await.external_id;
    assert_eq!((stage.submits_seen(), stage.tasks().await), (1, 1));
    let state = poll(stage, &id).await.state;
    assert!(is_under_way(&state), "{state:?}");
    stage.finish().await;
    let state = poll(stage, &id).await.state;
    assert!(is_done(&state), "{state:?}");
    let balance = stage.provider().balance().await.unwrap();
    assert_eq!(balance.is_some(), stage.tells_balance());
    assert!(!stage.provider().is_unavailable());
}

pub(in crate::providers) async fn a_result_is_fetched(stage: &impl Stage) {
    let results = results(stage).await;
    assert_eq!(results.len(), stage.results_expected());
    let download = stage.provider().download(&results[0]).await.unwrap();
    assert!(download.mime.contains('/'));
    let chunks: Vec<_> = download.body.collect().await;
    let bytes: u64 = chunks
        .iter()
        .map(|chunk| chunk.as_ref().unwrap().len() as u64)
        .sum();
    assert!(bytes > 100);
    assert!(download.len.is_none_or(|len| len == bytes));
}

pub(in crate::providers) async fn a_lost_answer_is_ambiguous_and_never_sent_again(
    stage: &impl Stage,
) {
    for (trouble, tasks) in [
        (Trouble::CutBefore, 0),
        (Trouble::CutAfter, 1),
        (Trouble::GatewayPage, 0),
        (Trouble::Nonsense, 1),
        (Trouble::EmptyAnswer, 1),
    ] {
        let (seen, existed) = (stage.submits_seen(), stage.tasks().await);
        let error = refused(stage, trouble).await;
        assert!(
            matches!(error, ProviderError::Ambiguous { .. }),
            "{trouble:?}: {error}"
        );
        assert_eq!(stage.submits_seen(), seen + 1, "{trouble:?}");
        assert_eq!(stage.tasks().await, existed + tasks, "{trouble:?}");
    }
    stage.trouble_submit(Trouble::Silence);
    let error = stage.hasty().submit(&stage.order()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Ambiguous { .. }), "{error}");
}

pub(in crate::providers) async fn a_submit_that_nobody_heard_may_be_sent_again(stage: &impl Stage) {
    let error = stage
        .unreachable()
        .submit(&stage.order())
        .await
        .unwrap_err();
    assert!(matches!(error, ProviderError::Transient { .. }), "{error}");
    assert_eq!(stage.submits_seen(), 0);
}

pub(in crate::providers) async fn a_refusal_has_its_class(stage: &impl Stage) {
    let reason = |error| match error {
        ProviderError::Rejected { reason, .. } => reason,
        other => panic!("{other}"),
    };
    let bad_input = refused(stage, Trouble::InputRefused).await;
    assert_eq!(reason(bad_input), FailureReason::BadInput);
    let content = refused(stage, Trouble::ContentRefused).await;
    assert_eq!(reason(content), FailureReason::ContentRefused);
    let maintenance = refused(stage, Trouble::Maintenance).await;
    assert!(
        matches!(maintenance, ProviderError::Transient { .. }),
        "{maintenance}"
    );
    assert_eq!(stage.tasks().await, 0);
    assert!(
        !stage.provider().is_unavailable(),
        "one failure proves nothing"
    );
}

pub(in crate::providers) async fn our_account_in_trouble_closes_the_shop_for_a_while(
    stage: &impl Stage,
) {
    let error = refused(stage, Trouble::NoFunds).await;
    assert_eq!(error, ProviderError::NoFunds);
    assert!(stage.provider().is_unavailable());
    if stage.tells_balance() {
        let left = stage.provider().balance().await.unwrap();
        assert!(left.is_some_and(|left| left.amount > 0));
    } else {
        stage.advance(Duration::from_secs(3_600));
        assert!(!stage.provider().is_unavailable(), "one order may find out");
        created(stage).await;
    }
    assert!(
        !stage.provider().is_unavailable(),
        "the account is known to be good"
    );

    let error = refused(stage, Trouble::KeyRefused).await;
    assert!(matches!(error, ProviderError::Permanent { .. }), "{error}");
    assert!(stage.provider().is_unavailable());
    stage.advance(Duration::from_secs(3_600));
    assert!(!stage.provider().is_unavailable(), "one order may find out");
}

pub(in crate::providers) async fn an_ill_provider_is_left_alone_and_found_well_again(
    stage: &impl Stage,
) {
    for _ in 0..50 {
        if let Some(wait) = stage.provider().hold_back(Step::Submit) {
            assert!(wait > Duration::ZERO);
            break;
        }
        refused(stage, Trouble::Maintenance).await;
    }
    assert!(stage.provider().is_unavailable());
    assert_eq!(stage.provider().hold_back(Step::Download), None);
    let mut created_count = 0;
    for _ in 0..50 {
        match stage.provider().hold_back(Step::Submit) {
            Some(wait) => stage.advance(wait),
            None => {
                created(stage).await;
                created_count += 1;
            }
        }
    }
    assert!(created_count > 10 && !stage.provider().is_unavailable());
}

pub(in crate::providers) async fn a_rate_limit_is_waited_for(stage: &impl Stage) {
    let after = Duration::from_secs(17);
    let error = refused(stage, Trouble::RateLimited).await;
    assert_eq!(error, ProviderError::RateLimited { after });
    assert!(stage.provider().hold_back(Step::Submit).unwrap() >= after);
    stage.advance(after);
    // Whoever asks first is never refused.
    for step in [Step::Submit, Step::Poll] {
        let mut waited = 0;
        assert_eq!(stage.provider().hold_back(Step::Submit), None);
        let id = created(stage).await.external_id;
        for _ in 0..60 {
            if let Some(wait) = stage.provider().hold_back(step) {
                stage.advance(wait);
                waited += 1;
                continue;
            }
            match step {
                Step::Submit => drop(created(stage).await),
                Step::Poll | Step::Download => drop(poll(stage, &id).await),
            }
        }
        assert!(waited > 0, "{step:?} has a limit");
        stage.advance(Duration::from_secs(60));
    }
}
