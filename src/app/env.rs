//! What the features know of the world, made of the configuration.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::build::Parts;
use super::funds::Low;
use super::{payments, providers, rewards};
use crate::base::money::Amount;
use crate::catalog::Catalog;
use crate::engine::limits::Rate;
use crate::features::cx::{Env, GrantRules, StarsOffer, Switch};
use crate::providers::Provider;
use crate::providers::payments::Processor;

/// The catalogue with only what the configured providers can do on its shelves.
fn on_sale(catalog: &Catalog, providers: &[Arc<dyn Provider>]) -> Arc<Catalog> {
    let enabled: Vec<&str> = providers.iter().map(|provider| provider.name()).collect();
    let mut catalog = catalog.clone();
    catalog.offer_only(&enabled);
    Arc::new(catalog)
}

pub(super) fn env(
    parts: &Parts,
    makers: &[Arc<dyn Provider>],
    processors: &[Arc<dyn Processor>],
    low: &Low,
) -> Env {
    let limits = &parts.config.limits;
    warn_of_given_money(parts);
    Env {
        clock: parts.clock.clone(),
        ids: parts.ids.clone(),
        catalog: on_sale(&parts.catalog, makers),
        bot_name: bot_name(&parts.config.referrals.bot_username),
        admin_ids: parts.config.wallet.admin_ids.clone(),
        welcome_grant: parts.config.wallet.welcome_grant,
        money: Switch::default(),
        stars: StarsOffer {
            switch: Switch::default(),
            packages: parts.config.stars.packages.clone(),
            rate: parts.config.stars.rate,
        },
        grants: GrantRules {
            approval_above: parts.config.payouts.approval_above,
            per_day: parts.config.payouts.grants_per_day,
            approval_life: parts.config.payouts.approval_life,
        },
        export_as_file: parts.config.payouts.export_as_file,
        payments: payments::offer(&parts.config, processors),
        referrals: rewards::referrals(&parts.config),
        tips: rewards::tips(&parts.config),
        free_uses_per_day: limits.free_uses_per_day,
        orders_per_user: limits.orders_per_user,
        work_rate: Rate {
            every: Duration::from_secs(60) / limits.rate_per_minute.max(1),
            // An order costs two units: a smaller burst would forbid every order for ever.
            burst: limits.rate_burst.max(2),
        },
        credit_micros: providers::credits(&parts.config),
        standing: providers::standing(makers, low),
    }
}

/// Telegram says it at the start where nobody has set it.
fn bot_name(configured: &str) -> OnceLock<String> {
    let name = OnceLock::new();
    if !configured.is_empty() {
        name.get_or_init(|| configured.to_owned());
    }
    name
}

/// Whoever makes accounts to be greeted with money, and takes it out, is paid by the operator.
fn warn_of_given_money(parts: &Parts) {
    let offer = parts.catalog.withdrawals.as_ref();
    if offer.is_some_and(|offer| offer.from == "wallet")
        && parts.config.wallet.welcome_grant > Amount::ZERO
    {
        tracing::warn!(
            "WELCOME_GRANT is given to everybody, and [withdrawals] of the catalogue pays out of the same wallet: \
             from = \"affiliate\" pays out only what was earned"
        );
    }
}
