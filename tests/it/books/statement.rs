//! Statements: every number is the sum of movements, and what is owed is what is in the wallets.

use std::time::Duration;

use bulwark::admin::statement::{Grouping, Options, on};
use bulwark::engine::books::{self, By, Statement};
use serde_json::Value;
use sqlx::{Executor as _, Row as _};
use time::Date;
use time::macros::date;

use super::usd;
use crate::stars;
use crate::world::{ADMIN, World};

/// Four days on which everything happens that moves money.
async fn busy() -> World {
    let world = stars::world().await;
    let (anna, ben, admin) = (world.user(11), world.user(12), world.user(ADMIN));
    admin.says("/start").await;
    anna.says("/start").await;
    let charge = stars::tops_up(anna).await;
    anna.orders("a lighthouse").await;
    world.finish().await;
    world.advance(Duration::from_secs(24 * 3600)).await;
    ben.says("/start").await;
    stars::tops_up(ben).await;
    ben.orders("a ship !fail").await;
    world.finish().await;
    admin.says("/grant 12 0.70 for patience").await;
    admin.says("/grant 12 -0.20 a mistake").await;
    // A day on which nothing moves.
    world.advance(Duration::from_secs(48 * 3600)).await;
    admin.says("/grant 11 0.10 to round it").await;
    admin.says(&format!("/refund {charge}")).await;
    admin.presses("Refund").await;
    world.finish().await;
    let slowly = serde_json::json!({ "speed": 0.05 });
    world.post("/sim/kie/settings", slowly).await;
    ben.orders("an island").await;
    world
}

const FROM: Date = date!(2026 - 03 - 01);
const TO: Date = date!(2026 - 03 - 04);

async fn stated(world: &World, from: Date, to: Date, by: By) -> Statement {
    books::carry_costs(&world.pool, Some(world.now()))
        .await
        .expect("costs");
    books::statement(&world.pool, from, to, by)
        .await
        .expect("a statement")
}

#[tokio::test]
async fn the_days_come_to_what_the_accounts_have() {
    let world = busy().await;
    let statement = stated(&world, FROM, TO, By::Day).await;
    assert_eq!(statement.lines.len(), 4);
    let row = world
        .pool
        .fetch_one(
            "select sum(available + held)::bigint, sum(held)::bigint from account where guarded",
        )
        .await
        .expect("a row");
    let last = statement.lines.last().expect("days");
    assert_eq!((last.owed_in_all(), last.held), (row.get(0), row.get(1)));
    assert!(last.held > 0, "an order is under way");

    // What is owed changes by what moved, day by day.
    let mut owed = 0;
    for line in &statement.lines {
        let came: i64 = line.money_in.values().sum::<i64>() - line.money_out.values().sum::<i64>();
        let change = came + line.grants + line.corrections + line.rewards + line.losses
            - line.payouts
            - line.revenue;
        owed += change;
        assert_eq!(line.owed_in_all(), owed, "{}", line.key);
    }
    let quiet = &statement.lines[2];
    assert_eq!(
        (quiet.key.as_str(), quiet.orders, quiet.revenue),
        ("2026-03-03", 0, 0)
    );
    assert_eq!(quiet.owed, statement.lines[1].owed);
    assert_eq!(statement.lines[0].money_in["stars"], 100);
    assert_eq!(statement.lines[3].money_out["stars"], 100);
    assert_eq!(
        (statement.lines[1].grants, statement.lines[1].corrections),
        (70, -20)
    );
}

#[tokio::test]
async fn however_it_is_divided_the_sums_are_those_of_the_revenue_account() {
    let world = busy().await;
    world.finish().await;
    let sql = "select coalesce(sum(case when c.kind = 'revenue' then t.amount else -t.amount end), 0)::bigint
               from transfer t join account d on d.id = t.debit_id join account c on c.id = t.credit_id
               where 'revenue' in (c.kind, d.kind)";
    let revenue = world.count(sql).await;
    assert!(revenue > 0);
    for by in [By::Day, By::Service, By::Provider, By::Currency] {
        let statement = stated(&world, FROM, TO, by).await;
        let sum: i64 = statement.lines.iter().map(|line| line.revenue).sum();
        assert_eq!(sum, revenue, "{by:?}");
        let orders: i64 = statement.lines.iter().map(|line| line.orders).sum();
        assert_eq!(orders, 2, "{by:?}");
        let total = &statement.totals[0];
        assert_eq!((total.revenue, total.orders), (revenue, 2));
    }
    // And each is the sum of the movements that are listed.
    let mut listed = 0;
    let (from, to) = (
        FROM.midnight().assume_utc(),
        TO.midnight().assume_utc() + time::Duration::DAY,
    );
    books::transfers(&world.pool, from, to, &mut |moved| {
        if moved.to_kind == "revenue" {
            listed += moved.amount;
            assert_eq!(moved.service.as_deref(), Some("text-to-image"));
            assert_eq!(moved.provider.as_deref(), Some("kie"));
        }
        Ok(())
    })
    .await
    .expect("the database");
    assert_eq!(listed, revenue);
    // A part of the time has a part of the sums.
    let first = stated(&world, FROM, FROM, By::Currency).await;
    let rest = stated(&world, FROM.next_day().expect("a day"), TO, By::Currency).await;
    assert_eq!(first.totals[0].revenue + rest.totals[0].revenue, revenue);
}

