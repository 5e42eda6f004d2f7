//! What a reconciliation found, and what became of it.

use serde::Serialize;
use time::OffsetDateTime;

use super::providers::{ProviderLine, Verdict};
use crate::base::csv;
use crate::base::money::Currency;
use crate::base::redact;
use crate::engine::ledger::{Finding, LedgerError, Mended};
use crate::features::processors::Comparison;

/// Everything.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Each thing that is not as it should be, or was not.
    pub findings: Vec<Entry>,
    /// How many transactions each processor has.
    pub processors: Vec<ProcessorLine>,
    /// What is left at each provider.
    pub providers: Vec<ProviderLine>,
}

/// A processor that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcessorLine {
    /// Its name.
    pub processor: &'static str,
    /// Transactions in its books.
    pub transactions: usize,
    /// Where they differed from ours.
    pub differences: usize,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// `ledger`, the name of a processor, or that of a provider.
    pub source: String,
    /// What is broken.
    pub what: String,
    /// Where.
    pub subject: String,
    /// Whose, if it is somebody's.
    pub user: Option<i64>,
    /// As the other side has it; empty for what is ours alone.
    pub amount: String,
    /// What became of it.
    pub state: State,
    /// What moves, or moved, to mend it.
    pub movements: Vec<Movement>,
    /// What a person has to do.
    pub advice: String,
}

/// What became of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// `--fix` would mend it.
    Mendable,
    /// It was mended.
    Mended,
    /// A person has to look.
    Open,
    /// Mending it went wrong: nothing of it has happened.
    Failed,
}

impl State {
    /// As people read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mendable => "would mend",
            Self::Mended => "mended",
            Self::Open => "open",
            Self::Failed => "failed",
        }
    }
}

/// Something that moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Movement {
    /// Its transfer; only once it has moved.
    pub id: Option<String>,
    /// From where.
    pub from: String,
    /// To where.
    pub to: String,
    /// How much, minor units.
    pub amount: i64,
    /// Of which currency.
    pub currency: String,
}

/// The source of what the audit finds.
const LEDGER: &str = "ledger";

impl Entry {
    /// As the audit named it.
    pub(super) fn finding(&self) -> Finding {
        Finding {
            check: self.what.clone(),
            subject: self.subject.clone(),
        }
    }

    pub(super) fn mended(&mut self, mended: Mended) {
        // Nothing to move any more: somebody else has mended it since it was seen.
        self.state = State::Mended;
        self.movements = movements(&mended, true);
        self.advice = mended.advice;
    }

    pub(super) fn failed(&mut self, why: String) {
        self.state = State::Failed;
        self.advice = why;
    }
}

fn movements(mended: &Mended, has_moved: bool) -> Vec<Movement> {
    let movements = mended.steps.iter().map(|step| Movement {
        id: has_moved.then(|| step.id.to_string()),
        from: step.from.clone(),
        to: step.to.clone(),
        amount: step.amount.0,
        currency: step.currency.clone(),
    });
    movements.collect()
}

impl Report {
    pub(super) fn book(&mut self, finding: &Finding, planned: Result<Mended, LedgerError>) {
        let (state, movements, advice) = match planned {
            Ok(mended) if mended.steps.is_empty() && mended.advice.is_empty() => {
                let seen = "it is so no more: somebody was at work on it in this moment";
                (State::Mended, Vec::new(), seen.to_owned())
            }
            Ok(mended) if mended.steps.is_empty() => (State::Open, Vec::new(), mended.advice),
            Ok(mended) => (State::Mendable, movements(&mended, false), mended.advice),
            Err(error) => {
                let why = redact::text(&error.to_string()).into_owned();
                (State::Failed, Vec::new(), why)
            }
        };
        self.findings.push(Entry {
            source: LEDGER.to_owned(),
            what: finding.check.clone(),
            subject: finding.subject.clone(),
            user: None,
            amount: String::new(),
            state,
            movements,
            advice,
        });
    }

