//! The line before a provider: a job's place in it, and how long its result will take, as far as anybody can tell.
//!
//! An estimate is made of durations that were measured within the last day, never of hopes: how long jobs of this
//! service took, and how fast the provider works off the line, by Little's law from what it has in hand and how long
//! that usually takes. Where there are too few of them, or the line does not move, nothing is said of time. A queue
//! that is only passed through is no line: nobody is told of a place that they leave within seconds.
//!
//! Users are told anew when their place or the estimate has changed visibly: not more often than [`NEWS_APART`], the
//! first of the line first, [`NEWS_MAX`] in one run, so that edits of waiting orders never crowd out answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::job::{JobEvent, JobKind};
use super::store;
use crate::base::clock::Clock;
use crate::engine::task::Task;
use crate::engine::wake::Wake;

/// Fewer measured durations tell nothing.
const SAMPLES_MIN: i64 = 5;
/// Who waits for less is not told that they wait.
const STANDING_MIN_S: f64 = 5.0;
/// Between two news for one user.
const NEWS_APART: Duration = Duration::from_secs(10);
/// Users told in one run.
const NEWS_MAX: usize = 20;
/// Of each provider's line so many are looked at; those behind were told when they came.
const FRONT_MAX: i64 = 200;
const EVERY: Duration = Duration::from_secs(5);

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Jobs that begin before it.
    pub before: i64,
    /// How long until its result; None where nothing is known.
    pub wait: Option<Wait>,
}

/// A span of time, both ends measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// If things go quickly, in seconds.
    pub from_s: u64,
    /// If they go slowly, in seconds.
    pub to_s: u64,
}

/// The middle half of measured durations, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    low_s: f64,
    high_s: f64,
}

impl Spread {
    pub(super) fn of(count: i64, low_s: Option<f64>, high_s: Option<f64>) -> Option<Self> {
        let (low_s, high_s) = low_s.zip(high_s)?;
        (count >= SAMPLES_MIN).then_some(Self { low_s, high_s })
    }
}

/// What was measured of a provider and one of its services.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lately {
    /// Tasks that it has in hand.
    pub(super) at_work: i64,
    /// Since it took the last of them.
    pub(super) last_start_s: Option<f64>,
    /// Durations of all its jobs.
    pub(super) any: Option<Spread>,
    /// Durations of the service's.
    pub(super) own: Option<Spread>,
}

/// A job in the front of a line.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) id: Uuid,
    pub(super) provider: String,
    pub(super) service: String,
    pub(super) before: i64,
    pub(super) waited_s: f64,
    pub(super) is_due: bool,
    pub(super) told_at: Option<OffsetDateTime>,
    pub(super) told: Option<Told>,
}

/// What its user knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Told {
    pub(super) before: i64,
    pub(super) wait_s: Option<i32>,
    pub(super) age_s: f64,
}

/// Where a job that was just queued stands, in the caller's transaction, which tells its user. None: there is no line,
/// or it is not due.
///
/// # Errors
/// The database's.
pub async fn line(
    conn: &mut PgConnection,
    job_id: Uuid,
    now: Option<OffsetDateTime>,
) -> Result<Option<Line>, sqlx::Error> {
    let Some((before, standing_s, provider, service)) =
        store::position(&mut *conn, job_id, now).await?
    else {
        return Ok(None);
    };
    if before == 0 || standing_s < STANDING_MIN_S {
        return Ok(None);
    }
    let lately = store::lately(&mut *conn, &provider, &service, now).await?;
    let line = Line {
        before,
        wait: estimate(before, &lately),
    };
    store::mark_told(conn, job_id, &line, None, now).await?;
    Ok(Some(line))
}

/// Those before it and it itself leave the line one after another, each when one of the tasks at work ends.
fn estimate(before: i64, lately: &Lately) -> Option<Wait> {
    let (any, own) = lately.any.zip(lately.own)?;
    // A provider that has taken nothing for longer than its tasks last takes nothing now.
    let moves = lately.last_start_s? <= any.high_s * 2.0 + 10.0;
    if lately.at_work == 0 || !moves {
        return None;
    }
    let turns = as_f64(before + 1) / as_f64(lately.at_work);
    Some(Wait {
        from_s: seconds(any.low_s * turns + own.low_s),
        to_s: seconds(any.high_s * turns + own.high_s),
    })
}

/// Whether the user should hear it.
fn is_news(waiting: &Waiting, line: &Line) -> bool {
    let Some(told) = waiting.told else {
        return waiting.is_due && waiting.waited_s >= STANDING_MIN_S;
    };
    if told.age_s < NEWS_APART.as_secs_f64() {
        return false;
    }
    // Far behind, single steps are no news.
    let moved = (told.before - line.before).abs();
    let changed = match (told.wait_s, line.wait) {
        (None, None) => false,
        (Some(_), None) | (None, Some(_)) => true,
        (Some(told_s), Some(wait)) => {
            let (was, is) = (f64::from(told_s), as_f64(wait.to_s.cast_signed()));
            (was - is).abs() > was * 0.25 + 5.0
        }
    };
    moved > told.before / 10 || changed
}

/// Tells waiting users how their line moves.
pub struct Lines {
    pool: PgPool,
    clock: Clock,
    providers: Vec<String>,
    kinds: Vec<Arc<dyn JobKind>>,
    messages: Wake,
}

