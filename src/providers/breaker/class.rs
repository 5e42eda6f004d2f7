//! Classes of what we depend on, each with its own idea of "too many failures", and the table of all breakers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Breaker, BreakerSettings};
use crate::base::clock::Clock;
use crate::base::ids::Ids;

/// However long a breaker may stay open at most, the first time it does so no longer than this.
const OPEN_FIRST: Duration = Duration::from_secs(5);

/// Calls of anything but a provider are over, or given up, by then.
const PROBE_LEASE: Duration = Duration::from_secs(30);

/// What kind of thing a breaker stands before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// An AI or order provider.
    Provider,
    /// The chat platform.
    Chat,
    /// A payment gateway, or another place where money is asked for.
    Payment,
    /// A host of files.
    Storage,
    /// The database. Watched, and never shut: see [`Class::is_advisory`].
    Database,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Provider,
        Self::Chat,
        Self::Payment,
        Self::Storage,
        Self::Database,
    ];

    /// Its name in lists and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Chat => "chat",
            Self::Payment => "payment",
            Self::Storage => "storage",
            Self::Database => "database",
        }
    }

    /// Whether the breaker only says how things stand, and holds nothing back. An update, a payment or a job's end that
    /// is not tried against the database is lost or late for nothing: there the bounds are on what waits (the intake's
    /// places, the pools' time to wait), and every try is the probe. Nor can replicas share it through the database.
    pub fn is_advisory(self) -> bool {
        match self {
            Self::Database => true,
            Self::Provider | Self::Chat | Self::Payment | Self::Storage => false,
        }
    }

    /// Whether an operator may hold it open. Without the chat platform nobody could be told anything, and what waits for
    /// it would only pile up.
    pub fn can_be_isolated(self) -> bool {
        match self {
            Self::Provider | Self::Payment => true,
            Self::Chat | Self::Storage | Self::Database => false,
        }
    }
}

/// When the breakers of a class open, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// So many calls within the time must have failed; of a provider, so many must have been made.
    pub failures: u32,
    /// Within this time.
    pub within: Duration,
    /// It never stays open longer.
    pub open_max: Duration,
}

/// The thresholds of all classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Of AI and order providers.
    pub provider: Threshold,
    /// Of the chat platform.
    pub chat: Threshold,
    /// Of payment gateways.
    pub payment: Threshold,
    /// Of file hosts.
    pub storage: Threshold,
    /// Of the database.
    pub database: Threshold,
}

impl Default for Thresholds {
    fn default() -> Self {
        let threshold = |failures, within_s, open_max_s| Threshold {
            failures,
            within: Duration::from_secs(within_s),
            open_max: Duration::from_secs(open_max_s),
        };
        Self {
            provider: threshold(4, 60, 300),
            chat: threshold(5, 30, 30),
            payment: threshold(3, 60, 60),
            storage: threshold(5, 30, 30),
            database: threshold(10, 10, 10),
        }
    }
}

impl Thresholds {
    /// What a breaker of this class goes by.
    pub fn settings(&self, class: Class) -> BreakerSettings {
        let Threshold {
            failures,
            within,
            open_max,
        } = match class {
            Class::Provider => self.provider,
            Class::Chat => self.chat,
            Class::Payment => self.payment,
            Class::Storage => self.storage,
            Class::Database => self.database,
        };
        BreakerSettings {
            window: within,
            calls_min: failures,
            // A provider is called seldom, and half of a few calls is enough to leave it alone.
            failures_min: if class == Class::Provider {
                1
            } else {
                failures
            },
            open_min: OPEN_FIRST.min(open_max),
            open_max,
            probe_lease: if class == Class::Provider {
                BreakerSettings::default().probe_lease
            } else {
                PROBE_LEASE
            },
            ..BreakerSettings::default()
        }
    }
}

/// A breaker before something that is no provider.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// Its name in lists, metrics and the shared rows; never changes, and never that of a provider.
    pub name: &'static str,
    /// What it is.
    pub class: Class,
    /// The breaker.
    pub breaker: Arc<Breaker>,
}

