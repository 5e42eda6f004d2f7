//! Tasks over a restart of the simulator.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::tasks::{Inputs, Task};
use super::{State, callback, inputs};
use crate::core::Core;

/// The service that serves the inputs starts after the simulator: it is waited for.
const READS_MAX: usize = 30;
const READ_PAUSE: Duration = Duration::from_secs(1);

/// Takes the bytes of a name, unless there is no room.
pub(crate) type Put<'p> = dyn FnMut(&str, &Bytes) -> bool + 'p;

/// What the provider keeps: tasks and the account.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Saved {
    credits: i64,
    create_calls: u64,
    tasks: Vec<SavedTask>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedTask {
    /// Read one by one: a model that is no longer known costs only its own tasks.
    task: Value,
    picture: Option<String>,
    result: Option<String>,
}

impl State {
    /// `put` gets the bytes of what tasks have read and made, newest first.
    pub(crate) fn saved(&self, put: &mut Put<'_>) -> Saved {
        let inner = self.lock();
        let mut blob = |kind: &str, task: &Task, bytes: Option<&Bytes>| {
            let name = format!("{}.{kind}", task.id);
            bytes.is_some_and(|bytes| put(&name, bytes)).then_some(name)
        };
        let mut tasks: Vec<SavedTask> = inner
            .tasks
            .iter()
            .rev()
            .map(|task| SavedTask {
                task: serde_json::to_value(task).unwrap_or_default(),
                picture: blob("input", task, task.picture.as_ref()),
                // What is drawn from words alone is drawn again.
                result: match task.wanted.is_empty() {
                    true => None,
                    false => blob("result", task, task.result.as_ref()),
                },
            })
            .collect();
        tasks.reverse();
        Saved {
            credits: inner.settings.credits,
            create_calls: inner.create_calls,
            tasks,
        }
    }

    /// Gives the ids of the tasks.
    pub(crate) fn restore(
        &self,
        saved: Saved,
        get: &dyn Fn(&str) -> Option<Bytes>,
    ) -> VecDeque<String> {
        let mut inner = self.lock();
        inner.settings.credits = saved.credits;
        inner.create_calls = saved.create_calls;
        for SavedTask {
            task,
            picture,
            result,
        } in saved.tasks
        {
            match serde_json::from_value::<Task>(task) {
                Ok(mut task) => {
                    task.picture = picture.and_then(|name| get(&name));
                    task.result = result.and_then(|name| get(&name));
                    inner.tasks.push_back(task);
                }
                Err(error) => tracing::warn!(%error, "a saved task is left out"),
            }
        }
        inner.tasks.iter().map(|task| task.id.clone()).collect()
    }
}

/// Goes on with what a task still has to do: reading its inputs, calling back.
pub(crate) fn resume(core: &Arc<Core>, id: String) {
    let (is_reading, is_told) = {
        let inner = core.kie.lock();
        let Some(task) = inner.task(&id) else {
            return;
        };
        let is_told = task
            .callbacks
            .iter()
            .any(|call| (200..300).contains(&call.status));
        let is_given_up = task.callbacks.len() > callback::RETRIES;
        (task.inputs == Inputs::Reading, is_told || is_given_up)
    };
    if is_told && !is_reading {
        return;
    }
    let work = Arc::clone(core);
    core.spawn(async move {
        let reads = if is_reading { READS_MAX } else { 0 };
        for read in 1..=reads {
            inputs::read(&work, &id).await;
            if read == reads || !must_read_again(&work, &id) {
                break;
            }
            work.clock.sleep(READ_PAUSE).await;
        }
        callback::when_ended(&work, &id).await;
    });
}

/// Whether nobody answered for one of the inputs; then the task goes on reading.
fn must_read_again(core: &Core, id: &str) -> bool {
    let mut inner = core.kie.lock();
    let Some(task) = inner.task_mut(id) else {
        return false;
    };
    let must = task.fetched.iter().any(|read| read.status == 0);
    if must {
        task.inputs = Inputs::Reading;
    }
    must
}
