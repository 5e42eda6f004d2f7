//! a) Webhook acknowledgements: durable ones, beside a handler that stores nothing and one `INSERT` for each request.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use crate::load::{self, Measured, Plan, as_f64};
use crate::machine::{cpu_seconds, resident_mb};
use crate::report::{Row, median, thousands};
use crate::server::Kind;
use crate::stage::Stage;
use crate::updates::{FIRST_STRANGER, STRANGERS, Texts};

const LEVELS: [usize; 4] = [1, 16, 64, 256];
const KINDS: [Kind; 4] = [Kind::Intake, Kind::Bare, Kind::Insert, Kind::Bulwark];

#[derive(Clone, Debug)]
struct Sample {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    server_us: f64,
    postgres_us: f64,
    resident_mb: f64,
}

impl fmt::Display for Sample {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            to,
            "{:.0}/s, p50 {:.2} ms, p99 {:.2} ms; CPU for each {:.0} µs and {:.0} µs in Postgres; {:.0} MB",
            self.per_second,
            self.p50_ms,
            self.p99_ms,
            self.server_us,
            self.postgres_us,
            self.resident_mb
        )
    }
}

type Samples = HashMap<(Kind, usize), Vec<Sample>>;

/// Measures and compares.
pub async fn run(stage: &mut Stage) -> anyhow::Result<Vec<Row>> {
    let mut samples = Samples::new();
    for round in 0..stage.rounds() {
        for kind in KINDS {
            for connections in LEVELS {
                // The dispatcher beside the intake is only asked about under load.
                if kind == Kind::Bulwark && connections < 64 {
                    continue;
                }
                let sample = one(stage, kind, connections, stage.time(3000, 400)).await?;
                stage.say(&format!("a {round} {kind:?} {connections}: {sample}"));
                samples.entry((kind, connections)).or_default().push(sample);
            }
        }
    }
    Ok(rows(&samples))
}

/// Loads one server for a while, for whoever looks on.
pub async fn only(stage: &Stage, kind: Kind, connections: usize) -> anyhow::Result<()> {
    let sample = one(stage, kind, connections, Duration::from_secs(15)).await?;
    println!("{kind:?} {connections}: {sample}");
    Ok(())
}

async fn one(
    stage: &Stage,
    kind: Kind,
    connections: usize,
    time: Duration,
) -> anyhow::Result<Sample> {
    stage.database.reset().await?;
    let server = stage.server(kind).await?;
    let plan = Plan {
        address: server.address,
        connections,
        warm_up: stage.time(700, 200),
        measured: time,
        threads: stage.cores.load.len(),
    };
    let (pid, postgres) = (server.pid, stage.database.pid());
    let used = || (cpu_seconds(pid, false), cpu_seconds(postgres, true));
    let (measured, before, after) = load::run(
        plan,
        |_| Box::new(Texts::new("a red bicycle", FIRST_STRANGER, STRANGERS)),
        used,
    )
    .await?;
    let resident_mb = resident_mb(pid);
    server.stop().await?;
    check(&measured, kind)?;
    Ok(Sample {
        per_second: measured.per_second(),
        p50_ms: measured.latency_ms(0.5),
        p99_ms: measured.latency_ms(0.99),
        server_us: (after.0 - before.0) * 1e6 / as_f64(measured.accepted.max(1)),
        postgres_us: (after.1 - before.1) * 1e6 / as_f64(measured.accepted.max(1)),
        resident_mb,
    })
}

fn check(measured: &Measured, kind: Kind) -> anyhow::Result<()> {
    anyhow::ensure!(
        measured.refused == 0 && measured.accepted > 0,
        "{kind:?}: {} accepted, {} refused",
        measured.accepted,
        measured.refused
    );
    Ok(())
}

fn middle(samples: &Samples, kind: Kind, level: usize, of: impl Fn(&Sample) -> f64) -> f64 {
    median(samples.get(&(kind, level)).into_iter().flatten().map(of))
}

