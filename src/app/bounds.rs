//! How much of everything there may be at once, by the configuration.

use std::time::Duration;

use crate::config::Config;
use crate::engine::jobs::JobLimits;
use crate::engine::lanes::Limits;
use crate::engine::outbox::PacingLimits;

const BUFFERED_ROWS_MAX: usize = 4096;
const POLL: Duration = Duration::from_secs(1);

pub(super) fn job_limits(config: &Config) -> JobLimits {
    let has_admins = !config.wallet.admin_ids.is_empty();
    JobLimits {
        concurrency_max: config.limits.job_concurrency,
        lease: config.limits.job_lease,
        unknown_ask: has_admins.then_some(config.limits.unknown_ask),
        unknown_max: config.limits.unknown_release,
        ..JobLimits::default()
    }
}

pub(super) fn pacing(limits: &crate::config::Limits) -> PacingLimits {
    PacingLimits::of(
        limits.send_per_second,
        limits.send_notices_per_second,
        limits.chat_notices_per_minute,
    )
}

pub(super) fn lane_limits(concurrency_max: usize) -> Limits {
    Limits {
        concurrency_max,
        buffered_max: BUFFERED_ROWS_MAX,
        poll: POLL,
    }
}
