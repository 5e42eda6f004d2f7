//! The model: what every act that was done should have written, and whether the database says the same, in an order in
//! which no wallet was ever below zero.

use std::collections::{HashMap, HashSet};

use sqlx::{AssertSqlSafe, Executor as _, PgPool, Row as _};
use uuid::Uuid;

use super::debts::{About, Debt};
use super::followed::{self, Fact, Seen};

/// What an act was told.
pub enum Heard {
    /// These rows were written.
    Moved(Vec<Line>),
    /// The row of this key was there before.
    Before(String),
    /// This hold was resolved in another way before.
    Resolved(Uuid),
    /// There was too little.
    Short {
        wallet: Wallet,
        missing: i64,
        available: i64,
    },
    /// It was given up, or there was nothing to do.
    Nothing,
}

impl Heard {
    /// How many rows it wrote.
    pub fn lines(&self) -> usize {
        match self {
            Self::Moved(lines) => lines.iter().filter(|line| line.fact.is_none()).count(),
            Self::Before(_) | Self::Resolved(_) | Self::Short { .. } | Self::Nothing => 0,
        }
    }
}

/// A kind of wallet and whose it is.
pub type Wallet = (String, i64);

/// One row, with what it does.
#[derive(Clone, Debug, Default)]
pub struct Line {
    pub key: String,
    /// Wallet, available, held.
    wallets: Vec<(Wallet, i64, i64)>,
    /// House accounts.
    house: Vec<(&'static str, i64)>,
    about: About,
    fact: Option<Fact>,
}

/// A user's wallet of a kind.
pub fn wallet(kind: &str, user: i64) -> Wallet {
    (kind.to_owned(), user)
}

fn main_wallet(user: i64) -> Wallet {
    ("wallet".to_owned(), user)
}

fn end_of(hold: Uuid) -> String {
    format!("end:{hold}")
}

impl Line {
    /// Between the house and a user's wallet.
    pub fn house(key: String, user: i64, amount: i64, house: &'static str) -> Self {
        Self {
            key,
            wallets: vec![(main_wallet(user), amount, 0)],
            house: vec![(house, -amount)],
            ..Self::default()
        }
    }

    /// Set aside.
    pub fn hold(key: String, user: i64, amount: i64) -> Self {
        Self {
            key,
            wallets: vec![(main_wallet(user), -amount, amount)],
            ..Self::default()
        }
    }

    /// Of what was held a part is paid to the house, the rest is free again.
    pub fn resolution(hold: Uuid, user: i64, held: i64, paid: i64, house: &'static str) -> Self {
        Self {
            key: end_of(hold),
            wallets: vec![(main_wallet(user), held - paid, -held)],
            house: vec![(house, paid)],
            ..Self::default()
        }
    }

    /// All of what was held is another user's.
    pub fn passed_on(hold: Uuid, user: i64, held: i64) -> Self {
        Self {
            house: Vec::new(),
            ..Self::resolution(hold, user, held, held, "revenue")
        }
    }

    /// What such a resolution brings.
    pub fn received(key: String, user: i64, amount: i64) -> Self {
        Self {
            key,
            wallets: vec![(main_wallet(user), amount, 0)],
            ..Self::default()
        }
    }

    /// From one wallet to another.
    pub fn between(key: String, from: Wallet, to: Wallet, amount: i64) -> Self {
        Self {
            key,
            wallets: vec![(from, -amount, 0), (to, amount, 0)],
            ..Self::default()
        }
    }

    /// From one account of the house to another.
    pub fn within(key: String, from: &'static str, to: &'static str, amount: i64) -> Self {
        Self {
            key,
            house: vec![(from, -amount), (to, amount)],
            ..Self::default()
        }
    }

    /// Between the house and what a user has earned with referrals.
    pub fn reward(key: String, user: i64, amount: i64, about: About) -> Self {
        Self {
            key,
            wallets: vec![(wallet("affiliate", user), amount, 0)],
            house: vec![("rewards", -amount)],
            about,
            fact: None,
        }
    }

    /// Something that stands in no row of its own, but in the one of this key.
    pub fn fact(key: &str, fact: Fact) -> Self {
        Self {
            key: format!("fact:{key}"),
            fact: Some(fact),
            ..Self::default()
        }
    }

