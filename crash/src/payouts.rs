//! Who earns and wants to be paid out, and the desk of two admins who approve, reject and pay, now and then both at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;

use crate::clock;
use crate::dice::Dice;
use crate::outside::{Button, Outside};
use crate::payers::{self, Pays};
use crate::people::{ADMINS, is_met};
use crate::world::Plan;

/// Who withdraws.
pub const EARNERS: [i64; 2] = [181, 182];
/// Who withdraws when a withdrawal is needed for something.
pub const PAYEE: i64 = 189;
/// The account holder: stands in no log.
pub const HOLDER: &str = "Ottilie Quendel";
/// What can be withdrawn, out of the main wallet.
const OFFER: &str = include_str!("../payouts.toml");

/// The desk.
const CLERKS: [i64; 2] = [ADMINS[4], ADMINS[5]];
const PATIENCE: Duration = Duration::from_secs(12);
/// Before a decision is taken again that has shown no effect.
const AGAIN: Duration = Duration::from_secs(15);
/// At the end, so many withdrawals are decided on at a time.
const AT_ONCE_MAX: usize = 4;

/// How a withdrawal is to end: the way to be paid says it to the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Paid for itself.
    Single,
    /// Paid with others.
    Bulk,
    /// Rejected.
    Doubtful,
    /// Taken back.
    TakenBack,
}

/// A withdrawal as the desk sees it.
#[derive(Clone, Debug)]
struct Card {
    id: String,
    message_id: i64,
    is_approved: bool,
    fate: Fate,
}

/// The offer of a world.
pub fn catalog(plan: &Plan) -> String {
    let from = if plan.earned { "affiliate" } else { "wallet" };
    OFFER.replace("from = \"wallet\"", &format!("from = {from:?}"))
}

/// Lets them live until the world closes.
pub fn settle(outside: &Arc<Outside>, plan: &Plan, tasks: &mut JoinSet<()>) {
    for user in EARNERS {
        let dice = Dice::new(plan.seed, user.unsigned_abs());
        tasks.spawn(earner(Arc::clone(outside), user, dice));
    }
    tasks.spawn(desk(Arc::clone(outside), Dice::new(plan.seed, 904)));
}

async fn earner(outside: Arc<Outside>, user: i64, mut dice: Dice) {
    const FATES: [Fate; 6] = [
        Fate::Single,
        Fate::Single,
        Fate::Bulk,
        Fate::Bulk,
        Fate::Doubtful,
        Fate::TakenBack,
    ];
    let _ = outside.says(user, "/start").await;
    is_met(&outside, user).await;
    while !outside.is_closing() {
        if dice.percent(35) {
            payers::tops_up(&outside, user, Pays::Once, &mut dice).await;
        }
        let fate = *dice.pick(&FATES);
        // Now and then more than there is.
        let cents = if dice.percent(10) {
            dice.between(400, 900)
        } else {
            dice.between(10, 120)
        };
        withdraws(&outside, user, fate, cents, &mut dice).await;
        clock::pause(dice.between(4_000, 14_000)).await;
    }
}

/// From `/withdraw` to the confirmation, and perhaps back.
async fn withdraws(
    outside: &Outside,
    user: i64,
    fate: Fate,
    cents: u64,
    dice: &mut Dice,
) -> Option<()> {
    let twice = dice.percent(30);
    let since = payers::newest(outside, user).await;
    outside.says(user, "/withdraw").await.ok()?;
    let method = outside.wait_for(user, since, "w:m:", PATIENCE).await?;
    let (draft, _) = method.data.strip_prefix("w:m:")?.split_once(':')?;
    let position = match fate {
        Fate::Single => 0,
        Fate::Bulk => 1,
        Fate::Doubtful => 2,
        Fate::TakenBack => dice.between(0, 2),
    };
    let chosen = Button {
        data: format!("w:m:{draft}:{position}"),
        ..method.clone()
    };
    outside.presses(user, &chosen).await.ok()?;
    let holder = format!("{HOLDER} {}", outside.number());
    outside.says(user, &holder).await.ok()?;
    let amount = format!("{}.{:02}", cents / 100, cents % 100);
    outside.says(user, &amount).await.ok()?;
    let confirm = format!("w:y:{draft}");
    let Some(button) = outside.wait_for(user, since, &confirm, PATIENCE).await else {
        // It was refused: another question may still be open.
        outside.says(user, "/cancel").await.ok()?;
        return None;
    };
    for _ in 0..1 + usize::from(twice) {
        outside.presses(user, &button).await.ok()?;
    }
    if fate == Fate::TakenBack {
        let cancel = format!("w:i:{draft}:c");
        let button = outside.wait_for(user, since, &cancel, PATIENCE).await?;
        for _ in 0..1 + usize::from(twice) {
            outside.presses(user, &button).await.ok()?;
        }
    }
    Some(())
}

/// Somebody withdraws now, so that it ends in this way.
pub async fn withdraws_now(outside: Arc<Outside>, fate: Fate, is_earned_first: bool) {
    let mut dice = Dice::new(outside.number(), 189);
    if payers::newest(&outside, PAYEE).await == 0 {
        let _ = outside.says(PAYEE, "/start").await;
        is_met(&outside, PAYEE).await;
    }
    if is_earned_first {
        payers::pays_now(Arc::clone(&outside), Pays::Once).await;
    }
    withdraws(&outside, PAYEE, fate, 10, &mut dice).await;
}

