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

/// What is left on our account at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// How much: credits, or hundredths of a currency.
    pub amount: i64,
    /// [`Balance::CREDITS`], or the currency's code; None: it does not say.
    pub unit: Option<String>,
}

impl Balance {
    /// The unit of those who do not count in money.
    pub const CREDITS: &str = "credits";

    /// So many credits.
    pub fn credits(amount: i64) -> Self {
        Self {
            amount,
            unit: Some(Self::CREDITS.to_owned()),
        }
    }

    /// An amount in such a unit, for people: `1000 credits`, `12.50 USD`, and `12.50` where the currency is not known.
    pub fn shown(amount: i64, unit: Option<&str>) -> String {
        if unit == Some(Self::CREDITS) {
            return format!("{amount} {}", Self::CREDITS);
        }
        let sign = if amount < 0 { "-" } else { "" };
        let (whole, part) = (amount.unsigned_abs() / 100, amount.unsigned_abs() % 100);
        let number = format!("{sign}{whole}.{part:02}");
        match unit {
            Some(code) => format!("{number} {code}"),
            None => number,
        }
    }
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

    /// Whether it will not be over by itself within the time in which somebody answers the questions of an order.
    pub fn lasts(self) -> bool {
        match self {
            Self::Isolated | Self::NoFunds | Self::KeyRefused => true,
            Self::Well | Self::Recovering | Self::Ill => false,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_is_written_in_its_unit() {
        for (amount, unit, shown) in [
            (1_000, Some("credits"), "1000 credits"),
            (1_250, Some("USD"), "12.50 USD"),
            (-5, Some("EUR"), "-0.05 EUR"),
            (7, None, "0.07"),
        ] {
            assert_eq!(Balance::shown(amount, unit), shown);
        }
    }
}
