//! The one list of kill points and of seeded mistakes.

macro_rules! names {
    ($(#[$about:meta])* $type:ident { $($variant:ident = $name:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the names say it, and each stands at the one place that it means")]
        pub enum $type { $($variant,)* }

        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its stable name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The one of this name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

names! {
    /// A moment before or after a commit or a call outside.
    Point {
        StartMigrating = "start_migrating",
        StartMigrated = "start_migrated",
        StartRepaired = "start_repaired",
        StartIntroducing = "start_introducing",
        StartIntroduced = "start_introduced",
        ShardsRenewing = "shards_renewing",
        ShardsRenewed = "shards_renewed",
        ShardsReleasing = "shards_releasing",
        ShardsReleased = "shards_released",
        NoticeSending = "notice_sending",
        NoticeSent = "notice_sent",
        WebhookTaken = "webhook_taken",
        WebhookAnswering = "webhook_answering",
        CheckoutLooking = "checkout_looking",
        CheckoutAnswering = "checkout_answering",
        BatchStoring = "batch_storing",
        BatchStored = "batch_stored",
        BatchAnswered = "batch_answered",
        UpdateClaimed = "update_claimed",
        UpdateCommitting = "update_committing",
        UpdateCommitted = "update_committed",
        UpdateRolledBack = "update_rolled_back",
        UpdatePostponing = "update_postponing",
        UpdatePostponed = "update_postponed",
        UpdateQuarantining = "update_quarantining",
        UpdateQuarantined = "update_quarantined",
        MessageClaiming = "message_claiming",
        MessageClaimed = "message_claimed",
        MessageMerging = "message_merging",
        MessageMerged = "message_merged",
        MessageAnswered = "message_answered",
        MessageExtended = "message_extended",
        MessageRecording = "message_recording",
        MessageRecorded = "message_recorded",
        MessagePuttingBack = "message_putting_back",
        MessagePutBack = "message_put_back",
        MessageBurying = "message_burying",
        MessageBuried = "message_buried",
        ChatDropping = "chat_dropping",
        ChatDropped = "chat_dropped",
        ChatMoving = "chat_moving",
        ChatMoved = "chat_moved",
        JobsClaiming = "jobs_claiming",
        JobsClaimed = "jobs_claimed",
        JobsExtended = "jobs_extended",
        SubmitIntending = "submit_intending",
        SubmitIntended = "submit_intended",
        PanelAdding = "panel_adding",
        PanelAdded = "panel_added",
        PanelRefilling = "panel_refilling",
        PanelRefilled = "panel_refilled",
        SubmitAnswered = "submit_answered",
        SubmitFailed = "submit_failed",
        JobStarting = "job_starting",
        JobStarted = "job_started",
        EvidenceLeaving = "evidence_leaving",
        EvidenceLeft = "evidence_left",
        JobParking = "job_parking",
        JobParked = "job_parked",
        EvidenceWeighing = "evidence_weighing",
        EvidenceWeighed = "evidence_weighed",
        UnsureResting = "unsure_resting",
        UnsureRested = "unsure_rested",
        StopAsking = "stop_asking",
        StopAsked = "stop_asked",
        StopMarking = "stop_marking",
        StopMarked = "stop_marked",
        JobPolling = "job_polling",
        JobPolled = "job_polled",
        PanelAsking = "panel_asking",
        PanelAsked = "panel_asked",
        JobNoting = "job_noting",
        JobNoted = "job_noted",
        JobProgressing = "job_progressing",
        JobProgressed = "job_progressed",
        JobSnoozing = "job_snoozing",
        JobSnoozed = "job_snoozed",
        ResultFetching = "result_fetching",
        ResultOpened = "result_opened",
        ResultCompleting = "result_completing",
        ResultCompleted = "result_completed",
        JobEnding = "job_ending",
        JobEndCommitting = "job_end_committing",
        JobEnded = "job_ended",
        PartSettling = "part_settling",
        PartSettled = "part_settled",
        LightClaiming = "light_claiming",
        LightClaimed = "light_claimed",
        LightRepeating = "light_repeating",
        LightRepeated = "light_repeated",
        LightWorking = "light_working",
        LightFinishing = "light_finishing",
        LightFinished = "light_finished",
        RescueStarting = "rescue_starting",
        RescueDone = "rescue_done",
        CallbackStoring = "callback_storing",
        CallbackStored = "callback_stored",
        InvoiceWritten = "invoice_written",
        PaymentRecording = "payment_recording",
        PaymentRecorded = "payment_recorded",
        PaymentCredited = "payment_credited",
        RefundTaking = "refund_taking",
        RefundTaken = "refund_taken",
        RefundIntended = "refund_intended",
        RefundsClaiming = "refunds_claiming",
        RefundsClaimed = "refunds_claimed",
        RefundAsking = "refund_asking",
        RefundAnswered = "refund_answered",
        RefundSettling = "refund_settling",
        RefundSettled = "refund_settled",
        RefundWaiting = "refund_waiting",
        RefundWaits = "refund_waits",
        RefundBooking = "refund_booking",
        RefundBooked = "refund_booked",
        ReconcileBooking = "reconcile_booking",
        ReconcileBooked = "reconcile_booked",
        BroadcastMade = "broadcast_made",
        BroadcastStepping = "broadcast_stepping",
        BroadcastStepped = "broadcast_stepped",
        UpkeepRan = "upkeep_ran",
        UpkeepRecorded = "upkeep_recorded",
    }
}

names! {
    /// A mistake that is put into the service on demand. The checker must find what it does.
    Mutant {
        AckBeforeCommit = "ack_before_commit",
        DedupeDropped = "dedupe_dropped",
        DoneWithoutEffects = "done_without_effects",
        NoRetry = "no_retry",
        LaneSwapped = "lane_swapped",
        HoldNeverReleased = "hold_never_released",
        ChargedTwice = "charged_twice",
        RefundAfterDelivery = "refund_after_delivery",
        ResultLost = "result_lost",
        EndUnfenced = "end_unfenced",
        SubmitUnfenced = "submit_unfenced",
        SubmitAgain = "submit_again",
        RescueSkipped = "rescue_skipped",
        OutcomeForgotten = "outcome_forgotten",
        UnknownCountsAsSent = "unknown_counts_as_sent",
        ShardsNeverFree = "shards_never_free",
        SecretLogged = "secret_logged",
        CreditedTwice = "credited_twice",
        CreditForgotten = "credit_forgotten",
        RefundNotTaken = "refund_not_taken",
        RefundTakenTwice = "refund_taken_twice",
        PartialPaidWhole = "partial_paid_whole",
        AddSentAgain = "add_sent_again",
        LostTakenAsRefused = "lost_taken_as_refused",
        StopBelieved = "stop_believed",
        AnswersSwapped = "answers_swapped",
    }
}
