//! Which provider gets a new order: by what admins chose, by weights, by the catalogue's order, and by who can take it.
//!
//! ```text
//! routes that are configured, listed, and allow the quantity
//!   └▶ whom an admin chose for the service ▸ for everything ▸ by weight ▸ the first
//!        └▶ it takes orders: that one; else `failover`: the next that does │ wait in its queue │ refuse
//! ```
//! A decision is made once, when the order is confirmed. The job's snapshot keeps it.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::base::money::Currency;
use crate::catalog::{Failover, Micros, Route, Service, UnitRange};
use crate::engine::routing::{self, About, Known};
use crate::features::cx::Stands;
use crate::providers::Standing;

/// Why no provider gets an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRoute {
    /// Those that could make it do not take orders now.
    Unavailable,
    /// Nobody sells it any more.
    Gone,
    /// Nobody takes so few or so many.
    Quantity(UnitRange),
    /// The catalogue has an id that is not the provider's: ours to mend.
    Foreign {
        /// The provider.
        provider: String,
        /// The id that is not one of its own.
        id: String,
    },
}

/// What is known for the routes of a service.
///
/// # Errors
/// The database's.
pub async fn known(conn: &mut PgConnection, service: &Service) -> Result<About, sqlx::Error> {
    let pairs: Vec<(&str, &str)> = service
        .routes
        .iter()
        .map(|route| (route.provider.as_str(), route.id.as_str()))
        .collect();
    routing::about(conn, &service.id, &pairs).await
}

/// Who gets an order of this quantity. `job` decides where weights do, so that the same order always goes the same way.
///
/// # Errors
/// Why nobody does.
pub fn pick<'s>(
    service: &'s Service,
    about: &About,
    stands: &Stands,
    quantity: Option<u64>,
    job: Uuid,
) -> Result<&'s Route, NoRoute> {
    let able = able(service, about, stands, quantity)?;
    let takes = |route: &Route| stands(&route.provider).is_some_and(Standing::takes_orders);
    let Some(preferred) = preferred(&able, about, job) else {
        return Err(NoRoute::Unavailable);
    };
    if takes(preferred) {
        return Ok(preferred);
    }
    match service.failover {
        Failover::Next => able
            .into_iter()
            .find(|route| takes(route))
            .ok_or(NoRoute::Unavailable),
        Failover::Wait if stands(&preferred.provider).is_some_and(Standing::holds_jobs) => {
            Ok(preferred)
        }
        Failover::Wait | Failover::Refuse => Err(NoRoute::Unavailable),
    }
}

/// The routes that could make an order of this quantity if their providers were well.
fn able<'s>(
    service: &'s Service,
    about: &About,
    stands: &Stands,
    quantity: Option<u64>,
) -> Result<Vec<&'s Route>, NoRoute> {
    let configured: Vec<&Route> = service
        .routes
        .iter()
        .filter(|route| stands(&route.provider).is_some())
        .collect();
    let known = |route: &Route| about.of(&route.provider);
    let listed: Vec<&Route> = configured
        .iter()
        .copied()
        .filter(|route| known(route).is_none_or(|known| !known.is_foreign() && !known.is_gone()))
        .collect();
    if listed.is_empty() {
        let foreign = configured
            .iter()
            .find(|route| known(route).is_some_and(Known::is_foreign));
        return Err(match foreign {
            Some(route) => NoRoute::Foreign {
                provider: route.provider.clone(),
                id: route.id.clone(),
            },
            None if configured.is_empty() => NoRoute::Unavailable,
            None => NoRoute::Gone,
        });
    }
    let Some(quantity) = quantity else {
        return Ok(listed);
    };
    let able: Vec<&Route> = listed
        .iter()
        .copied()
        .filter(|route| units(route, about).holds(quantity))
        .collect();
    if able.is_empty() {
        return Err(NoRoute::Quantity(joined(&listed, about)));
    }
    Ok(able)
}

fn preferred<'s>(able: &[&'s Route], about: &About, job: Uuid) -> Option<&'s Route> {
    let over = |provider: &Option<String>| {
        let provider = provider.as_deref()?;
        able.iter()
            .copied()
            .find(|route| route.provider == provider)
    };
    over(&about.chosen)
        .or_else(|| over(&about.chosen_overall))
        .or_else(|| by_weight(able, job))
        .or_else(|| able.first().copied())
}

/// Job ids are random: the part of them that decides is the same for the same job, and evenly spread over all.
fn by_weight<'s>(able: &[&'s Route], job: Uuid) -> Option<&'s Route> {
    let total: u64 = able.iter().map(|route| u64::from(route.weight)).sum();
    let mut drawn = job.as_u64_pair().1.checked_rem(total)?;
    able.iter().copied().find(|route| {
        let weight = u64::from(route.weight);
        let is_here = drawn < weight;
        drawn = drawn.saturating_sub(weight);
        is_here
    })
}

/// How many units a route takes at once: what the catalogue says, within what its provider's list says.
pub fn units(route: &Route, about: &About) -> UnitRange {
    let sold = about
        .of(&route.provider)
        .and_then(|known| known.sold.as_ref());
    let listed = sold.map_or_else(UnitRange::default, |sold| UnitRange {
        min: Some(sold.min),
        max: Some(sold.max),
    });
    route.units.and(listed)
}

fn joined(routes: &[&Route], about: &About) -> UnitRange {
    let mut ranges = routes.iter().map(|route| units(route, about));
    let first = ranges.next().unwrap_or_default();
    ranges.fold(first, UnitRange::or)
}

/// What the routes of the service that are there take at once.
///
/// # Errors
/// Why none is.
pub fn reach(service: &Service, about: &About, stands: &Stands) -> Result<UnitRange, NoRoute> {
    let routes = able(service, about, stands, None)?;
    Ok(joined(&routes, about))
}

/// Whether an order need not even be begun: nobody who could make it takes orders, and that lasts. A look at what this replica
/// knows, without the database: who opens a service must not wait for it.
pub fn is_out(service: &Service, stands: &Stands) -> bool {
    let waits = service.failover == Failover::Wait;
    let is_out = |standing: Standing| standing.lasts() && !(waits && standing.holds_jobs());
    let mut standings = service
        .routes
        .iter()
        .filter_map(|route| stands(&route.provider))
        .peekable();
    standings.peek().is_some() && standings.all(is_out)
}

/// What a route costs us for what the price is asked for: by its provider's list where that is in our currency, else by
/// the catalogue.
pub fn cost(
    service: &Service,
    route: &Route,
    about: &About,
    currency: &Currency,
) -> Option<Micros> {
    let sold = about
        .of(&route.provider)
        .and_then(|known| known.sold.as_ref())
        .filter(|_| service.panel.is_some());
    let listed = sold.filter(|sold| sold.currency.as_ref() == Some(&currency.code));
    listed.map(|sold| Micros(sold.rate_micros)).or(route.cost)
}
