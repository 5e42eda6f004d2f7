//! How a provider stands for new orders, in one word for operators and for what chooses between providers.

use super::Provider;
use super::breaker::Phase;

/// Whether new orders can go to a provider, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// They can.
    Well,
    /// They can; it was ill, and the first calls find out whether it is well again.
    Recovering,
    /// It is ill: calls begin again by themselves after a while.
    Ill,
    /// An operator took it out.
    Isolated,
    /// Our account there is empty.
    NoFunds,
    /// It refuses our key.
    KeyRefused,
}

/// What is known of our account at a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountState {
    /// Nothing against it.
    Good,
    /// Empty.
    NoFunds,
    /// The key is refused.
    KeyRefused,
}

impl Standing {
    /// How `provider` stands, as far as this replica knows.
    pub fn of(provider: &dyn Provider) -> Self {
        let phases: Vec<Phase> = provider
            .breakers()
            .iter()
            .map(|(_, breaker)| breaker.phase())
            .collect();
        if phases.contains(&Phase::Isolated) {
            return Self::Isolated;
        }
        match provider.account() {
            AccountState::KeyRefused => return Self::KeyRefused,
            AccountState::NoFunds => return Self::NoFunds,
            AccountState::Good => {}
        }
        if provider.is_unavailable() {
            Self::Ill
        } else if phases.contains(&Phase::HalfOpen) {
            Self::Recovering
        } else {
            Self::Well
        }
    }

    /// Whether new orders may be sent there now.
    pub fn takes_orders(self) -> bool {
        match self {
            Self::Well | Self::Recovering => true,
            Self::Ill | Self::Isolated | Self::NoFunds | Self::KeyRefused => false,
        }
    }

    /// Whether an order that waits in the queue begins by itself once this is over. One for an empty account would be
    /// sent, and refused.
    pub fn holds_jobs(self) -> bool {
        match self {
            Self::Ill | Self::Isolated => true,
            Self::Well | Self::Recovering | Self::NoFunds | Self::KeyRefused => false,
        }
    }
}
