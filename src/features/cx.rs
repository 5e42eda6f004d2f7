//! What a handler works with: the open transaction, who speaks, and the means to answer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::paying::PaymentsOffer;
use super::press::Press;
use super::rewards::ReferralRules;
use super::speech::Language;
use super::tips::TipRules;
use crate::base::clock::Clock;
use crate::base::db;
use crate::base::ids::Ids;
use crate::base::money::{Amount, Currency};
use crate::catalog::Catalog;
use crate::engine::inbox::HandleError;
use crate::engine::jobs::EnqueueError;
use crate::engine::ledger::{Cause, LedgerError};
use crate::engine::outbox::{self, Action, NewMessage, Priority, Target};
use crate::providers::Standing;
use crate::telegram::{Button, InlineKeyboard, Rich};

/// How a provider stands, by its name.
pub type Stands = dyn Fn(&str) -> Option<Standing> + Send + Sync;

/// What every handler may know of the world; made once.
pub struct Env {
    /// The time.
    pub clock: Clock,
    /// Identifiers.
    pub ids: Ids,
    /// What is on sale.
    pub catalog: Arc<Catalog>,
    /// What the bot is called, without @: as configured, or as Telegram says; empty until it has said so.
    pub bot_name: OnceLock<String>,
    /// Who may move money by command.
    pub admin_ids: Vec<i64>,
    /// What a new user receives.
    pub welcome_grant: Amount,
    /// Whether there are wallets: without the ledger's tables only what is free works.
    pub money: Switch,
    /// What is sold for Telegram Stars.
    pub stars: StarsOffer,
    /// What admins may give by themselves.
    pub grants: GrantRules,
    /// Whether admins get what they export as a file.
    pub export_as_file: bool,
    /// What is sold at payment processors.
    pub payments: PaymentsOffer,
    /// What referrals bring.
    pub referrals: ReferralRules,
    /// How users may tip each other.
    pub tips: TipRules,
    /// Orders of a free service per user and day, unless the catalogue says otherwise.
    pub free_uses_per_day: u32,
    /// Orders a user may have running at once.
    pub orders_per_user: u32,
    /// Units of work a user may order per minute, and how many at once.
    pub work_rate: crate::engine::limits::Rate,
    /// What one credit of a provider costs us, by its name, in millionths of the catalogue's currency, where it counts in credits
    /// and somebody said.
    pub credit_micros: BTreeMap<String, i64>,
    /// How a provider stands for new orders; None: it is not configured here.
    pub standing: Box<Stands>,
}

/// Whether something works that the service can do without. Clones are the same switch.
#[derive(Clone, Debug)]
pub struct Switch(Arc<AtomicBool>);

impl Default for Switch {
    /// On.
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Switch {
    /// Whether it works.
    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Turns it; how it was.
    pub fn set(&self, is_on: bool) -> bool {
        self.0.swap(is_on, Ordering::Relaxed)
    }
}

/// What admins may give by themselves.
#[derive(Clone, Copy, Debug, Default)]
pub struct GrantRules {
    /// Above this a second admin must agree; None: never.
    pub approval_above: Option<Amount>,
    /// What one admin may give and take in a day (UTC) in all; None: any sum.
    pub per_day: Option<Amount>,
    /// How long a request waits for the second admin.
    pub approval_life: Duration,
}

/// Top-ups for Telegram Stars.
#[derive(Clone, Debug, Default)]
pub struct StarsOffer {
    /// Whether the tables for it are there.
    pub switch: Switch,
    /// How many Stars each package costs; none: nothing is offered.
    pub packages: Vec<u16>,
    /// What a Star is worth, in minor units.
    pub rate: Amount,
}

impl StarsOffer {
    /// Whether anything of it is shown.
    pub fn is_offered(&self) -> bool {
        !self.packages.is_empty() && self.switch.is_on()
    }

    /// What so many Stars are worth; None for no Stars and for more than there can be.
    pub fn amount_of(&self, stars: i64) -> Option<Amount> {
        let amount = self.rate.0.checked_mul(stars)?;
        (amount > 0).then_some(Amount(amount))
    }
}

impl Env {
    /// Whether there is any way to top a wallet up.
    pub fn has_topup(&self) -> bool {
        self.stars.is_offered() || self.payments.is_offered()
    }

    /// What one of a provider's credits costs us, in millionths of the currency.
    pub fn credit_cost(&self, provider: &str) -> Option<i64> {
        self.credit_micros.get(provider).copied()
    }

    /// The one currency.
    pub fn currency(&self) -> &Currency {
        &self.catalog.currency
    }
}

/// Why a handler stopped.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// The user's matter: everything is undone, and they are told.
    #[error("refused")]
    Refused(Box<Rich>),
    /// The same, with buttons that lead on.
    #[error("refused")]
    RefusedWith(Box<Rich>, InlineKeyboard),
    /// Anything else.
    #[error(transparent)]
    Failed(#[from] HandleError),
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<LedgerError> for Stop {
    /// For movements that cannot run short; where they can, the caller matches on it first.
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Database(error) if db::is_transient(&error) => {
                Self::Failed(HandleError::Retry(error.into()))
            }
            error @ LedgerError::AtTheSameTime(_) => Self::Failed(HandleError::Retry(error.into())),
            other => Self::Failed(HandleError::Bug(other.into())),
        }
    }
}

impl From<EnqueueError> for Stop {
    fn from(error: EnqueueError) -> Self {
        match error {
            EnqueueError::Database(error) => error.into(),
            error @ EnqueueError::ForeignService { .. } => {
                tracing::error!(error = %error, "a job was refused");
                Self::Failed(HandleError::Bug(error.into()))
            }
        }
    }
}

