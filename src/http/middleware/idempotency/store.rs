//! Where answers are kept, and a bounded store in memory.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use axum::http::HeaderValue;
use bytes::Bytes;

use crate::base::clock::Clock;

/// An answer as it is given again. Other headers belong to one exchange and are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredResponse {
    /// HTTP status.
    pub status: u16,
    /// Of the body.
    pub content_type: Option<HeaderValue>,
    /// The whole body.
    pub body: Bytes,
}

/// What the store knows of a key.
#[derive(Debug)]
pub enum Begun<C> {
    /// Nothing yet: the caller handles the request, and holds the key until then.
    First(C),
    /// The first request is still being handled.
    InFlight,
    /// The key was used for a request with another fingerprint.
    Different,
    /// The first request was answered so.
    Done(StoredResponse),
}

/// The store cannot be reached, or has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the idempotency store is not available")]
pub struct StoreError;

/// Knows which requests were seen. One `begin` of a key at a time may be told [`Begun::First`].
#[async_trait]
pub trait Store: Clone + Send + Sync + 'static {
    /// The right to answer for a key.
    type Claim: Claim;

    /// Looks a key up, and claims it if it is new.
    async fn begin(
        &self,
        key: &str,
        fingerprint: [u8; 32],
    ) -> Result<Begun<Self::Claim>, StoreError>;
}

/// The right to answer for a key. Dropped without an answer, it must free the key: the handler was given up.
#[async_trait]
pub trait Claim: Send + 'static {
    /// Keeps the answer.
    async fn finish(self, response: StoredResponse) -> Result<(), StoreError>;
}

/// Keeps answers in this process, for a time, up to a number; the oldest go first. What is in flight stays.
#[derive(Clone, Debug)]
pub struct MemoryStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    retention: Duration,
    entries_max: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: HashMap<String, Entry>,
    /// Answered keys, the oldest in front.
    answered: VecDeque<(Duration, String)>,
}

#[derive(Debug)]
struct Entry {
    fingerprint: [u8; 32],
    response: Option<StoredResponse>,
}

impl MemoryStore {
    /// Keeps at most `entries_max` keys, answers for `retention`.
    pub fn new(clock: Clock, retention: Duration, entries_max: usize) -> Self {
        Self(Arc::new(Inner {
            clock,
            retention,
            entries_max,
            state: Mutex::default(),
        }))
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what is too old, and the oldest answers while there is no room for one more.
    fn make_room(&self, state: &mut State) {
        let now = self.clock.monotonic();
        while let Some((at, _)) = state.answered.front() {
            let is_old = now.saturating_sub(*at) >= self.retention;
            if !is_old && state.entries.len() < self.entries_max {
                return;
            }
            if let Some((_, key)) = state.answered.pop_front() {
                state.entries.remove(&key);
            }
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    type Claim = MemoryClaim;

    async fn begin(
        &self,
        key: &str,
        fingerprint: [u8; 32],
    ) -> Result<Begun<MemoryClaim>, StoreError> {
        let mut state = self.0.lock();
        if let Some((at, _)) = state.answered.front()
            && self.0.clock.monotonic().saturating_sub(*at) >= self.0.retention
        {
            self.0.make_room(&mut state);
        }
        match state.entries.get(key) {
            Some(entry) if entry.fingerprint != fingerprint => return Ok(Begun::Different),
            Some(Entry { response: None, .. }) => return Ok(Begun::InFlight),
            Some(Entry {
                response: Some(response),
                ..
            }) => return Ok(Begun::Done(response.clone())),
            None => {}
        }
        self.0.make_room(&mut state);
        if state.entries.len() >= self.0.entries_max {
            return Err(StoreError);
        }
        let entry = Entry {
            fingerprint,
            response: None,
        };
        state.entries.insert(key.to_owned(), entry);
        Ok(Begun::First(MemoryClaim {
            store: Arc::clone(&self.0),
            key: Some(key.to_owned()),
        }))
    }
}

/// See [`Claim`].
#[derive(Debug)]
pub struct MemoryClaim {
    store: Arc<Inner>,
    /// None once answered.
    key: Option<String>,
}

#[async_trait]
impl Claim for MemoryClaim {
    async fn finish(mut self, response: StoredResponse) -> Result<(), StoreError> {
        let key = self.key.take().ok_or(StoreError)?;
        let now = self.store.clock.monotonic();
        let mut state = self.store.lock();
        let entry = state.entries.get_mut(&key).ok_or(StoreError)?;
        entry.response = Some(response);
        state.answered.push_back((now, key));
        Ok(())
    }
}

impl Drop for MemoryClaim {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.store.lock().entries.remove(&key);
        }
    }
}
