//! The proof of the checker: the service with a mistake in it, for each mistake that we know how to make. A checker
//! that misses one is not to be believed when it finds nothing.

use anyhow::Context as _;
use bulwark::base::fault::Mutant;
use tokio::task::JoinSet;

use crate::cluster::Cluster;
use crate::report::RECOVERY_MAX;
use crate::run::{self, Course, Outcome, Place};
use crate::script;
use crate::world::Plan;

/// A world with a mistake, or the control without one.
#[derive(Clone, Copy, Debug)]
struct Trial {
    mutant: Option<Mutant>,
    number: u64,
}

/// Tries all mistakes and the control; true if each was found, and nothing in the control.
pub async fn all(place: &Place, worlds: usize) -> anyhow::Result<bool> {
    let mutants = Mutant::ALL.iter().copied().map(Some);
    let trials: Vec<Trial> = std::iter::once(None)
        .chain(mutants)
        .zip(900_u64..)
        .map(|(mutant, number)| Trial { mutant, number })
        .collect();
    let mut lanes = JoinSet::new();
    for lane in 0..worlds.max(1) {
        let mine: Vec<Trial> = trials
            .iter()
            .copied()
            .skip(lane)
            .step_by(worlds.max(1))
            .collect();
        lanes.spawn(some(place.clone(), lane, mine));
    }
    let mut missed = 0;
    while let Some(joined) = lanes.join_next().await {
        missed += joined.context("a lane of trials")??;
    }
    println!(
        "{} mistakes seeded, {missed} wrong verdicts",
        Mutant::ALL.len()
    );
    Ok(missed == 0)
}

async fn some(place: Place, lane: usize, trials: Vec<Trial>) -> anyhow::Result<usize> {
    let mut cluster = Cluster::start(&place.folder.join(format!("m{lane}"))).await?;
    let mut missed = 0;
    for trial in trials {
        let plan = Plan {
            replicas: 2,
            limits: false,
            speed: 20.0,
            // Some do harm only when what is near them goes well: each third or fourth time is often enough.
            mutant: trial
                .mutant
                .map(|mutant| format!("{}:{}", mutant.name(), every(mutant))),
            ..Plan::of(trial.number)
        };
        let deeds = trial
            .mutant
            .map_or_else(script::control, script::for_mutant);
        let (outcome, back) = run::one(&place, cluster, plan, Course::Script(deeds)).await?;
        cluster = back;
        missed += usize::from(!is_right(trial, &outcome));
    }
    cluster.end().await?;
    Ok(missed)
}

fn every(mutant: Mutant) -> u32 {
    match mutant {
        Mutant::DoneWithoutEffects => 7,
        Mutant::OutcomeForgotten => 4,
        Mutant::ChargedTwice
        | Mutant::RefundAfterDelivery
        | Mutant::ResultLost
        | Mutant::HoldNeverReleased => 2,
        Mutant::AckBeforeCommit
        | Mutant::DedupeDropped
        | Mutant::NoRetry
        | Mutant::LaneSwapped
        | Mutant::EndUnfenced
        | Mutant::SubmitUnfenced
        | Mutant::SubmitAgain
        | Mutant::RescueSkipped
        | Mutant::UnknownCountsAsSent
        | Mutant::ShardsNeverFree
        | Mutant::SecretLogged => 1,
    }
}

/// A mistake must be found; where there is none, nothing.
fn is_right(trial: Trial, outcome: &Outcome) -> bool {
    let violations = &outcome.verdict.violations;
    let slow = outcome
        .recoveries
        .iter()
        .any(|(took, _)| *took >= RECOVERY_MAX);
    let found = !violations.is_empty() || slow;
    let name = trial.mutant.map_or("(none)", Mutant::name);
    let first = violations
        .first()
        .map(|first| format!("{} {}", first.guarantee, first.what));
    let first = first
        .or(slow.then(|| "G8 no recovery in time".to_owned()))
        .unwrap_or_default();
    let right = found == trial.mutant.is_some();
    let verdict = match (right, found) {
        (true, true) => "found",
        (true, false) => "nothing found, as it must be",
        (false, true) => "WRONGLY FOUND",
        (false, false) => "MISSED",
    };
    let first: String = first.chars().take(150).collect();
    println!(
        "{name:<24} {verdict}: {} violations: {first}",
        violations.len()
    );
    right
}
