//! Crediting what was paid at a processor: for events, look-ups and the comparison with its list.

use sqlx::PgConnection;
use uuid::Uuid;

use super::intents::user_of;
use super::wording;
use crate::base::fault::{self, Mutant, Point};
use crate::base::money::Amount;
use crate::engine::inbox::HandleError;
use crate::engine::ledger::{self, Cause, House, HouseMove, TransferKind, WalletKey};
use crate::engine::outbox::{self, Action, NewMessage};
use crate::engine::payments::{self, FoundBy, Intent, NewPayment};
use crate::engine::people;
use crate::features::cx::{Env, Handled, Stop, button};
use crate::features::paying::PayRate;
use crate::features::press::Press;
use crate::features::rewards::{self, Occasion, Paid};
use crate::features::speech::{Args, Language};
use crate::features::topup::credit::{balance, language_of, tell_admins};
use crate::features::topup::speech;
use crate::providers::payments::{Transaction, currency};
use crate::telegram::{InlineKeyboard, Rich};

/// What came of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// It is credited now.
    Now,
    /// It was before, or set aside.
    Before,
    /// It is set aside for a person now.
    Aside,
    /// It is a payment to somebody else who uses the account.
    NotOurs,
}

/// What a transaction is worth here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// So much, with a remark.
    Credit(Amount, Option<&'static str>),
    /// A person must say.
    Aside(&'static str),
}

impl Verdict {
    fn amount(self) -> Amount {
        match self {
            Self::Credit(amount, _) => amount,
            Self::Aside(_) => Amount::ZERO,
        }
    }
}

/// The house account of a processor.
pub(super) fn house(processor: &str) -> Handled<House> {
    let house = House::ALL
        .into_iter()
        .find(|house| house.name() == processor);
    house.ok_or_else(|| {
        let error = anyhow::anyhow!("the ledger has no account of {processor}");
        Stop::Failed(HandleError::Bug(error))
    })
}

/// Credits a successful transaction, once for its id, and tells whom it concerns. What it says must be the processor's own
/// word, never an event's.
pub(super) async fn settle(
    conn: &mut PgConnection,
    env: &Env,
    processor: &'static str,
    transaction: &Transaction,
    by: FoundBy,
    correlation: Uuid,
) -> Handled<Settled> {
    let reference = &transaction.reference;
    let intent = payments::intent_by_reference(conn, processor, reference).await?;
    let user_id = intent.as_ref().map(|intent| intent.user_id);
    let Some(user_id) = user_id.or_else(|| user_of(reference)) else {
        return Ok(Settled::NotOurs);
    };
    let is_known = intent.is_some() || people::by_id(conn, user_id).await?.is_some();
    let verdict = if is_known {
        judge(env, processor, intent.as_ref(), transaction)
    } else {
        Verdict::Aside("its user is not known")
    };
    let found = Found {
        processor,
        transaction,
        intent: intent.as_ref(),
        user_id,
        amount: verdict.amount(),
        correlation,
    };
    let transfer_id = env.ids.uuid();
    if !record(conn, env, &found, transfer_id, by).await? {
        return Ok(Settled::Before);
    }
    let is_first = match &intent {
        Some(intent) => payments::mark_paid(conn, intent.id).await?,
        None => false,
    };
    let remark = match verdict {
        Verdict::Credit(_, remark) => remark,
        Verdict::Aside(why) => {
            set_aside(conn, env, &found, why).await?;
            return Ok(Settled::Aside);
        }
    };
    credit(conn, env, &found, transfer_id).await?;
    tracing::info!(
        processor,
        user = user_id,
        amount = found.amount.0,
        ?by,
        "a payment is credited"
    );
    let mut remarks: Vec<&str> = remark.into_iter().collect();
    if intent.is_some() && !is_first {
        remarks.push("remark-twice");
    } else if by == FoundBy::Reconciliation {
        remarks.push("remark-wait");
    }
    receipt(conn, env, &found, is_first, &remarks).await?;
    if intent.is_none() {
        warn(conn, env, &found, "admin-payment-without-intent", "").await?;
    }
    Ok(Settled::Now)
}

/// False if its transaction was recorded before.
async fn record(
    conn: &mut PgConnection,
    env: &Env,
    found: &Found<'_>,
    transfer_id: Uuid,
    by: FoundBy,
) -> Handled<bool> {
    let payment = NewPayment {
        processor: found.processor,
        transaction_id: &found.transaction.id,
        short_id: &env.ids.short(),
        reference: &found.transaction.reference,
        intent_id: found.intent.map(|intent| intent.id),
        user_id: found.user_id,
        paid: found.transaction.paid,
        paid_currency: &found.transaction.currency,
        amount: found.amount,
        currency: found.currency(env),
        transfer_id: (!found.amount.is_zero()).then_some(transfer_id),
        found_by: by,
    };
    fault::reach(Point::CardRecording);
    let is_new = payments::add_payment(conn, &payment, env.clock.sql_now()).await?;
    fault::reach(Point::CardRecorded);
    Ok(is_new)
}

async fn credit(
    conn: &mut PgConnection,
    env: &Env,
    found: &Found<'_>,
    transfer_id: Uuid,
) -> Handled {
    let movement = HouseMove {
        kind: TransferKind::TopUp,
        house: house(found.processor)?,
        wallet: WalletKey::main(found.user_id, found.currency(env)),
        amount: found.amount,
    };
    let cause = Cause {
        id: transfer_id,
        idem_key: found.charge(),
        note: found.paid(),
        by_admin: None,
        correlation: found.correlation,
    };
    let now = env.clock.sql_now();
    if !fault::mutant(Mutant::CardCreditForgotten) {
        ledger::with_house(conn, &movement, &cause, now).await?;
    }
    if fault::mutant(Mutant::CardCreditedTwice) {
        let again = Cause {
            id: env.ids.uuid(),
            idem_key: format!("mistake:{}", cause.idem_key),
            ..cause.clone()
        };
        ledger::with_house(conn, &movement, &again, now).await?;
    }
    fault::reach(Point::CardCredited);
    let paid = Paid {
        user_id: found.user_id,
        amount: found.amount,
        currency: found.currency(env),
        cause: &cause.idem_key,
        correlation: found.correlation,
    };
    rewards::book(conn, env, Occasion::TopUp, &paid).await
}

/// What was promised holds for what was paid in its time; all else is worth what it is worth by the rate.
fn judge(
    env: &Env,
    processor: &str,
    intent: Option<&Intent>,
    transaction: &Transaction,
) -> Verdict {
    let today = env.payments.rate(processor, &transaction.currency);
    let Some(intent) = intent else {
        let worth = today.and_then(|rate| rate.worth(transaction.paid, env.currency()));
        return match worth {
            Some(worth) => worthy(worth, None),
            None => Verdict::Aside("its currency has no rate"),
        };
    };
    if intent.price_currency != transaction.currency {
        return Verdict::Aside("it is in another currency than was asked for");
    }
    let Some(currency) = currency(&intent.price_currency) else {
        return Verdict::Aside("its currency has no rate");
    };
    let promised = PayRate {
        currency,
        micros: intent.rate_micros,
    };
    let paid_at = transaction.at.unwrap_or_else(|| env.clock.now());
    let is_late = paid_at > intent.expires_at;
    let rate = today.filter(|_| is_late).unwrap_or(&promised);
    let worth = |paid| rate.worth(paid, env.currency());
    let extra = transaction.paid - intent.price;
    let (worth, remark) = match extra.0 {
        _ if is_late => (worth(transaction.paid), Some("remark-late")),
        0 => (Some(intent.amount), None),
        1.. => (
            worth(extra).map(|extra| intent.amount + extra),
            Some("remark-more"),
        ),
        _ => (
            worth(transaction.paid).map(|worth| worth.min(intent.amount)),
            Some("remark-less"),
        ),
    };
    worth.map_or(
        Verdict::Aside("it is beyond what can be counted"),
        |worth| worthy(worth, remark),
    )
}

fn worthy(amount: Amount, remark: Option<&'static str>) -> Verdict {
    if amount > Amount::ZERO {
        Verdict::Credit(amount, remark)
    } else {
        Verdict::Aside("it is worth less than the smallest coin")
    }
}

/// A payment that was recorded now.
struct Found<'a> {
    processor: &'static str,
    transaction: &'a Transaction,
    intent: Option<&'a Intent>,
    user_id: i64,
    amount: Amount,
    correlation: Uuid,
}

