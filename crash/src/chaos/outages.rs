//! Faults that are felt for a while: frozen processes, a Postgres that is away or full, connections that are cut,
//! stops in good order, clocks that somebody sets.

use std::time::{Duration, Instant};

use bulwark::base::fault::Point;
use rustix::process::Signal;

use super::{Chaos, raise, recover};
use crate::clock;
use crate::cutter::Cut;
use crate::disk;
use crate::journal::{AT_RANDOM, CLOCK_SET};
use crate::replica::Arming;
use crate::tables;
use crate::world::World;

/// Points at which standing still past all leases may hurt most.
const FREEZES: [Point; 24] = [
    Point::ShardsRenewed,
    Point::UpdateClaimed,
    Point::UpdateCommitting,
    Point::MessageClaimed,
    Point::MessageAnswered,
    Point::MessageRecording,
    Point::SubmitIntending,
    Point::SubmitIntended,
    Point::SubmitAnswered,
    Point::JobPolled,
    Point::PanelAdded,
    Point::PartSettling,
    Point::JobEnding,
    Point::JobEndCommitting,
    Point::PaymentRecorded,
    Point::RefundsClaimed,
    Point::RefundAnswered,
    Point::RefundSettling,
    Point::EventAnswered,
    Point::CardRecorded,
    Point::CardRefundAsking,
    Point::CardRefundAnswered,
    Point::QuestionAsking,
    Point::AnswerTaken,
];

impl Chaos {
    /// Past the leases of lanes, messages and, sometimes, jobs; then it wakes up and thinks that no time has passed.
    pub(super) async fn freeze(&mut self, world: &mut World) -> anyhow::Result<(Instant, String)> {
        let number = self.replica(world);
        let (from, since) = (clock::wall(), clock::now());
        world.replicas[number].signal(Signal::STOP);
        self.wake_later(world, number, since, from, "frozen").await
    }

    pub(super) async fn freeze_at_a_point(
        &mut self,
        world: &mut World,
    ) -> anyhow::Result<(Instant, String)> {
        let (number, point) = (self.replica(world), *self.dice.pick(&FREEZES));
        let from = clock::wall();
        world.replicas[number].order(&format!("{}:1:stop", point.name()))?;
        let stopped = clock::until(Duration::from_secs(6), || {
            world.replicas[number].is_stopped().then_some(())
        });
        if stopped.await.is_none() {
            world.replicas[number].signal(Signal::STOP);
        }
        let since = clock::now();
        let what = format!("frozen {}", point.name());
        self.wake_later(world, number, since, from, &what).await
    }

    async fn wake_later(
        &mut self,
        world: &mut World,
        number: usize,
        since: Instant,
        from: time::OffsetDateTime,
        what: &str,
    ) -> anyhow::Result<(Instant, String)> {
        // With another replica it is the others who have to recover, while this one stands still.
        if world.replicas.len() > 1 {
            raise(world)?;
            recover(world, (since, what.to_owned())).await?;
        }
        let felt = clock::now() - since;
        let whole = Duration::from_millis(self.dice.between(6_000, 15_000));
        clock::pause(u64::try_from(whole.saturating_sub(felt).as_millis()).unwrap_or(0)).await;
        world.replicas[number].signal(Signal::CONT);
        world.outside.journal.note(from, what);
        Ok((clock::now(), format!("{what}, woken")))
    }

    pub(super) async fn stop_postgres(
        &mut self,
        world: &mut World,
    ) -> anyhow::Result<(Instant, String)> {
        let from = clock::wall();
        world.cluster.stop_at_once().await?;
        clock::pause(self.dice.between(50, 3_000)).await;
        world.cluster.go_on().await?;
        world.outside.journal.note(from, "Postgres stopped");
        Ok((clock::now(), "Postgres stopped".to_owned()))
    }

    /// Postgres may give up altogether; then somebody starts it when there is room again.
    pub(super) async fn fill_the_disk(
        &mut self,
        world: &mut World,
    ) -> anyhow::Result<(Instant, String)> {
        let from = clock::wall();
        let Some(folder) = world.plan.disk.clone() else {
            return self.stop_postgres(world).await;
        };
        disk::fill(&folder)?;
        clock::pause(self.dice.between(1_000, 5_000)).await;
        disk::free(&folder)?;
        if let Ok(pool) = world.pool().await {
            pool.close().await;
        } else {
            world.cluster.stop_at_once().await?;
            world.cluster.go_on().await?;
        }
        world
            .outside
            .journal
            .note(from, "the disk of Postgres was full");
        Ok((clock::now(), "a full disk".to_owned()))
    }

    pub(super) async fn cut(&mut self, world: &mut World) -> anyhow::Result<(Instant, String)> {
        let from = clock::wall();
        let cut = *self.dice.pick(&[
            Cut::BeforeCommit,
            Cut::AfterCommit,
            Cut::AfterCommit,
            Cut::AfterStatement,
        ]);
        let before = world.cutter.cuts();
        let times = self.dice.between(1, 4);
        for _ in 0..times {
            let nth = u32::try_from(self.dice.between(1, 12)).unwrap_or(1);
            let done = world.cutter.cuts();
            world.cutter.arm(cut, nth);
            clock::until(Duration::from_secs(3), || {
                (world.cutter.cuts() > done).then_some(())
            })
            .await;
        }
        let what = format!("{} connections cut {cut:?}", world.cutter.cuts() - before);
        world.outside.journal.note(from, what);
        Ok((clock::now(), format!("cut {cut:?}")))
    }

    pub(super) async fn stop_in_good_order(
        &mut self,
        world: &mut World,
    ) -> anyhow::Result<(Instant, String)> {
        let number = self.replica(world);
        let from = clock::wall();
        world.replicas[number].signal(Signal::TERM);
        if !world.replicas[number].ended(Duration::from_secs(12)).await {
            world.replicas[number].kill().await;
        }
        world.outside.journal.note(from, "stopped in good order");
        Ok((clock::now(), "stopped in good order".to_owned()))
    }

    pub(super) async fn step_the_clock(
        &mut self,
        world: &mut World,
    ) -> anyhow::Result<(Instant, String)> {
        let number = self.replica(world);
        let from = clock::wall();
        world.replicas[number].kill().await;
        world.outside.journal.killed(from, AT_RANDOM);
        let by_ms: i64 = *self.dice.pick(&[-3_600_000, -90_000, 90_000, 3_600_000]);
        let arming = Arming {
            clock_step: Some(format!("{}:{by_ms}", self.dice.between(100, 4_000))),
            ..world.arming(None)
        };
        world.replicas[number].restart(arming)?;
        world.outside.journal.note(from, CLOCK_SET);
        Ok((clock::now(), format!("clock set by {} s", by_ms / 1_000)))
    }
}

/// As when the network between them is gone for a moment.
pub(super) fn cut_everything(world: &mut World) -> (Instant, String) {
    let from = clock::wall();
    world.cutter.cut_all();
    world.outside.journal.note(from, "all connections cut");
    (clock::now(), "all connections cut".to_owned())
}

pub(super) async fn terminate(world: &mut World) -> anyhow::Result<(Instant, String)> {
    let from = clock::wall();
    let pool = world.pool().await?;
    let ended = tables::terminate_all(&pool).await?;
    pool.close().await;
    world
        .outside
        .journal
        .note(from, format!("{ended} backends terminated"));
    Ok((clock::now(), "backends terminated".to_owned()))
}
