//! Orders from the first message to the delivered, paid result.

use crate::world::World;

#[tokio::test]
async fn a_free_order_needs_no_money() {
    let world = World::with(&[("WELCOME_GRANT", "0")]).await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.presses("(free)").await;
    anna.says("a red fox asleep in the snow").await;
    anna.presses("Confirm").await;
    world.finish().await;
    let transcript = anna.transcript().await;
    assert!(transcript.contains("done"), "{transcript}");
    assert!(transcript.contains("<🔁 Again>"), "{transcript}");
    assert_eq!(anna.wallet().await, (0, 0));
    world.assert_clean().await;
}
