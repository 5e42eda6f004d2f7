//! G5: each job submitted once, each order ended once, and as what happened at the provider.

use std::collections::{HashMap, HashSet};

use super::money::delivered;
use super::{Facts, Verdict, panels};

pub(super) fn check(facts: &Facts, verdict: &mut Verdict) {
    let known: HashSet<&str> = facts.tokens.iter().map(String::as_str).collect();
    let mut tasks: HashMap<&str, Vec<&str>> = HashMap::new();
    for task in &facts.tasks {
        let url = task["callback_url"].as_str().unwrap_or_default();
        let token = url.rsplit('/').next().unwrap_or_default();
        if !known.contains(token) {
            verdict.add(
                "G5",
                format!("the provider has a task of no job: {}", task["param"]),
            );
        }
        tasks
            .entry(token)
            .or_default()
            .push(task["state"].as_str().unwrap_or_default());
    }
    for (token, states) in &tasks {
        if states.len() > 1 {
            verdict.add(
                "G5",
                format!(
                    "a job was submitted {} times (token {})",
                    states.len(),
                    &token[..6.min(token.len())]
                ),
            );
        }
    }
    for order in &facts.orders {
        let id = order.id;
        let Some(job) = order.job.as_deref() else {
            verdict.add("G5", format!("order {id} has not ended: {}", order.state));
            continue;
        };
        if job != order.state {
            verdict.add(
                "G5",
                format!("order {id} is {}, its job {job}", order.state),
            );
        }
        if panels::is_there(order) {
            continue;
        }
        let results = delivered(facts, order.correlation, order.user_id);
        if (order.state == "succeeded") != (results == 1) {
            verdict.add(
                "G5",
                format!(
                    "order {id} is {} and {results} results are in the chat",
                    order.state
                ),
            );
        }
        let token = order.callback_token.as_deref().unwrap_or_default();
        let made = tasks
            .get(token)
            .is_some_and(|states| states.contains(&"success"));
        let reason = order.failure.as_deref().unwrap_or_default();
        if order.state == "succeeded" && !made {
            verdict.add(
                "G5",
                format!("order {id} succeeded, and the provider made nothing"),
            );
        }
        // Where nobody can know of the task, or it could not be fetched, the money is released.
        if order.state == "failed" && made && !["unknown", "result_lost"].contains(&reason) {
            verdict.add(
                "G5",
                format!("order {id} failed ({reason}), and the provider made it"),
            );
        }
    }
}
