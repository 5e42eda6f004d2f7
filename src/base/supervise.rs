//! The only place that spawns tasks: named, restarted after a panic, stopped together.
#![expect(clippy::disallowed_methods, reason = "this is the home of tasks")]

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::task::JoinHandle;
pub use tokio_util::sync::CancellationToken as Shutdown;
use tokio_util::task::TaskTracker;

const RESTART_DELAY_MAX: Duration = Duration::from_secs(5);

/// Starts tasks and waits for them at the end.
#[derive(Clone, Debug, Default)]
pub struct Supervisor {
    shutdown: Shutdown,
    tasks: TaskTracker,
}

impl Supervisor {
    /// A supervisor whose tasks stop when `shutdown` is cancelled.
    pub fn new(shutdown: Shutdown) -> Self {
        Self {
            shutdown,
            tasks: TaskTracker::new(),
        }
    }

    /// The token that stops every task of this supervisor.
    pub fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// Runs a service until it returns. If it panics, that is logged as an error and it is started
    /// anew, after a delay that grows to five seconds: one bug must not silence the whole service.
    pub fn service<F, Fut>(&self, name: &'static str, mut start: F)
    where
        F: FnMut(Shutdown) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            let mut delay = Duration::from_millis(100);
            loop {
                let run = AssertUnwindSafe(start(shutdown.clone()));
                match run.catch_unwind().await {
                    Ok(()) => return,
                    Err(panic) => {
                        tracing::error!(
                            service = name,
                            panic = panic_text(&*panic),
                            "service panicked, restarting"
                        );
                    }
                }
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(delay) => {}
                }
                delay = (delay * 2).min(RESTART_DELAY_MAX);
            }
        });
    }

    /// Cancels every task and waits until all have ended or `grace` is over. False if some were left.
    pub async fn stop(&self, grace: Duration) -> bool {
        self.shutdown.cancel();
        self.tasks.close();
        tokio::time::timeout(grace, self.tasks.wait()).await.is_ok()
    }
}

/// Starts one named task that nobody waits for; a panic in it is logged.
pub fn spawn<Fut>(name: &'static str, task: Fut) -> JoinHandle<()>
where
    Fut: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(panic) = AssertUnwindSafe(task).catch_unwind().await {
            tracing::error!(task = name, panic = panic_text(&*panic), "task panicked");
        }
    })
}

/// What a caught panic said.
pub fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("panic without a text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test(start_paused = true)]
    async fn a_service_that_panics_is_started_again() {
        let supervisor = Supervisor::default();
        let runs = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&runs);
        supervisor.service("flaky", move |_| {
            let run = seen.fetch_add(1, Ordering::SeqCst);
            async move {
                assert!(run >= 2, "not yet");
            }
        });
        supervisor.tasks.close();
        supervisor.tasks.wait().await;
        assert_eq!(runs.load(Ordering::SeqCst), 3);
        assert!(supervisor.stop(Duration::from_secs(1)).await);
    }
}