#[tokio::test]
async fn a_job_costs_what_its_provider_said_and_what_nobody_said_is_unknown() {
    let world = busy().await;
    world.finish().await;
    let kie = stated(&world, FROM, TO, By::Provider).await;
    let line = kie
        .lines
        .iter()
        .find(|line| line.key == "kie")
        .expect("a line");
    let credits = line
        .costs
        .iter()
        .find(|cost| cost.unit == "credits")
        .expect("credits");
    assert!(credits.micros > 0);
    assert!(!line.is_costed(), "credits are not dollars");
    let unknown = world
        .count("select count(*) from job_cost where source = 'unknown'")
        .await;
    assert_eq!(line.uncosted, unknown);
    let jobs = world.count("select count(*) from job_history").await;
    assert_eq!(world.count("select count(*) from job_cost").await, jobs);
    // The history goes, the costs stay, and nobody can change them.
    world
        .pool
        .execute("delete from job_attempt; delete from job_history")
        .await
        .expect("gone");
    assert_eq!(stated(&world, FROM, TO, By::Provider).await, kie);
    assert!(
        world
            .pool
            .execute("update job_cost set cost_micros = 1")
            .await
            .is_err()
    );
    assert!(world.pool.execute("delete from job_cost").await.is_err());
}

fn options(by: Grouping) -> Options {
    Options {
        from: Some(FROM),
        to: Some(TO),
        by,
        transfers: false,
        csv: None,
        json: false,
    }
}

async fn said(world: &World, options: &Options) -> String {
    let mut out = Vec::new();
    on(&world.pool, world.app.clock(), &usd(), options, &mut out)
        .await
        .expect("a statement");
    String::from_utf8(out).expect("UTF-8")
}

#[tokio::test]
async fn it_is_printed_for_people_and_written_for_programs() {
    let world = busy().await;
    world.finish().await;
    let text = said(&world, &options(Grouping::Day)).await;
    assert!(
        text.contains("DAY") && text.contains("2026-03-03"),
        "{text}"
    );
    assert!(
        text.contains("USD: 2 orders, revenue 0.20, cost "),
        "{text}"
    );
    assert!(
        text.contains("credits") && text.contains("margin unknown"),
        "{text}"
    );
    assert!(
        text.contains("in by stars: 2.00") && text.contains("given back by stars: 1.00"),
        "{text}"
    );
    assert!(text.contains("owed to users at the end: wallet "), "{text}");
    let text = said(&world, &options(Grouping::Service)).await;
    assert!(text.contains("text-to-image"), "{text}");

    let json = Options {
        json: true,
        ..options(Grouping::Currency)
    };
    let value: Value = serde_json::from_str(&said(&world, &json).await).expect("JSON");
    assert_eq!(value["totals"][0]["revenue"], 20);
    assert_eq!(value["lines"][0]["margin"], Value::Null);

    let listed = Options {
        transfers: true,
        json: true,
        ..options(Grouping::Day)
    };
    let value: Value = serde_json::from_str(&said(&world, &listed).await).expect("JSON");
    let count = world.count("select count(*) from transfer").await;
    assert_eq!(value.as_array().map(Vec::len), usize::try_from(count).ok());

    let file = std::env::temp_dir().join(format!("bulwark-statement-{}.csv", std::process::id()));
    let csv = Options {
        csv: Some(file.clone()),
        ..options(Grouping::Day)
    };
    assert!(said(&world, &csv).await.contains("4 lines in"));
    let written = std::fs::read_to_string(&file).expect("the file");
    std::fs::remove_file(&file).expect("removed");
    assert!(
        written.starts_with("key,currency,orders,revenue,cost,"),
        "{written}"
    );
    assert!(written.contains(",in_stars,out_stars\r\n"), "{written}");
    assert!(written.contains("2026-03-01,USD,1,0.10,"), "{written}");
    let backwards = Options {
        to: Some(date!(2026 - 02 - 01)),
        ..options(Grouping::Day)
    };
    let refused = on(
        &world.pool,
        world.app.clock(),
        &usd(),
        &backwards,
        &mut Vec::new(),
    )
    .await;
    assert!(refused.is_err_and(|error| error.to_string().contains("after the last")));
}
