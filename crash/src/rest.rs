//! After the faults: the service must come to rest by itself, with nothing left over.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use sqlx::postgres::PgPool;
use tokio::task::JoinSet;

use crate::chaos::raise;
use crate::checker::Violation;
use crate::clock;
use crate::inquirers;
use crate::payouts;
use crate::promoters;
use crate::provoke;
use crate::refunders;
use crate::tables::{self, Left};
use crate::tippers;
use crate::world::World;

/// Longer than any pause between tries, and than the pace of a chat for which Telegram has asked to wait.
const PATIENCE: Duration = Duration::from_secs(100);
/// However it moves, at rest it must be by then.
const SETTLED_MAX: Duration = Duration::from_secs(300);
/// So long a parked job waits for evidence before time is let pass: longer than the provider's next call.
const EVIDENCE: Duration = Duration::from_secs(4);

/// Ends the faults, lets people finish, and waits. What is stuck is a violation.
pub async fn come(
    world: &mut World,
    mut people: JoinSet<()>,
) -> anyhow::Result<(PgPool, Vec<Violation>)> {
    world.outside.close();
    world.outside.post("/sim/faults", &json!([])).await?;
    provoke::calm(world).await?;
    for replica in &world.replicas {
        replica.signal(Signal::CONT);
    }
    raise(world)?;
    let errands = &mut world.errands;
    let all = async {
        while people.join_next().await.is_some() {}
        while errands.join_next().await.is_some() {}
    };
    let _ = tokio::time::timeout(Duration::from_secs(60), all).await;
    let pool = world.pool().await?;
    let mut found = Vec::new();
    found.extend(settle(world, &pool).await?);
    if found.is_empty() {
        found.extend(reconcile(world).await?);
        found.extend(settle(world, &pool).await?);
    }
    Ok((pool, found))
}

/// Waits until nothing is left to do; what is, if it stays. On a busy machine a backlog takes its time: it counts as stuck
/// when nothing of it has moved for long.
async fn settle(world: &mut World, pool: &PgPool) -> anyhow::Result<Option<Violation>> {
    let end = clock::now() + SETTLED_MAX;
    let (mut moved_at, mut waiting_since) = (clock::now(), clock::now());
    let mut last: Option<Left> = None;
    loop {
        raise(world)?;
        let left = tables::left(pool).await?;
        let is_delivered = world.outside.sim().next_delivery_at().is_none();
        if is_delivered && is_nothing(&left) {
            return Ok(None);
        }
        if last.as_ref() != Some(&left) {
            moved_at = clock::now();
        }
        if last.as_ref().map(waiting) != Some(waiting(&left)) {
            waiting_since = clock::now();
        }
        if waiting(&left) != NOTHING && clock::now() - waiting_since > EVIDENCE {
            let_time_pass(world, pool).await?;
            waiting_since = clock::now();
        }
        let now = clock::now();
        if now >= end || now >= moved_at + PATIENCE {
            let rows = tables::stuck(pool).await?;
            let what = format!("not at rest: {left:?}; {}", rows.join("; "));
            let guarantee = "G8";
            return Ok(Some(Violation { guarantee, what }));
        }
        last = Some(left);
        clock::pause(150).await;
    }
}

/// What waits for minutes or hours.
fn waiting(left: &Left) -> [i64; 4] {
    [left.parked, left.refunds, left.payouts, left.payments]
}

const NOTHING: [i64; 4] = [0; 4];

/// Whatever waits for minutes, days or a person gets what it waits for.
async fn let_time_pass(world: &World, pool: &PgPool) -> anyhow::Result<()> {
    promoters::closes(&world.outside).await?;
    let asked = tables::age_lost(pool, None).await?;
    // Whoever is asked now, or has just answered, is given the time that it takes.
    if asked == 0 && inquirers::answers_some(&world.outside, pool).await? == 0 {
        tables::age(pool).await?;
    }
    tables::nudge_panel_jobs(pool).await?;
    tables::age_refunds(pool).await?;
    tippers::closes(&world.outside).await;
    tables::nudge_tips(pool).await?;
    payouts::closes(&world.outside).await;
    tables::nudge_payments(pool).await?;
    tables::age_card_refunds(pool, None).await?;
    refunders::answers(&world.outside, None).await?;
    Ok(())
}

fn is_nothing(left: &Left) -> bool {
    let moving = left.inbox + left.outbox + left.jobs + left.orders + left.broadcasts;
    moving == 0 && waiting(left) == NOTHING
}

/// Payments and refunds of which the bot was never told are found in Telegram's list, once: a second look finds nothing. Our own
/// books need no mending.
async fn reconcile(world: &World) -> anyhow::Result<Option<Violation>> {
    let Some(replica) = world.replicas.first() else {
        return Ok(None);
    };
    let arming = world.arming(None);
    for is_second in [false, true] {
        let ended = replica
            .command(&["reconcile", "--fix", "--json", "--as", "900"], &arming)
            .await?;
        let (is_good, said) = ended.unwrap_or_default();
        let report: Value = serde_json::from_str(&said).unwrap_or_default();
        let findings = report["findings"].as_array();
        // What it mends in our own books was broken by us: nothing that happens outside does that.
        let is_ours = |finding: &Value| finding["source"] == "ledger";
        let is_broken = findings.is_none_or(|all| all.iter().any(is_ours));
        if !is_good || is_broken || is_second && findings.is_some_and(|all| !all.is_empty()) {
            let what = format!("the reconciliation says {said:?}");
            let guarantee = "G4";
            return Ok(Some(Violation { guarantee, what }));
        }
    }
    Ok(None)
}
