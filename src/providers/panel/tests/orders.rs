//! What is of panels alone: order forms, counts, questions about many, refills, cancelling, and what speaks for a lost order.

use super::*;
use crate::providers::{Arrived, Clues, Counts};

#[tokio::test]
async fn every_kind_of_order_is_taken_as_the_panel_wants_it() {
    let stage = stage().await;
    for (service, params, quantity) in [
        (
            "101",
            json!({"link": "https://t.me/a", "quantity": 1000}),
            1000,
        ),
        (
            "101",
            json!({"link": "https://t.me/b", "quantity": 100, "runs": 5, "interval": 30}),
            500,
        ),
        (
            "102",
            json!({"link": "https://t.me/a/1", "comments": "Good\nVery good\nBest"}),
            3,
        ),
        (
            "103",
            json!({"link": "https://t.me/a/2", "usernames": "ann\nben"}),
            2,
        ),
        (
            "104",
            json!({"username": "ann", "min": 20, "max": 50, "posts": 4, "delay": "30", "expiry": "01/02/2026"}),
            200,
        ),
        (
            "105",
            json!({"link": "https://t.me/a/3", "quantity": 50, "answer_number": "2"}),
            50,
        ),
        ("106", json!({"link": "https://t.me/a/4"}), 1),
    ] {
        let id = stage.taken(&stage.of(service, params.clone())).await;
        let orders = stage.control("orders", None).await;
        let newest = orders["orders"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(newest["order"].to_string(), id, "{params}");
        assert_eq!(newest["quantity"], quantity, "{params}");
    }
}

#[tokio::test]
async fn an_order_is_counted_and_may_end_in_part() {
    let stage = stage().await;
    for numbers in ["strings", "digits", "mixed"] {
        stage
            .control("settings", Some(json!({ "numbers": numbers })))
            .await;
        let id = stage.taken(&stage.members("partial")).await;
        assert_eq!(stage.state(&id).await, PollState::Waiting);
        stage.advance(Duration::from_secs(15));
        let PollState::Counting(Counts {
            start: Some(start),
            remains: Some(75),
        }) = stage.state(&id).await
        else {
            panic!("{numbers}: {:?}", stage.state(&id).await);
        };
        stage.finish().await;
        let part = PollState::Partial {
            remains: 60,
            start: Some(start),
        };
        assert_eq!(stage.state(&id).await, part, "{numbers}");
    }
}

#[tokio::test]
async fn over_a_hundred_orders_are_asked_about_in_two_calls_by_the_engine_and_one_each_where_a_panel_cannot()
 {
    let stage = stage().await;
    let mut ids = Vec::new();
    for _ in 0..100 {
        ids.push(stage.taken(&stage.members("")).await);
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(stage.panel.polls_together(), ids.len());
    let answers = stage.panel.poll_many(&ids).await;
    assert!(
        answers
            .iter()
            .all(|one| matches!(one, Ok(polled) if polled.state == PollState::Waiting))
    );
    assert_eq!(stage.calls("panel.status"), 1);
    stage
        .control("settings", Some(json!({"multi": false})))
        .await;
    let answers = stage.panel.poll_many(&ids[..3]).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    // The one that was not understood, then three by themselves.
    assert_eq!(stage.calls("panel.status"), 5);
    assert!(
        stage
            .panel
            .poll_many(&ids[..3])
            .await
            .iter()
            .all(Result::is_ok)
    );
    assert_eq!(stage.calls("panel.status"), 8);
}

#[tokio::test]
async fn a_panel_that_knows_none_of_our_orders_ends_none_of_them() {
    let stage = stage().await;
    for _ in 0..3 {
        let answers = stage.panel.poll_many(&["1", "2"]).await;
        for answer in answers {
            assert!(
                matches!(answer, Err(ProviderError::Transient { .. })),
                "{answer:?}"
            );
        }
        stage.advance(Duration::from_secs(3_600));
    }
}

#[tokio::test]
async fn a_second_order_for_a_link_is_refused_as_that() {
    let stage = stage().await;
    let first = stage.members("");
    stage.trouble_submit(Trouble::CutAfter);
    stage.panel.submit(&first).await.unwrap_err();
    for errors in ["prose", "codes"] {
        stage
            .control("settings", Some(json!({ "errors": errors })))
            .await;
        let refused = stage.panel.submit(&first).await.unwrap_err();
        let busy = matches!(
            refused,
            ProviderError::Rejected {
                reason: FailureReason::TargetBusy,
                ..
            }
        );
        assert!(busy, "{refused}");
    }
}

#[tokio::test]
async fn what_was_noted_before_a_lost_order_and_what_stands_there_now_speak_for_it_or_not() {
    let stage = stage().await;
    let newest = stage.taken(&stage.members("")).await;
    for (trouble, arrived, candidates) in [
        (Trouble::CutAfter, Arrived::Likely, 1),
        (Trouble::CutBefore, Arrived::Unlikely, 0),
    ] {
        let order = stage.members("");
        let note = stage.panel.note(&order).await.unwrap();
        let link = order.params["link"].as_str();
        assert_eq!(note.target.as_deref(), link);
        stage.trouble_submit(trouble);
        stage.panel.submit(&order).await.unwrap_err();
        let task_before = match candidates {
            1 => newest.clone(),
            _ => (newest.parse::<u64>().unwrap() + 1).to_string(),
        };
        let clues = Clues {
            note: Some(note),
            task_before: Some(task_before),
            ..Clues::default()
        };
        let evidence = stage.panel.evidence(&clues).await.unwrap();
        assert_eq!(evidence.arrived, arrived, "{evidence:?}");
        assert_eq!(evidence.candidates.len(), candidates, "{evidence:?}");
        for candidate in evidence.candidates {
            assert!(stage.panel.knows(&candidate).await.unwrap());
        }
    }
    assert!(!stage.panel.knows("999999").await.unwrap());
    let refill = stage.of(REFILL, json!({ "order": newest }));
    assert_eq!(stage.panel.note(&refill).await, None);
    let nothing = stage.panel.evidence(&Clues::default()).await.unwrap();
    assert_eq!(nothing.arrived, Arrived::Unclear);
    let last = Clues {
        task_before: Some(u64::MAX.to_string()),
        ..Clues::default()
    };
    let none_after = stage.panel.evidence(&last).await.unwrap();
    assert!(none_after.candidates.is_empty());
}

#[tokio::test]
async fn what_was_lost_again_is_refilled_where_the_service_allows_it() {
    let stage = stage().await;
    let id = stage.taken(&stage.members("")).await;
    let refill = stage.of(REFILL, json!({ "order": id }));
    let early = stage.panel.submit(&refill).await.unwrap_err();
    assert!(matches!(early, ProviderError::Rejected { .. }), "{early}");
    stage.finish().await;
    let refill_id = stage.taken(&refill).await;
    assert_eq!(refill_id, "refill:1");
    let both = [id.as_str(), refill_id.as_str()];
    let answers = stage.panel.poll_many(&both).await;
    assert!(matches!(&answers[0], Ok(polled) if matches!(polled.state, PollState::Delivered(_))));
    assert_eq!(answers[1].as_ref().unwrap().state, PollState::Waiting);
    stage.finish().await;
    assert_eq!(
        stage.state(&refill_id).await,
        PollState::Delivered(Counts::default())
    );
    stage
        .control("refills/1", Some(json!({"status": "Rejected"})))
        .await;
    assert!(matches!(
        stage.state(&refill_id).await,
        PollState::Failed { .. }
    ));
}

#[tokio::test]
async fn an_order_is_taken_back_where_the_service_allows_it() {
    let stage = stage().await;
    let id = stage.taken(&stage.members("")).await;
    assert_eq!(stage.panel.cancel(&id).await, Ok(Stopped::Asked));
    let state = stage.state(&id).await;
    assert!(
        matches!(
            state,
            PollState::Failed {
                reason: FailureReason::Cancelled,
                ..
            }
        ),
        "{state:?}"
    );
    assert_eq!(stage.panel.cancel(&id).await, Ok(Stopped::TooLate));
    let fixed = stage.of(
        "107",
        json!({"link": "https://t.me/fixed", "quantity": 100}),
    );
    let id = stage.taken(&fixed).await;
    assert_eq!(stage.panel.cancel(&id).await, Ok(Stopped::TooLate));
    assert_eq!(stage.panel.cancel("refill:1").await, Ok(Stopped::TooLate));
}

#[tokio::test]
async fn the_list_of_services_is_read() {
    let stage = stage().await;
    let listing = stage.panel.listing().await.unwrap().unwrap();
    let members = listing
        .services
        .iter()
        .find(|listed| listed.id == "101")
        .unwrap();
    assert_eq!(
        (members.rate_micros, members.min, members.max),
        (900_000, 50, 10_000)
    );
    assert!(members.refill && members.cancel && members.kind == "Default");
    assert_eq!((listing.services.len(), listing.unread.len()), (7, 0));
    assert_eq!(listing.currency.as_deref(), Some("USD"));
    stage.trouble("panel.services", Trouble::GatewayPage);
    assert!(stage.panel.listing().await.is_err());
}
