//! After the faults: the service must come to rest by itself, with nothing left over.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;
use sqlx::postgres::PgPool;
use tokio::task::JoinSet;

use crate::chaos::raise;
use crate::checker::Violation;
use crate::clock;
use crate::provoke;
use crate::tables::{self, Left};
use crate::world::World;

/// Longer than any pause between tries, shorter than people wait.
const PATIENCE: Duration = Duration::from_secs(100);
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
    let all = async { while people.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(Duration::from_secs(60), all).await;
    let pool = world.pool().await?;
    let end = clock::now() + PATIENCE;
    let mut quiet_since = clock::now();
    let mut last: Option<Left> = None;
    loop {
        raise(world)?;
        let left = tables::left(&pool).await?;
        let is_delivered = world.outside.sim().next_delivery_at().is_none();
        if is_delivered && is_nothing(&left) {
            return Ok((pool, Vec::new()));
        }
        if last.as_ref() != Some(&left) {
            quiet_since = clock::now();
        }
        if left.parked > 0 && clock::now() - quiet_since > EVIDENCE {
            tables::age(&pool).await?;
            quiet_since = clock::now();
        }
        if clock::now() >= end {
            let rows = tables::stuck(&pool).await?;
            let what = format!(
                "not at rest after {} s: {left:?}; {}",
                PATIENCE.as_secs(),
                rows.join("; ")
            );
            let stuck = Violation {
                guarantee: "G8",
                what,
            };
            return Ok((pool, vec![stuck]));
        }
        last = Some(left);
        clock::pause(150).await;
    }
}

fn is_nothing(left: &Left) -> bool {
    left.inbox + left.outbox + left.jobs + left.orders + left.broadcasts == 0
}
