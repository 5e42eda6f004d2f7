//! The people of a world: some order, some only talk, one blocks the bot, admins give money away and broadcast.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::postgres::PgPool;
use tokio::task::JoinSet;

use crate::cards::{self, CARD_PAYERS, HASTY_PAYER};
use crate::clock;
use crate::dice::Dice;
use crate::inquirers;
use crate::inviters;
use crate::outside::{Button, Outside};
use crate::payers::{self, Pays};
use crate::payouts;
use crate::promoters::{self, HASTY, PROMOTERS};
use crate::refunders;
use crate::tippers;
use crate::world::Plan;

/// Who orders.
pub const BUYERS: [i64; 6] = [101, 102, 103, 104, 105, 106];
/// Who gives money away, who broadcasts, two who give Stars back, and two who pay out.
pub const ADMINS: [i64; 6] = [900, 901, 902, 903, 904, 905];
/// Who only talks; what is refused for ever is refused to them.
pub const TALKER: i64 = 140;
/// Who blocks and unblocks the bot.
pub const BLOCKER: i64 = 150;
/// What they all start with, in cents.
pub const WELCOME: i64 = 500;

const PATIENCE: Duration = Duration::from_secs(15);
/// Orders of a person that the provider never finishes: each keeps a poller busy until its deadline.
const ENDLESS_MAX: u32 = 1;

/// Lets all of them live until the world closes.
pub fn settle(outside: &Arc<Outside>, pool: &PgPool, plan: &Plan) -> JoinSet<()> {
    let seed = plan.seed;
    let mut tasks = JoinSet::new();
    for user in BUYERS {
        let dice = Dice::new(seed, user.unsigned_abs());
        tasks.spawn(buyer(Arc::clone(outside), user, dice));
    }
    for user in PROMOTERS {
        let dice = Dice::new(seed, user.unsigned_abs());
        tasks.spawn(promoters::promoter(Arc::clone(outside), user, dice));
    }
    for user in CARD_PAYERS {
        let dice = Dice::new(seed, user.unsigned_abs());
        tasks.spawn(cards::payer(Arc::clone(outside), user, dice));
    }
    tasks.spawn(refunders::cashier(
        Arc::clone(outside),
        Dice::new(seed, 901),
    ));
    let dice = Dice::new(seed, 903);
    tasks.spawn(inquirers::answers(Arc::clone(outside), pool.clone(), dice));
    tasks.spawn(giver(Arc::clone(outside), Dice::new(seed, 900)));
    tasks.spawn(talker(Arc::clone(outside), Dice::new(seed, 140)));
    payouts::settle(outside, plan, &mut tasks);
    inviters::settle(outside, plan, &mut tasks);
    tippers::settle(outside, plan, &mut tasks);
    tasks.spawn(payers::cashier(Arc::clone(outside), Dice::new(seed, 902)));
    tasks
}

async fn buyer(outside: Arc<Outside>, user: i64, mut dice: Dice) {
    let _ = outside.says(user, "/start").await;
    is_met(&outside, user).await;
    let mut endless = 0;
    while !outside.is_closing() {
        match dice.between(1, 100) {
            1..=8 => {
                let words = *dice.pick(&["/balance", "hello", "/menu", "/start"]);
                let _ = outside.says(user, words).await;
            }
            9..=18 => order(&outside, user, "quick-image", "a lighthouse", &mut dice).await,
            19..=30 => {
                let wish = dice.pick(&["a tree !fail", "a tree !refuse"]);
                order(&outside, user, "text-to-image", wish, &mut dice).await;
            }
            31..=34 if endless < ENDLESS_MAX => {
                endless += 1;
                order(&outside, user, "text-to-image", "a cloud !slow", &mut dice).await;
            }
            35..=42 => {
                let pays = *dice.pick(&[Pays::Once, Pays::Once, Pays::Twice, Pays::Untold]);
                payers::tops_up(&outside, user, pays, &mut dice).await;
            }
            _ => {
                let wish = "a house by the sea";
                order(&outside, user, "text-to-image", wish, &mut dice).await;
            }
        }
        clock::pause(dice.between(50, 400)).await;
    }
}

/// From a press of the service's button to the end of the order, as far as patience goes.
async fn order(outside: &Outside, user: i64, service: &str, wish: &str, dice: &mut Dice) {
    let twice = dice.percent(25);
    let takes_back = dice.percent(15);
    let Some(draft) = begin(outside, user, service).await else {
        let _ = outside.says(user, "/start").await;
        clock::pause(2_000).await;
        return;
    };
    let words = format!("{wish} {user}-{}", outside.number());
    let _ = outside.says(user, &words).await;
    if service == "text-to-image" {
        let skip = format!("ds:{draft}");
        let Some(button) = outside.wait_for(user, 0, &skip, PATIENCE).await else {
            return;
        };
        let _ = outside.presses(user, &button).await;
    }
    let Some(confirm) = outside
        .wait_for(user, 0, &format!("dy:{draft}"), PATIENCE)
        .await
    else {
        return;
    };
    let _ = outside.presses(user, &confirm).await;
    if twice {
        let _ = outside.presses(user, &confirm).await;
    }
    if takes_back {
        let cancel = format!("ox:{draft}");
        let few = Duration::from_secs(3);
        if let Some(button) = outside.wait_for(user, 0, &cancel, few).await {
            let _ = outside.presses(user, &button).await;
        }
    }
    if !wish.contains("!slow") {
        outside
            .wait_for(user, 0, &format!("oa:{draft}"), PATIENCE)
            .await;
    }
}

