//! Topping up at a payment processor: every way it can go.

mod amounts;
mod isolated;
mod offers;
mod parts;
mod races;
mod reconciliation;
mod refunds;
mod trouble;

use bulwark_simulator::flutterwave::{KEY, SECRET_HASH, SIGNING_KEY};
use serde_json::{Value, json};

use crate::world::{ADMIN, User, World};

const ACCOUNT: [(&str, &str); 8] = [
    ("FLUTTERWAVE_API_KEY", KEY),
    ("FLUTTERWAVE_SECRET_HASH", SECRET_HASH),
    ("FLUTTERWAVE_SIGNING_KEY", SIGNING_KEY),
    ("FLUTTERWAVE_RATES", "NGN=1600"),
    ("TOPUP_AMOUNTS", "500,1000"),
    ("TOPUP_MIN", "200"),
    ("TOPUP_MAX", "5000"),
    ("WELCOME_GRANT", "0"),
];

/// Five dollars are 8,000 naira; nobody starts with anything.
pub async fn world() -> World {
    World::with(&ACCOUNT).await
}

/// As [`world`], with variables of its own.
pub async fn world_with(variables: &[(&str, &str)]) -> World {
    let all: Vec<_> = ACCOUNT.iter().chain(variables).copied().collect();
    World::with(&all).await
}

/// An admin who has begun.
pub async fn admin(world: &World) -> User<'_> {
    let admin = world.user(ADMIN);
    admin.says("/start").await;
    admin
}

/// Chooses five dollars; the page at which they are paid.
pub async fn begins(user: User<'_>) -> String {
    user.says("/topup").await;
    user.presses("$5.00").await;
    page(user).await
}

/// Where the newest "Pay" leads to.
pub async fn page(user: User<'_>) -> String {
    let messages = user.messages().await;
    let buttons = messages.iter().rev().flat_map(|message| {
        let rows = message["buttons"].as_array().cloned().unwrap_or_default();
        rows.into_iter()
            .flat_map(|row| row.as_array().cloned().unwrap_or_default())
    });
    let mut links = buttons.filter_map(|button| button["url"].as_str().map(str::to_owned));
    match links.next() {
        Some(link) => link,
        None => panic!("no link in:\n{}", user.transcript().await),
    }
}

/// Does something on the page, as a person does; what the browser shows at the end.
pub async fn chooses(world: &World, page: &str, action: &str) -> String {
    let form = world.http.post(page).form(&[("action", action)]);
    let answer = form.send().await.expect("the page");
    let shown = answer.text().await.expect("a text");
    world.settle().await;
    shown
}

/// A payment by the newest link, made in the simulator's books; its id.
pub async fn pays(world: &World, how: Value) -> u64 {
    let paid = world.post("/sim/flutterwave/pay", how).await;
    world.settle().await;
    paid["transaction_id"].as_u64().expect("an id")
}

/// Begins, and pays on the page; the transaction's id.
pub async fn tops_up(user: User<'_>) -> u64 {
    begins(user).await;
    pays(user.world, json!({})).await
}

/// The simulator's books.
pub async fn books(world: &World) -> Value {
    world.get("/sim/flutterwave").await
}

#[tokio::test]
async fn a_payment_is_credited_once_with_a_receipt() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.says("/balance").await;
    anna.presses("Top up").await;
    anna.hears("You pay in NGN").await;
    anna.presses("$5.00 → 8000.00 NGN").await;
    anna.hears("Pay 8000.00 NGN for $5.00").await;
    anna.hears("good until 13:00 UTC").await;
    let page = page(anna).await;
    let shown = world.http.get(&page).send().await.expect("the page");
    let shown = shown.text().await.expect("a text");
    assert!(
        shown.contains("8000 NGN") && shown.contains("Top up $5.00"),
        "{shown}"
    );
    let back = chooses(&world, &page, "pay").await;
    assert!(back.contains("payment of 8000.00 NGN"), "{back}");
    anna.hears("$5.00 for 8000.00 NGN. Your balance: $5.00")
        .await;
    let id = books(&world).await["transactions"][0]["id"].to_string();
    anna.hears(&format!("flutterwave:{id}")).await;
    assert_eq!(anna.wallet().await, (500, 0));
    let transcript = anna.transcript().await;
    assert!(transcript.contains("has arrived"), "{transcript}");
    assert!(!transcript.contains("I have paid"), "{transcript}");
    let statement = anna.statement().await;
    assert!(
        statement.contains("+$5.00  topped up: 8000.00 NGN"),
        "{statement}"
    );
    let rows =
        "select count(*) from payment where processor = 'flutterwave' and found_by = 'event'";
    assert_eq!(world.count(rows).await, 1);
    world.assert_clean().await;
}

