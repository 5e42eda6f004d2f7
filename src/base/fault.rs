//! Named moments at which the crash suite kills the process, and seeded mistakes that its checker must find.
//!
//! Without the cargo feature `faults` (the ordinary binary) every call here is an empty inline function. With it, a
//! process that was armed kills or stops itself when it passes a point for the n-th time, and notes in a file which
//! points it has passed, so that the suite can prove that each of them is reached.

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
        SubmitAnswered = "submit_answered",
        SubmitFailed = "submit_failed",
        JobStarting = "job_starting",
        JobStarted = "job_started",
        EvidenceLeaving = "evidence_leaving",
        EvidenceLeft = "evidence_left",
        JobParking = "job_parking",
        JobParked = "job_parked",
        JobPolling = "job_polling",
        JobPolled = "job_polled",
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
        LightFinishing = "light_finishing",
        LightFinished = "light_finished",
        RescueStarting = "rescue_starting",
        RescueDone = "rescue_done",
        CallbackStoring = "callback_storing",
        CallbackStored = "callback_stored",
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
    }
}

#[cfg(feature = "faults")]
pub use armed::{Arm, Plan, arm, clock_ahead, mutant, reach};

/// Passes a point.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub fn reach(_: Point) {}

/// Whether a mistake is to be made here, now.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub const fn mutant(_: Mutant) -> bool {
    false
}

#[cfg(feature = "faults")]
mod armed {
    use std::io::Write as _;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{OnceLock, PoisonError, RwLock};
    use std::time::Duration;

    use rustix::process::{Signal, getpid, kill_process, set_parent_process_death_signal};

    use super::{Mutant, Point};

    /// How often a running process looks for new orders.
    const LOOK: Duration = Duration::from_millis(20);

