//! Which lanes this replica works: shards (hashes of lanes) leased through a table.
//!
//! Guarantees: in one moment at most one replica holds a live lease on a shard, by the database's clock. A lease is
//! renewed every [`RENEW`]; a replica that cannot renew stops taking new rows before its lease ends, because it
//! measures from *before* the renewal was sent. Live replicas hold even shares: with each renewal one that has more
//! than its share gives the rest up, and one that has less takes what is free.
//!
//! The lease keeps replicas out of each other's way; it is not what makes a chat's order hold, nor exactly-once. Those
//! come from the rows: whoever wants a lane's second row has passed its first, and passing means finding it claimed
//! and committed, or claiming it. So a frozen replica that wakes up late, or one that finishes what it had in hand
//! while its shard has moved, changes nothing twice and overtakes nothing.
//!
//! ```text
//! free ──renew (below our share)──▶ ours ──renew──▶ ours
//!   ▲                                │ │
//!   └── release · above our share ───┘ └── no renewal for a lease ──▶ anybody's
//! ```
//! If the process dies, its shards are free after [`LEASE`] and taken within [`RENEW`]; if it stops in good order, at
//! once. Everything is one statement a step, so it works through a transaction pooler.

mod store;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::PgPool;
use uuid::Uuid;

use crate::base::clock::Clock;
use crate::base::fault::{self, Mutant, Point};
use crate::base::supervise::Shutdown;

/// How many shards there are. Stored with each row: changing it needs a migration.
pub const COUNT: i16 = 64;
/// How long a lease lasts without renewal.
pub const LEASE: Duration = Duration::from_secs(5);
/// How often a lease is renewed.
pub const RENEW: Duration = Duration::from_millis(1500);

/// The shard of a lane: a multiplicative hash, stable for ever because it is stored.
pub fn of_lane(lane: i64) -> i16 {
    let hash = lane.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 58;
    i16::try_from(hash).unwrap_or(0)
}

/// This replica's leases.
#[derive(Clone, Debug)]
pub struct Shards {
    pool: PgPool,
    clock: Clock,
    worker: Uuid,
    held: Arc<Mutex<Held>>,
    replicas: Arc<AtomicUsize>,
}

#[derive(Debug, Default)]
struct Held {
    shards: Vec<i16>,
    valid_until: Duration,
}

impl Shards {
    /// Leases for `worker`, which must be fresh for each process: a reused name would inherit a zombie's leases.
    pub fn new(pool: PgPool, clock: Clock, worker: Uuid) -> Self {
        Self {
            pool,
            clock,
            worker,
            held: Arc::default(),
            replicas: Arc::new(AtomicUsize::new(1)),
        }
    }

    /// The shards that are surely ours now.
    pub fn owned(&self) -> Vec<i16> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if self.clock.monotonic() < held.valid_until {
            held.shards.clone()
        } else {
            Vec::new()
        }
    }

    /// Whether the lane is surely ours now.
    pub fn owns(&self, lane: i64) -> bool {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        self.clock.monotonic() < held.valid_until && held.shards.contains(&of_lane(lane))
    }

    /// How many replicas were alive at the last renewal, this one included: for limits that they share.
    pub fn replicas(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.replicas)
    }

    /// Takes free and expired shards, renews ours, gives up what is above our share. How many we hold then.
    ///
    /// # Errors
    /// The database's; what we hold then runs out by itself.
    pub async fn renew(&self) -> Result<usize, sqlx::Error> {
        let valid_until = self.clock.monotonic() + LEASE;
        let now = self.clock.sql_now();
        fault::reach(Point::ShardsRenewing);
        let lease = if fault::mutant(Mutant::ShardsNeverFree) {
            LEASE * 10_000
        } else {
            LEASE
        };
        let renewed = store::renew(&self.pool, self.worker, COUNT, lease, now).await?;
        fault::reach(Point::ShardsRenewed);
        let replicas = usize::try_from(renewed.replicas).unwrap_or(1);
        self.replicas.store(replicas, Ordering::Relaxed);
        let shards = renewed.shards;
        let count = shards.len();
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Held {
            shards,
            valid_until,
        };
        Ok(count)
    }

    /// Renews until `shutdown`; the leases are kept until [`release`](Self::release), so that running work ends first.
    pub async fn run(self, shutdown: Shutdown) {
        loop {
            if let Err(error) = self.renew().await {
                tracing::warn!(error = %error, "cannot renew lane leases");
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.clock.sleep(RENEW) => {}
            }
        }
    }

    /// Gives all shards back, so that another replica goes on at once.
    pub async fn release(&self) -> Result<(), sqlx::Error> {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Held::default();
        fault::reach(Point::ShardsReleasing);
        store::release(&self.pool, self.worker).await?;
        fault::reach(Point::ShardsReleased);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shard_is_used_and_none_beyond() {
        let mut seen = [0_u32; 64];
        for lane in -5_000..5_000_i64 {
            let shard = of_lane(lane * 7919);
            assert!((0..COUNT).contains(&shard));
            seen[usize::try_from(shard).expect("not negative")] += 1;
        }
        assert!(seen.iter().all(|count| *count > 50), "{seen:?}");
    }
}
