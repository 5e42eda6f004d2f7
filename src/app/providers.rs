//! The providers that are configured, by their accounts.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::build::BuildError;
use super::funds::Low;
use crate::base::clock::Clock;
use crate::base::ids::Ids;
use crate::config::{Config, PANEL, SETTLEMENT};
use crate::engine::funds::Limit;
use crate::features::cx::Stands;
use crate::providers::breaker::{Breakers, Class};
use crate::providers::kinds::{self, Account};
use crate::providers::settlement::{Settlement, SettlementConfig};
use crate::providers::{Provider, Standing};

/// How little may be left on our accounts before new orders are refused.
pub(super) fn limits(config: &Config) -> HashMap<String, Limit> {
    let providers = &config.providers;
    let low = providers.kie.credits_low;
    let kie = ("kie".to_owned(), Limit { low });
    let low = providers.panel_low;
    let panels = providers.panels.iter().filter(|it| it.kind == PANEL);
    let panels = panels.map(|panel| (panel.name.clone(), Limit { low }));
    std::iter::once(kie).chain(panels).collect()
}

/// What a credit of those who count in credits costs us, millionths of the catalogue's currency.
pub(super) fn credits(config: &Config) -> BTreeMap<String, i64> {
    let cost = config.providers.kie.credit_micros;
    cost.map(|micros| ("kie".to_owned(), micros))
        .into_iter()
        .collect()
}

pub(super) fn all(
    config: &Config,
    breakers: &Breakers,
    clock: &Clock,
    ids: &Ids,
) -> Result<Vec<Arc<dyn Provider>>, BuildError> {
    let judged_by = breakers.settings(Class::Provider);
    let kie = &config.providers.kie;
    let kie = Account {
        name: "kie".to_owned(),
        api_url: kie.api_url.clone(),
        api_key: kie.api_key.clone(),
        webhook_key: kie.webhook_key.clone(),
    };
    let others = config.providers.panels.iter().filter_map(|other| {
        let account = Account {
            name: other.name.clone(),
            api_url: other.api_url.clone(),
            api_key: other.api_key.clone()?,
            webhook_key: other.webhook_key.clone(),
        };
        Some((other.kind.as_str(), account))
    });
    let mut providers: Vec<Arc<dyn Provider>> = std::iter::once(("kie", kie))
        .chain(others)
        .map(|(kind, account)| {
            kinds::make(kind, account, judged_by, clock, ids).map_err(BuildError::Provider)
        })
        .collect::<Result<_, _>>()?;
    if let Some(gateway) = &config.tips.settlement {
        let settings = SettlementConfig {
            name: SETTLEMENT.to_owned(),
            api_key: gateway.api_key.clone(),
            api_url: gateway.api_url.clone(),
        };
        let settlement = Settlement::new(settings, clock.clone(), ids.clone())
            .map_err(|error| BuildError::Http(error.to_string()))?;
        let judged_by = breakers.settings(Class::Payment);
        providers.push(Arc::new(settlement.judged_by(judged_by)));
    }
    Ok(providers)
}

/// How each of them stands, by its name; one whose account is `low` takes no orders.
pub(super) fn standing(providers: &[Arc<dyn Provider>], low: &Low) -> Box<Stands> {
    let (providers, low) = (providers.to_vec(), low.clone());
    Box::new(move |name| {
        let provider = providers.iter().find(|provider| provider.name() == name)?;
        Some(match Standing::of(provider.as_ref()) {
            Standing::Well | Standing::Recovering if low.is_low(name) => Standing::NoFunds,
            standing => standing,
        })
    })
}
