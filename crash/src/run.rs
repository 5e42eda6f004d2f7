//! One world after another, several at a time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use bulwark::base::fault::Mutant;
use tokio::task::JoinSet;

use crate::cards::CARD_PAYERS;
use crate::chaos::Chaos;
use crate::checker::{self, Verdict};
use crate::clock;
use crate::cluster::Cluster;
use crate::disk::Disk;
use crate::journal::AT_RANDOM;
use crate::mutants;
use crate::payers::PAYER;
use crate::payouts::{EARNERS, PAYEE};
use crate::people;
use crate::promoters::{HASTY, PROMOTERS};
use crate::report::Report;
use crate::rest;
use crate::script::{self, Deed};
use crate::tippers::{GIVER, TIPPERS};
use crate::world::{Plan, World};
use crate::{Options, binary};

/// A service that does not answer everybody again within this time has not recovered (design.md, G8).
const RECOVERY_MAX: Duration = Duration::from_secs(10);
/// For a machine that compiles and tests beside it, and few figures of which the highest counts.
const QUICK_RECOVERY_MAX: Duration = Duration::from_secs(30);
/// Mistakes that show soon, one for each of the things that the checker looks at.
const QUICK_MUTANTS: [Mutant; 7] = [
    Mutant::ChargedTwice,
    Mutant::ResultLost,
    Mutant::DoneWithoutEffects,
    Mutant::DedupeDropped,
    Mutant::CreditedTwice,
    Mutant::RefundTakenTwice,
    Mutant::PartialPaidWhole,
];

/// In one of so many worlds the disk of Postgres is small, and filled up now and then.
const FULL_DISK_EACH: u64 = 6;

/// Where everything of this run lies.
#[derive(Clone, Debug)]
pub struct Place {
    /// The program that is killed.
    pub program: PathBuf,
    /// Clusters and logs.
    pub folder: PathBuf,
}

/// What one world gave.
#[derive(Debug)]
pub struct Outcome {
    /// Its plan.
    pub plan: Plan,
    /// What the checker said.
    pub verdict: Verdict,
    /// Passed points and those at which a process was killed.
    pub notes: Vec<(String, String)>,
    /// Deaths by cause.
    pub kills: BTreeMap<String, u32>,
    /// Times of recovery and from what.
    pub recoveries: Vec<(Duration, String)>,
    /// Everything else that was done.
    pub events: Vec<String>,
}

/// All seeds; true if nothing was violated.
pub async fn all(mut options: Options) -> anyhow::Result<bool> {
    let place = prepare().await?;
    if options.quick {
        (options.seeds, options.kills, options.worlds) = (2, 7, 2);
    }
    if options.mutants {
        let good = mutants::all(&place, &options).await?;
        leave(&place, good && !options.keep);
        return Ok(good);
    }
    let (mut report, started) = (Report::default(), clock::now());
    let mut lanes = JoinSet::new();
    let lanes_max = u64::try_from(options.worlds.max(1)).unwrap_or(1);
    for lane in 0..lanes_max {
        let seeds: Vec<u64> = (0..options.seeds)
            .filter(|n| n % lanes_max == lane)
            .map(|n| options.seed + n)
            .collect();
        lanes.spawn(one_after_another(
            place.clone(),
            lane,
            seeds,
            options.clone(),
        ));
    }
    while let Some(joined) = lanes.join_next().await {
        for outcome in joined.context("a lane of worlds")?? {
            report.add(outcome);
        }
    }
    report.print();
    let minutes = (clock::now() - started).as_secs_f64() / 60.0;
    let worlds = options.worlds;
    println!("time            {minutes:.1} min, {worlds} worlds at a time");
    let mut good = report.is_good(if options.quick {
        QUICK_RECOVERY_MAX
    } else {
        RECOVERY_MAX
    });
    if options.quick {
        options.mutant = QUICK_MUTANTS
            .map(|mutant| mutant.name().to_owned())
            .to_vec();
        good &= mutants::all(&place, &options).await?;
    }
    leave(&place, good && !options.keep);
    Ok(good)
}

fn leave(place: &Place, nothing: bool) {
    if nothing {
        let _ = std::fs::remove_dir_all(&place.folder);
    } else {
        println!("logs: {}", place.folder.display());
    }
}

