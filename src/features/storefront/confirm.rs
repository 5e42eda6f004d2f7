//! Confirming: the hold, the job, the order and the progress message, in one transaction.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::draft::Draft;
use super::forget;
use super::pages::labelled;
use super::questions::{current, old_button};
use super::store::{self, NewOrder};
use super::summary;
use super::texts::{about, speech};
use super::waiting::{self, Accepted};
use super::ways::{self, Way};
use crate::catalog::{Priced, ResultKind, Service};
use crate::engine::inbox::HandleError;
use crate::engine::jobs::{self, Enqueued, NewJob, Snapshot, Unique};
use crate::engine::ledger::{self, LedgerError};
use crate::engine::limits::{self, Charged};
use crate::engine::outbox::{Action, NewMessage};
use crate::features::cx::{Cx, Handled, Stop};
use crate::features::press::Press;
use crate::features::speech::Args;
use crate::telegram::InlineKeyboard;

/// The owner of the storefront's jobs; stored with each of them.
pub(super) const JOB_KIND: &str = "storefront_order";
/// The stored name of what is done elsewhere.
pub(super) const DELIVERY: &str = "delivery";
/// Units of the work rate that an order costs.
const ORDER_COST: u32 = 2;
/// A job that cannot be begun within this time is given back.
const QUEUE_MAX_S: u32 = 30 * 60;

/// "Confirm" was pressed.
pub async fn confirm(cx: &mut Cx<'_>, draft_id: &str) -> Handled {
    let catalog = std::sync::Arc::clone(&cx.env.catalog);
    let Some(draft) = current(cx, draft_id).await? else {
        return already_or_old(cx, draft_id).await;
    };
    let Some(service) = draft.service(&catalog) else {
        return refuse(cx, "refused-gone", Args::new());
    };
    if service.instant.is_some() || draft.next_open(service).is_some() {
        return old_button(cx).await;
    }
    let id = cx.env.ids.uuid();
    let way = match ways::find(cx, service, &draft, id).await? {
        Ok(way) => way,
        Err(why) => return ways::refuse(cx, service, why).await,
    };
    check_limits(cx, service).await?;
    let order = Ordered {
        id,
        service,
        draft: &draft,
        priced: service.priced(&way.params),
    };
    set_money_aside(cx, &order).await?;
    queue(cx, &order, way).await?;
    Draft::clear(cx).await?;
    summary::confirmed(cx, service, &draft).await?;
    accepted(cx, &order).await
}

/// What was confirmed.
struct Ordered<'a> {
    id: Uuid,
    service: &'a Service,
    draft: &'a Draft,
    priced: Priced,
}

/// The second of two quick taps is told that the first one did it.
async fn already_or_old(cx: &mut Cx<'_>, draft_id: &str) -> Handled {
    if store::by_short_id(cx.conn, draft_id, cx.user_id)
        .await?
        .is_none()
    {
        return old_button(cx).await;
    }
    let text = speech(cx.language).plain("already-ordered", &Args::new());
    cx.answer(Some(text), false).await
}

fn refuse(cx: &Cx<'_>, key: &str, args: Args) -> Handled {
    Err(Stop::Refused(Box::new(
        speech(cx.language).rich(key, &args),
    )))
}

/// Everything that speaks against an order, before any money is touched.
async fn check_limits(cx: &mut Cx<'_>, service: &Service) -> Handled {
    if !service.is_free() && !cx.env.money.is_on() {
        return refuse(cx, "refused-money-off", Args::new());
    }
    let open = store::open_orders(cx.conn, cx.user_id).await?;
    if open >= i64::from(cx.env.orders_per_user) {
        return refuse(cx, "refused-too-many-orders", Args::new().number("n", open));
    }
    let now = cx.now();
    let key = format!("work:{}", cx.user_id);
    if let Charged::Limited { wait } =
        limits::charge(cx.conn, &key, ORDER_COST, cx.env.work_rate, now).await?
    {
        let time = about(
            speech(cx.language),
            wait.max(Duration::from_secs(1)).as_secs(),
        );
        return refuse(cx, "refused-too-fast", Args::new().text("time", time));
    }
    if service.is_free() {
        let max = service.free_per_day.unwrap_or(cx.env.free_uses_per_day);
        if !limits::take_daily(cx.conn, cx.user_id, &service.id, max, now).await? {
            return refuse(cx, "refused-free-used-up", Args::new());
        }
    }
    Ok(())
}

