//! What is offered at payment processors, and what money of one currency is worth in another.
//!
//! Everything is whole numbers. A price is rounded up to the payer's smallest coin, what was paid is rounded down to the
//! wallet's: so nobody gets more than they paid for, and a price that was paid is worth at least what it promised.

use super::cx::Switch;
use crate::base::money::{Amount, Currency};

/// Top-ups at processors.
#[derive(Default)]
pub struct PaymentsOffer {
    /// Whether the tables for it are there.
    pub switch: Switch,
    /// The processors that are configured; none: nothing is offered.
    pub processors: Vec<ProcessorOffer>,
    /// Amounts to choose from, for the wallet.
    pub packages: Vec<Amount>,
    /// The least that somebody may ask for.
    pub least: Amount,
    /// The most.
    pub most: Amount,
}

/// A processor as it is offered.
pub struct ProcessorOffer {
    /// Its name.
    pub name: &'static str,
    /// The currencies in which can be paid there.
    pub rates: Vec<PayRate>,
    /// Whether nobody should be sent there for now.
    pub is_unavailable: Box<dyn Fn() -> bool + Send + Sync>,
}

/// What a main unit of the wallets costs in the payer's currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayRate {
    /// The payer's.
    pub currency: Currency,
    /// Millionths of its main unit.
    pub micros: i64,
}

impl PaymentsOffer {
    /// Whether anything of it is shown.
    pub fn is_offered(&self) -> bool {
        !self.processors.is_empty() && self.switch.is_on()
    }

    /// The processor of this name.
    pub fn processor(&self, name: &str) -> Option<&ProcessorOffer> {
        self.processors.iter().find(|known| known.name == name)
    }

    /// The rate of a currency at a processor.
    pub fn rate(&self, processor: &str, currency: &str) -> Option<&PayRate> {
        let rates = &self.processor(processor)?.rates;
        rates.iter().find(|rate| rate.currency.code == currency)
    }

    /// Every way to pay, in the order in which they are offered. One whose processor is away is among them: see
    /// [`ProcessorOffer::is_away`].
    pub fn ways(&self) -> impl Iterator<Item = (&ProcessorOffer, &PayRate)> {
        let all = self.processors.iter().filter(|_| self.switch.is_on());
        all.flat_map(|processor| processor.rates.iter().map(move |rate| (processor, rate)))
    }
}

impl ProcessorOffer {
    /// Whether nobody is sent there now: it is ill, or an operator took it out.
    pub fn is_away(&self) -> bool {
        (self.is_unavailable)()
    }
}

impl PayRate {
    /// What `amount` of `base` costs, rounded up. None beyond what can be counted.
    pub fn price(&self, amount: Amount, base: &Currency) -> Option<Amount> {
        let (over, under) = self.fraction(base);
        let product = i128::from(amount.0).checked_mul(over)?;
        let price = product.checked_add(under - 1)? / under;
        let price = i64::try_from(price).ok().filter(|price| *price > 0);
        price.map(Amount)
    }

    /// What so much of this currency is worth in `base`, rounded down. None beyond what can be counted.
    pub fn worth(&self, paid: Amount, base: &Currency) -> Option<Amount> {
        let (over, under) = self.fraction(base);
        let worth = i128::from(paid.0).checked_mul(under)? / over;
        i64::try_from(worth).ok().map(Amount)
    }

    /// A minor unit of `base` costs this fraction of minor units of the currency.
    fn fraction(&self, base: &Currency) -> (i128, i128) {
        let scale = |exponent: u8| 10_i128.pow(u32::from(exponent));
        let over = i128::from(self.micros.max(1)) * scale(self.currency.exponent);
        (over, scale(base.exponent) * 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::providers::payments::currency;

    fn usd() -> Currency {
        Currency {
            code: "USD".to_owned(),
            exponent: 2,
            symbol: "$".to_owned(),
        }
    }

    fn rate(code: &str, micros: i64) -> PayRate {
        PayRate {
            currency: currency(code).unwrap(),
            micros,
        }
    }

    #[test]
    fn prices_are_those_of_the_rate() {
        let naira = rate("NGN", 1_600_000_000);
        assert_eq!(naira.price(Amount(500), &usd()), Some(Amount(800_000)));
        assert_eq!(naira.worth(Amount(800_000), &usd()), Some(Amount(500)));
        assert_eq!(naira.worth(Amount(799_999), &usd()), Some(Amount(499)));
        // A currency without coins, and a rate that is no whole number.
        let shilling = rate("UGX", 3_651_500_000);
        assert_eq!(shilling.price(Amount(1), &usd()), Some(Amount(37)));
        assert_eq!(shilling.worth(Amount(37), &usd()), Some(Amount(1)));
        let pound = rate("GBP", 790_001);
        assert_eq!(pound.price(Amount(500), &usd()), Some(Amount(396)));
        assert_eq!(
            pound.price(Amount(i64::MAX), &usd()),
            Some(Amount(7_286_473_132_487_309_743))
        );
        assert_eq!(rate("NGN", i64::MAX).price(Amount(i64::MAX), &usd()), None);
    }

    proptest! {
        #[test]
        fn a_price_is_worth_what_it_promises_and_hardly_more(
            micros in 1..10_000_000_000_i64,
            amount in 1..100_000_000_i64,
            code in proptest::sample::select(vec!["NGN", "UGX", "USD"]),
        ) {
            let rate = rate(code, micros);
            let price = rate.price(Amount(amount), &usd()).unwrap();
            prop_assert!(rate.worth(price, &usd()).unwrap() >= Amount(amount));
            let less = rate.worth(price - Amount(1), &usd()).unwrap();
            prop_assert!(less < Amount(amount), "{less:?}");
        }
    }
}
