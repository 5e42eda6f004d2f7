//! What is done to a world: one fault after another, drawn by lot from the seed, with a look at how long each was felt.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bulwark::base::fault::Point;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::canary;
use crate::clock;
use crate::cutter::Cut;
use crate::dice::Dice;
use crate::provoke::{self, Way};
use crate::replica::Arming;
use crate::tables;
use crate::world::World;

/// Points at which standing still past all leases may hurt most.
const FREEZES: [Point; 12] = [
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
    Point::JobEnding,
    Point::JobEndCommitting,
];

/// What one world goes through.
#[derive(Debug)]
pub struct Chaos {
    dice: Dice,
    deck: VecDeque<Point>,
}

impl Chaos {
    /// With the points of this seed first: of consecutive seeds each begins where the one before ended.
    pub fn new(seed: u64, kills: usize) -> Self {
        let mut points = Point::ALL.to_vec();
        // The same order for all seeds, without neighbours that are close in time.
        Dice::new(7, 7).shuffle(&mut points);
        let start = usize::try_from(seed)
            .unwrap_or(0)
            .wrapping_mul(kills * 2 / 3)
            % points.len();
        points.rotate_left(start);
        Self {
            dice: Dice::new(seed, 2),
            deck: points.into(),
        }
    }

    /// Goes on until so many processes were killed.
    pub async fn run(mut self, world: &mut World, kills: usize) -> anyhow::Result<()> {
        let mut rounds = 0;
        while world.kills() < kills && rounds < kills * 3 {
            rounds += 1;
            self.sprinkle(world).await?;
            let since = self.round(world).await?;
            disarm(world)?;
            raise(world)?;
            // Now and then the next fault comes while this one is still felt.
            if self.dice.percent(60) {
                recover(world, since).await?;
            }
        }
        Ok(())
    }

    /// One fault; when it was over, which is from when on the service has to recover.
    async fn round(&mut self, world: &mut World) -> anyhow::Result<(Instant, String)> {
        let roll = self.dice.between(1, 100);
        match roll {
            1..=62 => self.at_a_point(world).await,
            63..=74 => self.at_random(world).await,
            75..=79 => self.freeze(world).await,
            80..=84 => self.freeze_at_a_point(world).await,
            85..=88 => self.stop_postgres(world).await,
            89..=90 => terminate(world).await,
            91 => Ok(cut_everything(world)),
            92..=96 => self.cut(world).await,
            97..=98 => self.stop_in_good_order(world).await,
            _ => self.step_the_clock(world).await,
        }
    }

    fn replica(&mut self, world: &World) -> usize {
        let last = u64::try_from(world.replicas.len() - 1).unwrap_or(0);
        usize::try_from(self.dice.between(0, last)).unwrap_or(0)
    }

    async fn at_a_point(&mut self, world: &mut World) -> anyhow::Result<(Instant, String)> {
        let alone = world.replicas.len() == 1;
        let fits = |point: &Point| !(alone && provoke::way(*point) == Way::Replicas);
        let Some(at) = self.deck.iter().position(fits) else {
            return self.at_random(world).await;
        };
        let Some(point) = self.deck.remove(at) else {
            return self.at_random(world).await;
        };
        let number = self.replica(world);
        let from = clock::wall();
        let way = provoke::way(point);
        let nth = if way == Way::Traffic {
            self.dice.between(1, 3)
        } else {
            1
        };
        let kill_at = format!("{}:{nth}", point.name());
        match way {
            Way::Start => {
                world.replicas[number].kill().await;
                world.outside.journal.killed(from, "at random");
                let arming = world.arming(Some(kill_at.clone()));
                world.replicas[number].restart(arming)?;
            }
            Way::Lead(first) => world.replicas[number].order(&format!("{first},{kill_at}"))?,
            _ => world.replicas[number].order(&kill_at)?,
        }
        let patience = provoke::bring_about(world, way, number).await?;
        let hit = self.dies(world, number, patience, way, &kill_at).await?;
        provoke::calm(world).await?;
        if hit {
            world.outside.journal.killed(from, point.name());
            return Ok((clock::now(), point.name().to_owned()));
        }
        // It stays in the deck: another world, or a later round, may have more luck.
        self.deck.push_back(point);
        world
            .outside
            .journal
            .note(from, format!("{} was not reached", point.name()));
        world.replicas[number].kill().await;
        world.outside.journal.killed(from, "at random");
        Ok((clock::now(), "at random".to_owned()))
    }

