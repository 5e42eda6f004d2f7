//! `/history`: pages, filters, the file, in every language, and nobody else's.

use bulwark::base::money::Amount;
use bulwark::engine::ledger;
use sqlx::{Executor as _, Row as _};

use crate::ledger::cause;
use crate::stars;
use crate::world::{ADMIN, User, World};

async fn page(user: User<'_>) -> Vec<String> {
    user.last_text().await.lines().map(str::to_owned).collect()
}

/// The newest file that was sent to the user, as it stands in the store.
async fn file(world: &World) -> String {
    let row = world
        .pool
        .fetch_one(
            "select string_agg(c.bytes, ''::bytea order by c.n) from artifact_chunk c
             where c.artifact_id = (select id from artifact where mime like 'text/csv%' order by created_at desc, id desc limit 1)",
        )
        .await
        .expect("a file");
    String::from_utf8(row.get(0)).expect("UTF-8")
}

#[tokio::test]
async fn everything_is_there_newest_first_and_can_be_filtered() {
    let world = stars::world().await;
    let (anna, admin) = (world.user(11), world.user(ADMIN));
    admin.says("/start").await;
    anna.says("/start").await;
    anna.says("/history").await;
    anna.hears("Nothing here yet.").await;
    stars::tops_up(anna).await;
    anna.orders("a lighthouse").await;
    world.finish().await;
    anna.orders("a ship !fail").await;
    world.finish().await;
    admin.says("/grant 11 0.70 for patience").await;
    admin.says("/grant 11 -0.20 a mistake").await;

    anna.says("/history").await;
    let lines = page(anna).await;
    let expected = [
        "-$0.20  correction: a mistake",
        "+$0.70  gift: for patience",
        "$0.10  given back: Image from text",
        "-$0.10  paid: Image from text",
        "+$1.00  topped up: 50 ⭐",
    ];
    assert_eq!(lines.len(), 1 + expected.len(), "{lines:?}");
    for (line, expected) in lines[1..].iter().zip(expected) {
        assert!(line.ends_with(expected), "{line} {expected}");
    }
    for (button, expected) in [
        ("Top-ups", vec!["topped up"]),
        ("Orders", vec!["given back", "paid"]),
        ("Given back", vec!["given back"]),
        ("Gifts, tips, rewards", vec!["gift"]),
        ("Paid out", vec!["Nothing here"]),
        (
            "Everything",
            vec!["correction", "gift", "given back", "paid", "topped up"],
        ),
    ] {
        anna.presses(button).await;
        let lines = page(anna).await;
        assert_eq!(lines.len(), 1 + expected.len(), "{button}: {lines:?}");
        for (line, expected) in lines[1..].iter().zip(expected) {
            assert!(line.contains(expected), "{button}: {line}");
        }
    }
    world.assert_clean().await;
}

