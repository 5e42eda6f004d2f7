//! Every kind of provider: one more is a folder beside this file, and a line here.

use std::sync::Arc;

use super::Provider;
use super::breaker::BreakerSettings;
use super::fetch::HttpSetupError;
use super::kie::Kie;
use super::panel::Panel;
use super::replicate::Replicate;
use crate::base::clock::Clock;
use crate::base::ids::Ids;
use crate::base::redact::Secret;

/// Our account at a provider.
#[derive(Clone, Debug)]
pub struct Account {
    /// The provider's name in the catalogue, in stored jobs and in addresses.
    pub name: String,
    /// Without a trailing slash.
    pub api_url: String,
    /// Opens it.
    pub api_key: Secret,
    /// Verifies its callbacks, if it signs them.
    pub webhook_key: Option<Secret>,
}

/// Makes an adapter for an account, with breakers that go by these settings.
type Make = fn(Account, BreakerSettings, Clock, Ids) -> Result<Arc<dyn Provider>, HttpSetupError>;

/// By the name that stands before an account's address.
const KINDS: &[(&str, Make)] = &[
    ("kie", Kie::make),
    ("panel", Panel::make),
    ("replicate", Replicate::make),
];

/// Every kind that there is.
pub fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(name, _)| *name)
}

/// Why there is no adapter for an account.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// Nobody wrote one.
    #[error("there is no kind of provider called {0}; there are: {1}")]
    Kind(String, String),
    /// There can be only one of this kind, under its own name.
    #[error("a provider of kind {0} cannot be called {1}")]
    Name(String, String),
    /// Its address, or this machine's TLS.
    #[error(transparent)]
    Http(#[from] HttpSetupError),
}

/// The adapter for an account at a provider of this kind.
///
/// # Errors
/// [`MakeError`].
pub fn make(
    kind: &str,
    account: Account,
    judged_by: BreakerSettings,
    clock: &Clock,
    ids: &Ids,
) -> Result<Arc<dyn Provider>, MakeError> {
    let Some((_, make)) = KINDS.iter().find(|(name, _)| *name == kind) else {
        let known: Vec<&str> = names().collect();
        return Err(MakeError::Kind(kind.to_owned(), known.join(", ")));
    };
    let name = account.name.clone();
    let made = make(account, judged_by, clock.clone(), ids.clone())?;
    if made.name() != name {
        return Err(MakeError::Name(kind.to_owned(), name));
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::providers::Step;

    fn account(name: &str) -> Account {
        Account {
            name: name.to_owned(),
            api_url: "https://api.example.com".to_owned(),
            api_key: Secret::from("a-key-of-nobody"),
            webhook_key: None,
        }
    }

    #[test]
    fn every_kind_can_be_made_and_has_what_all_must_have() {
        let (clock, ids) = (Clock::system(), Ids::seeded(1));
        for (kind, _) in KINDS {
            let settings = BreakerSettings::default();
            let made = make(kind, account(kind), settings, &clock, &ids).unwrap();
            let calls: Vec<&str> = made.breakers().iter().map(|(call, _)| *call).collect();
            assert_eq!(calls, ["submits", "polls"], "{kind}");
            assert!(made.calls_max(Step::Submit).is_some(), "{kind}");
            assert!(made.deadline() > Duration::from_secs(60), "{kind}");
            assert_eq!(made.name(), *kind);
        }
        let nobody = make(
            "nobody",
            account("x"),
            BreakerSettings::default(),
            &clock,
            &ids,
        );
        assert!(matches!(nobody, Err(MakeError::Kind(..))));
        let second = account("another");
        let second = make("kie", second, BreakerSettings::default(), &clock, &ids);
        assert!(matches!(second, Err(MakeError::Name(..))));
    }
}
