//! Who orders at a panel what is counted there: to the end, in part, taken back, refilled; and a panel that in the end
//! calls off what nobody took back.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::postgres::PgPool;

use crate::cards;
use crate::clock;
use crate::dice::Dice;
use crate::outside::Outside;
use crate::payers::{self, Pays};
use crate::people::{begin, is_met};
use crate::tables;

/// Who orders at the panel.
pub const PROMOTERS: [i64; 3] = [121, 122, 123];
/// Who orders there when an order is needed for something.
pub const HASTY: i64 = 129;
/// The panel's name.
pub const PANEL: &str = "crash-panel";
/// Opens the account there.
pub const KEY: &str = bulwark_simulator::panel::KEY;
/// What is sold: what the program ships with, and a service of the panel.
pub const CATALOG: &str = concat!(
    include_str!("../../catalog.toml"),
    "\n",
    include_str!("../panel.toml")
);

const SERVICE: &str = "members";
const PATIENCE: Duration = Duration::from_secs(15);
const NUDGE_MS: u64 = 700;

/// How an order ends at the panel, by a word in its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// With everything.
    Whole,
    /// With a part.
    InPart,
    /// With nothing.
    CalledOff,
    /// Not by itself.
    Never,
    /// It is never made.
    Refused,
}

impl Fate {
    fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::InPart => "partial",
            Self::CalledOff => "cancel",
            Self::Never => "never",
            Self::Refused => "refuse",
        }
    }
}

/// What an order is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Itself.
    Order,
    /// Its answer is lost.
    Lost,
    /// Two of them, which are asked about together.
    Together,
    /// It is to be stopped on its way.
    Stop,
    /// It ends in part.
    Part,
    /// What was lost of it is to be delivered again.
    Refill,
}

/// An order of a person.
pub struct Placed {
    /// Its short id.
    pub draft: String,
    /// What it is for.
    pub link: String,
}

/// One who orders at the panel for as long as the world goes on.
pub async fn promoter(outside: Arc<Outside>, user: i64, mut dice: Dice) {
    const FATES: [Fate; 9] = [
        Fate::Whole,
        Fate::Whole,
        Fate::Whole,
        Fate::InPart,
        Fate::InPart,
        Fate::InPart,
        Fate::CalledOff,
        Fate::Never,
        Fate::Refused,
    ];
    let _ = outside.says(user, "/start").await;
    is_met(&outside, user).await;
    while !outside.is_closing() {
        if dice.percent(15) {
            if dice.percent(50) {
                cards::tops_up(&outside, user, cards::Pays::Once, &mut dice).await;
            } else {
                payers::tops_up(&outside, user, Pays::Once, &mut dice).await;
            }
        }
        let (fate, units) = (*dice.pick(&FATES), dice.between(50, 400));
        match orders(&outside, user, fate, units, &mut dice).await {
            Some(placed) => goes_on(&outside, user, &placed, fate, &mut dice).await,
            None => {
                let _ = outside.says(user, "/start").await;
                clock::pause(1_500).await;
            }
        }
        clock::pause(dice.between(100, 700)).await;
    }
}

/// From a press of the service's button to the confirmation.
pub async fn orders(
    outside: &Outside,
    user: i64,
    fate: Fate,
    units: u64,
    dice: &mut Dice,
) -> Option<Placed> {
    let twice = dice.percent(25);
    let draft = begin(outside, user, SERVICE).await?;
    let link = format!("https://t.me/{}_{user}_{}", fate.word(), outside.number());
    outside.is_for(&draft, &link);
    outside.says(user, &link).await.ok()?;
    outside.says(user, &units.to_string()).await.ok()?;
    let confirm = format!("dy:{draft}");
    let button = outside.wait_for(user, 0, &confirm, PATIENCE).await?;
    outside.presses(user, &button).await.ok()?;
    if twice {
        outside.presses(user, &button).await.ok()?;
    }
    Some(Placed { draft, link })
}

/// Some take it back, some wait for its end, some want more then.
async fn goes_on(outside: &Outside, user: i64, placed: &Placed, fate: Fate, dice: &mut Dice) {
    if fate == Fate::Never || dice.percent(25) {
        clock::pause(dice.between(0, 4_000)).await;
        let few = Duration::from_secs(3);
        presses(outside, user, "ox", &placed.draft, few, dice).await;
    }
    if dice.percent(40) {
        let again = format!("oa:{}", placed.draft);
        let ended = outside.wait_for(user, 0, &again, PATIENCE).await;
        if ended.is_some() && dice.percent(50) {
            let now = Duration::ZERO;
            presses(outside, user, "or", &placed.draft, now, dice).await;
        }
    }
}

