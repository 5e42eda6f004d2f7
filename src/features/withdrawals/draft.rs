//! What a user or an admin is being asked, as it stands in the conversation.

use serde::{Deserialize, Serialize};

use crate::base::money::Amount;
use crate::catalog::{PayoutMethod, Withdrawals};
use crate::engine::conversation;
use crate::engine::withdrawals::Details;
use crate::features::cx::{Cx, Handled};

/// The version of [`Talk`] in the conversation; another feature's state counts as none.
const VERSION: i16 = 101;

/// What the next message answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "talk", rename_all = "snake_case")]
pub(super) enum Talk {
    /// A question of a request in the making.
    Draft(Draft),
    /// Why a withdrawal is rejected.
    Reason {
        /// Its short id.
        id: String,
    },
    /// The reference under which a withdrawal was paid.
    Reference {
        /// Its short id.
        id: String,
    },
    /// The reference under which a batch was paid.
    BatchReference {
        /// Its short id.
        batch: String,
    },
}

/// A request in the making.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Draft {
    /// Names it in callback data: a button of another draft is out of date.
    pub(super) id: String,
    /// The method's id.
    pub(super) method: Option<String>,
    /// What is known of whom to pay.
    pub(super) details: Details,
    /// How much.
    pub(super) amount: Option<Amount>,
}

/// What a draft asks next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asking<'c> {
    /// How to be paid.
    Method,
    /// Whom to pay: the field at this position.
    Field(&'c PayoutMethod, usize),
    /// How much.
    Amount(&'c PayoutMethod),
    /// Whether it is right.
    Summary(&'c PayoutMethod, Amount),
}

impl Draft {
    pub(super) fn new(id: String) -> Self {
        Self {
            id,
            method: None,
            details: Details::default(),
            amount: None,
        }
    }

    /// The first question without an answer, by the catalogue of today.
    pub(super) fn asking<'c>(&self, offer: &'c Withdrawals) -> Asking<'c> {
        let method = self.method.as_deref().and_then(|id| offer.method(id));
        let Some(method) = method else {
            return Asking::Method;
        };
        let fits = |field: &crate::catalog::DetailField| {
            let given = self.details.0.get(&field.id);
            given.is_some_and(|given| field.kind.normal(given).as_ref() == Some(given))
        };
        match method.fields.iter().position(|field| !fits(field)) {
            Some(position) => Asking::Field(method, position),
            None => self.amount.map_or(Asking::Amount(method), |amount| {
                Asking::Summary(method, amount)
            }),
        }
    }

    /// Forgets the newest answer. False: there is none.
    pub(super) fn pop(&mut self, offer: &Withdrawals) -> bool {
        if self.amount.take().is_some() {
            return true;
        }
        let Some(method) = self.method.as_deref().and_then(|id| offer.method(id)) else {
            return false;
        };
        let given = |field: &&crate::catalog::DetailField| self.details.0.contains_key(&field.id);
        match method.fields.iter().rfind(given) {
            Some(field) => {
                self.details.0.remove(&field.id);
                true
            }
            None => {
                self.method = None;
                offer.methods.len() > 1
            }
        }
    }
}

impl Talk {
    pub(super) async fn load(cx: &mut Cx<'_>) -> Handled<Option<Self>> {
        Ok(conversation::load(cx.conn, cx.chat_id, cx.user_id, VERSION).await?)
    }

    pub(super) async fn save(&self, cx: &mut Cx<'_>) -> Handled {
        let now = cx.now();
        conversation::save(cx.conn, cx.chat_id, cx.user_id, VERSION, self, now).await?;
        Ok(())
    }

    /// Forgets what was asked, and whom to pay with it.
    pub(super) async fn clear(cx: &mut Cx<'_>) -> Handled {
        conversation::clear(cx.conn, cx.chat_id, cx.user_id).await?;
        Ok(())
    }
}

/// The draft that a button speaks of.
pub(super) async fn current(cx: &mut Cx<'_>, id: &str) -> Handled<Option<Draft>> {
    Ok(match Talk::load(cx).await? {
        Some(Talk::Draft(draft)) if draft.id == id => Some(draft),
        _ => None,
    })
}

/// Whether nobody who speaks here is asked anything by this feature.
fn is_off(cx: &Cx<'_>) -> bool {
    let is_offered = cx.env.catalog.withdrawals.is_some();
    !cx.env.money.is_on() || !is_offered && !cx.is_admin()
}

/// Whether the message that has come answers a question of this feature.
pub async fn is_awaited(cx: &mut Cx<'_>) -> Handled<bool> {
    if is_off(cx) {
        return Ok(false);
    }
    Ok(Talk::load(cx).await?.is_some())
}

/// An admin who gives a command does not answer a question any more; `/cancel` throws a request in the making away, and says
/// so by true.
pub async fn put_away(cx: &mut Cx<'_>, is_cancel: bool) -> Handled<bool> {
    if is_off(cx) {
        return Ok(false);
    }
    match Talk::load(cx).await? {
        Some(Talk::Draft(_)) if !is_cancel => Ok(false),
        Some(_) => {
            Talk::clear(cx).await?;
            Ok(is_cancel)
        }
        None => Ok(false),
    }
}
