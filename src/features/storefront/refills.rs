//! Refills: what was lost again after it was delivered is delivered anew, for nothing, where the service promises that.
//!
//! A refill is a job of its own, without money: submitted once, asked about, told about.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use sqlx::PgConnection;

use super::confirm::DELIVERY;
use super::pages::home_button;
use super::store::{self, Order};
use super::texts::{about, speech};
use crate::base::money::Amount;
use crate::engine::jobs::{
    self, Ending, Enqueued, Job, JobEvent, JobKind, NewJob, Snapshot, Unique,
};
use crate::engine::limits::{self, Charged, Rate};
use crate::engine::outbox::{self, Action, NewMessage};
use crate::engine::routing;
use crate::features::cx::{Cx, Env, Handled, Stop};
use crate::features::speech::{Args, Language};
use crate::providers::REFILL;
use crate::telegram::InlineKeyboard;

/// The owner of refills; stored with each of them.
const JOB_KIND: &str = "storefront_refill";
const QUEUE_MAX_S: u32 = 30 * 60;
const ESTIMATE_S: u32 = 24 * 3600;
/// Of one order: three at once, then one in half a day. Panels take one a day at most.
const PER_ORDER: Rate = Rate {
    every: Duration::from_secs(12 * 3600),
    burst: 3,
};

/// "Refill" was pressed.
pub async fn refill(cx: &mut Cx<'_>, short_id: &str) -> Handled {
    let key = match store::by_short_id(cx.conn, short_id, cx.user_id).await? {
        Some(order) => ask_for(cx, &order).await?,
        None => "order-not-found",
    };
    let text = speech(cx.language).plain(key, &Args::new());
    cx.answer(Some(text), true).await
}

/// Whether a refill can be asked for: the catalogue promises it, and the list of the provider that did the work, if there is
/// one, does not deny it for its service.
pub(super) async fn are_offered(
    conn: &mut PgConnection,
    env: &Env,
    service: &str,
    made_by: (&str, &str),
) -> Handled<bool> {
    let panel = env.catalog.service(service).and_then(|it| it.panel);
    if !panel.is_some_and(|panel| panel.refill) {
        return Ok(false);
    }
    let about = routing::about(conn, service, &[made_by]).await?;
    let sold = about.of(made_by.0).and_then(|known| known.sold.as_ref());
    Ok(sold.is_none_or(|sold| sold.refill))
}

/// The key of what to say.
async fn ask_for(cx: &mut Cx<'_>, order: &Order) -> Handled<&'static str> {
    let now = cx.now();
    let Some(done) = jobs::delivered(cx.conn, order.id, now).await? else {
        return Ok("refill-not-offered");
    };
    let made_by = (done.provider.as_str(), done.provider_service.as_str());
    if !are_offered(cx.conn, cx.env, &order.service, made_by).await? {
        return Ok("refill-not-offered");
    }
    let job = NewJob {
        id: cx.env.ids.uuid(),
        kind: JOB_KIND,
        user_id: cx.user_id,
        chat_id: cx.chat_id,
        priority: 1,
        run_at: None,
        unique_key: format!("refill:{}", order.id),
        unique: Unique::WhileAlive,
        snapshot: Snapshot {
            v: 1,
            provider: done.provider,
            provider_service: REFILL.to_owned(),
            service: order.service.clone(),
            price: Amount::ZERO,
            params: json!({ "order": done.external_id, "of": order.id }),
            result: DELIVERY.to_owned(),
            estimate_s: ESTIMATE_S,
            language: cx.language.code().to_owned(),
            units: None,
            stoppable: false,
            cost: None,
        },
        callback_token: cx.env.ids.token(),
        queue_max_s: QUEUE_MAX_S,
        correlation: cx.correlation,
    };
    Ok(match jobs::enqueue(cx.conn, &job, now).await? {
        Enqueued::Created => {
            refuse_too_often(cx, order).await?;
            cx.has_jobs = true;
            "refill-asked"
        }
        Enqueued::Existing { .. } => "refill-asked-before",
    })
}

/// A refill costs its user nothing, and its panel a call as an order does: who asks again and again would stand before the orders
/// of everybody else.
async fn refuse_too_often(cx: &mut Cx<'_>, order: &Order) -> Handled {
    let now = cx.now();
    let key = format!("refill:{}", order.id);
    match limits::charge(cx.conn, &key, 1, PER_ORDER, now).await? {
        Charged::Taken => Ok(()),
        Charged::Limited { wait } => {
            let speech = speech(cx.language);
            let time = about(speech, wait.max(Duration::from_secs(1)).as_secs());
            let text = speech.rich("refused-too-fast", &Args::new().text("time", time));
            Err(Stop::Refused(Box::new(text)))
        }
    }
}

/// The owner of refills.
pub struct RefillJob {
    env: Arc<Env>,
}

impl RefillJob {
    /// Speaks with what `env` knows.
    pub fn new(env: Arc<Env>) -> Self {
        Self { env }
    }

    async fn say(&self, conn: &mut PgConnection, job: &Job, key: &'static str) -> Handled {
        let language = Language::of_tag(&job.snapshot.language);
        let title = self.env.catalog.service(&job.snapshot.service).map_or_else(
            || job.snapshot.service.clone(),
            |service| service.title.get(language.code()).to_owned(),
        );
        let speech = speech(language);
        let action = Action::Say {
            text: speech.rich(key, &Args::new().text("title", title)),
            keyboard: Some(InlineKeyboard::new([vec![home_button(speech)]])),
        };
        let message = NewMessage::new(job.chat_id, job.correlation, action);
        outbox::enqueue(conn, &message, self.env.clock.sql_now()).await?;
        Ok(())
    }
}

#[async_trait]
impl JobKind for RefillJob {
    fn name(&self) -> &'static str {
        JOB_KIND
    }

    async fn on_event(
        &self,
        conn: &mut PgConnection,
        job: &Job,
        event: &JobEvent,
    ) -> Result<(), anyhow::Error> {
        let key = match event {
            JobEvent::Started { .. } => "refill-begun",
            JobEvent::Ended(
                Ending::Delivered(_) | Ending::Succeeded(_) | Ending::Partial { .. },
            ) => "refill-done",
            JobEvent::Ended(Ending::Failed(_) | Ending::Cancelled) => "refill-refused",
            JobEvent::Ended(Ending::TimedOut) => "refill-late",
            JobEvent::Waiting(_)
            | JobEvent::Progress { .. }
            | JobEvent::Unsure
            | JobEvent::Undecided { .. }
            | JobEvent::Stuck => return Ok(()),
        };
        self.say(conn, job, key).await.map_err(anyhow::Error::from)
    }
}