/// Presses the service's button below the newest message and gives the draft that this begins.
pub async fn begin(outside: &Outside, user: i64, service: &str) -> Option<String> {
    let newest = outside.messages(user, 0).await;
    let bots = newest.iter().filter(|message| message["sender"] == "bot");
    let message_id = bots
        .filter_map(|message| message["message_id"].as_i64())
        .max()?;
    let before = outside
        .button(user, 0, "dx:")
        .await
        .map(|button| button.data);
    let data = format!("s:{service}");
    let button = Button { message_id, data };
    outside.presses(user, &button).await.ok()?;
    let end = clock::now() + PATIENCE;
    while clock::now() < end {
        let now = outside
            .button(user, 0, "dx:")
            .await
            .map(|button| button.data);
        if let Some(data) = now.filter(|data| Some(data) != before.as_ref()) {
            return data.strip_prefix("dx:").map(str::to_owned);
        }
        clock::pause(120).await;
    }
    None
}

/// Gives each time another sum with a number in its reason.
async fn giver(outside: Arc<Outside>, mut dice: Dice) {
    for admin in ADMINS {
        let _ = outside.says(admin, "/start").await;
    }
    // Nothing can be given to one whom the bot has not met.
    for buyer in BUYERS {
        is_met(&outside, buyer).await;
    }
    while !outside.is_closing() {
        let (to, number) = (*dice.pick(&BUYERS), outside.number());
        let cents = dice.between(1, 9);
        let text = format!("/grant {to} 0.0{cents} gift-{number}");
        let _ = outside.says(ADMINS[0], &text).await;
        clock::pause(dice.between(1_500, 3_500)).await;
    }
}

/// Waits for the first word of the bot: who talks on without one only fills the own chat.
pub async fn is_met(outside: &Outside, user: i64) {
    let is_bots = |message: &Value| message["sender"] == "bot";
    while !outside.messages(user, 0).await.iter().any(is_bots) && !outside.is_closing() {
        clock::pause(200).await;
    }
}

async fn talker(outside: Arc<Outside>, mut dice: Dice) {
    for user in [TALKER, BLOCKER, HASTY, HASTY_PAYER] {
        let _ = outside.says(user, "/start").await;
    }
    while !outside.is_closing() {
        let words = *dice.pick(&["/help", "/balance", "well"]);
        let _ = outside.says(TALKER, words).await;
        // Slower than one message a second: what waits must not grow for as long as the world goes on.
        clock::pause(dice.between(1_200, 2_400)).await;
    }
}

/// One who asks something and is gone before the answer comes; and is back then.
pub async fn blocks(outside: &Outside) -> anyhow::Result<()> {
    let path = format!("/sim/users/{BLOCKER}");
    outside.post(&path, &json!({ "blocked": false })).await?;
    outside.says(BLOCKER, "/help").await?;
    outside.post(&path, &json!({ "blocked": true })).await?;
    Ok(())
}

/// A group becomes a supergroup while the bot answers in it.
pub async fn moves(outside: &Outside) -> anyhow::Result<()> {
    let number = i64::try_from(outside.number())?;
    let (group, to) = (-5_000 - number, -1_000_000_005_000 - number);
    outside
        .fault(json!({ "target": "telegram.sendMessage", "chat_id": group, "delay_ms": 400, "times": 1 }))
        .await?;
    let body = json!({ "text": "/help", "chat_id": group });
    outside
        .post(&format!("/sim/users/{TALKER}/send"), &body)
        .await?;
    outside
        .post(&format!("/sim/chats/{group}"), &json!({ "migrate_to": to }))
        .await?;
    Ok(())
}

/// An admin tells everybody something.
pub async fn broadcasts(outside: &Outside) -> anyhow::Result<()> {
    let (admin, number) = (ADMINS[1], outside.number());
    let since = outside.messages(admin, 0).await;
    let since = since
        .iter()
        .filter_map(|message| message["message_id"].as_i64())
        .max();
    outside.says(admin, "/broadcast").await?;
    outside
        .says(admin, &format!("News broadcast-{number}"))
        .await?;
    let since = since.unwrap_or(0);
    if let Some(button) = outside.wait_for(admin, since, "bc:", PATIENCE).await {
        outside.presses(admin, &button).await?;
    }
    Ok(())
}