async fn desk(outside: Arc<Outside>, mut dice: Dice) {
    while !outside.is_closing() {
        clock::pause(dice.between(700, 2_000)).await;
        if let Some(card) = open_cards(&outside, 1).await.first() {
            decides(&outside, card, &mut dice).await;
        }
    }
}

/// The desk decides on what is left.
pub async fn closes(outside: &Outside) {
    let mut dice = Dice::new(outside.number(), 905);
    for card in &open_cards(outside, AT_ONCE_MAX).await {
        decides(outside, card, &mut dice).await;
    }
}

/// One step of a withdrawal; of both admins each may take it, or one of them another.
async fn decides(outside: &Outside, card: &Card, dice: &mut Dice) -> Option<()> {
    let (both, against) = (dice.percent(35), dice.percent(10));
    let act = match (card.fate, card.is_approved) {
        (Fate::Bulk, true) if !against => return pays_all(outside, both, dice).await,
        (Fate::Doubtful, false) if dice.percent(70) => "r",
        (Fate::Doubtful, true) => "r",
        (_, false) => "a",
        (_, true) => "p",
    };
    let mut acts = vec![(CLERKS[0], act)];
    if both || against {
        acts.push((CLERKS[1], if against { "r" } else { act }));
    }
    for (clerk, act) in &acts {
        presses(outside, *clerk, card, act).await;
    }
    for (clerk, act) in &acts {
        let words = match *act {
            "r" => format!("Not this time no-{}", outside.number()),
            "p" => format!("ref-{}", outside.number()),
            _ => continue,
        };
        outside.says(*clerk, &words).await.ok()?;
    }
    Some(())
}

/// In the own chat each has an own card.
async fn presses(outside: &Outside, clerk: i64, card: &Card, act: &str) -> Option<()> {
    let data = format!("w:i:{}:{act}", card.id);
    let button = if clerk == CLERKS[0] {
        let message_id = card.message_id;
        Button { message_id, data }
    } else {
        outside.button(clerk, 0, &data).await?
    };
    outside.presses(clerk, &button).await.ok()
}

/// Exports what is to be paid, and says that all of it was.
async fn pays_all(outside: &Outside, both: bool, dice: &mut Dice) -> Option<()> {
    let twice = dice.percent(25);
    let clerks = &CLERKS[..1 + usize::from(both)];
    let mut buttons = Vec::new();
    for clerk in clerks {
        let since = payers::newest(outside, *clerk).await;
        outside.says(*clerk, "/withdrawals").await.ok()?;
        let few = Duration::from_secs(6);
        let export = outside.wait_for(*clerk, since, "w:e", few).await?;
        outside.presses(*clerk, &export).await.ok()?;
        let paid = outside.wait_for(*clerk, since, "w:p:", few).await?;
        buttons.push((*clerk, paid));
    }
    for (clerk, button) in &buttons {
        outside.presses(*clerk, button).await.ok()?;
    }
    for (clerk, button) in &buttons {
        let words = format!("ref-{}", outside.number());
        outside.says(*clerk, &words).await.ok()?;
        if twice {
            outside.presses(*clerk, button).await.ok()?;
        }
    }
    Some(())
}

/// What the first of the desk can still decide on, and has not just now. A message that was sent again after a lost answer is never changed
/// until it is pressed.
async fn open_cards(outside: &Outside, max: usize) -> Vec<Card> {
    let mut open: BTreeMap<String, Card> = BTreeMap::new();
    for message in outside.messages(CLERKS[0], 0).await {
        let text = message["text"].as_str().unwrap_or_default();
        for button in buttons(&message) {
            let Some((id, act)) = acts_on(button) else {
                continue;
            };
            let card = Card {
                id: id.to_owned(),
                message_id: message["message_id"].as_i64().unwrap_or_default(),
                is_approved: act == "p",
                fate: fate_of(text),
            };
            if matches!(act, "a" | "p") {
                open.insert(id.to_owned(), card);
            }
        }
    }
    let is_due = |card: &Card| {
        let step = format!("{} {}", card.id, card.is_approved);
        outside.is_due(&step, AGAIN)
    };
    open.into_values().filter(is_due).take(max).collect()
}

/// The callback data of a message's buttons.
fn buttons(message: &Value) -> impl Iterator<Item = &str> {
    let rows = message["buttons"].as_array().into_iter().flatten();
    let all = rows.flat_map(|row| row.as_array().into_iter().flatten());
    all.filter_map(|button| button["callback_data"].as_str())
}

/// Which withdrawal a button is for, and what it does.
pub fn acts_on(data: &str) -> Option<(&str, &str)> {
    data.strip_prefix("w:i:")?.split_once(':')
}

fn fate_of(text: &str) -> Fate {
    if text.contains("by Bulk") {
        Fate::Bulk
    } else if text.contains("by Doubtful") {
        Fate::Doubtful
    } else {
        Fate::Single
    }
}
