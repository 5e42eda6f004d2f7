//! What every provider must do, checked against a server that plays it: one suite, run for each adapter.
//!
//! An adapter's tests implement [`Stage`] and call `passes_conformance!(stage)`, where `stage` is an async function
//! that sets one up. A new check is added here once, and every provider has to pass it.

mod answers;
mod submits;

use std::time::Duration;

use async_trait::async_trait;

use super::{
    FailureReason, PollState, Polled, Provider, ProviderError, ResultUrl, SubmitRequest, Submitted,
};
pub(super) use answers::*;
pub(super) use submits::*;

/// What goes wrong with the next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The connection breaks before the provider acts.
    CutBefore,
    /// It breaks after it acted.
    CutAfter,
    /// No answer within the time that a provider made by [`Stage::hasty`] waits.
    Silence,
    /// 502 with a page.
    GatewayPage,
    /// 200 with what is no JSON.
    Nonsense,
    /// 200 with JSON that says nothing.
    EmptyAnswer,
    /// Too many calls: come back after 17 seconds.
    RateLimited,
    /// The provider is in maintenance.
    Maintenance,
    /// Our account there is empty.
    NoFunds,
    /// Our key is not accepted.
    KeyRefused,
    /// A parameter is out of its range. The answer repeats what we sent, with all its secrets.
    InputRefused,
    /// The content is against the rules.
    ContentRefused,
}

/// What goes wrong with a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileTrouble {
    /// 404.
    Missing,
    /// A page in its place.
    Page,
    /// 503.
    Unavailable,
}

/// How a callback is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signature {
    Good,
    Forged,
    Stale,
    Absent,
}

/// Headers with lower-case names, and the body.
pub(super) type RawCallback = (Vec<(&'static str, Vec<u8>)>, Vec<u8>);

/// A provider together with the server that plays its other side, on a clock that only the test moves.
#[async_trait]
pub(super) trait Stage: Sync {
    fn provider(&self) -> &dyn Provider;
    /// The same, but it waits for less than a second, and takes results of a few bytes only.
    fn hasty(&self) -> Box<dyn Provider>;
    /// The same, with nobody at its address.
    fn unreachable(&self) -> Box<dyn Provider>;
    /// An order that the provider takes.
    fn order(&self) -> SubmitRequest;
    /// An order that the provider takes and then fails for its content.
    fn doomed_order(&self) -> SubmitRequest;
    /// The next call that creates work goes wrong.
    fn trouble_submit(&self, trouble: Trouble);
    /// The next question about work goes wrong.
    fn trouble_poll(&self, trouble: Trouble);
    /// The next fetching of a result goes wrong.
    fn trouble_file(&self, trouble: FileTrouble) {
        panic!("it has no files: {trouble:?}");
    }
    /// Why [`Stage::doomed_order`] fails.
    fn doomed_reason(&self) -> FailureReason {
        FailureReason::ContentRefused
    }
    /// How many results an order has.
    fn results_expected(&self) -> usize {
        1
    }
    /// Whether it says what is left on our account.
    fn tells_balance(&self) -> bool {
        true
    }
    /// Calls that would create work and reached the server.
    fn submits_seen(&self) -> usize;
    /// Work that exists there.
    async fn tasks(&self) -> usize;
    fn advance(&self, by: Duration);
    /// Moves time until all work there has ended.
    async fn finish(&self);
    fn callback(&self, external_id: &str, signature: Signature) -> RawCallback {
        panic!("it does not call back about {external_id}: {signature:?}");
    }
    /// What must appear nowhere.
    fn secrets(&self) -> Vec<String>;
}

/// Runs every check for the provider that `$stage()` sets up; those about results and callbacks only for one that has such.
macro_rules! passes_conformance {
    ($stage:path) => {
        $crate::providers::conformance::passes_conformance!(@each $stage:
            an_order_is_created_once_and_goes_on_to_its_end,
            a_lost_answer_is_ambiguous_and_never_sent_again,
            a_submit_that_nobody_heard_may_be_sent_again,
            a_refusal_has_its_class,
            our_account_in_trouble_closes_the_shop_for_a_while,
            an_ill_provider_is_left_alone_and_found_well_again,
            a_rate_limit_is_waited_for,
            a_task_that_fails_says_why,
            trouble_while_asking_loses_no_task,
            an_unknown_task_is_asked_for_again_before_it_is_given_up,
            many_questions_have_their_answers_in_their_order,
            results_are_fetched_from_nowhere_inside,
            no_secret_is_shown,
            questions_slow_down,
        );
    };
    ($stage:path: files, callbacks) => {
        $crate::providers::conformance::passes_conformance!($stage);
        $crate::providers::conformance::passes_conformance!(@each $stage:
            a_result_is_fetched,
            a_result_that_cannot_be_passed_on_is_refused,
            a_callback_is_believed_by_its_signature_alone,
        );
    };
    (@each $stage:path: $($check:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $check() {
                $crate::providers::conformance::$check(&$stage().await).await;
            }
        )*
    };
}
pub(super) use passes_conformance;

async fn created(stage: &impl Stage) -> Submitted {
    stage.provider().submit(&stage.order()).await.unwrap()
}

async fn refused(stage: &impl Stage, trouble: Trouble) -> ProviderError {
    stage.trouble_submit(trouble);
    stage.provider().submit(&stage.order()).await.unwrap_err()
}

async fn poll(stage: &impl Stage, external_id: &str) -> Polled {
    stage.provider().poll(external_id).await.unwrap()
}

fn is_under_way(state: &PollState) -> bool {
    match state {
        PollState::Waiting | PollState::Running { .. } | PollState::Counting(_) => true,
        PollState::Succeeded { .. }
        | PollState::Delivered(_)
        | PollState::Partial { .. }
        | PollState::Failed { .. } => false,
    }
}

fn is_done(state: &PollState) -> bool {
    matches!(state, PollState::Succeeded { .. } | PollState::Delivered(_))
}

/// The results of a new order, once it is done.
async fn results(stage: &impl Stage) -> Vec<ResultUrl> {
    let id = created(stage).await.external_id;
    stage.finish().await;
    match poll(stage, &id).await.state {
        PollState::Succeeded { results } => results,
        state => panic!("it is {state:?}"),
    }
}
