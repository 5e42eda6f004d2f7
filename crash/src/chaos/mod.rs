//! What is done to a world: one fault after another, drawn by lot from the seed, with a look at how long each was felt.

mod outages;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bulwark::base::fault::Point;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::canary;
use crate::clock;
use crate::dice::Dice;
use crate::journal::AT_RANDOM;
use crate::provoke::{self, Way};
use crate::replica::Replica;
use crate::troubles;
use crate::world::World;

/// Points that are reached soon after a start.
const RELAPSES: [Point; 13] = [
    Point::StartMigrated,
    Point::StartRepaired,
    Point::StartIntroduced,
    Point::ShardsRenewing,
    Point::ShardsRenewed,
    Point::BatchStoring,
    Point::BatchStored,
    Point::WebhookAnswering,
    Point::JobsClaiming,
    Point::JobsClaimed,
    Point::JobPolled,
    Point::JobEndCommitting,
    Point::CallbackStored,
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

    /// With these points before all others.
    pub fn aimed_at(mut self, points: &[Point]) -> Self {
        self.deck.retain(|point| !points.contains(point));
        for point in points.iter().rev() {
            self.deck.push_front(*point);
        }
        self
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
            if self.dice.percent(50) {
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
            75..=86 if world.plan.disk.is_some() => self.fill_the_disk(world).await,
            75..=79 => self.freeze(world).await,
            80..=84 => self.freeze_at_a_point(world).await,
            85..=88 => self.stop_postgres(world).await,
            89..=90 => outages::terminate(world).await,
            91 => Ok(outages::cut_everything(world)),
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
        let plan = &world.plan;
        let fits = |point: &Point| provoke::fits(provoke::way(*point), plan);
        let Some(at) = self.deck.iter().position(fits) else {
            return self.at_random(world).await;
        };
        let Some(point) = self.deck.remove(at) else {
            return self.at_random(world).await;
        };
        let number = self.replica(world);
        let from = clock::wall();
        let way = provoke::way(point);
        if matches!(way, Way::Reconcile | Way::CardMissed { .. }) {
            return self.while_reconciling(world, way, point).await;
        }
        let nth = if way == Way::Traffic {
            self.dice.between(1, 3)
        } else {
            1
        };
        let kill_at = format!("{}:{nth}", point.name());
        match way {
            Way::Start => {
                world.replicas[number].kill().await;
                world.outside.journal.killed(from, AT_RANDOM);
                let arming = world.arming(Some(kill_at.clone()));
                world.replicas[number].restart(arming)?;
            }
            Way::Lead(first) => world.replicas[number].order(&format!("{first},{kill_at}"))?,
            Way::LightAgain => order_all(world, "light_claimed:1")?,
            Way::Stop => world.replicas[number].order(&kill_at)?,
            // Whoever comes by first: what is to happen may belong to any of them.
            _ => order_all(world, &kill_at)?,
        }
        let patience = provoke::bring_about(world, way, number).await?;
        let hit = match way {
            Way::LightAgain => self.dies_again(world, patience, &kill_at).await?,
            _ => self.dies(world, number, patience, way, &kill_at).await?,
        };
        provoke::calm(world).await?;
        if hit {
            for replica in &mut world.replicas {
                if replica.is_dead() {
                    world.outside.journal.killed(from, point.name());
                }
            }
            if world.replicas[number].is_dead() {
                self.relapse(world, number).await?;
            }
            return Ok((clock::now(), point.name().to_owned()));
        }
        // It stays in the deck: another world, or a later round, may have more luck.
        self.deck.push_back(point);
        world
            .outside
            .journal
            .note(from, format!("{} was not reached", point.name()));
        world.replicas[number].kill().await;
        world.outside.journal.killed(from, AT_RANDOM);
        Ok((clock::now(), AT_RANDOM.to_owned()))
    }

    /// Often what comes up again dies again, on the way up or with the first thing that it does.
    async fn relapse(&mut self, world: &mut World, number: usize) -> anyhow::Result<()> {
        while self.dice.percent(55) {
            let point = *self.dice.pick(&RELAPSES);
            let from = clock::wall();
            let arming = world.arming(Some(format!("{}:1", point.name())));
            world.replicas[number].restart(arming)?;
            if !world.replicas[number].ended(Duration::from_secs(2)).await {
                return Ok(());
            }
            world.outside.journal.killed(from, point.name());
        }
        Ok(())
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
                // Another replica may clear up before this one is back.
                order_all(world, kill_at)?;
                let arming = world.arming(Some(kill_at.to_owned()));
                world.replicas[number].restart(arming)?;
            } else if !led && world.replicas[number].is_stopped() {
                // Past the time after which Postgres ends a transaction that does nothing.
                clock::pause(5_000).await;
                led = true;
                world.replicas[number].signal(Signal::CONT);
            }
            for other in 0..world.replicas.len() {
                if other != number && world.replicas[other].is_dead() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Whoever dies first had something in hand; then whoever takes it up has to die.
    async fn dies_again(
        &mut self,
        world: &mut World,
        patience: Duration,
        kill_at: &str,
    ) -> anyhow::Result<bool> {
        let mut is_second = false;
        let end = clock::now() + patience;
        while clock::now() < end {
            clock::pause(50).await;
            if !world.replicas.iter_mut().any(Replica::is_dead) {
                continue;
            }
            if is_second {
                return Ok(true);
            }
            is_second = true;
            let how = "on the way to a point";
            world.outside.journal.killed(clock::wall(), how);
            order_all(world, kill_at)?;
            for number in 0..world.replicas.len() {
                if world.replicas[number].is_dead() {
                    let arming = world.arming(Some(kill_at.to_owned()));
                    world.replicas[number].restart(arming)?;
                }
            }
        }
        Ok(false)
    }

    /// The operator's comparison dies, beside a service that lives.
    async fn while_reconciling(
        &mut self,
        world: &mut World,
        way: Way,
        point: Point,
    ) -> anyhow::Result<(Instant, String)> {
        let from = clock::wall();
        provoke::bring_about(world, way, 0).await?;
        let arming = world.arming(Some(format!("{}:1", point.name())));
        let (since, replica) = (clock::now(), self.replica(world));
        let ended =
            world.replicas[replica].command(&["reconcile", "--fix", "--as", "900"], &arming);
        match ended.await? {
            None => world.outside.journal.killed(from, point.name()),
            Some(_) => {
                self.deck.push_back(point);
                let what = format!("{} was not reached", point.name());
                world.outside.journal.note(from, what);
            }
        }
        Ok((since, "a reconciliation".to_owned()))
    }

    async fn at_random(&mut self, world: &mut World) -> anyhow::Result<(Instant, String)> {
        clock::pause(self.dice.between(0, 1_500)).await;
        let from = clock::wall();
        let (all, one) = (self.dice.percent(25), self.replica(world));
        for number in 0..world.replicas.len() {
            if all || number == one {
                world.replicas[number].kill().await;
                world.outside.journal.killed(from, AT_RANDOM);
            }
        }
        Ok((clock::now(), AT_RANDOM.to_owned()))
    }

    /// Ordinary troubles with the world outside, beside the fault of the round.
    async fn sprinkle(&mut self, world: &World) -> anyhow::Result<()> {
        for _ in 0..self.dice.between(0, 2) {
            let mut rule: Value = self.dice.pick(&troubles::all()).clone();
            rule["times"] = json!(1);
            world.outside.fault(rule).await?;
        }
        Ok(())
    }
}

/// Arms all replicas: whoever comes by first dies.
pub fn order_all(world: &World, kill_at: &str) -> anyhow::Result<()> {
    let mut all = world.replicas.iter();
    all.try_for_each(|replica| replica.order(kill_at))
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