/// Once, or twice, if the button comes.
async fn presses(
    outside: &Outside,
    user: i64,
    code: &str,
    order: &str,
    patience: Duration,
    dice: &mut Dice,
) -> Option<()> {
    let twice = dice.percent(25);
    let data = format!("{code}:{order}");
    let button = outside.wait_for(user, 0, &data, patience).await?;
    for _ in 0..1 + usize::from(twice) {
        outside.presses(user, &button).await.ok()?;
    }
    Some(())
}

/// Somebody orders now; the service asks the panel more often than it would by itself.
pub async fn runs(outside: Arc<Outside>, pool: PgPool, errand: Errand) {
    let asked_often = async {
        loop {
            clock::pause(NUDGE_MS).await;
            // Postgres may be away; the errand goes on.
            let _ = tables::nudge_panel_jobs(&pool).await;
        }
    };
    tokio::select! {
        _ = does(&outside, errand) => {}
        () = asked_often => {}
    }
    pool.close().await;
}

async fn does(outside: &Outside, errand: Errand) -> Option<()> {
    let mut dice = Dice::new(outside.number(), 129);
    let fates: &[Fate] = match errand {
        Errand::Order | Errand::Lost | Errand::Refill => &[Fate::Whole],
        Errand::Together => &[Fate::InPart, Fate::Never],
        Errand::Stop => &[Fate::Never],
        Errand::Part => &[Fate::InPart],
    };
    let mut placed = Vec::new();
    for fate in fates {
        // Cheap ones: a world may need many.
        placed.push(orders(outside, HASTY, *fate, 50, &mut dice).await?);
    }
    for (order, fate) in placed.iter().zip(fates) {
        if *fate == Fate::Never {
            is_there(outside, &order.link).await?;
            presses(outside, HASTY, "ox", &order.draft, PATIENCE, &mut dice).await?;
        }
    }
    for order in &placed {
        let again = format!("oa:{}", order.draft);
        outside.wait_for(HASTY, 0, &again, PATIENCE).await?;
        if errand == Errand::Refill {
            let few = Duration::from_secs(2);
            presses(outside, HASTY, "or", &order.draft, few, &mut dice).await?;
        }
    }
    Some(())
}

/// Waits until the panel has an order for `link`.
async fn is_there(outside: &Outside, link: &str) -> Option<()> {
    let end = clock::now() + PATIENCE;
    while clock::now() < end {
        let orders = list(outside).await;
        if orders.iter().any(|order| order["fields"]["link"] == link) {
            return Some(());
        }
        clock::pause(120).await;
    }
    None
}

/// The panel's own list of orders.
pub async fn list(outside: &Outside) -> Vec<Value> {
    let known = outside.get(&format!("/sim/panel/{PANEL}/orders")).await;
    let known = known.unwrap_or_default();
    known["orders"].as_array().cloned().unwrap_or_default()
}

/// The panel works as fast as the plan says, and our account there is not empty.
pub async fn opens(outside: &Outside, speed: f64) -> anyhow::Result<()> {
    let settings = json!({ "speed": speed, "balance_micros": 1_000_000_000_000_i64 });
    let path = format!("/sim/panel/{PANEL}/settings");
    outside.post(&path, &settings).await.map(drop)
}

/// The panel calls off what would never end, and ends its refills.
pub async fn closes(outside: &Outside) -> anyhow::Result<()> {
    for order in list(outside).await {
        let link = order["fields"]["link"].as_str().unwrap_or_default();
        if link.contains(Fate::Never.word()) {
            let path = format!("/sim/panel/{PANEL}/orders/{}", order["order"]);
            let decided = json!({ "status": "Canceled", "remains": order["quantity"] });
            outside.post(&path, &decided).await?;
        }
    }
    let known = outside.get(&format!("/sim/panel/{PANEL}/orders")).await?;
    for refill in 1..=known["refills"].as_u64().unwrap_or(0) {
        let path = format!("/sim/panel/{PANEL}/refills/{refill}");
        outside
            .post(&path, &json!({ "status": "Completed" }))
            .await?;
    }
    Ok(())
}
