//! `bulwark services check`: service ids that are not their provider's.

use std::collections::HashMap;
use std::fmt;
use std::io::Write;

use serde::Serialize;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Check, Desk, costs};
use crate::base::csv;
use crate::catalog::Micros;
use crate::engine::jobs::{self, OrderedPair};
use crate::engine::routing::{self, Known};
use crate::features::assortment::{self, Finding, range};
use crate::features::routing as routes;

/// Jobs of one pair that are written to a file.
const JOBS_MAX: i64 = 100_000;

const HEAD: [&str; 9] = [
    "place",
    "service",
    "provider",
    "provider_service",
    "reason",
    "belongs_to",
    "job",
    "state",
    "created_at",
];

/// A pair of a provider and an id that do not belong together.
#[derive(Debug, Serialize)]
struct Mismatch {
    place: Place,
    service: String,
    provider: String,
    id: String,
    why: Why,
    /// Other providers that have this id.
    belongs_to: Vec<String>,
    /// How many jobs; None: it is an entry of the catalogue.
    jobs: Option<i64>,
    #[serde(skip)]
    pair: Option<OrderedPair>,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    Catalog,
    Jobs,
    History,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Why {
    /// Nobody here has that name.
    UnknownProvider,
    /// Its ids do not look like that.
    WrongForm,
    /// Its list never had it.
    NotListed,
    /// No catalogue of ours ever named it.
    NotBound,
    /// Its list has it no more.
    Gone,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::Jobs => "jobs",
            Self::History => "job_history",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownProvider => "there is no such provider",
            Self::WrongForm => "the provider's ids do not look like that",
            Self::NotListed => "the provider's list never had it",
            Self::NotBound => "the catalogue never bound it to this provider",
            Self::Gone => "the provider sells it no more",
        })
    }
}

/// What is known of all providers.
struct Shelves(HashMap<String, Vec<Known>>);

impl Shelves {
    async fn read(desk: &Desk) -> Result<Self, sqlx::Error> {
        let mut conn = desk.pool.acquire().await?;
        let mut shelves = HashMap::new();
        for name in &desk.names {
            shelves.insert(name.clone(), routing::sold_by(&mut conn, name).await?);
        }
        Ok(Self(shelves))
    }

    fn has_list(&self, provider: &str) -> bool {
        let known = self.0.get(provider).and_then(|known| known.first());
        known.is_some_and(|known| known.has_list)
    }

    fn find(&self, provider: &str, id: &str) -> Option<&Known> {
        self.0.get(provider)?.iter().find(|known| known.id == id)
    }

    /// Other providers that have this id, by their lists or by the catalogue.
    fn others(&self, provider: &str, id: &str) -> Vec<String> {
        let has_it = |name: &&String| {
            *name != provider && self.find(name, id).is_some_and(|known| !known.is_foreign())
        };
        let mut names: Vec<String> = self.0.keys().filter(has_it).cloned().collect();
        names.sort();
        names
    }
}

pub(super) async fn run(
    desk: &Desk,
    options: &Check,
    out: &mut (impl Write + Send),
) -> Result<bool, anyhow::Error> {
    let shelves = Shelves::read(desk).await?;
    let mut found = in_catalog(desk, &shelves);
    let pairs = jobs::ordered_pairs(&desk.pool).await?;
    found.extend(
        pairs
            .iter()
            .filter_map(|pair| in_jobs(desk, &shelves, pair)),
    );
    let mut conn = desk.pool.acquire().await?;
    let mut warnings = assortment::inspect(&mut conn, &desk.catalog).await?;
    drop(conn);
    warnings.retain(|finding| !finding.matter.is_mismatch());
    let uncosted = costs::missing(desk).await?;
    if let Some(path) = &options.output {
        std::fs::write(path, csv(desk, &found).await?)?;
    }
    if options.json {
        let answer = json!({
            "mismatches": found,
            "warnings": warnings,
            "without_cost": uncosted,
            "pairs_of_jobs": pairs.len(),
        });
        serde_json::to_writer_pretty(&mut *out, &answer)?;
        writeln!(out)?;
    } else {
        if options.verbose {
            print_routes(desk, &shelves, out).await?;
            print_pairs(&pairs, out)?;
        }
        costs::print(&uncosted, out)?;
        print(&found, &warnings, pairs.len(), out)?;
    }
    Ok(found.is_empty())
}

fn in_catalog(desk: &Desk, shelves: &Shelves) -> Vec<Mismatch> {
    let mut found = Vec::new();
    for service in &desk.catalog.services {
        for route in &service.routes {
            let known = shelves.find(&route.provider, &route.id);
            let why = if let Some(why) = misfit(desk, &route.provider, &route.id) {
                why
            } else if shelves.has_list(&route.provider) && known.is_none_or(Known::is_foreign) {
                Why::NotListed
            } else if known.is_some_and(Known::is_gone) {
                Why::Gone
            } else {
                continue;
            };
            found.push(Mismatch {
                place: Place::Catalog,
                service: service.id.clone(),
                provider: route.provider.clone(),
                id: route.id.clone(),
                why,
                belongs_to: shelves.others(&route.provider, &route.id),
                jobs: None,
                pair: None,
            });
        }
    }
    found
}

