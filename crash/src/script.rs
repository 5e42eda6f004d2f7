//! A short course of faults written down, where a world that is drawn by lot would need luck.

use std::collections::HashSet;
use std::time::Duration;

use bulwark::base::fault::{Mutant, Point};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::canary;
use crate::cards::CardErrand;
use crate::chaos::{disarm, order_all, raise};
use crate::clock;
use crate::inquirers::Doubtful;
use crate::journal::AT_RANDOM;
use crate::payouts::Fate;
use crate::people::TALKER;
use crate::promoters::Errand;
use crate::provoke::{self, Way};
use crate::replica::Replica;
use crate::tippers::Gift;
use crate::world::World;

/// Past every lease.
const FROZEN_MS: u64 = 17_000;
/// How long a point may take to be reached.
const REACHED: Duration = Duration::from_secs(20);

/// How long whoever has something to do may take.
const FINISHED: Duration = Duration::from_secs(45);

/// One step of a script.
#[derive(Clone, Debug)]
pub enum Deed {
    /// People live undisturbed.
    Wait(u64),
    /// Whichever replica reaches a point first dies there.
    KillAt(Point),
    /// All replicas die, wherever they are.
    KillAll,
    /// Whichever replica reaches a point first stands still there until all its leases are over.
    FreezeAt(Point),
    /// A fault of the simulator, so many times.
    Trouble(Value, u32),
    /// So many words of one person at once.
    Chatter(u32),
    /// What brings a point about.
    Provoke(Way),
    /// Those who do so are given the time that it takes.
    Finish,
    /// Everybody is asked, and must be answered.
    Recover,
}

/// What must happen for a mistake to do harm.
pub fn for_mutant(mutant: Mutant) -> Vec<Deed> {
    let live = Deed::Wait(6_000);
    let mut deeds = vec![live.clone()];
    let more = match mutant {
        Mutant::DoneWithoutEffects
        | Mutant::HoldNeverReleased
        | Mutant::ChargedTwice
        | Mutant::RefundAfterDelivery
        | Mutant::ResultLost
        | Mutant::OutcomeForgotten
        | Mutant::SecretLogged => vec![Deed::Wait(8_000)],
        Mutant::AckBeforeCommit => {
            let kill = Deed::KillAt(Point::BatchStoring);
            vec![kill.clone(), live.clone(), kill.clone(), live.clone(), kill]
        }
        Mutant::DedupeDropped => {
            let rule = json!({ "target": "webhook", "drop_after": true });
            vec![Deed::Trouble(rule, 6), live]
        }
        Mutant::NoRetry => vec![
            Deed::Provoke(Way::Disturbed),
            live,
            Deed::Provoke(Way::Disturbed),
        ],
        // The first answer is slow, so that the others wait in its lane together.
        Mutant::LaneSwapped => {
            let rule =
                json!({ "target": "telegram.sendMessage", "chat_id": TALKER, "delay_ms": 2_500 });
            let words = Deed::Chatter(5);
            vec![
                Deed::Trouble(rule.clone(), 1),
                words.clone(),
                live.clone(),
                Deed::Trouble(rule, 1),
                words,
                live,
            ]
        }
        // A point that only a job with a result passes: another kind of end, made twice, changes nothing.
        Mutant::EndUnfenced => {
            let freeze = Deed::FreezeAt(Point::ResultCompleted);
            vec![freeze.clone(), freeze.clone(), freeze]
        }
        Mutant::SubmitUnfenced => {
            let freeze = Deed::FreezeAt(Point::SubmitIntending);
            vec![freeze.clone(), freeze.clone(), freeze]
        }
        Mutant::SubmitAgain => {
            let rule = json!({ "target": "kie.createTask", "drop_after": true });
            vec![Deed::Trouble(rule, 4), live]
        }
        Mutant::RescueSkipped => vec![Deed::KillAt(Point::SubmitAnswered), live],
        Mutant::UnknownCountsAsSent => {
            let rule =
                json!({ "target": "telegram.sendMessage", "body": "no answer that can be read" });
            vec![Deed::Trouble(rule, 4), live]
        }
        Mutant::ShardsNeverFree => vec![Deed::KillAll, Deed::Recover],
        Mutant::CreditedTwice | Mutant::CreditForgotten | Mutant::RewardTwice => {
            let pay = Deed::Provoke(Way::Payment);
            vec![pay.clone(), live.clone(), pay, live]
        }
        Mutant::RefundNotTaken | Mutant::RefundTakenTwice | Mutant::RewardNotTaken => {
            let refund = Deed::Provoke(Way::Refund);
            vec![refund.clone(), live.clone(), refund, live]
        }
        Mutant::PayoutTakenTwice => payout(Fate::Single, &live),
        Mutant::PayoutNeverReleased => payout(Fate::Doubtful, &live),
        Mutant::TipMovedTwice => tip(Way::Tip, &live),
        Mutant::TipForgotten => tip(Way::TipOutside(Gift::Whole), &live),
        Mutant::SettlementSentAgain => tip(Way::TipOutside(Gift::Lost), &live),
        Mutant::PartialPaidWhole => panel(Errand::Part, &live),
        Mutant::AddSentAgain | Mutant::LostTakenAsRefused => panel(Errand::Lost, &live),
        Mutant::StopBelieved => panel(Errand::Stop, &live),
        Mutant::AnswersSwapped => panel(Errand::Together, &live),
        Mutant::CardCreditedTwice | Mutant::CardCreditForgotten => {
            twice(Way::Card(CardErrand::Payment), &live)
        }
        Mutant::EventBelieved => twice(Way::Card(CardErrand::Lie), &live),
        Mutant::CardRefundTakenTwice => twice(Way::Card(CardErrand::Refund), &live),
        Mutant::AnswerTakenTwice => twice(Way::Inquiry(Doubtful::Together), &live),
        Mutant::ReleasedThoughThere => twice(Way::Inquiry(Doubtful::There), &live),
    };
    deeds.extend(more);
    deeds
}

