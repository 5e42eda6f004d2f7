//! The proof of the checker: the service with a mistake in it, for each mistake that we know how to make. A checker
//! that misses one is not to be believed when it finds nothing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use bulwark::base::fault::Mutant;
use tokio::task::JoinSet;

use crate::Options;
use crate::canary::NEVER;
use crate::clock;
use crate::cluster::Cluster;
use crate::run::{self, Course, Outcome, Place};
use crate::script;
use crate::world::Plan;

/// A world with a mistake, or the control without one.
#[derive(Clone, Copy, Debug)]
struct Trial {
    mutant: Option<Mutant>,
    number: u64,
}

impl Trial {
    fn name(self) -> &'static str {
        self.mutant.map_or("none", Mutant::name)
    }
}

/// Tries all mistakes and the control; true if each was found, and nothing in the control.
pub async fn all(place: &Place, options: &Options) -> anyhow::Result<bool> {
    let mutants = Mutant::ALL.iter().copied().map(Some);
    let mutants = std::iter::once(None).chain(mutants).zip(900_u64..);
    let trials: VecDeque<Trial> = mutants
        .map(|(mutant, number)| Trial { mutant, number })
        .filter(|trial| {
            let mut wanted = options.mutant.iter();
            options.mutant.is_empty() || wanted.any(|name| name == trial.name())
        })
        .collect();
    let (count, started) = (trials.len(), clock::now());
    let waiting = Arc::new(Mutex::new(trials));
    let mut lanes = JoinSet::new();
    for lane in 0..options.worlds.max(1) {
        lanes.spawn(some(place.clone(), lane, Arc::clone(&waiting)));
    }
    let mut wrong = 0;
    while let Some(joined) = lanes.join_next().await {
        wrong += joined.context("a lane of trials")??;
    }
    let minutes = (clock::now() - started).as_secs_f64() / 60.0;
    println!("{count} trials, {wrong} wrong verdicts, {minutes:.1} min");
    Ok(wrong == 0)
}

/// The longest script, with what people and the service are given to come to rest.
const TRIAL_MAX: Duration = Duration::from_secs(1_500);

/// Trials that nobody has begun; the control, which takes longest, comes first.
type Waiting = Arc<Mutex<VecDeque<Trial>>>;

async fn some(place: Place, lane: usize, waiting: Waiting) -> anyhow::Result<usize> {
    let mut wrong = 0;
    let next = || {
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop_front()
    };
    while let Some(trial) = next() {
        // One of its own: a trial that does not end keeps its database.
        let folder = place.folder.join(format!("m{lane}-{}", trial.number));
        let cluster = Cluster::start(&folder).await?;
        let mutant = trial.mutant;
        let plan = Plan {
            replicas: 2,
            limits: false,
            speed: 20.0,
            settled_outside: script::settles_outside(mutant),
            mutant: mutant.map(|mutant| format!("{}:{}", mutant.name(), every(mutant))),
            ..Plan::of(trial.number)
        };
        let deeds = mutant.map_or_else(script::control, script::for_mutant);
        let started = clock::now();
        let one = run::one(&place, cluster, plan, Course::Script(deeds));
        let right = match tokio::time::timeout(TRIAL_MAX, one).await {
            Ok(Ok((outcome, cluster))) => {
                cluster.end().await?;
                is_right(trial, &outcome, clock::now() - started)
            }
            Ok(Err(error)) => {
                println!("{:<24} NOT TRIED: {error:#}", trial.name());
                false
            }
            Err(_) => {
                println!("{:<24} DID NOT END", trial.name());
                false
            }
        };
        wrong += usize::from(!right);
        let _ = std::fs::remove_dir_all(&folder);
    }
    Ok(wrong)
}

/// At each how manieth occasion: some would let nothing work at all.
fn every(mutant: Mutant) -> u32 {
    match mutant {
        Mutant::DoneWithoutEffects => 7,
        Mutant::OutcomeForgotten => 4,
        _ => 1,
    }
}

/// A mistake must be found; where there is none, nothing.
fn is_right(trial: Trial, outcome: &Outcome, took: Duration) -> bool {
    let violations = &outcome.verdict.violations;
    let never = outcome.recoveries.iter().any(|(took, _)| *took >= NEVER);
    let found = !violations.is_empty() || never;
    let right = found == trial.mutant.is_some();
    let verdict = match (right, found) {
        (true, true) => "found",
        (true, false) => "nothing found, as it must be",
        (false, true) => "WRONGLY FOUND",
        (false, false) => "MISSED",
    };
    let first = violations.first();
    let first = first.map(|first| format!("{} {}", first.guarantee, first.what));
    let first = first.or(never.then(|| "G8 no recovery".to_owned()));
    let first: String = first.unwrap_or_default().chars().take(150).collect();
    let (name, count) = (trial.name(), violations.len());
    let took_s = took.as_secs();
    println!("{name:<24} {verdict} in {took_s} s: {count} violations: {first}");
    right
}
