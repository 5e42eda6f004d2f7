//! The figures.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bulwark::base::fault::Point;

use crate::run::Outcome;

/// Recoveries that take longer are named.
const SLOW: Duration = Duration::from_secs(10);

/// What all worlds gave together.
#[derive(Debug, Default)]
pub struct Report {
    seeds: usize,
    kills: BTreeMap<String, u32>,
    passed: BTreeSet<String>,
    killed_at: BTreeSet<String>,
    recoveries: Vec<(Duration, String)>,
    others: BTreeMap<String, u32>,
    violations: Vec<String>,
    updates: usize,
    orders: usize,
    messages: usize,
    repeated: usize,
    charges: usize,
    given_back: usize,
    made: usize,
    in_part: usize,
    unknown: usize,
    refills: usize,
    payouts: usize,
    paid_out: usize,
    rewards: usize,
    reversed: usize,
    tips: usize,
    settled: usize,
    card_payments: usize,
    card_refunds: usize,
    questions: usize,
    asked_of_tips: usize,
    answered_of_tips: usize,
    answered: usize,
}

impl Report {
    /// One line for one world.
    pub fn progress(outcome: &Outcome) {
        let kills: u32 = outcome.kills.values().sum();
        let slowest = outcome
            .recoveries
            .iter()
            .map(|(took, _)| *took)
            .max()
            .unwrap_or_default();
        let verdict = &outcome.verdict;
        println!(
            "seed {:>4}: {} replica(s), {kills:>3} kills, {:>4} updates, {:>3} orders, {:>4} messages ({} repeated), slowest recovery {:.1} s, {} violations",
            outcome.plan.seed,
            outcome.plan.replicas,
            verdict.updates,
            verdict.orders,
            verdict.messages,
            verdict.repeated,
            slowest.as_secs_f64(),
            verdict.violations.len(),
        );
        for violation in &verdict.violations {
            println!("    {} {}", violation.guarantee, violation.what);
        }
    }

    /// Adds a world.
    pub fn add(&mut self, outcome: Outcome) {
        self.seeds += 1;
        for (how, count) in outcome.kills {
            *self.kills.entry(how).or_default() += count;
        }
        for (what, point) in outcome.notes {
            match what.as_str() {
                "killed" => drop(self.killed_at.insert(point)),
                _ => drop(self.passed.insert(point)),
            }
        }
        for event in outcome
            .events
            .iter()
            .filter(|event| !event.starts_with("killed") && !event.starts_with("recovered"))
        {
            let kind: String = event.chars().filter(|c| !c.is_ascii_digit()).collect();
            *self.others.entry(kind.trim().to_owned()).or_default() += 1;
        }
        self.recoveries.extend(outcome.recoveries);
        let verdict = outcome.verdict;
        for violation in verdict.violations {
            let line = format!(
                "seed {}: {} {}",
                outcome.plan.seed, violation.guarantee, violation.what
            );
            self.violations.push(line);
        }
        self.updates += verdict.updates;
        self.orders += verdict.orders;
        self.messages += verdict.messages;
        self.repeated += verdict.repeated;
        self.charges += verdict.charges;
        self.given_back += verdict.given_back;
        self.made += verdict.made;
        self.in_part += verdict.in_part;
        self.unknown += verdict.unknown;
        self.refills += verdict.refills;
        self.payouts += verdict.payouts;
        self.paid_out += verdict.paid_out;
        self.rewards += verdict.rewards;
        self.reversed += verdict.reversed;
        self.tips += verdict.tips;
        self.settled += verdict.settled;
        self.card_payments += verdict.card_payments;
        self.card_refunds += verdict.card_refunds;
        self.questions += verdict.questions;
        self.asked_of_tips += verdict.asked_of_tips;
        self.answered_of_tips += verdict.answered_of_tips;
        self.answered += verdict.answered;
    }

    /// Whether all guarantees held, and nearly all recoveries were in time.
    pub fn is_good(&self, recovery_max: Duration) -> bool {
        self.violations.is_empty() && self.quantile(99) < recovery_max
    }

    fn quantile(&self, percent: usize) -> Duration {
        let mut all: Vec<Duration> = self.recoveries.iter().map(|(took, _)| *took).collect();
        all.sort_unstable();
        let at = (all.len() * percent).div_ceil(100).saturating_sub(1);
        all.get(at).copied().unwrap_or_default()
    }

    /// Prints everything.
    pub fn print(&self) {
        let kills: u32 = self.kills.values().sum();
        let at_points: u32 = self
            .kills
            .iter()
            .filter(|(how, _)| Point::named(how).is_some())
            .map(|(_, count)| count)
            .sum();
        println!();
        println!("seeds           {}", self.seeds);
        println!("kills           {kills} ({at_points} at named points)");
        println!(
            "points          {} passed, {} killed at, of {}",
            self.passed.len(),
            self.killed_at.len(),
            Point::ALL.len()
        );
        let missing: Vec<&str> = Point::ALL
            .iter()
            .map(|point| point.name())
            .filter(|name| !self.killed_at.contains(*name))
            .collect();
        if !missing.is_empty() {
            println!("                not killed at: {}", missing.join(" "));
        }
        println!("other faults    {:?}", self.others);
        println!("updates         {}", self.updates);
        println!("orders          {}", self.orders);
        println!(
            "payments        {} ({} given back)",
            self.charges, self.given_back
        );
        println!(
            "at a processor  {} payments ({} given back)",
            self.card_payments, self.card_refunds
        );
        println!(
            "asked admins    {} times ({} answered), of these about tips {} times ({} answered)",
            self.questions, self.answered, self.asked_of_tips, self.answered_of_tips
        );
        println!(
            "at the panel    {} orders ({} in part, {} unknown to the service), {} refills",
            self.made, self.in_part, self.unknown, self.refills
        );
        println!(
            "paid out        {} of {} withdrawals",
            self.paid_out, self.payouts
        );
        println!(
            "rewards         {} ({} taken back)",
            self.rewards, self.reversed
        );
        println!(
            "tips            {} ({} transfers at the service that settles)",
            self.tips, self.settled
        );
        println!(
            "messages        {} ({} repeated after a lost answer)",
            self.messages, self.repeated
        );
        let seconds = |percent| self.quantile(percent).as_secs_f64();
        println!(
            "recovery        p50 {:.1} s, p99 {:.1} s, max {:.1} s of {}",
            seconds(50),
            seconds(99),
            seconds(100),
            self.recoveries.len()
        );
        let mut slow: Vec<&(Duration, String)> = self
            .recoveries
            .iter()
            .filter(|(took, _)| *took >= SLOW)
            .collect();
        slow.sort_unstable();
        for (took, what) in slow {
            println!(
                "                slow: {:.1} s after {what}",
                took.as_secs_f64()
            );
        }
        println!("violations      {}", self.violations.len());
        for violation in &self.violations {
            println!("  {violation}");
        }
    }
}