impl Lines {
    /// `messages` is notified after each commit that made messages.
    pub fn new(
        pool: PgPool,
        clock: Clock,
        providers: Vec<String>,
        kinds: Vec<Arc<dyn JobKind>>,
        messages: Wake,
    ) -> Self {
        Self {
            pool,
            clock,
            providers,
            kinds,
            messages,
        }
    }

    /// The line of each, measured once for each service.
    async fn news(&self) -> Result<Vec<(Waiting, Line)>, sqlx::Error> {
        let now = self.clock.sql_now();
        let fronts = store::fronts(&self.pool, &self.providers, FRONT_MAX, now).await?;
        let mut known: HashMap<(String, String), Lately> = HashMap::new();
        let mut news = Vec::new();
        for waiting in fronts {
            let key = (waiting.provider.clone(), waiting.service.clone());
            let lately = match known.get(&key) {
                Some(lately) => *lately,
                None => {
                    let mut conn = self.pool.acquire().await?;
                    let lately = store::lately(&mut conn, &key.0, &key.1, now).await?;
                    known.insert(key, lately);
                    lately
                }
            };
            let line = Line {
                before: waiting.before,
                wait: estimate(waiting.before, &lately),
            };
            if is_news(&waiting, &line) {
                news.push((waiting, line));
            }
        }
        news.sort_by_key(|(waiting, _)| waiting.before);
        news.truncate(NEWS_MAX);
        Ok(news)
    }

    /// False: another replica told them, or the job has left the line.
    async fn tell(&self, waiting: &Waiting, line: Line) -> Result<bool, anyhow::Error> {
        let mut tx = self.pool.begin().await?;
        let now = self.clock.sql_now();
        let Some(job) = store::mark_told(&mut tx, waiting.id, &line, waiting.told_at, now).await?
        else {
            return Ok(false);
        };
        let Some(kind) = self.kinds.iter().find(|kind| kind.name() == job.kind) else {
            return Ok(false);
        };
        kind.on_event(&mut tx, &job, &JobEvent::Waiting(line))
            .await?;
        tx.commit().await?;
        self.messages.notify();
        Ok(true)
    }
}

#[async_trait]
impl Task for Lines {
    fn name(&self) -> &'static str {
        "lines"
    }

    fn every(&self) -> Duration {
        EVERY
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        let mut told = 0;
        for (waiting, line) in self.news().await? {
            told += usize::from(self.tell(&waiting, line).await?);
        }
        Ok(json!({ "told": told }))
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "places and seconds are far below 2^52"
)]
fn as_f64(count: i64) -> f64 {
    count as f64
}

fn seconds(s: f64) -> u64 {
    Duration::try_from_secs_f64(s.ceil().max(1.0)).map_or(u64::MAX, |wait| wait.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lately(at_work: i64) -> Lately {
        Lately {
            at_work,
            last_start_s: Some(20.0),
            any: Spread::of(30, Some(40.0), Some(60.0)),
            own: Spread::of(5, Some(20.0), Some(30.0)),
        }
    }

    #[test]
    fn the_estimate_follows_the_line_and_the_measured_times() {
        let wait = |from_s, to_s| Some(Wait { from_s, to_s });
        assert_eq!(estimate(2, &lately(2)), wait(80, 120));
        assert_eq!(estimate(2, &lately(3)), wait(60, 90));
        assert_eq!(estimate(0, &lately(4)), wait(30, 45));
    }

    #[test]
    fn nothing_is_said_where_nothing_is_known() {
        let few = Spread::of(SAMPLES_MIN - 1, Some(1.0), Some(2.0));
        for unknown in [
            Lately {
                own: few,
                ..lately(2)
            },
            Lately {
                any: None,
                ..lately(2)
            },
            Lately {
                last_start_s: Some(900.0),
                ..lately(2)
            },
            Lately {
                last_start_s: None,
                ..lately(2)
            },
            lately(0),
        ] {
            assert_eq!(estimate(3, &unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn only_what_a_user_would_notice_is_news() {
        let waiting = |told| Waiting {
            id: Uuid::nil(),
            provider: String::new(),
            service: String::new(),
            before: 0,
            waited_s: 60.0,
            is_due: true,
            told_at: None,
            told,
        };
        let told = |before, wait_s, age_s| {
            waiting(Some(Told {
                before,
                wait_s,
                age_s,
            }))
        };
        let line = |before, to_s: Option<u64>| Line {
            before,
            wait: to_s.map(|to_s| Wait { from_s: 1, to_s }),
        };
        assert!(is_news(&waiting(None), &line(0, None)));
        assert!(is_news(&told(3, None, 11.0), &line(2, None)));
        assert!(!is_news(&told(3, None, 9.0), &line(2, None)), "too soon");
        assert!(!is_news(&told(3, None, 60.0), &line(3, None)));
        assert!(!is_news(&told(100, None, 60.0), &line(95, None)));
        assert!(is_news(&told(100, None, 60.0), &line(89, None)));
        assert!(!is_news(&told(3, Some(100), 60.0), &line(3, Some(120))));
        assert!(is_news(&told(3, Some(100), 60.0), &line(3, Some(140))));
        assert!(is_news(&told(3, Some(100), 60.0), &line(3, None)));
    }
}