/// Builds the program and makes a folder.
pub async fn prepare() -> anyhow::Result<Place> {
    let program = binary::build().await?;
    let folder = std::env::temp_dir().join(format!("bulwark-crash-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    ensure!(folder.is_absolute(), "a relative temporary folder");
    Ok(Place { program, folder })
}

async fn one_after_another(
    place: Place,
    lane: u64,
    seeds: Vec<u64>,
    options: Options,
) -> anyhow::Result<Vec<Outcome>> {
    let data = place.folder.join(format!("pg{lane}"));
    let mut cluster = Cluster::start(&data).await?;
    let mut outcomes = Vec::new();
    let started = clock::now();
    let time_max = options
        .minutes
        .map(|minutes| Duration::from_secs(minutes * 60));
    for seed in seeds {
        if time_max.is_some_and(|max| clock::now() - started >= max) {
            break;
        }
        let chaos = Chaos::new(seed, options.kills).aimed_at(&options.point);
        let course = Course::Lot(Box::new(chaos), options.kills);
        let plan = Plan::of(seed);
        let disk = match seed % FULL_DISK_EACH {
            0 => Disk::mount(&place.folder.join(format!("disk{lane}"))).await,
            _ => None,
        };
        let outcome = if disk.is_some() {
            let folder = place.folder.join(format!("disk{lane}"));
            let small = Cluster::start(&folder.join("pg")).await?;
            let disk = Some(folder);
            let (outcome, small) = one(&place, small, Plan { disk, ..plan }, course).await?;
            small.end().await?;
            outcome
        } else {
            let (outcome, back) = one(&place, cluster, plan, course).await?;
            cluster = back;
            outcome
        };
        Report::progress(&outcome);
        if outcome.verdict.violations.is_empty() && !options.keep {
            let _ = std::fs::remove_dir_all(logs(&place.folder, seed));
        }
        outcomes.push(outcome);
    }
    cluster.end().await?;
    Ok(outcomes)
}

fn logs(folder: &Path, seed: u64) -> PathBuf {
    folder.join(format!("w{seed}"))
}

/// Deaths by cause. What dies at a point notes it itself; the journal also counts one that ended in good order before.
fn kills(journal: BTreeMap<String, u32>, notes: &[(String, String)]) -> BTreeMap<String, u32> {
    let mut kills = journal;
    kills.retain(|how, _| how == AT_RANDOM);
    for (_, point) in notes.iter().filter(|(what, _)| what == "killed") {
        *kills.entry(point.clone()).or_default() += 1;
    }
    kills
}

/// What a world goes through.
#[derive(Debug)]
pub enum Course {
    /// Drawn by lot, until so many processes were killed.
    Lot(Box<Chaos>, usize),
    /// Written down.
    Script(Vec<Deed>),
}

/// One world from its beginning to its judgement.
pub async fn one(
    place: &Place,
    cluster: Cluster,
    plan: Plan,
    course: Course,
) -> anyhow::Result<(Outcome, Cluster)> {
    let folder = logs(&place.folder, plan.seed);
    let armings = (0..plan.replicas).map(|_| crate::replica::Arming {
        mutant: plan.mutant.clone(),
        ..Default::default()
    });
    let armings = armings.collect();
    let mut world = World::start(plan, cluster, &place.program, folder, armings).await?;
    ensure!(
        world.is_up(Duration::from_secs(60)).await,
        "seed {}: the service does not start",
        world.plan.seed
    );
    let people = people::settle(&world.outside, &world.pool().await?, &world.plan);
    match course {
        Course::Lot(chaos, kills) => chaos.run(&mut world, kills).await?,
        Course::Script(deeds) => script::run(&mut world, &deeds).await?,
    }
    let (pool, stuck) = rest::come(&mut world, people).await?;
    let mut verdict = checker::judge(&world, &pool).await?;
    verdict.violations.extend(stuck);
    pool.close().await;
    let journal = &world.outside.journal;
    let outcome = Outcome {
        plan: world.plan.clone(),
        verdict,
        notes: world.notes(),
        kills: kills(journal.kills(), &world.notes()),
        recoveries: journal.recoveries(),
        events: journal
            .events()
            .into_iter()
            .map(|event| event.what)
            .collect(),
    };
    let orderers = people::BUYERS.into_iter().chain(PROMOTERS).chain([HASTY]);
    let others = EARNERS
        .into_iter()
        .chain([PAYEE, GIVER, PAYER])
        .chain(TIPPERS);
    for user in orderers.chain(others).chain(CARD_PAYERS) {
        let chat = world.outside.messages(user, 0).await;
        let path = world.folder.join(format!("chat-{user}"));
        std::fs::write(path, format!("{chat:#?}"))?;
    }
    std::fs::write(
        world.folder.join("events"),
        format!("{:#?}", journal.events()),
    )?;
    Ok((outcome, world.end().await))
}