    /// Waits for the death; what stands still on the way is woken, what dies on the way is started again.
    async fn dies(
        &mut self,
        world: &mut World,
        number: usize,
        patience: Duration,
        way: Way,
        kill_at: &str,
    ) -> anyhow::Result<bool> {
        let end = clock::now() + patience;
        let mut led = !matches!(way, Way::Lead(_));
        while clock::now() < end {
            if world.replicas[number]
                .ended(Duration::from_millis(50))
                .await
            {
                if led {
                    return Ok(true);
                }
                led = true;
                world
                    .outside
                    .journal
                    .killed(clock::wall(), "on the way to a point");
                let arming = world.arming(Some(kill_at.to_owned()));
                world.replicas[number].restart(arming)?;
            } else if !led && world.replicas[number].is_stopped() {
                // Past the time after which Postgres ends a transaction that does nothing.
                clock::pause(5_000).await;
                led = true;
                world.replicas[number].signal(Signal::CONT);
            }
            // The others go on meanwhile.
            for other in 0..world.replicas.len() {
                if other != number && world.replicas[other].is_dead() {
                    let arming = world.arming(None);
                    world.replicas[other].restart(arming)?;
                }
            }
        }
        Ok(false)
    }

    async fn at_random(&mut self, world: &mut World) -> anyhow::Result<(Instant, String)> {
        clock::pause(self.dice.between(0, 1_500)).await;
        let from = clock::wall();
        let (all, one) = (self.dice.percent(25), self.replica(world));
        for number in 0..world.replicas.len() {
            if all || number == one {
                world.replicas[number].kill().await;
                world.outside.journal.killed(from, "at random");
            }
        }
        Ok((clock::now(), "at random".to_owned()))
    }

    /// Past the leases of lanes, messages and, sometimes, jobs; then it wakes up and thinks that no time has passed.
    async fn freeze(&mut self, world: &mut World) -> anyhow::Result<(Instant, String)> {
        let number = self.replica(world);
        let (from, since) = (clock::wall(), clock::now());
        world.replicas[number].signal(Signal::STOP);
        self.wake_later(world, number, since, from, "frozen").await
    }

