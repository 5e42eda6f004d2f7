//! SQL of the schema.

use sqlx::PgPool;

/// Those of these tables that are not there, in their order.
pub async fn missing(pool: &PgPool, tables: &[&str]) -> Result<Vec<String>, sqlx::Error> {
    let tables: Vec<String> = tables.iter().map(|&table| table.to_owned()).collect();
    sqlx::query_scalar!(
        r#"select u.name as "name!" from unnest($1::text[]) with ordinality as u (name, n)
           where to_regclass(u.name) is null order by u.n"#,
        &tables
    )
    .fetch_all(pool)
    .await
}
