//! Tips that an outside service settles: what their senders see meanwhile, and where the money goes at the end.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::PgConnection;

use super::settle::ALLOWANCE;
use super::store::{self, State, Tip};
use super::{speech, told};
use crate::base::fault::{self, Mutant, Point};
use crate::engine::inbox::HandleError;
use crate::engine::jobs::{Ending, Job, JobEvent, JobKind};
use crate::engine::ledger::{self, Cause, House, Payee};
use crate::engine::limits;
use crate::engine::outbox::{self, Action, NewMessage, Priority};
use crate::features::cx::{Env, Handled, Stop};
use crate::features::speech::{Args, Language};

/// Stored with each of them.
pub(super) const KIND: &str = "tip";
/// Edits of the message are this far apart in polls.
const POLLS_PER_EDIT: i32 = 3;

/// The owner of tips that are settled outside.
pub struct TipJob {
    env: Arc<Env>,
}

impl TipJob {
    /// Speaks and settles with what `env` knows.
    pub fn new(env: Arc<Env>) -> Self {
        Self { env }
    }
}

#[async_trait]
impl JobKind for TipJob {
    fn name(&self) -> &'static str {
        KIND
    }

    async fn on_event(
        &self,
        conn: &mut PgConnection,
        job: &Job,
        event: &JobEvent,
    ) -> Result<(), anyhow::Error> {
        let tip = store::by_id(conn, job.id).await?;
        let tip = tip.ok_or_else(|| anyhow::anyhow!("the job {} has no tip", job.id))?;
        let settled = Settled {
            env: &self.env,
            job,
            tip: &tip,
        };
        settled
            .on_event(conn, event)
            .await
            .map_err(anyhow::Error::from)
    }
}

struct Settled<'a> {
    env: &'a Env,
    job: &'a Job,
    tip: &'a Tip,
}

impl Settled<'_> {
    async fn on_event(&self, conn: &mut PgConnection, event: &JobEvent) -> Handled {
        match event {
            JobEvent::Waiting(_) | JobEvent::Started { .. } => Ok(()),
            JobEvent::Progress { percent, .. } if self.job.polls % POLLS_PER_EDIT == 1 => {
                match percent {
                    Some(percent) => self.say(conn, "settling-so-far", i64::from(*percent)).await,
                    None => Ok(()),
                }
            }
            JobEvent::Progress { .. } => Ok(()),
            JobEvent::Unsure | JobEvent::Undecided { .. } => self.say(conn, "unsure", 0).await,
            JobEvent::Stuck => {
                self.tell_admins(conn, "admin-stuck").await?;
                self.say(conn, "unsure", 0).await
            }
            JobEvent::Ended(Ending::Succeeded(_) | Ending::Delivered(_)) => self.done(conn).await,
            JobEvent::Ended(Ending::Failed(reason)) => {
                if *reason == crate::providers::FailureReason::Unknown {
                    self.tell_admins(conn, "admin-unknown").await?;
                }
                self.failed(conn).await
            }
            JobEvent::Ended(Ending::TimedOut) => {
                self.tell_admins(conn, "admin-unknown").await?;
                self.failed(conn).await
            }
            JobEvent::Ended(Ending::Cancelled) => self.failed(conn).await,
            JobEvent::Ended(Ending::Partial { .. }) => {
                let error = anyhow::anyhow!("the tip {} was settled in part", self.tip.id);
                Err(Stop::Failed(HandleError::Bug(error)))
            }
        }
    }

    /// The service has moved it, and so does the ledger.
    async fn done(&self, conn: &mut PgConnection) -> Handled {
        let (env, tip, now) = (self.env, self.tip, self.env.clock.sql_now());
        let Some(hold) = ledger::hold_of(conn, tip.id).await? else {
            let error = anyhow::anyhow!("the tip {} has no hold", tip.id);
            return Err(Stop::Failed(HandleError::Bug(error)));
        };
        let cause = self.cause("tip");
        let payee = if fault::mutant(Mutant::TipForgotten) {
            Payee::House(House::Revenue)
        } else {
            Payee::User(tip.recipient_id)
        };
        fault::reach(Point::TipSettling);
        ledger::capture_to(conn, hold.id, hold.amount, payee, &cause, now).await?;
        store::turn(conn, tip.id, (State::Settling, State::Done), now).await?;
        tracing::info!(tip = %tip.id, amount = tip.amount.0, "a tip is settled");
        let text = told::given(conn, env, tip).await?;
        told::edit(conn, env, tip, text).await?;
        told::recipient(conn, env, tip).await?;
        fault::reach(Point::TipSettled);
        Ok(())
    }

    /// It did not, or nobody knows: the money goes back, and the allowance of the day on which it was taken.
    async fn failed(&self, conn: &mut PgConnection) -> Handled {
        let (tip, now) = (self.tip, self.env.clock.sql_now());
        fault::reach(Point::TipReturning);
        // The allowance before the wallet, as who gives takes them: neither waits for the other with what that one needs.
        let (units, taken_at) = (tip.amount.0, self.job.created_at);
        limits::give_back_units(conn, tip.sender_id, ALLOWANCE, units, taken_at).await?;
        if let Some(hold) = ledger::hold_of(conn, tip.id).await? {
            ledger::release(conn, hold.id, &self.cause("release:tip"), now).await?;
        }
        store::turn(conn, tip.id, (State::Settling, State::Failed), now).await?;
        self.say(conn, "not-settled", 0).await?;
        fault::reach(Point::TipReturned);
        Ok(())
    }

    fn cause(&self, kind: &str) -> Cause {
        Cause {
            id: self.env.ids.uuid(),
            idem_key: format!("{kind}:{}", self.tip.id),
            note: self.tip.note.clone(),
            by_admin: None,
            correlation: self.job.correlation,
        }
    }

    async fn say(&self, conn: &mut PgConnection, key: &'static str, percent: i64) -> Handled {
        let language = told::language_of(conn, self.tip.sender_id).await?;
        let args = Args::new()
            .text("amount", self.env.currency().format(self.tip.amount))
            .text("name", told::recipient_name(conn, self.tip).await?)
            .text("percent", percent.to_string());
        let text = speech(language).rich(key, &args);
        told::edit(conn, self.env, self.tip, text).await
    }

    /// What only a person can find out.
    async fn tell_admins(&self, conn: &mut PgConnection, key: &'static str) -> Handled {
        let args = Args::new()
            .text("tip", self.tip.id.to_string())
            .text("amount", self.env.currency().format(self.tip.amount));
        for admin_id in &self.env.admin_ids {
            let action = Action::Say {
                text: speech(Language::En).rich(key, &args),
                keyboard: None,
            };
            let message = NewMessage {
                priority: Priority::Low,
                merge_key: Some(outbox::ADMIN_NOTICES),
                ..NewMessage::new(*admin_id, self.job.correlation, action)
            };
            outbox::enqueue(conn, &message, self.env.clock.sql_now()).await?;
        }
        Ok(())
    }
}