#[tokio::test]
async fn what_is_under_a_receipt_opens_new_messages_and_the_receipt_stays() {
    let world = world_with(&[("TOPUP_STARS", "50")]).await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.says("/topup").await;
    anna.presses("Card or bank").await;
    anna.presses("$5.00").await;
    pays(&world, json!({})).await;
    anna.presses("All services").await;
    anna.hears("What would you like").await;
    anna.says("/topup").await;
    anna.presses("Telegram Stars").await;
    anna.presses("⭐ 50").await;
    anna.presses("Pay").await;
    anna.presses("All services").await;
    let transcript = anna.transcript().await;
    for receipt in ["for 8000.00 NGN. Your balance", "for 50 ⭐. Your balance"] {
        assert!(transcript.contains(receipt), "{receipt}:\n{transcript}");
    }
    world.assert_clean().await;
}

#[tokio::test]
async fn an_order_that_lacks_money_waits_for_it() {
    let world = world_with(&[("TOPUP_STARS", "50")]).await;
    let anna = world.user(11);
    anna.says("/start").await;
    anna.prepares("a lighthouse").await;
    anna.hears("short for this order").await;
    anna.presses("Top up").await;
    anna.presses("Card or bank").await;
    anna.presses("$5.00").await;
    pays(&world, json!({})).await;
    anna.presses("Back to my order").await;
    let transcript = anna.transcript().await;
    assert!(
        transcript.contains("for 8000.00 NGN. Your balance"),
        "{transcript}"
    );
    anna.presses("Confirm").await;
    world.finish().await;
    assert_eq!(anna.wallet().await, (490, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn a_webhook_of_version_4_is_looked_up_by_our_reference() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    let version = json!({ "version": "v4" });
    world.post("/sim/flutterwave/settings", version).await;
    tops_up(anna).await;
    assert_eq!(anna.wallet().await, (500, 0));
    let event =
        "select count(*) from payment_event where transaction_id is null and state = 'done'";
    assert_eq!(world.count(event).await, 1);
    // Paid once more by the same link: another transaction of the same reference.
    pays(&world, json!({})).await;
    assert_eq!(anna.wallet().await, (1000, 0));
    anna.hears("paid by this link before").await;
    world.assert_clean().await;
}

#[tokio::test]
async fn a_card_that_is_declined_may_be_tried_again_by_the_same_link() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    let page = begins(anna).await;
    let back = chooses(&world, &page, "fail").await;
    assert!(back.contains("Waiting for your payment"), "{back}");
    anna.hears("did not go through").await;
    assert_eq!(anna.wallet().await, (0, 0));
    let back = chooses(&world, &page, "cancel").await;
    assert!(back.contains("Waiting for your payment"), "{back}");
    chooses(&world, &page, "pay").await;
    assert_eq!(anna.wallet().await, (500, 0));
    world.assert_clean().await;
}

#[tokio::test]
async fn the_page_after_the_payment_believes_nothing_of_its_address() {
    let world = world().await;
    let anna = world.user(11);
    anna.says("/start").await;
    let page = begins(anna).await;
    let books = books(&world).await;
    let address = books["links"][0]["redirect_url"]
        .as_str()
        .expect("an address");
    let claims = "?status=successful&transaction_id=285959875&tx_ref=%3Cscript%3E";
    let answer = world.http.get(format!("{address}{claims}")).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 200);
    let headers = answer.headers().clone();
    assert_eq!(headers["cache-control"], "no-store");
    let policy = headers["content-security-policy"].to_str().expect("a text");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    let text = answer.text().await.expect("a text");
    assert!(text.contains("Waiting for your payment"), "{text}");
    assert!(
        !text.contains("script") && !text.contains("285959875"),
        "{text}"
    );
    world.settle().await;
    assert_eq!(anna.wallet().await, (0, 0));
    // Nobody guesses an id, and another processor has it not.
    let (start, id) = address.rsplit_once('/').expect("a path");
    for stranger in [
        format!("{start}/00000000-0000-4000-8000-000000000000"),
        format!("{start}/nonsense"),
        address.replace("flutterwave", "other"),
    ] {
        let answer = world.http.get(&stranger).send().await.expect("an answer");
        assert_eq!(answer.status(), 404, "{stranger}");
        let text = answer.text().await.expect("a text");
        assert!(!text.contains(id) && !text.contains("8000"), "{text}");
    }
    chooses(&world, &page, "pay").await;
    let answer = world.http.get(address).send().await.expect("an answer");
    let text = answer.text().await.expect("a text");
    assert!(
        text.contains("Payment received") && !text.contains("refresh"),
        "{text}"
    );
    world.assert_clean().await;
}

#[tokio::test]
async fn the_page_speaks_the_payers_language() {
    let world = world().await;
    let anna = world.user(11);
    let begin = json!({ "text": "/start", "language_code": "es" });
    anna.send(begin).await;
    anna.says("/topup").await;
    anna.presses("$5.00").await;
    anna.hears("Paga 8000.00 NGN").await;
    let back = chooses(&world, &page(anna).await, "cancel").await;
    assert!(back.contains("Esperando tu pago"), "{back}");
    let paid = chooses(&world, &page(anna).await, "pay").await;
    assert!(paid.contains("<html lang=\"es\">"), "{paid}");
    anna.hears("Tu saldo: $5.00").await;
    world.assert_clean().await;
}
