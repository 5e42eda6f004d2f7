//! Rates, concurrency and retention.

use std::time::Duration;

use super::Reader;

/// How much is done at once, how fast users may go, and how long things are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages and taps per user and minute.
    pub rate_per_minute: u32,
    /// How many of them may come at once.
    pub rate_burst: u32,
    /// Orders of a free service per user and day, unless the catalogue says otherwise.
    pub free_uses_per_day: u32,
    /// Orders a user may have running at once.
    pub orders_per_user: u32,
    /// Updates that may wait for the database at once.
    pub intake_waiting: usize,
    /// Chats whose updates are handled at once.
    pub lane_concurrency: usize,
    /// Provider calls made at once.
    pub job_concurrency: usize,
    /// How long a job stays with a replica that gives no sign of life.
    pub job_lease: Duration,
    /// After a submit whose answer was lost: when admins are asked about it.
    pub unknown_ask: Duration,
    /// And when its money is released, if nobody has answered.
    pub unknown_release: Duration,
    /// Messages on their way to Telegram at once.
    pub send_concurrency: usize,
    /// Calls of the Bot API in any second, of all replicas.
    pub send_per_second: u32,
    /// Of these, notifications.
    pub send_notices_per_second: u32,
    /// Notifications to one chat.
    pub chat_notices_per_minute: u32,
    /// How long handled updates are kept.
    pub inbox_retention: Duration,
    /// How long sent messages are kept.
    pub outbox_retention: Duration,
    /// How long finished jobs are kept.
    pub job_retention: Duration,
}

impl Limits {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let send_per_second = reader.number("SEND_PER_SECOND", 2..=1000);
        let send_notices_per_second = reader.number("SEND_NOTICES_PER_SECOND", 1..=999);
        if send_notices_per_second >= send_per_second {
            reader.problem(
                "SEND_NOTICES_PER_SECOND",
                "leaves no room for answers",
                "set less than SEND_PER_SECOND",
            );
        }
        let unknown_ask = Duration::from_secs(reader.number("UNKNOWN_ASK_S", 10..=86_400));
        let unknown_release = Duration::from_secs(reader.number("UNKNOWN_RELEASE_S", 60..=604_800));
        if unknown_ask >= unknown_release {
            reader.problem(
                "UNKNOWN_RELEASE_S",
                "leaves nobody time to answer",
                "set more than UNKNOWN_ASK_S",
            );
        }
        Self {
            rate_per_minute: reader.number("RATE_LIMIT_PER_MINUTE", 1..=600),
            rate_burst: reader.number("RATE_LIMIT_BURST", 1..=600),
            free_uses_per_day: reader.number("FREE_USES_PER_DAY", 1..=1000),
            orders_per_user: reader.number("ORDERS_PER_USER", 1..=100),
            intake_waiting: reader.number("INTAKE_WAITING", 16..=65_536),
            lane_concurrency: reader.number("LANE_CONCURRENCY", 1..=256),
            job_concurrency: reader.number("JOB_CONCURRENCY", 1..=256),
            job_lease: Duration::from_secs(reader.number("JOB_LEASE_S", 3..=60)),
            unknown_ask,
            unknown_release,
            send_concurrency: reader.number("SEND_CONCURRENCY", 4..=256),
            send_per_second,
            send_notices_per_second,
            chat_notices_per_minute: reader.number("CHAT_NOTICES_PER_MINUTE", 1..=20),
            inbox_retention: reader.days("INBOX_RETENTION_DAYS", 2..=6),
            outbox_retention: reader.days("OUTBOX_RETENTION_DAYS", 1..=90),
            job_retention: reader.days("JOB_RETENTION_DAYS", 7..=3650),
        }
    }
}
