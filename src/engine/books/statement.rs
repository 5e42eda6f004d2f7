//! A period in numbers, each the sum of movements.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::PgPool;
use time::{Date, Duration, OffsetDateTime, Time};

use super::store::{self, Flow, Period, Work};

/// By what a statement is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Days, UTC.
    Day,
    /// The services of the catalogue.
    Service,
    /// Who did the work.
    Provider,
    /// Currencies.
    Currency,
}

/// What work cost, in one unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// A currency's code, or credits.
    pub unit: String,
    /// Millionths of it.
    pub micros: i64,
}

/// What belongs to one day, service, provider or currency. Amounts are minor units.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Which.
    pub key: String,
    /// Of the amounts; empty for work of which nothing was paid.
    pub currency: String,
    /// Orders that were paid, in all or in part.
    pub orders: i64,
    /// What went to revenue, less what came back from it.
    pub revenue: i64,
    /// What the work that ended cost, where that is known.
    pub costs: Vec<Cost>,
    /// Jobs that ended of which nobody knows what they cost.
    pub uncosted: i64,
    /// What came in, by its way.
    pub money_in: BTreeMap<String, i64>,
    /// What was given back, by its way.
    pub money_out: BTreeMap<String, i64>,
    /// What was paid out to users, less what came back.
    pub payouts: i64,
    /// What referrals were credited, less what was taken back.
    pub rewards: i64,
    /// What was given.
    pub grants: i64,
    /// What was corrected, in the users' favour.
    pub corrections: i64,
    /// What the house bore.
    pub losses: i64,
    /// What users have at its end, by the kind of wallet; for days and currencies.
    pub owed: BTreeMap<String, i64>,
    /// Of it, what is set aside for orders.
    pub held: i64,
}

/// A period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// From the beginning of this day, UTC.
    pub from: Date,
    /// To the end of this day.
    pub to: Date,
    /// Its parts.
    pub lines: Vec<Line>,
    /// All of it, in each currency.
    pub totals: Vec<Line>,
}

/// Accounts of users.
const WALLETS: [&str; 3] = ["wallet", "affiliate", "reply_credits"];
/// Accounts of the house that are no way by which money comes in.
const HOUSE: [&str; 6] = [
    "grants",
    "revenue",
    "corrections",
    "losses",
    "payouts",
    "rewards",
];
/// The key of what belongs to no service or provider.
const OTHER: &str = "-";

/// Makes a statement of the days from `from` to `to`, both included.
///
/// # Errors
/// The database's.
pub async fn statement(
    pool: &PgPool,
    from: Date,
    to: Date,
    by: By,
) -> Result<Statement, sqlx::Error> {
    let period = store::period(pool, start_of(from), start_of(to + Duration::DAY)).await?;
    let lines = match by {
        By::Day => by_day(&period, from, to),
        By::Service => by_work(&period, to, |work| &work.service),
        By::Provider => by_work(&period, to, |work| &work.provider),
        By::Currency => by_currency(&period, to),
    };
    let totals = by_currency(&period, to);
    Ok(Statement {
        from,
        to,
        lines,
        totals,
    })
}

fn start_of(day: Date) -> OffsetDateTime {
    day.with_time(Time::MIDNIGHT).assume_utc()
}

type Lines = BTreeMap<(String, String), Line>;

fn line<'a>(lines: &'a mut Lines, key: &str, currency: &str) -> &'a mut Line {
    lines
        .entry((key.to_owned(), currency.to_owned()))
        .or_insert_with(|| Line {
            key: key.to_owned(),
            currency: currency.to_owned(),
            ..Line::default()
        })
}

fn by_currency(period: &Period, to: Date) -> Vec<Line> {
    let mut lines = Lines::new();
    for flow in period.flows.iter().filter(|flow| flow.day <= to) {
        line(&mut lines, &flow.currency, &flow.currency).add(flow);
    }
    for work in &period.work {
        let currency = currency_of(period, work);
        line(&mut lines, &currency, &currency).work(work);
    }
    for stock in &period.stocks {
        line(&mut lines, &stock.currency, &stock.currency);
    }
    let mut lines: Vec<Line> = lines.into_values().collect();
    for line in &mut lines {
        line.close(period, to);
    }
    lines
}

fn by_day(period: &Period, from: Date, to: Date) -> Vec<Line> {
    let mut lines = Lines::new();
    for flow in period.flows.iter().filter(|flow| flow.day <= to) {
        line(&mut lines, &flow.day.to_string(), &flow.currency).add(flow);
    }
    for work in &period.work {
        let currency = currency_of(period, work);
        line(&mut lines, &work.day.to_string(), &currency).work(work);
    }
    // A day on which nothing moved is a line, too: what is owed stands there.
    let currencies: Vec<String> = lines.keys().map(|(_, currency)| currency.clone()).collect();
    let stocks = period.stocks.iter().map(|stock| stock.currency.clone());
    let mut all: Vec<String> = currencies.into_iter().chain(stocks).collect();
    all.sort();
    all.dedup();
    let mut days = Vec::new();
    let mut day = from;
    while day <= to {
        for currency in &all {
            let mut line = std::mem::take(line(&mut lines, &day.to_string(), currency));
            line.close(period, day);
            days.push(line);
        }
        day += Duration::DAY;
    }
    days
}