/// An order at the panel, twice, with time for what comes of it.
fn panel(errand: Errand, live: &Deed) -> Vec<Deed> {
    twice(Way::Panel(errand), live)
}

fn twice(way: Way, live: &Deed) -> Vec<Deed> {
    let order = Deed::Provoke(way);
    vec![
        order.clone(),
        Deed::Finish,
        live.clone(),
        order,
        Deed::Finish,
        live.clone(),
    ]
}

/// A withdrawal, with time for the desk.
fn payout(fate: Fate, live: &Deed) -> Vec<Deed> {
    let withdraw = Deed::Provoke(Way::Payout(fate));
    vec![withdraw, live.clone(), live.clone()]
}

/// A tip, twice.
fn tip(way: Way, live: &Deed) -> Vec<Deed> {
    let give = Deed::Provoke(way);
    vec![give.clone(), live.clone(), give, live.clone()]
}

/// Whether its tips are settled by an outside service: what goes wrong there shows nowhere else.
pub fn settles_outside(mutant: Option<Mutant>) -> bool {
    mutant != Some(Mutant::TipMovedTwice)
}

/// Everything that any of the scripts does, once: with no mistake in the service nothing may be found.
pub fn control() -> Vec<Deed> {
    let mut deeds = vec![Deed::Wait(6_000)];
    let mut seen = HashSet::new();
    for mutant in Mutant::ALL {
        let script = for_mutant(*mutant).split_off(1);
        if seen.insert(format!("{script:?}")) {
            deeds.extend(script);
        }
    }
    deeds
}

/// Goes through a script.
pub async fn run(world: &mut World, deeds: &[Deed]) -> anyhow::Result<()> {
    for deed in deeds {
        let (from, since) = (clock::wall(), clock::now());
        match deed {
            Deed::Wait(ms) => clock::pause(*ms).await,
            Deed::KillAt(point) => {
                order_all(world, &format!("{}:1", point.name()))?;
                let all = &mut world.replicas;
                let any_dead = || all.iter_mut().any(Replica::is_dead).then_some(());
                if clock::until(REACHED, any_dead).await.is_some() {
                    world.outside.journal.killed(from, point.name());
                }
            }
            Deed::KillAll => {
                for replica in &mut world.replicas {
                    replica.kill().await;
                    world.outside.journal.killed(from, AT_RANDOM);
                }
            }
            Deed::FreezeAt(point) => {
                order_all(world, &format!("{}:1:stop", point.name()))?;
                let all = &world.replicas;
                let find = || all.iter().position(Replica::is_stopped);
                if let Some(stopped) = clock::until(REACHED, find).await {
                    // Only one stands still: another goes on with its work.
                    for (number, other) in all.iter().enumerate() {
                        if number != stopped {
                            other.order("")?;
                            clock::pause(60).await;
                            other.signal(Signal::CONT);
                        }
                    }
                    clock::pause(FROZEN_MS).await;
                }
                let what = format!("frozen {}", point.name());
                world.outside.journal.note(from, what);
            }
            Deed::Trouble(rule, times) => {
                let mut rule = rule.clone();
                rule["times"] = json!(times);
                world.outside.fault(rule).await?;
            }
            Deed::Chatter(words) => {
                for _ in 0..*words {
                    world.outside.says(TALKER, "/help").await?;
                }
            }
            Deed::Provoke(way) => drop(provoke::bring_about(world, *way, 0).await?),
            Deed::Finish => {
                let errands = &mut world.errands;
                let all = async { while errands.join_next().await.is_some() {} };
                let _ = tokio::time::timeout(FINISHED, all).await;
            }
            Deed::Recover => {
                let took = canary::ask(&world.outside, since).await;
                world
                    .outside
                    .journal
                    .recovered(took.unwrap_or(canary::NEVER), AT_RANDOM);
            }
        }
        disarm(world)?;
        raise(world)?;
    }
    Ok(())
}
