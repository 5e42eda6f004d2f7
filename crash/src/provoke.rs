//! What must happen in the world for a point to be reached, where ordinary traffic does not bring it.

mod ways;

use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use crate::cards::{self, CardErrand};
use crate::checker::REFUSED;
use crate::clock;
use crate::inquirers::{self, Doubtful};
use crate::inviters;
use crate::payers::{self, Pays};
use crate::payouts::{self, Fate};
use crate::people;
use crate::promoters::{self, Errand};
use crate::tables;
use crate::tippers::{self, Gift};
use crate::world::{Plan, World};

pub use ways::way;

/// How long a point that ordinary traffic reaches is waited for.
const SOON: Duration = Duration::from_secs(8);

/// How a point is brought about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Ordinary traffic passes it.
    Traffic,
    /// It is passed while a process starts: the process is killed and started armed.
    Start,
    /// After another point has stopped the process for a while, or another kill.
    Lead(&'static str),
    /// A fault at the provider.
    Provider(&'static str),
    /// A fault at Telegram, for the talker's messages.
    Telegram(&'static str),
    /// Tasks that take long enough to be asked about.
    SlowTasks,
    /// One who blocks the bot.
    Blocked,
    /// A group that moves.
    Moved,
    /// Nonsense from Telegram.
    Nonsense,
    /// A handler that fails for a moment.
    Disturbed,
    /// Notices that wait together.
    Notices,
    /// A stop in good order.
    Stop,
    /// A broadcast.
    Broadcast,
    /// Jobs that are due in a week, made due.
    Light,
    /// The same, and whoever takes them dies.
    LightAgain,
    /// Somebody pays with Stars.
    Payment,
    /// An admin gives a payment back.
    Refund,
    /// The same, and Telegram's answer is lost.
    RefundLost,
    /// Telegram gives a payment back of its own accord.
    GivenBack,
    /// A payment of which the bot is never told, and a comparison with Telegram's list.
    Reconcile,
    /// Somebody orders at the panel.
    Panel(Errand),
    /// Somebody withdraws, and it ends in this way.
    Payout(Fate),
    /// Somebody comes by a link.
    Invited,
    /// Somebody moves to the main wallet what a link has earned.
    Earnings,
    /// Somebody gives a tip.
    Tip,
    /// The same, where the ledger settles it.
    TipInLedger,
    /// The same, where an outside service does.
    TipOutside(Gift),
    /// Somebody pays by card.
    Card(CardErrand),
    /// A payment by card, or its return by hand, of which the bot is never told, and a comparison with the processor's list.
    CardMissed { is_refund: bool },
    /// An order's answer is lost, and admins are asked.
    Inquiry(Doubtful),
    /// Traffic, but only with several replicas.
    Replicas,
}

/// Whether it can be brought about in such a world.
pub fn fits(way: Way, plan: &Plan) -> bool {
    match way {
        Way::Replicas => plan.replicas > 1,
        Way::TipInLedger => !plan.settled_outside,
        Way::TipOutside(_) => plan.settled_outside,
        _ => true,
    }
}

/// Brings it about, and says how long to wait for the death of replica `number`.
pub async fn bring_about(world: &mut World, way: Way, number: usize) -> anyhow::Result<Duration> {
    let outside = &world.outside;
    match way {
        Way::Traffic | Way::Replicas | Way::Start => {}
        Way::Lead(_) => return Ok(Duration::from_secs(22)),
        Way::Provider(what) => {
            let rule = match what {
                "late" => json!({ "target": "kie.createTask", "delay_ms": 5_500, "times": 2 }),
                "busy" => json!({ "target": "kie.createTask", "retry_after": 1, "times": 2 }),
                _ => json!({ "target": "kie.createTask", "drop_after": true, "times": 2 }),
            };
            outside.fault(rule).await?;
            return Ok(SOON * 2);
        }
        Way::Telegram(what) => {
            let mut rule = match what {
                "late" => json!({ "delay_ms": 3_600 }),
                "ill" => json!({ "status": 502 }),
                _ => {
                    json!({ "status": 400, "body": { "ok": false, "error_code": 400, "description": format!("Bad Request: {REFUSED}") } })
                }
            };
            rule["target"] = json!("telegram.sendMessage");
            rule["chat_id"] = json!(people::TALKER);
            rule["times"] = json!(2);
            outside.fault(rule).await?;
            outside.says(people::TALKER, "/help").await?;
            return Ok(SOON * 2);
        }
        Way::SlowTasks => {
            outside
                .post("/sim/kie/settings", &json!({ "speed": 1.0 }))
                .await?;
            return Ok(SOON * 2);
        }
        Way::Blocked => people::blocks(outside).await?,
        Way::Moved => people::moves(outside).await?,
        Way::Nonsense => {
            for number in 1..=4 {
                outside
                    .post(
                        "/sim/raw_update",
                        &json!({ "message": { "message_id": number } }),
                    )
                    .await?;
            }
        }
        Way::Disturbed => {
            let pool = world.pool().await?;
            tables::disturb_a_handler(&pool).await?;
            pool.close().await;
        }
        Way::Notices => {
            let pool = world.pool().await?;
            for user in people::BUYERS {
                let shard = bulwark::engine::shards::of_lane(user);
                tables::put_notices(&pool, user, shard).await?;
            }
            pool.close().await;
        }
        Way::Light | Way::LightAgain => {
            let pool = world.pool().await?;
            tables::age_light_jobs(&pool).await?;
            pool.close().await;
        }
        Way::Payment => {
            let pays = payers::pays_now(Arc::clone(outside), Pays::Once);
            world.errands.spawn(pays);
            return Ok(SOON * 2);
        }
        Way::Refund | Way::RefundLost | Way::GivenBack => {
            if way == Way::RefundLost {
                let rule = json!({ "target": "telegram.refundStarPayment", "drop_after": true, "times": 1 });
                outside.fault(rule).await?;
            }
            let by_itself = way == Way::GivenBack;
            let gives_back = payers::gives_back_now(Arc::clone(outside), by_itself);
            world.errands.spawn(gives_back);
            return Ok(SOON * 3);
        }
        Way::Reconcile => payers::pays_now(Arc::clone(outside), Pays::Untold).await,
        Way::Panel(errand) => {
            if errand == Errand::Lost {
                let rule = json!({ "target": "panel.add", "drop_after": true, "times": 1 });
                outside.fault(rule).await?;
            }
            let pool = world.pool().await?;
            let runs = promoters::runs(Arc::clone(&world.outside), pool, errand);
            world.errands.spawn(runs);
            return Ok(SOON * 4);
        }
        Way::Payout(fate) => {
            let withdraws = payouts::withdraws_now(Arc::clone(outside), fate, world.plan.earned);
            world.errands.spawn(withdraws);
            return Ok(SOON * 4);
        }
        Way::Invited => {
            let invites = inviters::invites_now(Arc::clone(outside));
            world.errands.spawn(async move {
                let _ = invites.await;
            });
            return Ok(SOON * 2);
        }
        Way::Earnings => {
            let moves = inviters::moves_now(Arc::clone(outside));
            world.errands.spawn(moves);
            return Ok(SOON * 3);
        }
        Way::Tip | Way::TipInLedger | Way::TipOutside(_) => {
            let gift = match way {
                Way::TipOutside(gift) => gift,
                _ => Gift::Whole,
            };
            if gift == Gift::Lost {
                let rule = json!({ "target": "settlement.create", "drop_after": true, "times": 1 });
                outside.fault(rule).await?;
                let asked = inquirers::runs_of_tip(Arc::clone(outside), world.pool().await?);
                world.errands.spawn(asked);
            }
            let gives = tippers::gives_now(Arc::clone(outside), gift);
            world.errands.spawn(gives);
            return Ok(SOON * 3);
        }
        Way::Card(errand) => {
            cards::begins(world, errand).await?;
            return Ok(SOON * 6);
        }
        Way::CardMissed { is_refund } => cards::is_missed(outside, is_refund).await,
        Way::Inquiry(what) => {
            let runs = inquirers::runs(Arc::clone(outside), world.pool().await?, what);
            world.errands.spawn(runs);
            return Ok(SOON * 5);
        }
        Way::Stop => {
            // It is to know where to die before it is told to stop.
            clock::pause(80).await;
            world.replicas[number].signal(Signal::TERM);
        }
        Way::Broadcast => {
            let outside = Arc::clone(outside);
            // Its own errand: the bot may die before the button is there.
            world.errands.spawn(async move {
                let _ = people::broadcasts(&outside).await;
            });
            return Ok(SOON * 2);
        }
    }
    // What was in hand when its worker died rests for as long as a lease lasts.
    let leases = if way == Way::LightAgain { 2 } else { 1 };
    Ok(SOON * leases)
}

/// Puts back what stays otherwise.
pub async fn calm(world: &World) -> anyhow::Result<()> {
    let speed = json!({ "speed": world.plan.speed });
    world
        .outside
        .post("/sim/kie/settings", &speed)
        .await
        .map(drop)
}
