//! What is sold for Telegram Stars.

use super::Reader;
use crate::base::money::Amount;

/// Buttons under one message.
const PACKAGES_MAX: usize = 10;
/// Far above what one person pays at once, and below what an invoice takes.
const STARS_MAX: u16 = 50_000;

/// Top-ups for Telegram Stars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stars {
    /// How many Stars each package costs; none: nothing is offered.
    pub packages: Vec<u16>,
    /// What a Star is worth, in minor units.
    pub rate: Amount,
}

impl Stars {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let text = reader.text("TOPUP_STARS").unwrap_or_default();
        let items = text.split([',', ' ']).filter(|item| !item.is_empty());
        let packages: Option<Vec<u16>> = items
            .map(|item| {
                let stars = item.parse().ok();
                stars.filter(|stars| (1..=STARS_MAX).contains(stars))
            })
            .collect();
        let packages = packages.filter(|packages| packages.len() <= PACKAGES_MAX);
        if packages.is_none() {
            reader.problem(
                "TOPUP_STARS",
                "is not a list of amounts of Stars",
                format!(
                    "set at most {PACKAGES_MAX} whole numbers from 1 to {STARS_MAX} separated by commas, or remove it"
                ),
            );
        }
        Self {
            packages: packages.unwrap_or_default(),
            rate: Amount(reader.number("TOPUP_STAR_RATE", 1..=1_000_000)),
        }
    }
}
