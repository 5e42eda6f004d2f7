//! The books: reconciled, stated, traced, and shown to those whose they are.

mod costs;
mod history;
mod mending;
mod nights;
mod statement;
mod trace;

use bulwark::admin::reconcile::{Options, Reconciliation};
use bulwark::base::clock::Clock;
use bulwark::base::ids::Ids;
use bulwark::base::money::Currency;
use serde_json::Value;
use sqlx::PgPool;

/// The currency of all scenarios.
pub fn usd() -> Currency {
    Currency {
        code: "USD".into(),
        exponent: 2,
        symbol: "$".into(),
    }
}

/// The ledger alone, without providers and processors.
pub fn of_ledger(pool: &PgPool) -> Reconciliation {
    Reconciliation {
        pool: pool.clone(),
        clock: Clock::system(),
        ids: Ids::random(),
        currency: usd(),
        providers: Vec::new(),
        processors: Vec::new(),
        operator: "tester".to_owned(),
        admin_ids: vec![900],
    }
}

/// As JSON: whether nobody has to look, and what it says.
pub async fn reconciled(all: &Reconciliation, fix: bool) -> (bool, Value) {
    let options = Options {
        fix,
        json: true,
        name: fix.then(|| "900".to_owned()),
        ..Options::default()
    };
    let mut out = Vec::new();
    let good = all.run(&options, &mut out).await.expect("a report");
    (good, serde_json::from_slice(&out).expect("JSON"))
}

/// As people read it.
pub async fn printed(all: &Reconciliation, options: Options) -> (bool, String) {
    let mut out = Vec::new();
    let good = all.run(&options, &mut out).await.expect("a report");
    (good, String::from_utf8(out).expect("UTF-8"))
}