async fn set_money_aside(cx: &mut Cx<'_>, order: &Ordered<'_>) -> Handled {
    let (service, draft) = (order.service, order.draft);
    if service.is_free() {
        return Ok(());
    }
    let cause = cx.cause(format!("hold:job:{}", order.id), &service.id);
    let (user_id, currency, now) = (cx.user_id, cx.env.currency().code.clone(), cx.now());
    match ledger::hold(
        cx.conn,
        user_id,
        &currency,
        order.priced.price,
        order.id,
        &cause,
        now,
    )
    .await
    {
        Ok(_) => Ok(()),
        Err(LedgerError::Insufficient { missing, .. }) => {
            let args = Args::new().text("missing", cx.money(missing));
            if !cx.env.has_topup() {
                return refuse(cx, "refused-insufficient", args);
            }
            let speech = speech(cx.language);
            let text = speech.rich("refused-insufficient", &args);
            let id = || draft.id.clone();
            let keyboard = InlineKeyboard::new([
                vec![labelled(
                    speech,
                    "button-topup",
                    &Press::TopUp { draft: Some(id()) },
                )],
                vec![labelled(
                    speech,
                    "button-to-summary",
                    &Press::Summary { draft: id() },
                )],
            ]);
            Err(Stop::RefusedWith(Box::new(text), keyboard))
        }
        Err(error) => Err(error.into()),
    }
}

async fn queue(cx: &mut Cx<'_>, order: &Ordered<'_>, way: Way<'_>) -> Handled {
    let (service, draft) = (order.service, order.draft);
    let job = NewJob {
        id: order.id,
        kind: JOB_KIND,
        user_id: cx.user_id,
        chat_id: cx.chat_id,
        priority: 1,
        run_at: None,
        unique_key: format!("draft:{}", draft.id),
        unique: Unique::Ever,
        snapshot: Snapshot {
            v: 1,
            provider: way.route.provider.clone(),
            provider_service: way.route.id.clone(),
            service: service.id.clone(),
            price: order.priced.price,
            params: way.params,
            result: result_name(service.result).to_owned(),
            estimate_s: service.estimate_s,
            language: cx.language.code().to_owned(),
            units: order.priced.units,
            stoppable: way.stoppable,
            cost: way.cost,
        },
        callback_token: cx.env.ids.token(),
        queue_max_s: QUEUE_MAX_S,
        correlation: cx.correlation,
    };
    let now = cx.now();
    if let Enqueued::Existing { .. } = jobs::enqueue(cx.conn, &job, now).await? {
        return Err(Stop::Failed(HandleError::Bug(anyhow::anyhow!(
            "the draft {} was ordered before",
            draft.id
        ))));
    }
    cx.has_jobs = true;
    let price = order.priced.price.0;
    let provider = &job.snapshot.provider;
    tracing::info!(job = %order.id, service = %service.id, provider, price, "order placed");
    Ok(())
}

async fn accepted(cx: &mut Cx<'_>, ordered: &Ordered<'_>) -> Handled {
    let (service, draft, order_id) = (ordered.service, ordered.draft, ordered.id);
    let price = ordered.priced.price;
    let speech = speech(cx.language);
    let progress_ref = cx.env.ids.uuid();
    let order = NewOrder {
        id: order_id,
        short_id: &draft.id,
        user_id: cx.user_id,
        chat_id: cx.chat_id,
        service: &service.id,
        answers: json!({ "v": 1, "answers": draft.answers }),
        price,
        progress_ref,
        language: cx.language.code(),
    };
    let now = cx.now();
    store::insert(cx.conn, &order, now).await?;
    forget::later(cx, order_id).await?;
    let accepted = Accepted {
        title: service.title.get(cx.language.code()),
        estimate_s: service.estimate_s,
        held: (!service.is_free()).then(|| cx.money(price)),
        line: jobs::line(cx.conn, order_id, now).await?,
    };
    let action = Action::Say {
        text: accepted.text(speech),
        keyboard: Some(waiting::keyboard(speech, draft.id.clone())),
    };
    let message = NewMessage {
        message_ref: Some(progress_ref),
        ..NewMessage::new(cx.chat_id, cx.correlation, action)
    };
    cx.post(&message).await
}

/// The stored name of a kind of result.
pub(super) fn result_name(kind: ResultKind) -> &'static str {
    match kind {
        ResultKind::Image => "image",
        ResultKind::Video => "video",
        ResultKind::Audio => "audio",
        ResultKind::Document => "document",
        ResultKind::Delivery => DELIVERY,
    }
}
