//! Everything that moves money, drawn by lot and done by eight tasks at once over the real ledger in a real Postgres; then
//! the books must be those of a model in memory, and the audit must find nothing. Nobody may have waited in a circle meanwhile.
//!
//! `BULWARK_STORM_RUNS` says how many runs (a few without it), `BULWARK_STORM_SEED` the first seed: of a run that failed,
//! with one run, it draws the same acts again. Which of them come first is up to the machine.

mod acts;
mod books;
mod debts;
mod followed;
mod money_in;
mod money_out;
mod orders;
mod perform;
mod rewards;

use std::sync::Arc;

use bulwark::config::Env;
use bulwark::engine::ledger::{self, AuditReport};
use sqlx::PgPool;
use tokio::task::JoinSet;

use crate::database;
use crate::ledger::CURRENCY;
use acts::Lot;
use books::{Books, Heard};
use followed::Seen;
use perform::Shared;

const RUNS: u64 = 12;
const TASKS: u64 = 8;
const ACTS: usize = 40;
/// Runs over one database, of which each has users of its own.
const RUNS_PER_DATABASE: u64 = 20;

fn number(name: &str, usual: u64) -> u64 {
    match Env::process().get(name) {
        None => usual,
        Some(text) => text.parse().unwrap_or_else(|_| panic!("{name}: {text:?}")),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_at_once_leave_the_books_of_the_model() {
    let first = number("BULWARK_STORM_SEED", 1);
    let runs = number("BULWARK_STORM_RUNS", RUNS);
    let (mut moved, mut refused) = (0, 0);
    let (mut rewards, mut kept) = (0, 0);
    let mut seen = [("", 0, 0); 5];
    let mut seed = first;
    while seed < first + runs {
        let pool = database::fresh_pool().await;
        ledger::open_house(&pool, CURRENCY).await.unwrap();
        let mut books = Books::default();
        for _ in 0..RUNS_PER_DATABASE.min(first + runs - seed) {
            let (lines, others, its_own) = run(&pool, &mut books, seed).await;
            for (all, (what, times)) in seen.iter_mut().zip(its_own.each()) {
                *all = (what, all.1 + times, all.2 + u64::from(times > 0));
            }
            let mut complaints = books.compare(&pool).await;
            complaints.extend(audit(&pool).await);
            assert!(
                complaints.is_empty(),
                "\nBULWARK_STORM_SEED={seed} BULWARK_STORM_RUNS=1\n{}\n",
                complaints.join("\n")
            );
            (moved, refused) = (moved + lines, refused + others);
            seed += 1;
        }
        let (its_rewards, its_kept) = books.rewards();
        (rewards, kept) = (rewards + its_rewards, kept + its_kept);
        database::leave(pool).await;
    }
    println!("{runs} runs from seed {first}: {moved} rows, {refused} refusals and repetitions");
    println!("{rewards} rewards, {kept} of them kept for spent ones");
    for (what, times, in_runs) in seen {
        println!("on orders: {what}: {times}, in {in_runs} of {runs} runs");
        assert!(times > 0 || runs < RUNS, "never: {what}");
    }
    assert!(moved > 0 && refused > 0, "nothing was tried");
}

/// All of it: nothing is open at the end of a run, so that nothing is excused.
async fn audit(pool: &PgPool) -> Vec<String> {
    let mut conn = pool.acquire().await.unwrap();
    let report = AuditReport::make(&mut conn).await.unwrap();
    let findings = report.findings.iter();
    findings
        .map(|finding| format!("the audit: {finding:?}"))
        .collect()
}

/// One run: eight tasks, then the end of all that is still open. How many rows were written, how many acts wrote none, and how
/// often there was what is rare.
async fn run(pool: &PgPool, books: &mut Books, seed: u64) -> (usize, usize, Seen) {
    let shared = Arc::new(Shared::new(seed));
    rewards::bring_in(pool, &shared).await;
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (pool, shared) = (pool.clone(), Arc::clone(&shared));
        tasks.spawn(async move {
            let mut lot = Lot::new(seed, task);
            let mut heard = Vec::new();
            for _ in 0..ACTS {
                let act = lot.draw(&shared);
                heard.push(perform::perform(&pool, &act, &shared, lot.gives_up()).await);
            }
            heard
        });
    }
    let mut heard: Vec<Heard> = Vec::new();
    while let Some(joined) = tasks.join_next().await {
        // A task that panicked has said why.
        heard.extend(joined.unwrap_or_else(|error| panic!("BULWARK_STORM_SEED={seed}: {error}")));
    }
    for act in shared.what_is_left() {
        heard.push(perform::perform(pool, &act, &shared, false).await);
    }
    let lines = heard.iter().map(Heard::lines).sum();
    let others = heard.iter().filter(|heard| heard.lines() == 0).count();
    let seen = Books::seen(&heard);
    books.take(heard);
    (lines, others, seen)
}
