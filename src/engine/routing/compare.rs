//! What changed in a provider's list since it was stored.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::Sold;
use crate::providers::{Listed, Listing};

/// A service of the list that is not as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The provider's id of it.
    pub id: String,
    /// In the provider's words: as it is now, or was.
    pub name: String,
    /// What is different; at least one thing.
    pub changes: Vec<Change>,
}

/// One thing that is different.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Change {
    /// It was not stored.
    New,
    /// It is listed no more.
    Gone,
    /// It was gone, and is listed again.
    Back,
    /// What it costs, in millionths.
    Price {
        /// As stored.
        from: i64,
        /// As listed.
        to: i64,
    },
    /// In which currency it is paid.
    Currency {
        /// As stored.
        from: Option<String>,
        /// As listed.
        to: Option<String>,
    },
    /// How many may be ordered: smallest and largest quantity.
    Limits {
        /// As stored.
        from: (u64, u64),
        /// As listed.
        to: (u64, u64),
    },
    /// What it is called.
    Name {
        /// As stored.
        from: String,
    },
    /// Its order form.
    Kind {
        /// As stored.
        from: String,
        /// As listed.
        to: String,
    },
    /// Whether lost units are delivered again.
    Refill {
        /// As listed.
        now: bool,
    },
    /// Whether an order can be stopped.
    Cancel {
        /// As listed.
        now: bool,
    },
}

/// What is different in `listing`, by id: first what is new or changed in the order of the list, then what is gone.
pub fn compare(stored: &[Sold], listing: &Listing) -> Vec<Difference> {
    let known: HashMap<&str, &Sold> = stored.iter().map(|sold| (sold.id.as_str(), sold)).collect();
    let mut found: Vec<Difference> = listing
        .services
        .iter()
        .filter_map(|listed| {
            let changes = match known.get(listed.id.as_str()) {
                Some(sold) => changes(sold, listed, listing.currency.as_ref()),
                None => vec![Change::New],
            };
            (!changes.is_empty()).then(|| Difference {
                id: listed.id.clone(),
                name: listed.name.clone(),
                changes,
            })
        })
        .collect();
    let listed = listing.services.iter().map(|listed| listed.id.as_str());
    // What cannot be read is there all the same.
    let there: HashSet<&str> = listed
        .chain(listing.unread.iter().map(String::as_str))
        .collect();
    let gone = |sold: &&Sold| sold.gone_at.is_none() && !there.contains(sold.id.as_str());
    found.extend(stored.iter().filter(gone).map(|sold| Difference {
        id: sold.id.clone(),
        name: sold.name.clone(),
        changes: vec![Change::Gone],
    }));
    found
}

fn changes(sold: &Sold, listed: &Listed, currency: Option<&String>) -> Vec<Change> {
    let mut changes = Vec::new();
    if sold.gone_at.is_some() {
        changes.push(Change::Back);
    }
    if sold.rate_micros != listed.rate_micros {
        changes.push(Change::Price {
            from: sold.rate_micros,
            to: listed.rate_micros,
        });
    }
    // A panel that did not answer the second question has not changed its currency.
    if currency.is_some() && sold.currency.as_ref() != currency {
        changes.push(Change::Currency {
            from: sold.currency.clone(),
            to: currency.cloned(),
        });
    }
    if (sold.min, sold.max) != (listed.min, listed.max) {
        changes.push(Change::Limits {
            from: (sold.min, sold.max),
            to: (listed.min, listed.max),
        });
    }
    if sold.name != listed.name {
        changes.push(Change::Name {
            from: sold.name.clone(),
        });
    }
    if sold.kind != listed.kind {
        changes.push(Change::Kind {
            from: sold.kind.clone(),
            to: listed.kind.clone(),
        });
    }
    if sold.refill != listed.refill {
        changes.push(Change::Refill { now: listed.refill });
    }
    if sold.cancel != listed.cancel {
        changes.push(Change::Cancel { now: listed.cancel });
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::OffsetDateTime;

    fn listed(id: &str) -> Listed {
        Listed {
            id: id.to_owned(),
            name: format!("Service {id}"),
            kind: "Default".to_owned(),
            rate_micros: 900_000,
            min: 50,
            max: 10_000,
            refill: true,
            cancel: true,
        }
    }

    fn sold(id: &str) -> Sold {
        Sold {
            id: id.to_owned(),
            name: format!("Service {id}"),
            kind: "Default".to_owned(),
            rate_micros: 900_000,
            currency: Some("USD".to_owned()),
            min: 50,
            max: 10_000,
            refill: true,
            cancel: true,
            gone_at: None,
        }
    }

    fn listing(services: Vec<Listed>) -> Listing {
        Listing {
            currency: Some("USD".to_owned()),
            services,
            unread: Vec::new(),
        }
    }

    #[test]
    fn what_is_as_it_was_is_no_difference() {
        assert_eq!(compare(&[sold("1")], &listing(vec![listed("1")])), []);
        let mut silent = listing(vec![listed("1")]);
        silent.currency = None;
        assert_eq!(compare(&[sold("1")], &silent), []);
    }

    #[test]
    fn every_difference_is_named() {
        let mut dearer = listed("1");
        dearer.rate_micros = 950_000;
        (dearer.min, dearer.max) = (100, 5_000);
        dearer.name = "Better".to_owned();
        (dearer.refill, dearer.cancel) = (false, false);
        let mut back = sold("2");
        back.gone_at = Some(OffsetDateTime::UNIX_EPOCH);
        let mut gone = sold("4");
        gone.gone_at = Some(OffsetDateTime::UNIX_EPOCH);
        let stored = [sold("1"), back, sold("3"), gone, sold("6")];
        let mut now = listing(vec![dearer, listed("2"), listed("5")]);
        now.unread = vec!["6".to_owned()];
        let found: Vec<(String, Vec<Change>)> = compare(&stored, &now)
            .into_iter()
            .map(|difference| (difference.id, difference.changes))
            .collect();
        let from = "Service 1".to_owned();
        let expected = [
            (
                "1".to_owned(),
                vec![
                    Change::Price {
                        from: 900_000,
                        to: 950_000,
                    },
                    Change::Limits {
                        from: (50, 10_000),
                        to: (100, 5_000),
                    },
                    Change::Name { from },
                    Change::Refill { now: false },
                    Change::Cancel { now: false },
                ],
            ),
            ("2".to_owned(), vec![Change::Back]),
            ("5".to_owned(), vec![Change::New]),
            ("3".to_owned(), vec![Change::Gone]),
        ];
        assert_eq!(found, expected);
    }
}
