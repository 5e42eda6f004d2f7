//! Who gives tips: to each other, to others and to strangers, now and then more than there is, now and then with two taps;
//! and, in some worlds, the outside service that settles them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::clock;
use crate::dice::Dice;
use crate::outside::Outside;
use crate::payers::{self, Pays};
use crate::people::{BUYERS, is_met};
use crate::world::Plan;

/// Who gives tips.
pub const TIPPERS: [i64; 3] = [171, 172, 173];
/// Who gives one when it is needed for something.
pub const GIVER: i64 = 179;
/// The key of the account at the service that settles.
pub const KEY: &str = bulwark_simulator::settlement::KEY;
/// What the service calls the one that settles.
pub const SETTLEMENT: &str = "settlement";
/// The words that give a tip.
pub const COMMANDS: [&str; 3] = ["/tip", "/send", "/give"];

/// Whom the bot never meets.
const STRANGER: i64 = 198;
/// Larger ones are asked about once more, in cents.
const ASKED_ABOVE: u64 = 60;
const PATIENCE: Duration = Duration::from_secs(8);
/// Ours decide before the service does so by itself.
const DECIDED_BEFORE_PERCENT: i64 = 70;

/// How a tip that is needed for something ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gift {
    /// It arrives.
    Whole,
    /// The service that settles it says no.
    Refused,
    /// The service's answer is lost.
    Lost,
}

/// What the service is told of tips.
pub fn variables(plan: &Plan, settlement_url: String) -> Vec<(String, String)> {
    let mut all = vec![
        ("TIP_MAX", "1000".to_owned()),
        ("TIP_PER_DAY", "1000000".to_owned()),
        ("TIP_CONFIRM_ABOVE", ASKED_ABOVE.to_string()),
    ];
    if plan.settled_outside {
        all.push(("TIP_SETTLEMENT_URL", settlement_url));
        all.push(("TIP_SETTLEMENT_KEY", KEY.to_owned()));
    }
    let named = all.into_iter();
    named
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Lets them live until the world closes.
pub fn settle(outside: &Arc<Outside>, plan: &Plan, tasks: &mut JoinSet<()>) {
    for user in TIPPERS {
        let dice = Dice::new(plan.seed, user.unsigned_abs());
        tasks.spawn(tipper(Arc::clone(outside), user, dice));
    }
    if plan.settled_outside {
        tasks.spawn(decides(Arc::clone(outside), Dice::new(plan.seed, 170)));
    }
}

async fn tipper(outside: Arc<Outside>, user: i64, mut dice: Dice) {
    let _ = outside.says(user, "/start").await;
    is_met(&outside, user).await;
    while !outside.is_closing() {
        let to = match dice.between(1, 10) {
            1..=7 => *dice.pick(&TIPPERS),
            8 | 9 => *dice.pick(&BUYERS),
            _ => STRANGER,
        };
        match dice.between(1, 100) {
            1..=15 => drop(payers::tops_up(&outside, user, Pays::Once, &mut dice).await),
            16..=70 => {
                let cents = dice.between(1, ASKED_ABOVE);
                for _ in 0..1 + usize::from(dice.percent(15)) {
                    gives(&outside, user, to, cents, &mut dice).await;
                }
            }
            71..=92 => drop(gives_when_asked(&outside, user, to, &mut dice).await),
            // More than anybody has.
            _ => gives(&outside, user, to, 999, &mut dice).await,
        }
        clock::pause(dice.between(2_000, 6_000)).await;
    }
}

async fn gives(outside: &Outside, user: i64, to: i64, cents: u64, dice: &mut Dice) {
    let command = dice.pick(&COMMANDS);
    let words = format!("{command} {to} {}.{:02}", cents / 100, cents % 100);
    let _ = outside.says(user, &words).await;
}

/// The button is pressed once, or twice at the same moment, or both of them are.
async fn gives_when_asked(outside: &Outside, user: i64, to: i64, dice: &mut Dice) -> Option<()> {
    let since = payers::newest(outside, user).await;
    let cents = dice.between(ASKED_ABOVE + 1, 99);
    gives(outside, user, to, cents, dice).await;
    let yes = outside.wait_for(user, since, "ty:", PATIENCE).await?;
    let no = outside.button(user, since, "tx:").await?;
    let pressed = match dice.between(1, 10) {
        1..=5 => vec![yes],
        6 | 7 => vec![yes.clone(), yes],
        8 => vec![yes, no],
        9 => vec![no.clone(), yes],
        _ => vec![no],
    };
    for button in &pressed {
        outside.presses(user, button).await.ok()?;
    }
    Some(())
}

/// Somebody gives a tip now.
pub async fn gives_now(outside: Arc<Outside>, gift: Gift) {
    let mut dice = Dice::new(outside.number(), 179);
    if payers::newest(&outside, GIVER).await == 0 {
        let _ = outside.says(GIVER, "/start").await;
        is_met(&outside, GIVER).await;
    }
    let to = *dice.pick(&TIPPERS);
    gives(&outside, GIVER, to, 2, &mut dice).await;
    let end = clock::now() + PATIENCE * 2;
    while gift != Gift::Lost && clock::now() < end {
        let mut all = undecided(&outside).await;
        all.retain(|transfer| transfer["from"] == GIVER);
        for transfer in &all {
            says(&outside, transfer, gift == Gift::Whole).await;
        }
        clock::pause(300).await;
    }
}

/// What goes on at the service that settles: most go through, some do not.
async fn decides(outside: Arc<Outside>, mut dice: Dice) {
    while !outside.is_closing() {
        clock::pause(dice.between(300, 1_200)).await;
        for transfer in undecided(&outside).await {
            if transfer["from"] != GIVER && dice.percent(50) {
                says(&outside, &transfer, dice.percent(80)).await;
            }
        }
    }
}

/// What is left is settled.
pub async fn closes(outside: &Outside) {
    for transfer in undecided(outside).await {
        says(outside, &transfer, true).await;
    }
}

async fn says(outside: &Outside, transfer: &Value, is_settled: bool) {
    let id = transfer["id"].as_str().unwrap_or_default();
    let decided = if is_settled {
        json!({ "state": "settled" })
    } else {
        json!({ "state": "rejected", "reason": "limit" })
    };
    let _ = outside
        .post(&format!("/sim/settlement/{id}"), &decided)
        .await;
}

/// The service's own list of transfers.
pub async fn list(outside: &Outside) -> Vec<Value> {
    let known = outside.get("/sim/settlement").await.unwrap_or_default();
    known["transfers"].as_array().cloned().unwrap_or_default()
}

/// Those on which we may still decide: the rest is about to be settled.
async fn undecided(outside: &Outside) -> Vec<Value> {
    let mut all = list(outside).await;
    all.retain(|transfer| {
        let percent = transfer["progress"].as_i64().unwrap_or(100);
        transfer["state"] == "pending" && percent < DECIDED_BEFORE_PERCENT
    });
    all
}
