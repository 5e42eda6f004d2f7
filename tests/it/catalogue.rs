//! Every service on sale is ordered, paid and received, with files sent in every way that people send them.

use bulwark::catalog::{Catalog, Input, InputKind, Service};
use bulwark::config::Providers;
use serde_json::{Value, json};

use crate::files::{picture, sound, video};
use crate::world::{User, World};

/// What somebody sends for an input; `turn` picks among the ways to send the same thing.
fn body(input: &Input, turn: usize) -> Value {
    match (&input.kind, turn % 3) {
        (InputKind::Text { min, .. }, _) => {
            json!({ "text": "A fine thing. ".repeat(1 + *min as usize / 14) })
        }
        (InputKind::Number(range), _) => json!({ "text": range.min.to_string() }),
        (InputKind::Choice { options }, _) => json!({ "text": options[0].value }),
        (InputKind::Image { .. }, 0) => json!({ "photo": picture() }),
        (InputKind::Image { .. }, 1) => {
            json!({ "document": picture(), "caption": "x" })
        }
        (InputKind::Image { .. }, _) => {
            json!({ "photo": picture(), "forward": true })
        }
        (InputKind::Video { .. }, 0) => json!({ "video": video() }),
        (InputKind::Video { .. }, 1) => json!({ "video_note": video() }),
        (InputKind::Video { .. }, _) => json!({ "document": video() }),
        (InputKind::Audio { .. }, 0) => json!({ "voice": sound() }),
        (InputKind::Link { hosts }, _) => json!({ "text": format!("https://{}/fox", hosts[0]) }),
        (InputKind::Lines { min, .. }, _) => json!({ "text": "A line\n".repeat(*min as usize) }),
        (InputKind::Audio { .. }, _) => json!({ "audio": sound() }),
    }
}

/// From the shelf to the delivered result; the media that came.
async fn order(world: &World, user: User<'_>, service: &Service, turn: usize) -> Value {
    user.picks(&service.id).await;
    for input in &service.inputs {
        user.send(body(input, turn)).await;
    }
    let before = user.wallet().await;
    assert!(
        user.last_text().await.contains("Shall I begin?"),
        "{}: {}",
        service.id,
        user.transcript().await
    );
    user.presses("Confirm").await;
    world.finish().await;
    let after = user.wallet().await;
    assert_eq!(
        (before.0 - after.0, after.1),
        (service.price.0, 0),
        "{}: {}",
        service.id,
        user.transcript().await
    );
    user.last().await["media"].clone()
}

#[tokio::test]
async fn every_service_is_ordered_paid_and_received() {
    let world = World::with(&[
        ("WELCOME_GRANT", "100000"),
        ("RATE_LIMIT_PER_MINUTE", "600"),
        ("REPLICATE_API_TOKEN", bulwark_simulator::replicate::TOKEN),
    ])
    .await;
    let catalog = Catalog::shipped(Providers::NAMES).expect("the catalogue");
    assert!(catalog.services.len() >= 8);
    let anna = world.user(11);
    anna.says("/start").await;
    let made = catalog
        .services
        .iter()
        .filter(|service| service.instant.is_none());
    for (turn, service) in made.enumerate() {
        let media = order(&world, anna, service, turn).await;
        assert!(
            media.is_object(),
            "{}: {}",
            service.id,
            anna.transcript().await
        );
    }
    world.assert_clean().await;
}

#[tokio::test]
async fn what_does_not_fit_is_explained() {
    let world = World::new().await;
    let anna = world.user(11);
    anna.says("/start").await;
    let catalog = Catalog::shipped(Providers::NAMES).expect("the catalogue");
    let wants = |wanted: &str| {
        let first = |service: &&Service| {
            service
                .inputs
                .first()
                .is_some_and(|input| input.kind.name() == wanted)
        };
        catalog
            .services
            .iter()
            .find(first)
            .unwrap_or_else(|| panic!("no service begins with {wanted}"))
            .id
            .clone()
    };
    let sound = json!({ "voice": sound() });
    for (wanted, given, answer) in [
        ("text", sound.clone(), "need a text"),
        ("text", json!({ "text": "a" }), "too short"),
        ("image", sound, "need a photo"),
        ("image", json!({ "text": "no picture" }), "need a photo"),
        ("video", json!({ "photo": picture() }), "need a video"),
    ] {
        anna.picks(&wants(wanted)).await;
        anna.send(given).await;
        let said = anna.last_text().await;
        assert!(said.contains(answer), "{wanted}: {said}");
        anna.presses("Cancel").await;
    }
    world.assert_clean().await;
}

#[test]
fn families_are_those_that_the_provider_knows() {
    assert_eq!(
        bulwark::catalog::FAMILIES,
        bulwark::providers::kie::FAMILIES
    );
}

#[test]
fn no_command_of_the_shipped_catalogue_is_one_of_ours() {
    let catalog = Catalog::shipped(Providers::NAMES).expect("the catalogue");
    let ours: Vec<&str> = bulwark::features::commands::names().collect();
    let tools: Vec<&str> = catalog
        .services
        .iter()
        .filter_map(|service| service.instant.as_ref()?.command.as_deref())
        .collect();
    assert!(!tools.is_empty());
    for tool in tools {
        assert!(!ours.contains(&tool), "/{tool} would never be reached");
    }
}