impl Found<'_> {
    /// As it stands on the receipt, and as `/refund` takes it.
    fn charge(&self) -> String {
        format!("{}:{}", self.processor, self.transaction.id)
    }

    /// Of the wallet.
    fn currency<'e>(&'e self, env: &'e Env) -> &'e str {
        let own = &env.currency().code;
        self.intent.map_or(own, |intent| &intent.currency)
    }

    fn paid(&self) -> String {
        wording::paid(self.transaction.paid, &self.transaction.currency)
    }

    fn args(&self, env: &Env) -> Args {
        let price = self.intent.map_or_else(String::new, |intent| {
            wording::paid(intent.price, &intent.price_currency)
        });
        Args::new()
            .text("amount", env.currency().format(self.amount))
            .text("paid", self.paid())
            .text("price", price)
            .text("user", self.user_id.to_string())
            .text("charge", self.charge())
    }
}

async fn receipt(
    conn: &mut PgConnection,
    env: &Env,
    found: &Found<'_>,
    is_first: bool,
    remarks: &[&str],
) -> Handled {
    let language = language_of(conn, found.user_id).await?;
    let speech = speech(language);
    let balance = balance(conn, env, found.user_id).await?;
    let args = found.args(env).text("balance", balance);
    let mut text = speech.rich("card-receipt", &args);
    for remark in remarks {
        text = text
            .then(Rich::literal("\n\n"))
            .then(speech.rich(remark, &args));
    }
    if let Some(intent) = found.intent.filter(|_| is_first) {
        let came = speech.rich("payment-came", &wording::about(env, intent));
        wording::show(conn, env, intent, came, None).await?;
    }
    let draft = found.intent.and_then(|intent| intent.draft.clone());
    let first = match draft {
        Some(draft) => button(
            speech.plain("button-to-order", &Args::new()),
            &Press::ToOrder { draft },
        ),
        None => button(speech.plain("button-menu", &Args::new()), &Press::Shelves),
    };
    let home = button(
        speech.plain("button-home", &Args::new()),
        &Press::Home { fresh: true },
    );
    let keyboard = InlineKeyboard::new([vec![first], vec![home]]);
    owed(conn, env, found, text, Some(keyboard)).await
}

