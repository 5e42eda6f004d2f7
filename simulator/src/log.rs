//! Every call that the simulator received, as it came, with what it was answered.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;

/// Older calls are forgotten, so that a long demo does not fill the memory.
const KEPT_CALLS_MAX: usize = 60_000;

/// One call.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    pub seq: u64,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// As in fault rules: `telegram.sendMessage`, `kie.createTask`, `file`, `webhook`.
    pub target: String,
    pub method: String,
    pub params: Value,
    /// HTTP status; 0 when the connection was cut.
    pub status: u16,
    pub answer: Value,
}

#[derive(Debug, Default)]
struct Calls {
    last_seq: u64,
    kept: VecDeque<Call>,
}

/// The calls in the order of their ends.
#[derive(Debug, Default)]
pub struct CallLog(Mutex<Calls>);

impl CallLog {
    /// Adds a call and gives its number.
    pub fn push(
        &self,
        at: OffsetDateTime,
        target: &str,
        params: Value,
        status: u16,
        answer: Value,
    ) -> u64 {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.last_seq += 1;
        let seq = calls.last_seq;
        let method = target.split_once('.').map_or(target, |(_, method)| method);
        calls.kept.push_back(Call {
            seq,
            at,
            target: target.to_owned(),
            method: method.to_owned(),
            params,
            status,
            answer,
        });
        if calls.kept.len() > KEPT_CALLS_MAX {
            calls.kept.pop_front();
        }
        seq
    }

    /// The calls after number `since`, of one method (or target) or of all.
    pub fn since(&self, since: u64, method: Option<&str>) -> Vec<Call> {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = |call: &&Call| {
            call.seq > since && method.is_none_or(|name| call.method == name || call.target == name)
        };
        calls.kept.iter().filter(wanted).cloned().collect()
    }

    /// Forgets the calls; the numbers go on.
    pub fn clear(&self) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.kept.clear();
    }
}
