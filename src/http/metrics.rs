//! Prometheus metrics: the one table of names, and their rendering.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Duration of requests that we answer, by method, route template and status.
pub const HTTP_DURATION: &str = "http_server_request_duration_seconds";
/// Rows that wait, by queue.
pub const QUEUE_PENDING: &str = "bulwark_queue_pending";
/// Age of the oldest row that waits, by queue.
pub const QUEUE_OLDEST: &str = "bulwark_queue_oldest_pending_seconds";
/// Updates set aside after their last try.
pub const QUARANTINED: &str = "bulwark_updates_quarantined";
/// Messages that could not be delivered.
pub const DEAD_LETTERS: &str = "bulwark_dead_letters";
/// Jobs whose submit has an unknown outcome.
pub const JOBS_UNKNOWN: &str = "bulwark_jobs_unknown";
/// Jobs set aside until a person looks, by weight.
pub const JOBS_STUCK: &str = "bulwark_jobs_stuck";
/// Connections of the pool, by state.
pub const POOL: &str = "bulwark_database_connections";
/// What is left on our account, by provider, in its own unit.
pub const PROVIDER_BALANCE: &str = "bulwark_provider_balance";
/// 1 while an account has too little for new orders, by provider.
pub const PROVIDER_LOW: &str = "bulwark_provider_balance_low";
/// How a breaker stands, by dependency, call and class: 0 closed, 1 half-open, 2 open, 3 isolated.
pub const BREAKER_STATE: &str = "bulwark_breaker_state";
/// What does not balance, by source: the ledger's audit, the last night's comparisons.
pub const BOOKS_FINDINGS: &str = "bulwark_books_findings";
/// Always 1, with the version.
pub const BUILD_INFO: &str = "bulwark_build_info";

const GAUGES: [(&str, &str); 12] = [
    (QUEUE_PENDING, "Rows that wait, by queue"),
    (QUEUE_OLDEST, "Age of the oldest row that waits, by queue"),
    (QUARANTINED, "Updates set aside after their last try"),
    (DEAD_LETTERS, "Messages that could not be delivered"),
    (JOBS_UNKNOWN, "Jobs whose submit has an unknown outcome"),
    (JOBS_STUCK, "Jobs set aside until a person looks, by weight"),
    (POOL, "Connections of the database pool, by state"),
    (
        PROVIDER_BALANCE,
        "What is left on our account, by provider, in its own unit",
    ),
    (
        PROVIDER_LOW,
        "1 while an account has too little for new orders, by provider",
    ),
    (
        BREAKER_STATE,
        "How a breaker stands: 0 closed, 1 half-open, 2 open, 3 isolated",
    ),
    (
        BOOKS_FINDINGS,
        "What does not balance, by source: the ledger's audit, the last night's comparisons",
    ),
    (BUILD_INFO, "Always 1, with the version"),
];

const SECONDS: [f64; 11] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Installs the recorder of this process once; None if another one was installed before.
pub fn install() -> Option<&'static PrometheusHandle> {
    HANDLE
        .get_or_init(|| {
            let builder = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Full(HTTP_DURATION.to_owned()), &SECONDS)
                .ok()?;
            let handle = builder.install_recorder().ok()?;
            metrics::describe_histogram!(
                HTTP_DURATION,
                metrics::Unit::Seconds,
                "Duration of requests that we answer"
            );
            for (name, help) in GAUGES {
                metrics::describe_gauge!(name, help);
            }
            metrics::gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
            Some(handle)
        })
        .as_ref()
}

/// Sorts what was recorded into buckets. Samples pile up until then, whether anybody reads the metrics or not.
pub fn settle() {
    if let Some(handle) = install() {
        handle.run_upkeep();
    }
}

/// The text that Prometheus reads.
pub fn render() -> String {
    install()
        .map(|handle| {
            handle.run_upkeep();
            handle.render()
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_rendered_with_its_help() {
        install().expect("the only recorder of this process");
        for (name, _) in GAUGES {
            metrics::gauge!(name).set(1.0);
        }
        metrics::histogram!(HTTP_DURATION).record(0.2);
        let text = render();
        for name in GAUGES
            .map(|(name, _)| name)
            .into_iter()
            .chain([HTTP_DURATION])
        {
            assert!(text.contains(&format!("# HELP {name} ")), "{name}: {text}");
        }
        assert!(
            text.contains(&format!("{HTTP_DURATION}_bucket{{le=\"0.25\"}}")),
            "{text}"
        );
    }
}