/// Nobody can say what it is worth: the money stays where it is until a person has looked at it.
async fn set_aside(
    conn: &mut PgConnection,
    env: &Env,
    found: &Found<'_>,
    why: &'static str,
) -> Handled {
    let language = language_of(conn, found.user_id).await?;
    let text = speech(language).rich("payment-aside", &found.args(env));
    if let Some(intent) = found.intent {
        let came = speech(language).rich("payment-came", &wording::about(env, intent));
        wording::show(conn, env, intent, came, None).await?;
    }
    owed(conn, env, found, text, None).await?;
    warn(conn, env, found, "admin-payment-aside", why).await
}

async fn owed(
    conn: &mut PgConnection,
    env: &Env,
    found: &Found<'_>,
    text: Rich,
    keyboard: Option<InlineKeyboard>,
) -> Handled {
    let message = NewMessage {
        owed: true,
        ..NewMessage::new(
            found.user_id,
            found.correlation,
            Action::Say { text, keyboard },
        )
    };
    outbox::enqueue(conn, &message, env.clock.sql_now()).await?;
    Ok(())
}

async fn warn(
    conn: &mut PgConnection,
    env: &Env,
    found: &Found<'_>,
    key: &str,
    why: &str,
) -> Handled {
    tracing::warn!(
        user = found.user_id,
        charge = found.charge(),
        why,
        "a payment for a person to look at"
    );
    let args = found.args(env).text("why", why);
    let text = speech(Language::En).rich(key, &args);
    tell_admins(conn, env, text, found.correlation).await
}
