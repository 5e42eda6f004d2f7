//! The providers that are configured: one more is one more line.

use std::collections::HashMap;
use std::sync::Arc;

use super::build::BuildError;
use crate::base::clock::Clock;
use crate::base::ids::Ids;
use crate::config::Config;
use crate::engine::funds::Limit;
use crate::providers::Provider;
use crate::providers::breaker::{Breakers, Class};
use crate::providers::kie::{Kie, KieConfig};
use crate::providers::panel::{Panel, PanelConfig};

/// How little may be left on our accounts before new orders are refused.
pub(super) fn limits(config: &Config) -> HashMap<String, Limit> {
    let low = config.providers.kie.credits_low;
    HashMap::from([("kie".to_owned(), Limit { low })])
}

pub(super) fn all(
    config: &Config,
    breakers: &Breakers,
    clock: &Clock,
    ids: &Ids,
) -> Result<Vec<Arc<dyn Provider>>, BuildError> {
    let judged_by = breakers.settings(Class::Provider);
    let kie = &config.providers.kie;
    let settings = KieConfig {
        api_key: kie.api_key.clone(),
        api_url: kie.api_url.clone(),
        webhook_key: kie.webhook_key.clone(),
    };
    let kie = Kie::new(settings, clock.clone(), ids.clone())
        .map_err(|error| BuildError::Http(error.to_string()))?;
    let mut providers: Vec<Arc<dyn Provider>> = vec![Arc::new(kie.judged_by(judged_by))];
    for panel in &config.providers.panels {
        let Some(api_key) = panel.api_key.clone() else {
            continue;
        };
        let settings = PanelConfig {
            name: panel.name.clone(),
            api_key,
            api_url: panel.api_url.clone(),
        };
        let panel = Panel::new(settings, clock.clone(), ids.clone())
            .map_err(|error| BuildError::Http(error.to_string()))?;
        providers.push(Arc::new(panel.judged_by(judged_by)));
    }
    Ok(providers)
}