/// Of orders and their work alone; what moved to or from revenue besides stands at [`OTHER`], so that the revenue of all
/// lines is that of the account.
fn by_work(period: &Period, to: Date, key: impl Fn(&Work) -> &String) -> Vec<Line> {
    let mut lines = Lines::new();
    for work in &period.work {
        let currency = currency_of(period, work);
        let line = line(&mut lines, key(work), &currency);
        line.work(work);
        line.revenue += work.paid;
    }
    for flow in period.flows.iter().filter(|flow| flow.day <= to) {
        let mut all = Line::default();
        all.add(flow);
        line(&mut lines, OTHER, &flow.currency).revenue += all.revenue;
    }
    for work in &period.work {
        if let Some(currency) = &work.currency {
            line(&mut lines, OTHER, currency).revenue -= work.paid;
        }
    }
    lines.retain(|(key, _), line| key != OTHER || line.revenue != 0);
    lines.into_values().collect()
}

/// A cost stands beside what users pay in: there is nearly always one currency.
fn currency_of(period: &Period, work: &Work) -> String {
    let unit = work.unit.as_deref().unwrap_or_default();
    let of_costs = || {
        let same = period.stocks.iter().find(|stock| stock.currency == unit);
        same.or(period.stocks.first())
            .map(|stock| stock.currency.clone())
            .unwrap_or_default()
    };
    work.currency.clone().unwrap_or_else(of_costs)
}

impl Line {
    fn work(&mut self, work: &Work) {
        self.orders += work.orders;
        self.uncosted += work.uncosted;
        let Some(unit) = &work.unit else { return };
        match self.costs.iter_mut().find(|cost| cost.unit == *unit) {
            Some(cost) => cost.micros += work.cost_micros,
            None => self.costs.push(Cost {
                unit: unit.clone(),
                micros: work.cost_micros,
            }),
        }
    }

    fn add(&mut self, flow: &Flow) {
        let amount = flow.amount;
        let (from, to) = (flow.from_kind.as_str(), flow.to_kind.as_str());
        for (kind, amount) in [(from, amount), (to, -amount)] {
            match kind {
                "revenue" => self.revenue -= amount,
                "grants" => self.grants += amount,
                "corrections" => self.corrections += amount,
                "losses" => self.losses += amount,
                "payouts" => self.payouts -= amount,
                "rewards" => self.rewards += amount,
                _ => {}
            }
        }
        if is_way(from) {
            let is_undone = flow.kind == "refund_undone";
            let (ways, amount) = if is_undone {
                (&mut self.money_out, -amount)
            } else {
                (&mut self.money_in, amount)
            };
            *ways.entry(from.to_owned()).or_default() += amount;
        }
        if is_way(to) {
            *self.money_out.entry(to.to_owned()).or_default() += amount;
        }
    }

    /// What is owed and held at the end of `day`: what is now, less what has moved since.
    fn close(&mut self, period: &Period, day: Date) {
        for stock in period
            .stocks
            .iter()
            .filter(|it| it.currency == self.currency)
        {
            *self.owed.entry(stock.kind.clone()).or_default() += stock.total;
            self.held += stock.held;
        }
        let since = |it: &&Flow| it.day > day && it.currency == self.currency;
        for flow in period.flows.iter().filter(since) {
            for (kind, amount) in [
                (&flow.from_kind, flow.amount),
                (&flow.to_kind, -flow.amount),
            ] {
                if WALLETS.contains(&kind.as_str()) {
                    *self.owed.entry(kind.clone()).or_default() += amount;
                }
            }
        }
        let held = period.held.iter();
        let since = held.filter(|it| it.day > day && it.currency == self.currency);
        self.held -= since.map(|it| it.amount).sum::<i64>();
    }

    /// What users have in all.
    pub fn owed_in_all(&self) -> i64 {
        self.owed.values().sum()
    }

    /// What is known of the costs in the currency itself, minor units of `exponent` decimals, rounded up.
    pub fn cost(&self, exponent: u8) -> i64 {
        let minor_micros = 10_i64.pow(6 - u32::from(exponent.min(6)));
        let own = self.costs.iter().filter(|cost| cost.unit == self.currency);
        let micros: i64 = own.map(|cost| cost.micros).sum();
        micros.div_euclid(minor_micros) + i64::from(micros.rem_euclid(minor_micros) > 0)
    }

    /// Whether all that the work cost is known, and in the currency itself.
    pub fn is_costed(&self) -> bool {
        self.uncosted == 0
            && self
                .costs
                .iter()
                .all(|cost| cost.unit == self.currency || cost.micros == 0)
    }
}

/// Whether money comes in, and is given back, by this account.
fn is_way(kind: &str) -> bool {
    !WALLETS.contains(&kind) && !HOUSE.contains(&kind)
}