    async fn freeze_at_a_point(&mut self, world: &mut World) -> anyhow::Result<(Instant, String)> {
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

    async fn stop_postgres(&mut self, world: &mut World) -> anyhow::Result<(Instant, String)> {
        let from = clock::wall();
        world.cluster.stop_at_once().await?;
        clock::pause(self.dice.between(50, 3_000)).await;
        world.cluster.go_on().await?;
        world.outside.journal.note(from, "Postgres stopped");
        Ok((clock::now(), "Postgres stopped".to_owned()))
    }

    async fn cut(&mut self, world: &mut World) -> anyhow::Result<(Instant, String)> {
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

    async fn stop_in_good_order(&mut self, world: &mut World) -> anyhow::Result<(Instant, String)> {
        let number = self.replica(world);
        let from = clock::wall();
        world.replicas[number].signal(Signal::TERM);
        if !world.replicas[number].ended(Duration::from_secs(12)).await {
            world.replicas[number].kill().await;
        }
        world.outside.journal.note(from, "stopped in good order");
        Ok((clock::now(), "stopped in good order".to_owned()))
    }

    async fn step_the_clock(&mut self, world: &mut World) -> anyhow::Result<(Instant, String)> {
        let number = self.replica(world);
        let from = clock::wall();
        world.replicas[number].kill().await;
        world.outside.journal.killed(from, "at random");
        let by_ms: i64 = *self.dice.pick(&[-3_600_000, -90_000, 90_000, 3_600_000]);
        let arming = Arming {
            clock_step: Some(format!("{}:{by_ms}", self.dice.between(100, 4_000))),
            ..world.arming(None)
        };
        world.replicas[number].restart(arming)?;
        Ok((clock::now(), format!("clock set by {} s", by_ms / 1_000)))
    }

    /// Ordinary troubles with the world outside, beside the fault of the round.
    async fn sprinkle(&mut self, world: &World) -> anyhow::Result<()> {
        for _ in 0..self.dice.between(0, 2) {
            let mut rule: Value = self.dice.pick(&troubles()).clone();
            rule["times"] = json!(1);
            world.outside.fault(rule).await?;
        }
        Ok(())
    }
}

/// A connection that breaks before and after acting, answers that are late, wrong, or no answers.
fn troubles() -> [Value; 22] {
    let nonsense = "<html>502 Bad Gateway</html>";
    [
        json!({ "target": "webhook", "drop_before": true }),
        json!({ "target": "webhook", "drop_after": true }),
        json!({ "target": "webhook", "drop_after": true, "delay_ms": 300 }),
        json!({ "target": "webhook", "status": 500 }),
        json!({ "target": "telegram.sendMessage", "drop_before": true }),
        json!({ "target": "telegram.sendMessage", "drop_after": true }),
        json!({ "target": "telegram.sendMessage", "delay_ms": 1500 }),
        json!({ "target": "telegram.sendMessage", "body": nonsense }),
        json!({ "target": "telegram.sendMessage", "retry_after": 1 }),
        json!({ "target": "telegram.sendPhoto", "drop_after": true }),
        json!({ "target": "telegram.sendPhoto", "status": 502 }),
        json!({ "target": "telegram.*", "status": 500, "body": nonsense }),
        json!({ "target": "telegram.answerCallbackQuery", "drop_after": true }),
        json!({ "target": "kie.createTask", "drop_before": true }),
        json!({ "target": "kie.createTask", "drop_after": true }),
        json!({ "target": "kie.createTask", "body": nonsense }),
        json!({ "target": "kie.createTask", "status": 500, "body": { "code": 500, "msg": "busy" } }),
        json!({ "target": "kie.recordInfo", "body": { "code": 200, "data": { "state": "perhaps" } } }),
        json!({ "target": "kie.recordInfo", "drop_after": true }),
        json!({ "target": "kie.results", "drop_after": true }),
        json!({ "target": "kie.callback", "drop_after": true }),
        json!({ "target": "kie.callback", "drop_before": true }),
    ]
}

/// As when the network between them is gone for a moment.
fn cut_everything(world: &mut World) -> (Instant, String) {
    let from = clock::wall();
    world.cutter.cut_all();
    world.outside.journal.note(from, "all connections cut");
    (clock::now(), "all connections cut".to_owned())
}

async fn terminate(world: &mut World) -> anyhow::Result<(Instant, String)> {
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

/// What was armed and not reached is not to strike later, when nobody expects it.
pub fn disarm(world: &World) -> anyhow::Result<()> {
    for replica in &world.replicas {
        replica.order("")?;
        if replica.is_stopped() {
            replica.signal(Signal::CONT);
        }
    }
    Ok(())
}

/// Starts what is dead, as a platform does.
pub fn raise(world: &mut World) -> anyhow::Result<()> {
    for number in 0..world.replicas.len() {
        if world.replicas[number].is_dead() {
            let arming = world.arming(None);
            world.replicas[number].restart(arming)?;
        }
    }
    Ok(())
}

/// Waits until everybody is answered again.
async fn recover(world: &mut World, (since, what): (Instant, String)) -> anyhow::Result<()> {
    match canary::ask(&world.outside, since).await {
        Some(took) => world.outside.journal.recovered(took, &what),
        None => world.outside.journal.recovered(canary::NEVER, &what),
    }
    Ok(())
}