/// What a handler does.
pub type Handled<T = ()> = Result<T, Stop>;

/// The press that is being handled.
#[derive(Clone, Debug)]
pub struct Pressed {
    /// Telegram's id of it.
    pub callback_id: String,
    /// The message under which the button is, if it can still be edited.
    pub message_id: Option<i64>,
    /// It waited so long that Telegram does not take an answer any more.
    pub late: bool,
}

impl Pressed {
    /// A press that waits longer is not answered: Telegram stops taking answers after some time that it does not name.
    pub const MAX_AGE: Duration = Duration::from_secs(120);
}

/// The context of one update.
pub struct Cx<'a> {
    /// The open transaction.
    pub conn: &'a mut PgConnection,
    /// The world.
    pub env: &'a Env,
    /// Where it happens.
    pub chat_id: i64,
    /// Who speaks.
    pub user_id: i64,
    /// How they call themselves.
    pub first_name: String,
    /// In which language they are spoken to.
    pub language: Language,
    /// Follows the update everywhere.
    pub correlation: Uuid,
    /// The press, if it is one.
    pub pressed: Option<Pressed>,
    /// Whether the press was answered.
    pub answered: bool,
    /// Whether there is something new for those who work on jobs.
    pub has_jobs: bool,
    /// Whether who speaks was not known before.
    pub is_new: bool,
}

impl Cx<'_> {
    /// The time for SQL.
    pub fn now(&self) -> Option<OffsetDateTime> {
        self.env.clock.sql_now()
    }

    /// Whether an admin speaks.
    pub fn is_admin(&self) -> bool {
        self.env.admin_ids.contains(&self.user_id)
    }

    /// Writes an amount.
    pub fn money(&self, amount: Amount) -> String {
        self.env.currency().format(amount)
    }

    /// Sends a message.
    pub async fn say(&mut self, text: Rich, keyboard: Option<InlineKeyboard>) -> Handled {
        self.enqueue(Action::Say { text, keyboard }).await
    }

    /// Shows a page: in place of the message whose button was pressed, else as a new one.
    pub async fn show(&mut self, text: Rich, keyboard: Option<InlineKeyboard>) -> Handled {
        match self.pressed.as_ref().and_then(|pressed| pressed.message_id) {
            Some(id) => {
                let target = Target::Message(id);
                self.enqueue(Action::Edit {
                    target,
                    text,
                    keyboard,
                    else_say: true,
                })
                .await
            }
            None => self.say(text, keyboard).await,
        }
    }

    /// From now on [`show`](Self::show) says it as a new message: what the button is under stays to be read.
    pub fn turn_over(&mut self) {
        if let Some(pressed) = &mut self.pressed {
            pressed.message_id = None;
        }
    }

    /// Puts what was decided in place of the question whose button was pressed. A question that is gone stays so: what
    /// follows it says the same.
    pub async fn decided(&mut self, text: Rich) -> Handled {
        let Some(id) = self.pressed.as_ref().and_then(|pressed| pressed.message_id) else {
            return Ok(());
        };
        self.enqueue(Action::Edit {
            target: Target::Message(id),
            text,
            keyboard: None,
            else_say: false,
        })
        .await
    }

    /// Takes the buttons away from the message whose button was pressed.
    pub async fn remove_buttons(&mut self) -> Handled {
        match self.pressed.as_ref().and_then(|pressed| pressed.message_id) {
            Some(id) => {
                self.enqueue(Action::Buttons {
                    target: Target::Message(id),
                    keyboard: None,
                })
                .await
            }
            None => Ok(()),
        }
    }

    /// Answers the press with a short text, once. An `alert` must be closed by hand. Words for a press that has waited
    /// too long become a message: they would be shown to nobody.
    pub async fn answer(&mut self, text: Option<String>, alert: bool) -> Handled {
        let Some(pressed) = self.pressed.as_ref().filter(|_| !self.answered) else {
            return Ok(());
        };
        if pressed.late {
            self.answered = true;
            return match text {
                Some(text) => self.say(Rich::literal(text), None).await,
                None => Ok(()),
            };
        }
        let wordless = text.is_none();
        let action = Action::Answer {
            callback_id: pressed.callback_id.clone(),
            text,
            alert,
        };
        let message = NewMessage {
            priority: Priority::High,
            expires_at: Some(self.env.clock.now() + Pressed::MAX_AGE).filter(|_| wordless),
            ..NewMessage::new(self.chat_id, self.correlation, action)
        };
        self.answered = true;
        self.post(&message).await
    }

    /// Puts an action for this chat into the outbox.
    pub async fn enqueue(&mut self, action: Action) -> Handled {
        let message = NewMessage::new(self.chat_id, self.correlation, action);
        self.post(&message).await
    }

    /// Puts a message into the outbox.
    pub async fn post(&mut self, message: &NewMessage) -> Handled {
        let now = self.now();
        outbox::enqueue(self.conn, message, now).await?;
        Ok(())
    }

    /// The cause of a movement of money that this update makes.
    pub fn cause(&self, idem_key: String, note: &str) -> Cause {
        Cause {
            id: self.env.ids.uuid(),
            idem_key,
            note: note.to_owned(),
            by_admin: None,
            correlation: self.correlation,
        }
    }
}

/// A button that asks for `press`.
pub fn button(label: impl Into<String>, press: &Press) -> Button {
    Button::callback(label, press.encode())
}
