//! The movements behind a statement.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use serde_json::Value;
use sqlx::PgPool;
use time::{Date, Duration};

use super::{Options, number};
use crate::admin::render::when;
use crate::base::csv;
use crate::base::money::Currency;
use crate::engine::books::{self, Moved};

const HEAD: [&str; 11] = [
    "at",
    "transfer",
    "kind",
    "amount",
    "currency",
    "from",
    "from_user",
    "to",
    "to_user",
    "service",
    "provider",
];

fn cells(moved: &Moved, currency: &Currency) -> [String; 11] {
    let owner = |id: i64| {
        if id == 0 {
            String::new()
        } else {
            id.to_string()
        }
    };
    [
        when(moved.at),
        moved.id.to_string(),
        moved.kind.clone(),
        number(currency, &moved.currency, moved.amount),
        moved.currency.clone(),
        moved.from_kind.clone(),
        owner(moved.from_owner),
        moved.to_kind.clone(),
        owner(moved.to_owner),
        moved.service.clone().unwrap_or_default(),
        moved.provider.clone().unwrap_or_default(),
    ]
}

/// Each as it comes from the database: however many there are.
pub(super) async fn list(
    pool: &PgPool,
    currency: &Currency,
    (from, to): (Date, Date),
    options: &Options,
    out: &mut (impl Write + Send),
) -> Result<(), anyhow::Error> {
    let start = |day: Date| day.midnight().assume_utc();
    let (from, to) = (start(from), start(to + Duration::DAY));
    let mut count = 0_u64;
    if let Some(path) = &options.csv {
        let mut file = BufWriter::new(File::create(path)?);
        write_record(&mut file, HEAD)?;
        books::transfers(pool, from, to, &mut |moved| {
            count += 1;
            write_record(&mut file, cells(moved, currency))
        })
        .await?;
        file.flush()?;
        writeln!(out, "{count} transfers in {}.", path.display())?;
        return Ok(());
    }
    let is_json = options.json;
    books::transfers(pool, from, to, &mut |moved| {
        let cells = cells(moved, currency);
        count += 1;
        if is_json {
            let fields = HEAD.into_iter().map(str::to_owned);
            let object: serde_json::Map<String, Value> =
                fields.zip(cells.into_iter().map(Value::from)).collect();
            let before = if count == 1 { "[\n" } else { ",\n" };
            return write!(out, "{before}{}", Value::Object(object));
        }
        let [at, id, kind, amount, code, from, from_user, to, to_user, service, provider] = cells;
        let line = format!(
            "{at}  {id}  {kind:<12} {amount:>10} {code}  {from} {from_user} -> {to} {to_user}  {service} {provider}"
        );
        writeln!(out, "{}", line.trim_end())
    })
    .await?;
    match (is_json, count) {
        (true, 0) => writeln!(out, "[]")?,
        (true, _) => writeln!(out, "\n]")?,
        (false, _) => writeln!(out, "{count} transfers.")?,
    }
    Ok(())
}

fn write_record<I, S>(file: &mut impl Write, cells: I) -> io::Result<()>
where
    I: IntoIterator<Item = S>,
    S: AsRef<str>,
{
    let mut text = String::new();
    csv::record(&mut text, cells);
    file.write_all(text.as_bytes())
}