/// Makes breakers by class, and knows all that it made but those of providers, which have their own. Cheap to clone.
///
/// ```text
/// let breaker = breakers.make(Class::Payment, "flutterwave");
/// if let Some(wait) = breaker.admit() { /* not now: say so, or come back after `wait` */ }
/// let call = breaker.begin();
/// /* make the call */
/// breaker.end(call, Health::Well);
/// ```
#[derive(Clone, Debug)]
pub struct Breakers {
    thresholds: Thresholds,
    clock: Clock,
    ids: Ids,
    made: Arc<Mutex<Vec<Dependency>>>,
}

impl Breakers {
    /// None yet.
    pub fn new(thresholds: Thresholds, clock: Clock, ids: Ids) -> Self {
        Self {
            thresholds,
            clock,
            ids,
            made: Arc::default(),
        }
    }

    /// The breaker of this name, made if there is none; replicas share how it stands.
    pub fn make(&self, class: Class, name: &'static str) -> Arc<Breaker> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made.iter().find(|known| known.name == name) {
            return Arc::clone(&known.breaker);
        }
        let settings = self.settings(class);
        let breaker = Breaker::new(settings, self.clock.clone(), self.ids.clone()).named(name);
        let breaker = Arc::new(breaker);
        made.push(Dependency {
            name,
            class,
            breaker: Arc::clone(&breaker),
        });
        breaker
    }

    /// What a breaker of this class goes by.
    pub fn settings(&self, class: Class) -> BreakerSettings {
        self.thresholds.settings(class)
    }

    /// All that were made.
    pub fn all(&self) -> Vec<Dependency> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.clone()
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::super::Health;
    use super::*;

    fn breakers() -> (Breakers, crate::base::clock::ManualClock) {
        let (clock, manual) = Clock::manual(datetime!(2026-01-01 0:00 UTC));
        let made = Breakers::new(Thresholds::default(), clock, Ids::seeded(1));
        (made, manual)
    }

    fn failures_until_open(breaker: &Breaker, manual: &crate::base::clock::ManualClock) -> u32 {
        let mut failures = 0;
        while !breaker.is_open() && failures < 100 {
            breaker.end(breaker.begin(), Health::Ill);
            manual.advance(Duration::from_millis(100));
            failures += 1;
        }
        failures
    }

    #[test]
    fn each_class_opens_by_its_own_threshold() {
        for (class, failures, open_max_s) in [
            (Class::Provider, 4, 300),
            (Class::Chat, 5, 30),
            (Class::Payment, 3, 60),
            (Class::Storage, 5, 30),
            (Class::Database, 10, 10),
        ] {
            let (made, manual) = breakers();
            let breaker = made.make(class, "one");
            assert_eq!(
                failures_until_open(&breaker, &manual),
                failures,
                "{class:?}"
            );
            let open_max = Duration::from_secs(open_max_s);
            assert_eq!(made.settings(class).open_max, open_max, "{class:?}");
        }
    }

    #[test]
    fn failures_further_apart_than_the_time_of_their_class_open_nothing() {
        let (made, manual) = breakers();
        let breaker = made.make(Class::Payment, "one");
        for _ in 0..20 {
            breaker.end(breaker.begin(), Health::Ill);
            manual.advance(Duration::from_secs(31));
        }
        assert!(!breaker.is_open());
    }

    #[test]
    fn few_failures_among_many_good_calls_open_nothing() {
        let (made, manual) = breakers();
        let breaker = made.make(Class::Chat, "one");
        for n in 0..600_u32 {
            let health = if n % 3 == 0 {
                Health::Ill
            } else {
                Health::Well
            };
            breaker.end(breaker.begin(), health);
            manual.advance(Duration::from_millis(40));
        }
        assert!(!breaker.is_open());
    }

    #[test]
    fn one_name_is_one_breaker() {
        let (made, _) = breakers();
        made.make(Class::Payment, "one").isolate();
        assert!(made.clone().make(Class::Payment, "one").is_open());
        assert_eq!(made.all().len(), 1);
    }
}