    /// A row that moves nothing.
    pub fn note(key: String, about: About) -> Self {
        Self {
            key,
            about,
            ..Self::default()
        }
    }
}

/// All that was done in a database.
#[derive(Default)]
pub struct Books {
    lines: HashMap<String, Line>,
    heard: Vec<Heard>,
    complaints: Vec<String>,
}

impl Books {
    /// Adds what the acts of a run were told.
    pub fn take(&mut self, heard: Vec<Heard>) {
        for heard in heard {
            let Heard::Moved(lines) = heard else {
                self.heard.push(heard);
                continue;
            };
            for line in lines {
                let key = line.key.clone();
                if self.lines.insert(key.clone(), line).is_some() {
                    self.complaints.push(format!("{key} was done twice"));
                }
            }
        }
    }

    /// How often there was what is rare about rewards on orders.
    pub fn seen(heard: &[Heard]) -> Seen {
        let lines = heard.iter().flat_map(|heard| match heard {
            Heard::Moved(lines) => lines.as_slice(),
            Heard::Before(_) | Heard::Resolved(_) | Heard::Short { .. } | Heard::Nothing => &[],
        });
        followed::check(lines.filter_map(|line| line.fact.as_ref())).1
    }

    /// How many rewards were given, and of how many what was spent had to be kept of others.
    pub fn rewards(&self) -> (usize, usize) {
        let count =
            |is: fn(About) -> bool| self.lines.values().filter(|line| is(line.about)).count();
        (
            count(|about| matches!(about, About::Earned(_))),
            count(|about| matches!(about, About::Kept(_))),
        )
    }

    /// Everything that is not in the database as it is here.
    pub async fn compare(&mut self, pool: &PgPool) -> Vec<String> {
        let mut found = std::mem::take(&mut self.complaints);
        let history = history(pool).await;
        let states = self.replay(&history, &mut found);
        self.rows(pool, &mut found).await;
        self.wallets(pool, &states, &mut found).await;
        self.house(pool, &mut found).await;
        self.debts(pool, &history, &states, &mut found).await;
        let facts = self.lines.values().filter_map(|line| line.fact.as_ref());
        found.extend(followed::check(facts).0);
        for heard in self.heard.drain(..) {
            let is_true = match &heard {
                Heard::Before(key) => self.lines.contains_key(key),
                Heard::Resolved(hold) => self.lines.contains_key(&end_of(*hold)),
                Heard::Short {
                    wallet,
                    missing,
                    available,
                } => {
                    let seen = states.get(wallet);
                    let was_so = seen.is_some_and(|states| states.seen.contains(available));
                    *missing > 0 && (was_so || *available == 0)
                }
                Heard::Nothing | Heard::Moved(_) => true,
            };
            if !is_true {
                found.push(match heard {
                    Heard::Before(key) => format!("{key} was refused as used, and nobody used it"),
                    Heard::Resolved(hold) => {
                        format!("{hold} counts as resolved, and nobody did it")
                    }
                    Heard::Short {
                        wallet, available, ..
                    } => {
                        format!("{wallet:?} was said to have {available}, and never had that")
                    }
                    Heard::Nothing | Heard::Moved(_) => continue,
                });
            }
        }
        found
    }

    /// Every wallet, row after row as the database numbered them.
    fn replay(&self, history: &History, found: &mut Vec<String>) -> States {
        let mut states = States::new();
        for (wallet, version, key) in history {
            let state = states.entry(wallet.clone()).or_default();
            let line = self.lines.get(key);
            let touched = line.and_then(|line| line.wallets.iter().find(|(its, ..)| its == wallet));
            let Some((_, available, held)) = touched else {
                found.push(format!("{key} touched {wallet:?}, and nobody did it"));
                continue;
            };
            state.version += 1;
            state.available += available;
            state.held += held;
            state.seen.insert(state.available);
            if state.available < 0 || state.held < 0 || state.version != *version {
                found.push(format!("{wallet:?} after {key} (row {version}): {state:?}"));
            }
        }
        states
    }