    /// Takes in what the processors say, in place of what they said before.
    pub(super) fn processors(&mut self, compared: &[(&'static str, Comparison)], is_done: bool) {
        self.processors.clear();
        for (name, comparison) in compared {
            self.processors.push(ProcessorLine {
                processor: name,
                transactions: comparison.transactions,
                differences: comparison.differences.len(),
            });
            self.findings.retain(|entry| entry.source != *name);
            for difference in &comparison.differences {
                let state = match (difference.is_mended, difference.is_mendable) {
                    (true, _) => State::Mended,
                    (false, true) if !is_done => State::Mendable,
                    (false, _) => State::Open,
                };
                self.findings.push(Entry {
                    source: (*name).to_owned(),
                    what: difference.what.clone(),
                    subject: difference.reference.clone(),
                    user: difference.user,
                    amount: difference.amount.clone(),
                    state,
                    movements: Vec::new(),
                    advice: difference.advice.clone(),
                });
            }
        }
    }

    pub(super) fn providers(&mut self, lines: Vec<ProviderLine>) {
        for line in &lines {
            if line.verdict == Verdict::MoreWent {
                self.findings.push(Entry {
                    source: line.provider.clone(),
                    what: "more went from our account than our jobs cost".to_owned(),
                    subject: line.provider.clone(),
                    user: None,
                    amount: line.went.map(|went| went.to_string()).unwrap_or_default(),
                    state: State::Open,
                    movements: Vec::new(),
                    advice: "compare with the provider's own list of orders; if there are some that are not ours, change the key"
                        .to_owned(),
                });
            }
        }
        self.providers = lines;
    }

    /// What the audit found that movements mend.
    pub(super) fn mendable(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.findings
            .iter_mut()
            .filter(|entry| entry.source == LEDGER && entry.state == State::Mendable)
    }

    /// After the mends: what is found still is open, and so is what was not there before.
    pub(super) fn seen_again(&mut self, findings: &[Finding]) {
        for finding in findings {
            let known = self.findings.iter_mut().find(|entry| {
                entry.source == LEDGER
                    && entry.what == finding.check
                    && entry.subject == finding.subject
            });
            match known {
                Some(entry) if entry.state == State::Mended => {
                    entry.state = State::Open;
                    entry.advice = format!("it is found still, after this; {}", entry.advice);
                }
                Some(_) => {}
                None => self.book(
                    finding,
                    Ok(Mended {
                        steps: Vec::new(),
                        advice: "found only after the mends: run this again".to_owned(),
                    }),
                ),
            }
        }
    }

    /// Whether nobody has to look, or run it again with `--fix`.
    pub fn needs_nobody(&self) -> bool {
        self.findings
            .iter()
            .all(|entry| entry.state == State::Mended)
    }

    /// One record for each finding.
    pub(super) fn csv(&self, currency: &Currency) -> String {
        let mut out = String::new();
        csv::record(
            &mut out,
            [
                "source",
                "what",
                "subject",
                "user",
                "amount",
                "state",
                "movements",
                "advice",
            ],
        );
        for entry in &self.findings {
            let movements: Vec<String> =
                entry.movements.iter().map(|it| it.text(currency)).collect();
            let user = entry.user.map(|user| user.to_string()).unwrap_or_default();
            csv::record(
                &mut out,
                [
                    entry.source.as_str(),
                    &entry.what,
                    &entry.subject,
                    &user,
                    &entry.amount,
                    entry.state.name(),
                    &movements.join("; "),
                    &entry.advice,
                ],
            );
        }
        out
    }
}

impl Movement {
    /// As people read it.
    pub(super) fn text(&self, currency: &Currency) -> String {
        let amount = if self.currency == currency.code {
            currency.format(crate::base::money::Amount(self.amount))
        } else {
            format!("{} {}", self.amount, self.currency)
        };
        let id = self
            .id
            .as_deref()
            .map(|id| format!(" ({id})"))
            .unwrap_or_default();
        format!("{amount} from {} to {}{id}", self.from, self.to)
    }
}

/// When something was, for people: to the minute.
pub(super) fn minute(at: OffsetDateTime) -> String {
    super::super::render::when(at).chars().take(16).collect()
}