    /// What happens at a point.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Act {
        /// The process is gone at once.
        Kill,
        /// It stands still until somebody continues it.
        Stop,
    }

    /// One armed point.
    #[derive(Debug)]
    pub struct Arm {
        point: Point,
        left: AtomicU32,
        act: Act,
    }

    impl Arm {
        /// `point:n` kills at the n-th passing from now on, `point:n:stop` stops; several are separated by commas.
        ///
        /// # Errors
        /// What cannot be read.
        pub fn parse_all(text: &str) -> Result<Vec<Self>, String> {
            let arms = text.split(',').map(str::trim).filter(|arm| !arm.is_empty());
            arms.map(Self::parse).collect()
        }

        fn parse(text: &str) -> Result<Self, String> {
            let wrong = || format!("no kill point: {text:?}");
            let mut parts = text.split(':');
            let point = parts.next().and_then(Point::named).ok_or_else(wrong)?;
            let nth = parts.next().unwrap_or("1").parse().map_err(|_| wrong())?;
            let act = match parts.next() {
                None | Some("kill") => Act::Kill,
                Some("stop") => Act::Stop,
                Some(_) => return Err(wrong()),
            };
            let left = AtomicU32::new(nth);
            Ok(Self { point, left, act })
        }
    }

    /// What goes wrong in this process.
    #[derive(Debug, Default)]
    pub struct Plan {
        /// Where it dies or stops.
        pub arms: Vec<Arm>,
        /// A file in which other arms are put while it runs; it is taken away when they are read.
        pub orders: Option<PathBuf>,
        /// Where passed points are noted.
        pub notes: Option<PathBuf>,
        /// The mistake, at each n-th occasion.
        pub mutant: Option<(Mutant, u32)>,
        /// The wall clock jumps: after so long, by so many milliseconds.
        pub clock_step: Option<(Duration, i64)>,
    }

    struct Armed {
        plan: Plan,
        arms: RwLock<Vec<Arm>>,
        passed: Vec<AtomicU32>,
        occasions: AtomicU32,
    }

    static ARMED: OnceLock<Armed> = OnceLock::new();

    /// Arms this process, once.
    pub fn arm(mut plan: Plan) {
        let armed = Armed {
            arms: RwLock::new(std::mem::take(&mut plan.arms)),
            passed: Point::ALL.iter().map(|_| AtomicU32::new(0)).collect(),
            occasions: AtomicU32::new(0),
            plan,
        };
        if ARMED.set(armed).is_ok() {
            // Nobody would end this process if the suite itself is killed.
            let _ = set_parent_process_death_signal(Some(Signal::KILL));
            std::thread::spawn(take_orders);
        }
    }

    /// For as long as the process lives.
    #[expect(
        clippy::disallowed_methods,
        reason = "a thread beside the runtime, so that a busy or blocked runtime does not keep it from dying"
    )]
    fn take_orders() {
        let Some(armed) = ARMED.get() else { return };
        let Some(path) = &armed.plan.orders else {
            return;
        };
        loop {
            std::thread::sleep(LOOK);
            let Ok(text) = std::fs::read_to_string(path) else {
                continue;
            };
            if let Ok(arms) = Arm::parse_all(&text) {
                *armed.arms.write().unwrap_or_else(PoisonError::into_inner) = arms;
            }
            let _ = std::fs::remove_file(path);
        }
    }

    /// Passes a point.
    pub fn reach(point: Point) {
        let Some(armed) = ARMED.get() else { return };
        let Some(passed) = armed.passed.get(point as usize) else {
            return;
        };
        if passed.fetch_add(1, Ordering::Relaxed) == 0 {
            armed.note("passed", point);
        }
        let due = armed.due(point);
        match due {
            None => {}
            Some(Act::Kill) => {
                armed.note("killed", point);
                let _ = kill_process(getpid(), Signal::KILL);
                // No step further, should the signal take a moment.
                loop {
                    std::thread::park();
                }
            }
            Some(Act::Stop) => {
                armed.note("stopped", point);
                let _ = kill_process(getpid(), Signal::STOP);
            }
        }
    }

    /// Whether a mistake is to be made here, now.
    pub fn mutant(mutant: Mutant) -> bool {
        let Some(armed) = ARMED.get() else {
            return false;
        };
        match armed.plan.mutant {
            Some((chosen, every)) if chosen == mutant => {
                let nth = armed.occasions.fetch_add(1, Ordering::Relaxed) + 1;
                nth.is_multiple_of(every.max(1))
            }
            Some(_) | None => false,
        }
    }

    /// How far the wall clock is ahead of the machine's, given the time since the start.
    pub fn clock_ahead(since_start: Duration) -> time::Duration {
        match ARMED.get().and_then(|armed| armed.plan.clock_step) {
            Some((after, step_ms)) if since_start >= after => time::Duration::milliseconds(step_ms),
            Some(_) | None => time::Duration::ZERO,
        }
    }

    impl Armed {
        fn due(&self, point: Point) -> Option<Act> {
            let arms = self.arms.read().unwrap_or_else(PoisonError::into_inner);
            let mut here = arms.iter().filter(|arm| arm.point == point);
            let count = |left: u32| left.checked_sub(1);
            here.find_map(|arm| {
                let left = arm
                    .left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, count);
                (left == Ok(1)).then_some(arm.act)
            })
        }

        /// One short write in append mode: whole, and there even if the process dies right after it.
        fn note(&self, what: &str, point: Point) {
            let Some(path) = &self.plan.notes else { return };
            let file = std::fs::OpenOptions::new()
                .append(true)
                .create(true)
                .open(path);
            if let Ok(mut file) = file {
                let _ = file.write_all(format!("{what} {}\n", point.name()).as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_lead_back() {
        let points: BTreeSet<&str> = Point::ALL.iter().map(|point| point.name()).collect();
        assert_eq!(points.len(), Point::ALL.len());
        for point in Point::ALL {
            assert_eq!(Point::named(point.name()), Some(*point));
        }
        let mutants: BTreeSet<&str> = Mutant::ALL.iter().map(|mutant| mutant.name()).collect();
        assert_eq!(mutants.len(), Mutant::ALL.len());
        assert_eq!(Point::named("nowhere"), None);
    }
}
