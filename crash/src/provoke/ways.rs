//! Which way leads to which point.

use bulwark::base::fault::Point;

use super::Way;
use crate::cards::CardErrand;
use crate::inquirers::Doubtful;
use crate::payouts::Fate;
use crate::promoters::Errand;
use crate::tippers::Gift;

/// The way to a point.
pub fn way(point: Point) -> Way {
    match point {
        Point::StartMigrating
        | Point::StartMigrated
        | Point::StartRepaired
        | Point::StartIntroducing
        | Point::StartIntroduced
        | Point::RescueStarting
        | Point::UpkeepRan
        | Point::UpkeepRecorded => Way::Start,
        Point::ShardsReleasing | Point::ShardsReleased => Way::Stop,
        Point::NoticeSending | Point::NoticeSent => Way::Replicas,
        Point::UpdateRolledBack | Point::UpdateQuarantining | Point::UpdateQuarantined => {
            Way::Nonsense
        }
        Point::UpdatePostponing | Point::UpdatePostponed => Way::Disturbed,
        Point::MessageMerging | Point::MessageMerged => Way::Notices,
        Point::MessageExtended => Way::Telegram("late"),
        Point::MessagePuttingBack | Point::MessagePutBack => Way::Telegram("ill"),
        Point::MessageBurying | Point::MessageBuried => Way::Telegram("refusal"),
        Point::ChatDropping | Point::ChatDropped => Way::Blocked,
        Point::ChatMoving | Point::ChatMoved => Way::Moved,
        Point::JobsExtended => Way::Provider("late"),
        Point::SubmitFailed | Point::JobSnoozing | Point::JobSnoozed => Way::Provider("busy"),
        Point::JobParking | Point::JobParked => Way::Provider("lost"),
        Point::PanelAdding | Point::PanelAdded => Way::Panel(Errand::Order),
        Point::EvidenceWeighing
        | Point::EvidenceWeighed
        | Point::UnsureResting
        | Point::UnsureRested => Way::Panel(Errand::Lost),
        Point::PanelAsking | Point::PanelAsked => Way::Panel(Errand::Together),
        Point::StopAsking | Point::StopAsked | Point::StopMarking | Point::StopMarked => {
            Way::Panel(Errand::Stop)
        }
        Point::PartSettling | Point::PartSettled => Way::Panel(Errand::Part),
        Point::PanelRefilling | Point::PanelRefilled => Way::Panel(Errand::Refill),
        Point::EvidenceLeaving | Point::EvidenceLeft => Way::Lead("job_starting:1:stop"),
        Point::RescueDone => Way::Lead("submit_intended:1"),
        Point::JobProgressing | Point::JobProgressed => Way::SlowTasks,
        Point::LightClaimed
        | Point::LightWorking
        | Point::LightFinishing
        | Point::LightFinished => Way::Light,
        Point::LightRepeating | Point::LightRepeated => Way::LightAgain,
        Point::BroadcastMade | Point::BroadcastStepping | Point::BroadcastStepped => Way::Broadcast,
        Point::CheckoutLooking
        | Point::CheckoutAnswering
        | Point::InvoiceWritten
        | Point::PaymentRecording
        | Point::PaymentRecorded
        | Point::RewardBooking
        | Point::RewardBooked
        | Point::PaymentCredited => Way::Payment,
        Point::RefundTaking
        | Point::RefundTaken
        | Point::RefundIntended
        | Point::RefundsClaimed
        | Point::RefundAsking
        | Point::RefundAnswered
        | Point::RefundSettling
        | Point::RewardTaking
        | Point::RewardTaken
        | Point::RefundSettled => Way::Refund,
        Point::RefundWaiting | Point::RefundWaits => Way::RefundLost,
        Point::RefundBooking | Point::RefundBooked => Way::GivenBack,
        Point::ReconcileBooking | Point::ReconcileBooked => Way::Reconcile,
        Point::PayoutHolding
        | Point::PayoutRequested
        | Point::PayoutStepping
        | Point::PayoutStepped => Way::Payout(Fate::Single),
        Point::PayoutMoving | Point::PayoutMoved => Way::Payout(Fate::Doubtful),
        Point::PayoutsExporting | Point::PayoutsExported | Point::PayoutsPaid => {
            Way::Payout(Fate::Bulk)
        }
        Point::ReferralNoted => Way::Invited,
        Point::OwnMoving | Point::OwnMoved => Way::Earnings,
        Point::TipGiving => Way::Tip,
        Point::TipMoved => Way::TipInLedger,
        Point::TipHeld
        | Point::TipQueued
        | Point::SettlementAsking
        | Point::SettlementAsked
        | Point::TipSettling
        | Point::TipSettled => Way::TipOutside(Gift::Whole),
        Point::TipReturning | Point::TipReturned => Way::TipOutside(Gift::Refused),
        Point::IntentWritten
        | Point::LinkAsking
        | Point::LinkAnswered
        | Point::LinkOpening
        | Point::LinkOpened
        | Point::EventStoring
        | Point::EventStored
        | Point::EventAsking
        | Point::EventAnswered
        | Point::EventSettling
        | Point::EventSettled
        | Point::CardRecording
        | Point::CardRecorded
        | Point::CardCredited => Way::Card(CardErrand::Payment),
        Point::EventWaiting | Point::EventWaits => Way::Card(CardErrand::Later),
        Point::IntentAsking
        | Point::IntentAnswered
        | Point::IntentSettling
        | Point::IntentSettled => Way::Card(CardErrand::Untold),
        Point::CardRefundTaken
        | Point::CardRefundIntended
        | Point::CardRefundLooking
        | Point::CardRefundLooked
        | Point::CardRefundLeaving
        | Point::CardRefundAsking
        | Point::CardRefundAnswered
        | Point::CardRefundEnding
        | Point::CardRefundEnded => Way::Card(CardErrand::Refund),
        Point::CardRefundWaiting | Point::CardRefundWaits => Way::Card(CardErrand::RefundLost),
        Point::CardRefundDoubting | Point::CardRefundDoubted | Point::CardRefundSaid => {
            Way::Card(CardErrand::RefundGone)
        }
        Point::CompareBooking | Point::CompareBooked => Way::CardMissed { is_refund: false },
        Point::CompareReturning | Point::CompareReturned => Way::CardMissed { is_refund: true },
        Point::QuestionAsking
        | Point::QuestionAsked
        | Point::TaskConfirming
        | Point::TaskConfirmed => Way::Inquiry(Doubtful::There),
        Point::AnswerTaken | Point::QuestionClosed => Way::Inquiry(Doubtful::Missing),
        Point::QuestionReopening | Point::QuestionReopened => Way::Inquiry(Doubtful::MisTyped),
        Point::ShardsRenewing
        | Point::ShardsRenewed
        | Point::WebhookTaken
        | Point::WebhookAnswering
        | Point::BatchStoring
        | Point::BatchStored
        | Point::BatchAnswered
        | Point::UpdateClaimed
        | Point::UpdateCommitting
        | Point::UpdateCommitted
        | Point::MessageClaiming
        | Point::MessageClaimed
        | Point::MessageAnswered
        | Point::MessageRecording
        | Point::MessageRecorded
        | Point::JobsClaiming
        | Point::JobsClaimed
        | Point::SubmitIntending
        | Point::SubmitIntended
        | Point::SubmitAnswered
        | Point::JobStarting
        | Point::JobStarted
        | Point::JobPolling
        | Point::JobPolled
        | Point::JobNoting
        | Point::JobNoted
        | Point::ResultFetching
        | Point::ResultOpened
        | Point::ResultCompleting
        | Point::ResultCompleted
        | Point::JobEnding
        | Point::JobEndCommitting
        | Point::JobEnded
        | Point::LightClaiming
        | Point::RefundsClaiming
        | Point::CallbackStoring
        | Point::CallbackStored => Way::Traffic,
    }
}
