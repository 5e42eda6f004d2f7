//! `bulwark withdrawals`.

use bulwark::admin::withdrawals::{Desk, Options};
use bulwark::config::Env;
use clap::Parser;
use serde_json::Value;

use super::{newest, people, world};
use crate::world::World;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    options: Options,
}

/// A command line, `_` for a space; whether it went well, and what it printed.
async fn run(world: &World, line: &str) -> (bool, String) {
    let words = line.split_whitespace().map(|word| word.replace('_', " "));
    let words = std::iter::once("withdrawals".to_owned()).chain(words);
    let line = Line::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
    let env = Env::from([("USER", "tester"), ("ADMIN_IDS", "900,901")]);
    let desk = Desk::on(world.pool.clone(), world.app.clock().clone(), &env).expect("a desk");
    let mut out = Vec::new();
    let good = match desk.run(&line.options, &mut out).await {
        Ok(good) => good,
        Err(error) => return (false, error.to_string()),
    };
    let text = String::from_utf8(out).expect("UTF-8");
    (good, text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[tokio::test]
async fn by_command_only_an_admin_decides_and_not_about_the_own_withdrawal() {
    let world = world().await;
    let (_, admin, boris) = people(&world).await;
    boris.withdraws("2").await;
    let id = newest(&world).await;
    for (who, why) in [
        ("", "say who does it, with --as"),
        (" --as Olga", "no admin of ADMIN_IDS"),
        (" --as 11", "no admin of ADMIN_IDS"),
    ] {
        let (good, said) = run(&world, &format!("approve {id}{who}")).await;
        assert!(!good && said.contains(why), "{said}");
    }
    let (good, said) = run(&world, &format!("approve {id} --as 901")).await;
    assert!(
        !good && said.contains("refused: it is the admin's own"),
        "{said}"
    );
    assert_eq!(world.count("select count(*) from admin_audit").await, 0);
    let (good, _) = run(&world, &format!("approve {id} --as 900")).await;
    assert!(good);
    world.settle().await;
    admin.hears("Approved by admin 900 (command, tester)").await;
    // That it arrived he may say.
    assert!(
        run(&world, &format!("paid {id} --reference SEPA_1 --as 901"))
            .await
            .0
    );
    let acts = "select string_agg(admin_id || ' ' || action || ' ' || (detail ->> 'by'), ', ' order by id) from admin_audit";
    assert_eq!(
        world.text_of(acts).await,
        "900 withdrawal approved admin 900 (command, tester), 901 withdrawal paid admin 901 (command, tester)"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn a_withdrawal_is_approved_and_paid_by_command() {
    let world = world().await;
    let (anna, admin, _) = people(&world).await;
    assert_eq!(
        run(&world, "list").await,
        (false, "Nothing matches.".to_owned())
    );
    anna.withdraws("2").await;
    let id = newest(&world).await;
    let (good, list) = run(&world, "list").await;
    assert!(
        good && list.contains(&id) && list.contains("$2.00 $1.75"),
        "{list}"
    );
    assert!(
        !list.contains("DE8937") && !list.contains("Karenina"),
        "{list}"
    );
    let (_, shown) = run(&world, &format!("show {id}")).await;
    assert!(
        shown.contains("requested") && !shown.contains("DE8937"),
        "{shown}"
    );
    let (_, shown) = run(&world, &format!("show {id} --details")).await;
    assert!(shown.contains("iban: DE89370400440532013000"), "{shown}");

    let (good, said) = run(&world, &format!("paid {id} --reference SEPA-1 --as 900")).await;
    assert!(!good && said.contains("refused: it is requested"), "{said}");
    let (good, said) = run(&world, &format!("approve {id} nothing --as 900")).await;
    assert!(!good && said.contains("it is approved now"), "{said}");
    assert!(
        said.contains("nothing: there is no such withdrawal"),
        "{said}"
    );
    let (good, said) = run(&world, &format!("approve {id} --as 900")).await;
    assert!(good && said.contains("it was approved before"), "{said}");
    world.settle().await;
    anna.hears("Approved").await;
    admin.hears("Approved by admin 900 (command, tester)").await;
    let (good, _) = run(&world, &format!("paid {id} --reference SEPA_1 --as 901")).await;
    assert!(good);
    world.settle().await;
    anna.hears("Reference: SEPA 1").await;
    admin.hears("Paid by admin 901 (command, tester)").await;
    assert_eq!(anna.wallet().await, (300, 0));
    let (good, said) = run(&world, &format!("reject {id} --reason late --as 900")).await;
    assert!(!good && said.contains("refused: it is paid"), "{said}");
    let acts = "select string_agg(admin_id || ' ' || action, ', ' order by id) from admin_audit";
    assert_eq!(
        world.text_of(acts).await,
        "0 withdrawal details, 900 withdrawal approved, 901 withdrawal paid"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn lists_are_for_machines_too() {
    let world = world().await;
    let (anna, ..) = people(&world).await;
    anna.withdraws("2").await;
    let id = newest(&world).await;
    let (_, text) = run(&world, "list --json").await;
    let list: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(list[0]["id"], id.as_str());
    assert_eq!(
        (&list[0]["net"], &list[0]["details"]),
        (&175.into(), &Value::Null)
    );
    let (_, text) = run(&world, &format!("show {id} --json --details")).await;
    let one: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(one["details"]["holder"], "Anna Karenina");
    let (_, csv) = run(&world, "list --csv --state requested").await;
    assert!(
        csv.contains("requested,bank,2.00,0.25,1.75,USD,Anna Karenina,DE89370400440532013000"),
        "{csv}"
    );
    let (good, text) = run(
        &world,
        &format!("reject {id} --reason Not_you --json --as 900"),
    )
    .await;
    let told: Value = serde_json::from_str(&text).expect("JSON");
    assert!(good && told[0]["result"] == "changed", "{text}");
    world.settle().await;
    anna.hears("Reason: Not you").await;
    assert_eq!(anna.wallet().await, (500, 0));
    world.assert_clean().await;
}
