//! Who invites others by a personal link, who comes by it and pays, and what that earns: it is moved to the main wallet, paid
//! out, or taken back.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::clock;
use crate::dice::Dice;
use crate::outside::Outside;
use crate::payers::{self, PAYER, Pays};
use crate::payouts::{EARNERS, PAYEE};
use crate::people::is_met;
use crate::world::Plan;

/// Who comes by whose link, in the order of coming: the last of them brings rewards on two levels.
pub const INVITED: [(i64, i64); 4] = [
    (PAYER, PAYEE),
    (191, EARNERS[0]),
    (192, EARNERS[1]),
    (193, 191),
];
/// What a payment earns whoever brought its payer in, and who brought that one in, in percent (`REFERRAL_REWARD`).
pub const SHARES: [i64; 2] = [40, 10];

const PATIENCE: Duration = Duration::from_secs(20);
const MOVE: &str = "rm";

/// What the service is told of referrals.
pub fn variables() -> Vec<(String, String)> {
    let shares = SHARES.map(|share| format!("{share}%"));
    let all = [
        ("REFERRAL_ON", "topup".to_owned()),
        ("REFERRAL_REWARD", shares.join(",")),
        ("BOT_USERNAME", "bulwark_sim_bot".to_owned()),
        ("WALLET_TRANSFERS", "affiliate>wallet:1".to_owned()),
    ];
    let named = all.into_iter();
    named
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Lets them live until the world closes.
pub fn settle(outside: &Arc<Outside>, plan: &Plan, tasks: &mut JoinSet<()>) {
    for (friend, referrer) in INVITED {
        let dice = Dice::new(plan.seed, friend.unsigned_abs());
        tasks.spawn(friend_of(Arc::clone(outside), friend, referrer, dice));
    }
}

/// Whether what they pay may be given back.
pub fn is_friend(user: i64) -> bool {
    user != PAYER && INVITED.iter().any(|(friend, _)| *friend == user)
}

/// Comes by the link, and pays now and then; whoever earns by that moves it now and then.
async fn friend_of(outside: Arc<Outside>, friend: i64, referrer: i64, mut dice: Dice) {
    if referrer == PAYEE {
        let _ = outside.says(referrer, "/start").await;
    }
    is_met(&outside, referrer).await;
    let Some(code) = code_of(&outside, referrer).await else {
        return;
    };
    let _ = outside.says(friend, &format!("/start ref_{code}")).await;
    is_met(&outside, friend).await;
    while friend != PAYER && !outside.is_closing() {
        let pays = *dice.pick(&[Pays::Once, Pays::Once, Pays::Twice, Pays::Untold]);
        payers::tops_up(&outside, friend, pays, &mut dice).await;
        clock::pause(dice.between(5_000, 14_000)).await;
        if dice.percent(40) {
            moves(&outside, referrer, &mut dice).await;
        }
    }
}

/// What stands in somebody's link.
async fn code_of(outside: &Outside, user: i64) -> Option<String> {
    while !outside.is_closing() {
        let _ = outside.says(user, "/referrals").await;
        let end = clock::now() + PATIENCE;
        while clock::now() < end {
            for message in outside.messages(user, 0).await {
                let text = message["text"].as_str().unwrap_or_default();
                if let Some((_, rest)) = text.split_once("start=ref_") {
                    let code = rest.split(|c: char| !c.is_ascii_alphanumeric()).next();
                    return code.map(str::to_owned);
                }
            }
            clock::pause(150).await;
        }
    }
    None
}

/// From the page to the main wallet: one tap, or two.
async fn moves(outside: &Outside, user: i64, dice: &mut Dice) -> Option<()> {
    let twice = dice.percent(30);
    let since = payers::newest(outside, user).await;
    outside.says(user, "/referrals").await.ok()?;
    let few = Duration::from_secs(6);
    let button = outside.wait_for(user, since, MOVE, few).await?;
    for _ in 0..1 + usize::from(twice) {
        outside.presses(user, &button).await.ok()?;
    }
    Some(())
}

/// Somebody is brought in now who was not known before.
pub async fn invites_now(outside: Arc<Outside>) -> Option<()> {
    let code = code_of(&outside, PAYEE).await?;
    let friend = 2_000 + i64::try_from(outside.number()).ok()?;
    let words = format!("/start ref_{code}");
    outside.says(friend, &words).await.ok().map(drop)
}

/// Somebody pays, and what that earns is moved.
pub async fn moves_now(outside: Arc<Outside>) {
    let mut dice = Dice::new(outside.number(), 188);
    payers::pays_now(Arc::clone(&outside), Pays::Once).await;
    moves(&outside, PAYEE, &mut dice).await;
}
