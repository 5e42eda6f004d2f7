//! What a provider says that it sells, for comparing it with the catalogue and with what it said before.

/// A provider's whole list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The currency of its prices, such as `USD`, if it says so.
    pub currency: Option<String>,
    /// Each service once.
    pub services: Vec<Listed>,
    /// Ids of services whose row could not be read: they are there, and nothing else is known.
    pub unread: Vec<String>,
}

/// One service of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The provider's id of it.
    pub id: String,
    /// In the provider's words, for an operator's eyes.
    pub name: String,
    /// Its order form in the provider's words, such as `Custom Comments`.
    pub kind: String,
    /// What 1000 cost (one, of what is not sold by the thousand), in millionths of the account's currency.
    pub rate_micros: i64,
    /// Smallest quantity.
    pub min: u64,
    /// Largest quantity.
    pub max: u64,
    /// Whether lost units are delivered again.
    pub refill: bool,
    /// Whether an order can be stopped.
    pub cancel: bool,
}