    /// Of every reward that was to be taken back what was there is taken, and the rest is kept of later ones.
    async fn debts(
        &self,
        pool: &PgPool,
        history: &History,
        states: &States,
        found: &mut Vec<String>,
    ) {
        let mut debts: HashMap<i64, (Debt, i64)> = HashMap::new();
        let mut lost: HashMap<i64, i64> = HashMap::new();
        for line in self.lines.values() {
            if let About::Lost { user, amount } = line.about {
                *lost.entry(user).or_default() += amount;
            }
        }
        for (wallet, _, key) in history.iter().filter(|(its, ..)| its.0 == "affiliate") {
            let Some(line) = self.lines.get(key) else {
                continue;
            };
            let touched = line.wallets.iter().find(|(its, ..)| its == wallet);
            let change = touched.map_or(0, |(_, available, _)| *available);
            let user = wallet.1;
            let lost = lost.get(&user).copied().unwrap_or_default();
            let (debt, has) = debts.entry(user).or_insert_with(|| (Debt::new(lost), 0));
            found.extend(
                debt.row(line.about, *has, change)
                    .map(|wrong| format!("{key}: {wrong}")),
            );
            *has += change;
        }
        for user in lost.into_keys() {
            let has_been = states.get(&wallet("affiliate", user));
            if !has_been.is_some_and(|state| state.seen.contains(&0)) {
                found.push(format!(
                    "nothing was taken of what {user} had, and there was always something"
                ));
            }
        }
        let sql = "select referrer_id, sum(owed)::bigint from (
                       select referrer_id, lost as owed from referral_back
                       union all select referrer_id, -amount from referral_kept) x group by 1";
        let rows = pool.fetch_all(sql).await.unwrap();
        let owed: HashMap<i64, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        for (user, (debt, _)) in debts {
            let has = owed.get(&user).copied().unwrap_or_default();
            if debt.end() != Ok(has) {
                found.push(format!("user {user} owes {has}, by the model another sum"));
            }
        }
    }

    /// Nothing was done that is not written.
    async fn rows(&self, pool: &PgPool, found: &mut Vec<String>) {
        let sql = "select idem_key from transfer where kind <> 'capture' or credit_version is not null union all select idem_key from hold
                   union all select 'end:' || hold_id from hold_resolution
                   union all select 'reversed:' || key from referral_back";
        let rows = pool.fetch_all(sql).await.unwrap();
        let written: HashSet<String> = rows.iter().map(|row| row.get(0)).collect();
        let rows = self.lines.values().filter(|line| line.fact.is_none());
        let keys = rows.map(|line| &line.key);
        for key in keys.filter(|key| !written.contains(*key)) {
            found.push(format!("{key} was done, and is not written"));
        }
        for key in written.iter().filter(|key| !self.lines.contains_key(*key)) {
            found.push(format!("{key} is written, and nobody did it"));
        }
    }

    async fn wallets(&self, pool: &PgPool, states: &States, found: &mut Vec<String>) {
        let sql = "select kind, owner_id, available, held, version from account where guarded";
        for row in pool.fetch_all(sql).await.unwrap() {
            let wallet: Wallet = (row.get(0), row.get(1));
            let has: (i64, i64, i64) = (row.get(2), row.get(3), row.get(4));
            let state = states.get(&wallet);
            let should = state.map_or((0, 0, 0), |its| (its.available, its.held, its.version));
            if has != should {
                found.push(format!("{wallet:?} has {has:?}, by the model {should:?}"));
            }
        }
    }

    async fn house(&self, pool: &PgPool, found: &mut Vec<String>) {
        let mut should: HashMap<String, i64> = HashMap::new();
        for (house, amount) in self.lines.values().flat_map(|line| &line.house) {
            *should.entry((*house).to_owned()).or_default() += amount;
        }
        let sql = "select a.kind, sum(case when t.credit_id = a.id then t.amount else -t.amount end)::bigint
                   from account a join transfer t on a.id in (t.credit_id, t.debit_id) where not a.guarded group by 1";
        let rows = pool.fetch_all(sql).await.unwrap();
        let has: HashMap<String, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        should.retain(|house, sum| *sum != 0 || has.contains_key(house));
        if has != should {
            found.push(format!("the house has {has:?}, by the model {should:?}"));
        }
    }
}

type States = HashMap<Wallet, State>;
/// Wallet, version, key.
type History = [(Wallet, i64, String)];

/// A wallet in the model.
#[derive(Debug, Default)]
struct State {
    available: i64,
    held: i64,
    version: i64,
    /// All that was ever available.
    seen: HashSet<i64>,
}

/// Which row touched which wallet, in the order of their versions. What a capture moves is in its resolution.
async fn history(pool: &PgPool) -> Vec<(Wallet, i64, String)> {
    let sql = "select a.kind, a.owner_id, x.version, x.key from account a join (
                   select debit_id as wallet, wallet_version as version, idem_key as key from transfer where kind <> 'capture'
                   union all select credit_id, coalesce(credit_version, wallet_version), idem_key from transfer
                   union all select wallet_id, wallet_version, idem_key from hold
                   union all select h.wallet_id, r.wallet_version, 'end:' || h.id
                       from hold_resolution r join hold h on h.id = r.hold_id) x on x.wallet = a.id
               where a.guarded order by a.id, x.version";
    let rows = pool.fetch_all(AssertSqlSafe(sql)).await.unwrap();
    let read = |row: &sqlx::postgres::PgRow| ((row.get(0), row.get(1)), row.get(2), row.get(3));
    rows.iter().map(read).collect()
}
