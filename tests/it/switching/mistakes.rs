//! Ids that are not their provider's: found by `bulwark services check`, and never ordered.

use sqlx::Executor as _;

use super::lists::services;
use super::{orders, split, wants, world};
use crate::world::{ADMIN, World};

/// A job of the past for something that its provider never had.
async fn seed(world: &World) {
    let seed = "insert into job_history (id, kind, state, user_id, chat_id, attempts, polls, unique_key, callback_token, provider,
            provider_snapshot, correlation, created_at, finished_at)
        select '00000000-0000-0000-0000-0000000000aa', kind, state, user_id, chat_id, attempts, polls, 'seeded', 'seeded', provider,
            provider_snapshot || '{\"provider_service\": \"google/nano-banana\"}', correlation, created_at, finished_at
        from job_history";
    world.pool.execute(seed).await.expect("seeded");
}

#[tokio::test]
async fn a_check_finds_what_is_not_its_providers_and_writes_it_down() {
    let world = world().await;
    orders(world.user(11), "members", "t.me/fox").await;
    world.finish().await;
    let (good, text) = services(&world, "check").await;
    // Without lists only forms can be wrong.
    assert!(
        !good && text.contains("✗ catalog: mixed-up at kie, id 101"),
        "{text}"
    );
    assert!(text.contains("1 mismatches, 0 warnings"), "{text}");
    services(&world, "sync --apply").await;
    seed(&world).await;
    let folder = std::env::temp_dir().join(format!("bulwark-check-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("mismatches.csv");
    let line = format!("check --verbose --output {}", file.display());
    let (good, text) = services(&world, &line).await;
    assert!(!good, "{text}");
    for said in [
        "members at one (101): price 1.20, cost 0.90, margin 0.30, quantity 50–10000, by its list",
        "members at one (101): 1 ended",
        "✗ catalog: mistaken at one, id 999: the provider's list never had it",
        "✗ catalog: mixed-up at kie, id 101: the provider's ids do not look like that\n  → it is an id of one, two",
        "✗ job_history: members at one, id google/nano-banana, 1 of them: the provider's ids do not look like that\n  → it is an id of kie",
        "3 mismatches",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let csv = std::fs::read_to_string(&file).expect("the file");
    std::fs::remove_dir_all(&folder).expect("removed");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 4, "{csv}");
    assert_eq!(
        lines[0],
        "place,service,provider,provider_service,reason,belongs_to,job,state,created_at"
    );
    assert!(
        lines[3].starts_with("job_history,members,one,google/nano-banana,\"the provider's ids do not look like that\",kie,\
            00000000-0000-0000-0000-0000000000aa,succeeded,2026-03-01T12:"),
        "{csv}"
    );
    let (good, text) = services(&world, "check --json").await;
    let answer: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(!good);
    assert_eq!(answer["mismatches"][0]["why"], "not_listed");
    assert_eq!(answer["mismatches"][2]["jobs"], 1);
}

#[tokio::test]
async fn an_order_for_what_its_provider_does_not_have_is_refused_kindly_and_admins_are_told_once() {
    let world = world().await;
    let (anna, admin) = (world.user(11), world.user(ADMIN));
    admin.says("/start").await;
    services(&world, "sync --apply").await;
    anna.begins("mistaken").await;
    anna.hears("This service is not available at the moment. Nothing was charged")
        .await;
    anna.begins("mistaken").await;
    world.finish().await;
    let transcript = admin.transcript().await;
    let alarms = transcript
        .matches("binds service mistaken to 999 at one")
        .count();
    assert_eq!(alarms, 1, "{transcript}");
    assert_eq!(anna.wallet().await, (5_000, 0));
    assert_eq!(split(&world).await, (0, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn an_id_that_turns_out_foreign_at_the_last_moment_is_refused_too() {
    let world = world().await;
    let (anna, admin) = (world.user(11), world.user(ADMIN));
    admin.says("/start").await;
    wants(anna, "mistaken", "t.me/fox", "100").await;
    services(&world, "sync --apply").await;
    anna.presses("Confirm").await;
    anna.hears("Nothing was charged").await;
    world.finish().await;
    admin.hears("binds service mistaken to 999 at one").await;
    assert_eq!(
        (anna.wallet().await, split(&world).await),
        ((5_000, 0), (0, 0))
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn no_job_is_made_of_an_id_that_cannot_be_its_providers() {
    let world = world().await;
    let (anna, admin) = (world.user(11), world.user(ADMIN));
    admin.says("/start").await;
    anna.begins("mixed-up").await;
    anna.says("a fox").await;
    anna.presses("Confirm").await;
    world.finish().await;
    anna.hears("something went wrong on my side. I have told the team")
        .await;
    admin.hears("could not be handled and was set aside").await;
    assert_eq!(anna.wallet().await, (5_000, 0));
    let left = "select (select count(*) from job) + (select count(*) from job_key) + (select count(*) from storefront_order)";
    assert_eq!(world.count(left).await, 0);
    let named = "select count(*) from inbox_update where state = 2 and error like '%kie has no service `101`%'";
    assert_eq!(world.count(named).await, 1);
    // Its neighbour at the same provider is sold as ever.
    anna.begins("picture").await;
    anna.says("a fox").await;
    anna.presses("Confirm").await;
    world.finish().await;
    assert_eq!(anna.wallet().await, (4_990, 0));
}

#[tokio::test]
async fn a_check_says_which_services_have_no_cost_and_what_to_do() {
    let world = World::new().await;
    let (good, text) = services(&world, "check").await;
    assert!(good, "it is no mismatch: {text}");
    for said in [
        "? quick-image at kie (qwen/text-to-image) has no known cost",
        "set KIE_CREDIT_COST",
        "? film at kie (veo:veo3_fast) has no known cost",
        "write `cost`",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let world = World::with(&[("KIE_CREDIT_COST", "0.005")]).await;
    let (_, text) = services(&world, "check").await;
    assert!(!text.contains("quick-image"), "{text}");
    assert!(text.contains("? film at kie"), "{text}");
    let (_, json) = services(&world, "check --json").await;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let remedies: Vec<&serde_json::Value> = json["without_cost"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| &one["remedy"])
        .collect();
    assert_eq!(remedies, ["route_cost"; 3], "{json}");
}