/// What is gone today was right when it was ordered.
fn in_jobs(desk: &Desk, shelves: &Shelves, pair: &OrderedPair) -> Option<Mismatch> {
    let (provider, id) = (pair.provider.as_str(), pair.id.as_str());
    let known = shelves.find(provider, id);
    let routes = desk
        .catalog
        .services
        .iter()
        .flat_map(|service| &service.routes);
    let is_bound = known.is_some()
        || routes
            .into_iter()
            .any(|route| route.provider == provider && route.id == id);
    let why = if let Some(why) = misfit(desk, provider, id) {
        why
    } else if shelves.has_list(provider) && known.is_none_or(Known::is_foreign) {
        Why::NotListed
    } else if !shelves.has_list(provider) && !is_bound {
        Why::NotBound
    } else {
        return None;
    };
    Some(Mismatch {
        place: if pair.is_ended {
            Place::History
        } else {
            Place::Jobs
        },
        service: pair.service.clone(),
        provider: pair.provider.clone(),
        id: pair.id.clone(),
        why,
        belongs_to: shelves.others(provider, id),
        jobs: Some(pair.jobs),
        pair: Some(pair.clone()),
    })
}

fn misfit(desk: &Desk, provider: &str, id: &str) -> Option<Why> {
    if !desk.names.iter().any(|name| name == provider) {
        return Some(Why::UnknownProvider);
    }
    let fits = desk
        .provider(provider)
        .is_none_or(|provider| provider.is_service_id(id));
    (!fits).then_some(Why::WrongForm)
}

/// One line for each entry of the catalogue, and for each job.
async fn csv(desk: &Desk, found: &[Mismatch]) -> Result<String, sqlx::Error> {
    let mut out = String::new();
    csv::record(&mut out, HEAD);
    for mismatch in found {
        let (why, owners) = (mismatch.why.to_string(), mismatch.belongs_to.join(" "));
        let about = [
            mismatch.place.name(),
            mismatch.service.as_str(),
            mismatch.provider.as_str(),
            mismatch.id.as_str(),
            why.as_str(),
            owners.as_str(),
        ];
        let mut line = |job: &str, state: &str, at: &str| {
            csv::record(&mut out, about.into_iter().chain([job, state, at]));
        };
        let Some(pair) = &mismatch.pair else {
            line("", "", "");
            continue;
        };
        for job in jobs::jobs_of_pair(&desk.pool, pair, JOBS_MAX).await? {
            line(&job.job.to_string(), &job.state, &when(job.created_at));
        }
    }
    Ok(out)
}

fn when(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_else(|_| at.to_string())
}

fn print(
    found: &[Mismatch],
    warnings: &[Finding],
    pairs: usize,
    out: &mut impl Write,
) -> std::io::Result<()> {
    for mismatch in found {
        let Mismatch {
            place,
            service,
            provider,
            id,
            why,
            belongs_to,
            jobs,
            pair: _,
        } = mismatch;
        let count = jobs.map_or_else(String::new, |jobs| format!(", {jobs} of them"));
        writeln!(
            out,
            "✗ {}: {service} at {provider}, id {id}{count}: {why}",
            place.name()
        )?;
        if !belongs_to.is_empty() {
            writeln!(out, "  → it is an id of {}", belongs_to.join(", "))?;
        }
    }
    for Finding {
        service,
        provider,
        id,
        matter,
    } in warnings
    {
        writeln!(out, "! {service} at {provider} ({id}) {matter}")?;
    }
    writeln!(
        out,
        "{} mismatches, {} warnings; {pairs} pairs of a provider and a service in jobs and history.",
        found.len(),
        warnings.len()
    )
}

/// Every way of the catalogue, with what is earned on it.
async fn print_routes(
    desk: &Desk,
    shelves: &Shelves,
    out: &mut (impl Write + Send),
) -> Result<(), anyhow::Error> {
    let currency = &desk.catalog.currency;
    let mut conn = desk.pool.acquire().await?;
    writeln!(out, "Catalogue, in {}:", currency.code)?;
    for service in &desk.catalog.services {
        let about = routes::known(&mut conn, service).await?;
        for route in &service.routes {
            let cost = routes::cost(service, route, &about, currency);
            let margin = cost.map(|cost| service.margin(cost, currency));
            let plain = |amount: Option<Micros>| amount.map_or("?".to_owned(), Micros::plain);
            let proof = match desk.provider(&route.provider) {
                None => "not configured",
                Some(_) if shelves.has_list(&route.provider) => "by its list",
                Some(_) => "by the catalogue alone",
            };
            writeln!(
                out,
                "  {} at {} ({}): price {}, cost {}, margin {}, quantity {}, {proof}",
                service.id,
                route.provider,
                route.id,
                Micros::of(service.price, currency).plain(),
                plain(cost),
                plain(margin),
                range(routes::units(route, &about)),
            )?;
        }
    }
    Ok(())
}

fn print_pairs(pairs: &[OrderedPair], out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "Jobs and history:")?;
    for pair in pairs {
        let place = if pair.is_ended { "ended" } else { "live" };
        writeln!(
            out,
            "  {} at {} ({}): {} {place}",
            pair.service, pair.provider, pair.id, pair.jobs
        )?;
    }
    Ok(())
}
