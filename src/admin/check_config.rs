//! `bulwark check-config`: every problem of the environment and the catalogue at once, with what to do.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use crate::catalog::{self, Catalog};
use crate::config::{self, Config, Env, Providers, Setting};

/// What the check found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Whether the service would start.
    pub ok: bool,
    /// What is wrong with the environment.
    pub environment: Vec<config::Problem>,
    /// What is wrong with the catalogue.
    pub catalog: Vec<catalog::Problem>,
    /// What is set, without secrets.
    pub settings: Vec<Setting>,
    /// What would be on sale; absent if the catalogue is wrong.
    pub shop: Option<Shop>,
}

/// The catalogue in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shop {
    /// The currency's code.
    pub currency: String,
    /// How many categories.
    pub categories: usize,
    /// How many services.
    pub services: usize,
    /// How many of them are free.
    pub free_services: usize,
}

/// Checks the environment and the catalogue it names. The catalogue is checked even if the environment is wrong.
pub fn check(env: &Env) -> Report {
    let environment = Config::from_env(env).err().unwrap_or_default();
    let path = env.get("CATALOG_PATH").map(PathBuf::from);
    let names = Providers::names_in(env);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (shop, catalog) = match Catalog::load(path.as_deref(), &names) {
        Ok(catalog) => (Some(Shop::of(&catalog)), Vec::new()),
        Err(problems) => (None, problems),
    };
    Report {
        ok: environment.is_empty() && catalog.is_empty(),
        environment,
        catalog,
        settings: config::describe(env),
        shop,
    }
}

/// Prints the check and returns whether all is well, which is the exit code's business.
///
/// # Errors
/// Only what writing to `out` gives.
pub fn run(env: &Env, json: bool, out: &mut impl Write) -> io::Result<bool> {
    let report = check(env);
    if json {
        serde_json::to_writer_pretty(&mut *out, &report)?;
        writeln!(out)?;
    } else if report.ok {
        print_summary(&report, out)?;
    } else {
        print_problems(&report, out)?;
    }
    Ok(report.ok)
}

impl Shop {
    fn of(catalog: &Catalog) -> Self {
        Self {
            currency: catalog.currency.code.clone(),
            categories: catalog.categories.len(),
            services: catalog.services.len(),
            free_services: catalog.services.iter().filter(|s| s.is_free()).count(),
        }
    }
}

fn print_problems(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let count = report.environment.len() + report.catalog.len();
    let noun = if count == 1 { "problem" } else { "problems" };
    writeln!(out, "{count} {noun}; the service would not start.\n")?;
    for problem in &report.environment {
        writeln!(out, "✗ {} {}", problem.variable, problem.message)?;
        writeln!(out, "  → {}", problem.remedy)?;
    }
    for problem in &report.catalog {
        writeln!(out, "✗ {problem}")?;
    }
    Ok(())
}

fn print_summary(report: &Report, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "The configuration is complete.\n")?;
    for setting in &report.settings {
        let origin = if setting.is_set { "" } else { "  (default)" };
        let value = &setting.value;
        writeln!(out, "{:<28} {value}{origin}", setting.variable)?;
    }
    if let Some(shop) = &report.shop {
        writeln!(
            out,
            "\nCatalogue: {} services ({} free) in {} categories, in {}.",
            shop.services, shop.free_services, shop.categories, shop.currency
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valid() -> Env {
        Env::from([
            (
                "TELEGRAM_BOT_TOKEN",
                "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0",
            ),
            ("DATABASE_URL", "postgres://bulwark:hunter2@localhost/db"),
            ("PUBLIC_URL", "https://bot.example.com"),
            ("KIE_API_KEY", "kie-canary-key"),
        ])
    }

    fn output(env: &Env, json: bool) -> (bool, String) {
        let mut out = Vec::new();
        let ok = run(env, json, &mut out).expect("written to memory");
        (ok, String::from_utf8(out).expect("UTF-8"))
    }

    #[test]
    fn a_good_configuration_is_summed_up_without_secrets() {
        for json in [false, true] {
            let (ok, text) = output(&valid(), json);
            assert!(ok, "{text}");
            assert!(text.contains("https://bot.example.com"));
            assert!(text.contains("USD"));
            for secret in ["AAHdqTcv", "hunter2", "kie-canary"] {
                assert!(!text.contains(secret), "{text}");
            }
        }
    }

    #[test]
    fn environment_and_catalogue_are_checked_in_one_go() {
        let mut env = valid();
        env.set("PORT", "none");
        env.set("TELEGRAM_BOT_TOKEN", "AAHdqTcv");
        env.set("CATALOG_PATH", "no/such/file.toml");
        let (ok, text) = output(&env, false);
        assert!(!ok);
        assert!(text.starts_with("3 problems"), "{text}");
        assert!(text.contains("✗ PORT is not a whole number"));
        assert!(text.contains("→ set a number from 1 to 65535"));
        assert!(text.contains("✗ no/such/file.toml: cannot be read"));
        assert!(!text.contains("AAHdqTcv"));
        let (_, json) = output(&env, true);
        let report: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(report["ok"], false);
        assert_eq!(report["environment"].as_array().map(Vec::len), Some(2));
        assert_eq!(report["catalog"][0]["file"], "no/such/file.toml");
    }
}
