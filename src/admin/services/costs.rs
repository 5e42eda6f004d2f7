//! Which ways of the catalogue have no cost, so that what is earned on them stays unknown, and what to do about it.

use std::fmt;
use std::io::Write;

use serde::Serialize;

use super::Desk;
use crate::features::routing as routes;
use crate::providers::Told;

/// A way whose cost nobody can know.
#[derive(Debug, Serialize)]
pub(super) struct Uncosted {
    service: String,
    provider: String,
    id: String,
    remedy: Remedy,
}

/// What an operator can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Remedy {
    /// Say what a credit costs: the provider says after each task how many it took.
    CreditCost,
    /// Say what the way costs: the provider never does.
    RouteCost,
}

impl Remedy {
    const ALL: [Self; 2] = [Self::CreditCost, Self::RouteCost];
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CreditCost => {
                "After each order the provider says how many credits it took, but not what one costs: set KIE_CREDIT_COST."
            }
            Self::RouteCost => {
                "The provider does not say what an order took: write `cost`, from its price list, to the provider or the route in the catalogue."
            }
        })
    }
}

/// Those of the providers that are configured here, in the order of the catalogue.
pub(super) async fn missing(desk: &Desk) -> Result<Vec<Uncosted>, sqlx::Error> {
    let currency = &desk.catalog.currency;
    let mut conn = desk.pool.acquire().await?;
    let mut found = Vec::new();
    for service in &desk.catalog.services {
        let about = routes::known(&mut conn, service).await?;
        for route in &service.routes {
            let Some(provider) = desk.provider(&route.provider) else {
                continue;
            };
            if routes::cost(service, route, &about, currency).is_some() {
                continue;
            }
            let remedy = match provider.tells_cost(&route.id) {
                Some(Told::Money) => continue,
                Some(Told::Credits) if desk.credit_micros.contains_key(&route.provider) => continue,
                Some(Told::Credits) => Remedy::CreditCost,
                None => Remedy::RouteCost,
            };
            found.push(Uncosted {
                service: service.id.clone(),
                provider: route.provider.clone(),
                id: route.id.clone(),
                remedy,
            });
        }
    }
    Ok(found)
}

/// Says them, each remedy once.
pub(super) fn print(found: &[Uncosted], out: &mut impl Write) -> std::io::Result<()> {
    for remedy in Remedy::ALL {
        let of_it: Vec<&Uncosted> = found.iter().filter(|one| one.remedy == remedy).collect();
        if of_it.is_empty() {
            continue;
        }
        for Uncosted {
            service,
            provider,
            id,
            remedy: _,
        } in &of_it
        {
            writeln!(out, "? {service} at {provider} ({id}) has no known cost")?;
        }
        writeln!(out, "  → {remedy} It counts for orders from then on.")?;
    }
    Ok(())
}