/// The middle of the rounds' ratios: what both did one after the other.
fn ratio(
    samples: &Samples,
    ours: Kind,
    theirs: Kind,
    level: usize,
    of: impl Fn(&Sample) -> f64,
) -> f64 {
    let (ours, theirs) = (samples.get(&(ours, level)), samples.get(&(theirs, level)));
    let pairs = ours.into_iter().flatten().zip(theirs.into_iter().flatten());
    median(pairs.map(|(ours, theirs)| of(ours) / of(theirs)))
}

fn shown(samples: &Samples, kind: Kind, level: usize) -> String {
    let of = |of: fn(&Sample) -> f64| middle(samples, kind, level, of);
    format!(
        "{}/s, p50 {:.2} ms, p99 {:.2} ms, CPU {:.0} + {:.0} µs",
        thousands(of(|s| s.per_second)),
        of(|s| s.p50_ms),
        of(|s| s.p99_ms),
        of(|s| s.server_us),
        of(|s| s.postgres_us)
    )
}

fn rows(samples: &Samples) -> Vec<Row> {
    let rate = |sample: &Sample| sample.per_second;
    let mut rows = Vec::new();
    for level in [1, 16] {
        rows.push(Row::at_most(
            format!("a: latency of an acknowledgement (p50), {level} connections"),
            shown(samples, Kind::Intake, level),
            format!("one INSERT each: {}", shown(samples, Kind::Insert, level)),
            ratio(samples, Kind::Intake, Kind::Insert, level, |s| s.p50_ms),
            1.0,
        ));
    }
    for (level, bare, insert) in [(64, 0.30, 5.0), (256, 0.45, 8.0)] {
        rows.push(Row::at_least(
            format!("a: acknowledgements, {level} connections"),
            shown(samples, Kind::Intake, level),
            format!("nothing stored: {}", shown(samples, Kind::Bare, level)),
            ratio(samples, Kind::Intake, Kind::Bare, level, rate),
            bare,
        ));
        rows.push(Row::at_least(
            format!("a: acknowledgements, {level} connections"),
            format!(
                "{}/s",
                thousands(middle(samples, Kind::Intake, level, rate))
            ),
            format!("one INSERT each: {}", shown(samples, Kind::Insert, level)),
            ratio(samples, Kind::Intake, Kind::Insert, level, rate),
            insert,
        ));
        rows.push(Row::at_least(
            format!("a: the same while the dispatcher drains, {level} connections"),
            shown(samples, Kind::Bulwark, level),
            "without the dispatcher".to_owned(),
            ratio(samples, Kind::Bulwark, Kind::Intake, level, rate),
            0.7,
        ));
    }
    // On a machine that others use, too, rates say little; what an answer costs the processors says more.
    let cpu = |sample: &Sample| sample.server_us + sample.postgres_us;
    for level in [64, 256] {
        for (peer, name) in [
            (Kind::Bare, "nothing stored"),
            (Kind::Insert, "one INSERT each"),
        ] {
            let shown = |kind| format!("{:.0} µs", middle(samples, kind, level, cpu));
            let mut row = Row::plain(
                format!("a: CPU of an acknowledgement with Postgres's, {level} connections"),
                shown(Kind::Intake),
                format!("{name}: {}", shown(peer)),
            );
            row.ratio = Some(ratio(samples, peer, Kind::Intake, level, cpu));
            rows.push(row);
        }
    }
    let p99 = middle(samples, Kind::Intake, 256, |s| s.p99_ms);
    rows.push(Row::bound(
        "a: p99, 256 connections",
        format!("{p99:.2} ms"),
        "< 20 ms",
        p99 < 20.0,
    ));
    let memory = middle(samples, Kind::Bulwark, 256, |s| s.resident_mb);
    rows.push(Row::bound(
        "a: resident memory after it, 256 connections",
        format!("{memory:.0} MB"),
        "< 100 MB",
        memory < 100.0,
    ));
    rows
}
