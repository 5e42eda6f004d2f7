//! Looks after our own accounts at the providers: an empty one would fail every order.
//!
//! While one is low, new orders for it are refused before anything is charged; what is under way goes on. Admins are told
//! once when it runs low and once when it has recovered.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use metrics::gauge;
use serde_json::{Map, Value, json};
use sqlx::{PgConnection, PgPool};

use crate::engine::books;
use crate::engine::funds::{self, Limit, Turn};
use crate::engine::outbox::{self, Action, NewMessage, Priority};
use crate::engine::task::Task;
use crate::engine::wake::Wake;
use crate::features::cx::Env;
use crate::features::speech::{Args, Language};
use crate::features::storefront;
use crate::http::metrics::{PROVIDER_BALANCE, PROVIDER_LOW};
use crate::providers::{AccountState, Balance, Provider};
use crate::telegram::Rich;

/// Whose account is low, as far as this replica knows. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Low(Arc<RwLock<HashSet<String>>>);

impl Low {
    /// Whether orders for this provider would find its account low.
    pub(super) fn is_low(&self, provider: &str) -> bool {
        let low = self.0.read().unwrap_or_else(PoisonError::into_inner);
        low.contains(provider)
    }

    fn set(&self, provider: &str, is_low: bool) {
        let mut low = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if is_low {
            low.insert(provider.to_owned());
        } else {
            low.remove(provider);
        }
    }
}

/// Asks each provider what is left.
pub(super) struct Funds {
    pool: PgPool,
    env: Arc<Env>,
    providers: Vec<Arc<dyn Provider>>,
    /// By provider; of the others only an empty account is low.
    limits: HashMap<String, Limit>,
    low: Low,
    messages: Wake,
}

impl Funds {
    pub(super) fn new(
        pool: PgPool,
        env: Arc<Env>,
        providers: Vec<Arc<dyn Provider>>,
        limits: HashMap<String, Limit>,
        low: Low,
        messages: Wake,
    ) -> Self {
        Self {
            pool,
            env,
            providers,
            limits,
            low,
            messages,
        }
    }

    /// Takes over what was known before this start.
    pub(super) async fn recall(&self) -> Result<(), sqlx::Error> {
        for provider in funds::low(&self.pool).await? {
            self.low.set(&provider, true);
        }
        Ok(())
    }

    async fn note(&self, provider: &str, balance: &Balance) -> Result<Turn, sqlx::Error> {
        let limit = self.limits.get(provider).copied();
        let limit = limit.unwrap_or(Limit { low: 0 });
        let now = self.env.clock.sql_now();
        let mut tx = self.pool.begin().await?;
        let turn = funds::note(&mut tx, provider, balance, limit, now).await?;
        let key = match turn {
            Turn::Lowered => Some("admin-funds-low"),
            Turn::Recovered => Some("admin-funds-back"),
            Turn::StillLow | Turn::StillEnough => None,
        };
        if let Some(key) = key {
            let left = Balance::shown(balance.amount, balance.unit.as_deref());
            let args = Args::new().text("provider", provider).text("balance", left);
            let text = storefront::speech(Language::En).rich(key, &args);
            self.tell_admins(&mut tx, &text).await?;
        }
        tx.commit().await?;
        if key.is_some() {
            self.messages.notify();
        }
        Ok(turn)
    }

    /// Where nobody says what is left, a refused order is all that tells. It holds orders back for a while by itself, and
    /// nothing else may: only another order finds out that the account was filled.
    async fn watch_refusals(&self, provider: &dyn Provider) -> Result<Value, sqlx::Error> {
        let name = provider.name();
        let is_empty = provider.account() == AccountState::NoFunds;
        gauge!(PROVIDER_LOW, "provider" => name.to_owned()).set(if is_empty { 1.0 } else { 0.0 });
        if is_empty {
            let mut tx = self.pool.begin().await?;
            if funds::note_refusal(&mut tx, name, self.env.clock.sql_now()).await? {
                tracing::error!(provider = name, "our account at the provider is empty");
                let args = Args::new().text("provider", name);
                let text = storefront::speech(Language::En).rich("admin-funds-refused", &args);
                self.tell_admins(&mut tx, &text).await?;
                self.messages.notify();
            }
            tx.commit().await?;
        }
        Ok(json!({ "low": is_empty }))
    }

    async fn tell_admins(&self, conn: &mut PgConnection, text: &Rich) -> Result<(), sqlx::Error> {
        for admin_id in &self.env.admin_ids {
            let action = Action::Say {
                text: text.clone(),
                keyboard: None,
            };
            let message = NewMessage {
                priority: Priority::Low,
                merge_key: Some(outbox::ADMIN_NOTICES),
                ..NewMessage::new(*admin_id, self.env.ids.uuid(), action)
            };
            outbox::enqueue(conn, &message, self.env.clock.sql_now()).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Task for Funds {
    fn name(&self) -> &'static str {
        "provider_funds"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn at_start(&self) -> bool {
        false
    }

    async fn run(&self) -> Result<Value, anyhow::Error> {
        let mut balances = Map::new();
        for provider in &self.providers {
            let name = provider.name();
            let balance = match provider.balance().await {
                Ok(Some(balance)) => balance,
                Ok(None) => {
                    let standing = self.watch_refusals(provider.as_ref()).await?;
                    balances.insert(name.to_owned(), standing);
                    continue;
                }
                // What was known stays: an account does not fill up because nobody can look.
                Err(error) => {
                    tracing::warn!(provider = name, error = %error, "cannot ask for our balance");
                    continue;
                }
            };
            let turn = self.note(name, &balance).await?;
            let balance = balance.amount;
            books::note_balance(&self.pool, name, balance, self.env.clock.sql_now()).await?;
            match turn {
                Turn::Lowered => tracing::error!(
                    provider = name,
                    balance,
                    "our account at the provider is low, new orders are refused"
                ),
                Turn::Recovered => tracing::info!(
                    provider = name,
                    balance,
                    "our account at the provider has enough again"
                ),
                Turn::StillLow | Turn::StillEnough => {}
            }
            self.low.set(name, turn.is_low());
            gauge!(PROVIDER_BALANCE, "provider" => name.to_owned())
                .set(f64::from(i32::try_from(balance).unwrap_or(i32::MAX)));
            gauge!(PROVIDER_LOW, "provider" => name.to_owned()).set(if turn.is_low() {
                1.0
            } else {
                0.0
            });
            balances.insert(
                name.to_owned(),
                json!({ "balance": balance, "low": turn.is_low() }),
            );
        }
        Ok(Value::Object(balances))
    }
}