#[tokio::test]
async fn it_is_paged_and_forged_pages_lead_nowhere_bad() {
    let world = World::with(&[("WELCOME_GRANT", "0")]).await;
    let anna = world.user(11);
    anna.says("/start").await;
    let mut conn = world.pool.acquire().await.expect("a connection");
    for n in 0..20 {
        let mut why = cause(format!("gift:{n}"));
        why.note = format!("number {n}.");
        let now = Some(world.now() + time::Duration::seconds(n));
        ledger::grant(&mut conn, 11, "USD", Amount(1 + n), &why, now)
            .await
            .expect("given");
    }
    drop(conn);
    anna.says("/history").await;
    let mut seen = page(anna).await[1..].to_vec();
    for _ in 0..2 {
        anna.presses("Older").await;
        seen.extend(page(anna).await[1..].to_vec());
    }
    assert_eq!(seen.len(), 20);
    for (n, line) in seen.iter().rev().enumerate() {
        assert!(line.ends_with(&format!("number {n}.")), "{line}");
    }
    assert!(!anna.last().await["buttons"].to_string().contains("Older"));
    anna.presses("Newer").await;
    assert_eq!(page(anna).await[1..], seen[8..16]);
    anna.presses_data("hi:all:65000").await;
    anna.hears("Nothing here yet.").await;
    anna.presses_data("hi:nonsense:0").await;
    assert_eq!(page(anna).await[1..], seen[..8]);
    // Another's is not to be seen.
    let ben = world.user(12);
    ben.says("/start").await;
    ben.says("/history").await;
    ben.hears("Nothing here yet.").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn the_file_has_every_line_and_no_formula() {
    let world = World::new().await;
    let (anna, admin) = (world.user(11), world.user(ADMIN));
    admin.says("/start").await;
    anna.says("/start").await;
    for reason in [
        "=HYPERLINK(\"http://evil\")",
        "+1",
        "-cmd|calc",
        "@SUM(A1)",
        "fine, \"quoted\"",
    ] {
        admin.says(&format!("/grant 11 0.01 {reason}")).await;
    }
    anna.orders("a lighthouse").await;
    world.finish().await;
    anna.says("/history").await;
    anna.presses("As a file").await;
    assert!(
        anna.notice().await.contains("on its way"),
        "{}",
        anna.notice().await
    );
    let newest = anna.last().await;
    let text = newest.to_string();
    assert!(text.contains("history-2026-03-01.csv"), "{text}");
    assert!(text.contains("7 lines"), "{text}");
    let csv = file(&world).await;
    let csv = csv.strip_prefix('\u{feff}').expect("a mark");
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(lines[0], "time (UTC),what,amount,currency,wallet,note,id");
    assert_eq!(lines.len(), 1 + 7 + 1);
    assert!(
        lines[1].contains(",paid: Image from text,-0.10,USD,main,text-to-image,"),
        "{}",
        lines[1]
    );
    assert!(
        csv.contains("\"'=HYPERLINK(\"\"http://evil\"\")\""),
        "{csv}"
    );
    assert!(
        csv.contains("\"'+1\"") && csv.contains("\"'-cmd|calc\"") && csv.contains("\"'@SUM(A1)\""),
        "{csv}"
    );
    assert!(csv.contains("\"fine, \"\"quoted\"\"\""), "{csv}");

    for _ in 0..3 {
        anna.says("/history").await;
        anna.presses("As a file").await;
    }
    anna.hears("several of these files").await;
    let made = world
        .count("select count(*) from artifact where mime like 'text/csv%'")
        .await;
    assert_eq!(made, 3);
    world.assert_clean().await;
}

#[tokio::test]
async fn a_long_history_is_read_in_pages_and_every_line_is_there_once() {
    let world = World::with(&[("WELCOME_GRANT", "0")]).await;
    let anna = world.user(11);
    anna.says("/start").await;
    let mut conn = world.pool.acquire().await.expect("a connection");
    ledger::wallet(&mut conn, 11, "USD")
        .await
        .expect("a wallet");
    ledger::grant(
        &mut conn,
        11,
        "USD",
        Amount(1),
        &cause("first"),
        Some(world.now()),
    )
    .await
    .expect("given");
    // Many of one moment: what comes after a page is told by more than the time.
    conn.execute(
        "insert into transfer (id, idem_key, debit_id, credit_id, amount, currency, kind, wallet_version, cause, correlation, at)
         select gen_random_uuid(), 'many:' || n, g.id, w.id, 1, 'USD', 'grant', 1 + n, '{\"note\":\"x\"}', gen_random_uuid(), t.at
         from generate_series(1, 2500) n, account g, account w, transfer t
         where g.kind = 'grants' and w.kind = 'wallet' and w.owner_id = 11 and t.idem_key = 'first';
         update account set available = 2501, version = 2501 where owner_id = 11",
    )
    .await
    .expect("many");
    drop(conn);
    anna.says("/history").await;
    anna.presses("As a file").await;
    let csv = file(&world).await;
    let mut ids: Vec<&str> = csv
        .split("\r\n")
        .filter_map(|line| line.rsplit(',').next())
        .filter(|id| id.len() == 36)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2501);
    world.assert_clean().await;
}

#[tokio::test]
async fn every_language_has_it() {
    let world = World::new().await;
    for (id, tag, heading, gift) in [
        (11, "en", "Your history", "gift: welcome"),
        (12, "es", "Tu historial", "regalo: bienvenida"),
        (13, "ru", "Ваша история", "подарок: для знакомства"),
    ] {
        world.advance(std::time::Duration::from_secs(60)).await;
        let user = world.user(id);
        user.send(serde_json::json!({ "text": "/start", "language_code": tag }))
            .await;
        user.send(serde_json::json!({ "text": "/history", "language_code": tag }))
            .await;
        user.hears(heading).await;
        user.hears(gift).await;
        user.presses("CSV").await;
        let csv = file(&world).await;
        assert!(csv.contains(gift), "{csv}");
    }
    world.assert_clean().await;
}
