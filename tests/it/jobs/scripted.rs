//! A provider that does what a test says.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bulwark::providers::{
    Balance, CallbackError, CallbackHint, Download, PollState, Polled, Provider, ProviderError,
    ResultUrl, Step, Stopped, SubmitRequest, Submitted,
};
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use tokio::sync::Semaphore;

/// A provider whose calls can be held, and whose answers can be set.
pub struct Scripted {
    name: &'static str,
    pub submits: AtomicUsize,
    pub polls: AtomicUsize,
    /// Answers of the next submits; then tasks are accepted.
    pub submit_errors: Mutex<VecDeque<ProviderError>>,
    pub tasks_max: AtomicU32,
    pub submits_now: AtomicUsize,
    pub can_cancel: AtomicBool,
    pub cancels: AtomicUsize,
    pub stops: AtomicBool,
    /// How many polls of a task say "running" before it succeeds.
    pub polls_before_success: AtomicUsize,
    /// Calls that have come to the closed gate.
    entered: Semaphore,
    /// Calls wait here while it is closed.
    gate: Semaphore,
    gated: AtomicBool,
}

impl Scripted {
    pub fn new(name: &'static str) -> Arc<Self> {
        Arc::new(Self {
            name,
            submits: AtomicUsize::new(0),
            polls: AtomicUsize::new(0),
            submit_errors: Mutex::default(),
            tasks_max: AtomicU32::new(100),
            submits_now: AtomicUsize::new(usize::MAX),
            can_cancel: AtomicBool::new(false),
            cancels: AtomicUsize::new(0),
            stops: AtomicBool::new(true),
            polls_before_success: AtomicUsize::new(0),
            entered: Semaphore::new(0),
            gate: Semaphore::new(0),
            gated: AtomicBool::new(false),
        })
    }

    /// From now on calls wait; `open` lets those that wait go on.
    pub fn close(&self) {
        self.gated.store(true, Ordering::SeqCst);
    }

    pub fn open(&self) {
        self.gated.store(false, Ordering::SeqCst);
        self.gate.add_permits(1_000);
    }

    /// Waits until one more call stands before the closed gate.
    pub async fn entered(&self) {
        let entered = tokio::time::timeout(Duration::from_secs(20), self.entered.acquire());
        entered
            .await
            .expect("a call")
            .expect("never closed")
            .forget();
    }

    async fn pass(&self) {
        let gated = self.gated.load(Ordering::SeqCst);
        if gated {
            self.entered.add_permits(1);
            self.gate.acquire().await.expect("never closed").forget();
        }
    }
}

#[async_trait]
impl Provider for Scripted {
    fn name(&self) -> &str {
        self.name
    }

    async fn submit(&self, request: &SubmitRequest) -> Result<Submitted, ProviderError> {
        self.submits.fetch_add(1, Ordering::SeqCst);
        self.pass().await;
        if let Some(error) = self.submit_errors.lock().unwrap().pop_front() {
            return Err(error);
        }
        Ok(Submitted {
            external_id: format!("task-{}", request.correlation),
            answer: json!({}),
        })
    }

    async fn poll(&self, _: &str) -> Result<Polled, ProviderError> {
        let before = self.polls.fetch_add(1, Ordering::SeqCst);
        self.pass().await;
        let state = if before < self.polls_before_success.load(Ordering::SeqCst) {
            PollState::Running {
                progress_percent: None,
            }
        } else {
            PollState::Succeeded {
                results: vec![ResultUrl {
                    url: "https://results.invalid/1".to_owned(),
                }],
            }
        };
        Ok(Polled {
            state,
            answer: json!({}),
        })
    }

    fn can_cancel(&self) -> bool {
        self.can_cancel.load(Ordering::SeqCst)
    }

    async fn cancel(&self, _: &str) -> Result<Stopped, ProviderError> {
        self.cancels.fetch_add(1, Ordering::SeqCst);
        Ok(if self.stops.load(Ordering::SeqCst) {
            Stopped::Yes
        } else {
            Stopped::TooLate
        })
    }

    fn next_poll(&self, _: Duration) -> Duration {
        Duration::from_secs(2)
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(900)
    }

    fn verify_callback(
        &self,
        _: &[(&str, &[u8])],
        _: &[u8],
    ) -> Result<CallbackHint, CallbackError> {
        Err(CallbackError::Malformed)
    }

    async fn download(&self, _: &ResultUrl) -> Result<Download, ProviderError> {
        Ok(Download {
            mime: "image/png".to_owned(),
            len: Some(3),
            body: stream::iter([Ok(bytes::Bytes::from_static(b"png"))]).boxed(),
        })
    }

    async fn balance(&self) -> Result<Option<Balance>, ProviderError> {
        Ok(None)
    }

    fn hold_back(&self, _: Step) -> Option<Duration> {
        None
    }

    fn tasks_max(&self) -> u32 {
        self.tasks_max.load(Ordering::SeqCst)
    }

    fn submits_now(&self) -> usize {
        self.submits_now.load(Ordering::SeqCst)
    }

    fn is_unavailable(&self) -> bool {
        false
    }
}
