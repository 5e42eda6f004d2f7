//! The catalogue held against what providers sell: what is not theirs, what is gone, what loses money, what promises too much.

use std::fmt;

use serde::Serialize;
use sqlx::PgConnection;

use super::routing;
use crate::base::money::Currency;
use crate::catalog::{Catalog, InputKind, Micros, Route, Service, UnitRange};
use crate::engine::routing::About;

/// Something about one way of a service to a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The service's id in the catalogue.
    pub service: String,
    /// The provider's name.
    pub provider: String,
    /// The provider's id of the service, as the catalogue has it.
    pub id: String,
    /// What it is.
    pub matter: Matter,
}

/// What can be wrong with a way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Matter {
    /// The provider's list has no such service, nor ever had.
    Foreign,
    /// The provider sells it no more.
    Gone,
    /// It costs more than it is sold for.
    Loss {
        /// What it is sold for.
        price: Micros,
        /// What it costs.
        cost: Micros,
    },
    /// The list names another cost than the catalogue.
    Cost {
        /// In the catalogue.
        catalog: Micros,
        /// In the list.
        listed: Micros,
    },
    /// Users may ask for quantities that the provider does not take; they are narrowed when they are asked for.
    Limits {
        /// What users may ask for.
        asked: UnitRange,
        /// What it takes.
        takes: UnitRange,
    },
    /// The catalogue promises refills, the list does not.
    NoRefill,
    /// The catalogue lets orders be stopped, the list does not.
    NoCancel,
}

impl Matter {
    /// Whether the id is wrong, so that nothing can be ordered.
    pub fn is_mismatch(&self) -> bool {
        match self {
            Self::Foreign | Self::Gone => true,
            Self::Loss { .. }
            | Self::Cost { .. }
            | Self::Limits { .. }
            | Self::NoRefill
            | Self::NoCancel => false,
        }
    }
}

impl fmt::Display for Matter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("is not in the provider's list: orders are refused"),
            Self::Gone => f.write_str("is gone from the provider's list: orders are refused"),
            Self::Loss { price, cost } => write!(
                f,
                "is sold at a loss: price {}, cost {}",
                price.plain(),
                cost.plain()
            ),
            Self::Cost { catalog, listed } => write!(
                f,
                "costs {} in the catalogue, {} in the list",
                catalog.plain(),
                listed.plain()
            ),
            Self::Limits { asked, takes } => write!(
                f,
                "is offered for {}, the provider takes {}",
                range(*asked),
                range(*takes)
            ),
            Self::NoRefill => f.write_str("promises refills, which the list does not"),
            Self::NoCancel => f.write_str("lets orders be stopped, which the list does not"),
        }
    }
}

/// As `50–10000`, with `…` for what has no limit.
pub fn range(range: UnitRange) -> String {
    let bound = |n: Option<u64>| n.map_or_else(|| "…".to_owned(), |n| n.to_string());
    format!("{}–{}", bound(range.min), bound(range.max))
}

/// Everything that is wrong, in the order of the catalogue, by what is stored of the providers' lists.
///
/// # Errors
/// The database's.
pub async fn inspect(
    conn: &mut PgConnection,
    catalog: &Catalog,
) -> Result<Vec<Finding>, sqlx::Error> {
    let mut findings = Vec::new();
    for service in &catalog.services {
        let about = routing::known(conn, service).await?;
        for route in &service.routes {
            let finding = |matter| Finding {
                service: service.id.clone(),
                provider: route.provider.clone(),
                id: route.id.clone(),
                matter,
            };
            let matters = matters(service, route, &about, &catalog.currency);
            findings.extend(matters.into_iter().map(finding));
        }
    }
    Ok(findings)
}

fn matters(service: &Service, route: &Route, about: &About, currency: &Currency) -> Vec<Matter> {
    let known = about.of(&route.provider);
    let mut matters = Vec::new();
    if known.is_some_and(|known| known.is_foreign()) {
        matters.push(Matter::Foreign);
    }
    if known.is_some_and(|known| known.is_gone()) {
        matters.push(Matter::Gone);
    }
    let price = Micros::of(service.price, currency);
    if let Some(cost) = routing::cost(service, route, about, currency)
        && !service.is_free()
    {
        if cost > price {
            matters.push(Matter::Loss { price, cost });
        }
        match route.cost {
            Some(catalog) if catalog != cost => matters.push(Matter::Cost {
                catalog,
                listed: cost,
            }),
            Some(_) | None => {}
        }
    }
    let takes = routing::units(route, about);
    if let Some(asked) = asked(service)
        && takes.and(asked) != asked
    {
        matters.push(Matter::Limits { asked, takes });
    }
    let sold = known.and_then(|known| known.sold.as_ref());
    if let (Some(sold), Some(panel)) = (sold, service.panel) {
        if panel.refill && !sold.refill {
            matters.push(Matter::NoRefill);
        }
        if panel.cancel && !sold.cancel {
            matters.push(Matter::NoCancel);
        }
    }
    matters
}

/// The quantities that users may ask for, if they are asked for one.
fn asked(service: &Service) -> Option<UnitRange> {
    let param = service.panel?.kind.quantity_param()?;
    let input = service.inputs.iter().find(|input| input.param == param)?;
    let InputKind::Number(asked) = &input.kind else {
        return None;
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and not negative, as the catalogue is checked"
    )]
    let bound = |number: f64| Some(number as u64);
    Some(UnitRange {
        min: bound(asked.min),
        max: bound(asked.max),
    })
}
