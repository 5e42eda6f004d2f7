//! Habits of this repository that no lint knows: who may import whom, sizes, names, where SQL stands, what no file says.
//!
//! A rule that is in the way is changed here, in the open, or not at all.
#![expect(
    clippy::expect_used,
    reason = "a file that cannot be read must fail the test"
)]

#[path = "tidy/imports.rs"]
mod imports;
#[path = "tidy/source.rs"]
mod source;

use std::path::Path;

use source::{Source, root, rust_files, text_files};

const LINES_MAX: usize = 400;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 8] = [
    "util", "utils", "helper", "helpers", "common", "misc", "manager", "shared",
];

/// Fails with all complaints at once.
fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

fn complaints<'a>(files: &'a [Source], check: impl Fn(&'a Source) -> Vec<String>) -> Vec<String> {
    assert!(files.len() > 10, "the files were not found");
    files
        .iter()
        .flat_map(|file| {
            check(file)
                .into_iter()
                .map(|complaint| format!("{}: {complaint}", file.path))
        })
        .collect()
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let files = rust_files(&["src", "simulator", "crash", "tests", "bench"]);
    assert_none(&complaints(&files, |file| {
        let mut found = Vec::new();
        let lines = file.text.lines().count();
        if lines > LINES_MAX {
            found.push(format!("{lines} lines; at most {LINES_MAX}"));
        }
        if !file.text.starts_with("//! ") {
            found.push("does not start with //! and what it is".to_owned());
        }
        found
    }));
}

#[test]
fn names_mean_something() {
    let files = rust_files(&["src", "simulator", "crash", "tests", "bench"]);
    assert_none(&complaints(&files, |file| {
        let path = Path::new(&file.path).with_extension("");
        path.iter()
            .filter_map(|part| part.to_str())
            .filter(|part| EMPTY_NAMES.contains(part) || part.ends_with("_utils"))
            .map(|part| format!("`{part}` says nothing; name the responsibility"))
            .collect()
    }));
}

#[test]
fn modules_import_only_what_stands_below_them() {
    let files = rust_files(&["src"]);
    assert_none(&complaints(&files, imports::violations));
}

#[test]
fn sql_stands_only_in_stores() {
    let marks = [
        "query!(",
        "query_as!(",
        "query_scalar!(",
        "QueryBuilder",
        "sqlx::query",
    ];
    let files = rust_files(&["src"]);
    assert_none(&complaints(&files, |file| {
        if file.path.ends_with("/store.rs") || file.path.contains("/store/") {
            return Vec::new();
        }
        let code = file.code_without_tests();
        marks
            .iter()
            .filter(|mark| code.contains(*mark) && file.path != "src/base/db.rs")
            .map(|mark| format!("`{mark}`: SQL belongs into a store module"))
            .collect()
    }));
}

#[test]
fn tests_do_not_sleep_and_are_not_ignored() {
    let files = rust_files(&["src", "simulator", "crash", "tests"]);
    assert_none(&complaints(&files, |file| {
        let tests = file.test_code();
        // A method call is the turnable clock's own sleep, which costs no time.
        let sleeps = tests
            .match_indices(concat!("sle", "ep("))
            .filter(|(at, _)| !tests[..*at].ends_with(['.', '_']))
            .count();
        let mut found = Vec::new();
        if sleeps > 0 {
            found.push(format!(
                "{sleeps} naps in tests; wait for the event instead"
            ));
        }
        if tests.contains(concat!("#[ign", "ore")) {
            found.push("an ignored test; fix it or remove it".to_owned());
        }
        found
    }));
}

#[test]
fn nothing_is_left_for_later() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
    ];
    let files = rust_files(&["src", "simulator", "crash", "tests"]);
    assert_none(&complaints(&files, |file| {
        marks
            .iter()
            .filter(|mark| file.text.contains(*mark))
            .map(|mark| format!("`{mark}`: do it, or open an issue"))
            .collect()
    }));
}

#[test]
fn the_simulator_knows_nothing_of_the_service() {
    let files = rust_files(&["simulator"]);
    let manifest = source::read("simulator/Cargo.toml");
    let dependencies = manifest
        .split_once("[dependencies]")
        .map_or("", |(_, dependencies)| dependencies);
    assert!(
        !dependencies.contains("bulwark"),
        "simulator/Cargo.toml depends on the service: a bug would be mirrored in its judge"
    );
    let importing: Vec<String> = files
        .iter()
        .filter(|file| file.code().contains(concat!("bulwark", "::")))
        .map(|file| format!("{}: imports the service", file.path))
        .collect();
    assert_none(&importing);
}

#[test]
fn no_file_names_a_package_registry_or_a_place_on_one_machine() {
    let registries = [
        concat!("index.crates", ".io"),
        concat!("static.crates", ".io"),
        concat!("registry.npm", "js.org"),
        concat!("registry.yarn", "pkg.com"),
        concat!("py", "pi.org"),
        concat!("python", "hosted.org"),
        concat!("proxy.golang", ".org"),
        concat!("deb.debian", ".org"),
    ];
    let places = [
        concat!("/wo", "rk/"),
        concat!("/tmp/", "w/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
        concat!("/ro", "ot/"),
    ];
    let files = text_files();
    assert_none(&complaints(&files, |file| {
        registries
            .iter()
            .chain(&places)
            .filter(|name| file.text.contains(*name))
            .map(|name| format!("names {name}"))
            .collect()
    }));
}

#[test]
fn every_migration_gives_its_reason() {
    let mut count = 0;
    for file in text_files() {
        if file.path.starts_with("migrations/") && file.path.ends_with(".sql") {
            count += 1;
            assert!(
                file.text.starts_with("-- "),
                "{}: no reason on top",
                file.path
            );
        }
    }
    assert!(count > 0, "no migrations found");
}

#[test]
fn the_readme_explains_every_variable() {
    let path = root().join("README.md");
    let readme = std::fs::read_to_string(path).expect("README.md");
    let missing: Vec<String> = bulwark::config::VARIABLES
        .iter()
        .filter(|variable| {
            let default = match variable.default {
                "" => String::new(),
                default => format!("`{default}`"),
            };
            let row = format!("| `{}` | {default} | {} |", variable.name, variable.meaning);
            !readme.contains(&row.replace("|  |", "| |"))
        })
        .map(|variable| {
            format!(
                "README.md: the table has no exact row for {}",
                variable.name
            )
        })
        .collect();
    assert_none(&missing);
}

#[test]
fn the_deploy_files_set_only_variables_that_are_read() {
    let known = |name: &str| bulwark::config::VARIABLES.iter().any(|v| v.name == name);
    let places = [
        ("render.yaml", "- key: "),
        ("deploy/fly.toml", "  "),
        ("deploy/docker-compose.yml", "      "),
    ];
    for (path, indent) in places {
        let text = source::read(path);
        let names: Vec<&str> = text
            .lines()
            .filter_map(|line| line.split_once(indent)?.1.split([' ', ':']).next())
            .filter(|name| {
                name.len() > 3 && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
            })
            .filter(|name| !name.starts_with("POSTGRES_"))
            .collect();
        assert!(!names.is_empty(), "{path}: no variables found");
        for name in names {
            assert!(known(name), "{path}: {name} is not a variable of Bulwark");
        }
    }
}

#[test]
fn every_kill_point_and_every_mistake_stands_at_its_one_place() {
    use bulwark::base::fault::{Mutant, Point};
    let code: Vec<String> = rust_files(&["src"]).iter().map(Source::code).collect();
    let calls = |call: String| {
        let count: usize = code.iter().map(|code| code.matches(&call).count()).sum();
        (count != 1).then(|| format!("`{call}` stands at {count} places, not at one"))
    };
    let points = Point::ALL
        .iter()
        .map(|point| format!("reach(Point::{point:?})"));
    let mutants = Mutant::ALL
        .iter()
        .map(|mutant| format!("mutant(Mutant::{mutant:?})"));
    assert_none(&points.chain(mutants).filter_map(calls).collect::<Vec<_>>());
}

#[test]
fn what_the_image_is_built_from_is_not_kept_from_its_builder() {
    let read = |name| std::fs::read_to_string(root().join(name)).expect("a file");
    let ignored = read(".dockerignore");
    let copied: Vec<String> = read("Dockerfile")
        .lines()
        .filter_map(|line| line.strip_prefix("COPY "))
        .filter(|line| !line.starts_with("--from"))
        .flat_map(|line| {
            let mut words: Vec<&str> = line.split_whitespace().collect();
            words.pop();
            words.into_iter().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    assert!(copied.len() > 5, "{copied:?}");
    assert_none(
        &copied
            .into_iter()
            .filter(|name| !ignored.lines().any(|line| line == format!("!{name}")))
            .map(|name| format!("the Dockerfile copies {name}, which .dockerignore keeps back"))
            .collect::<Vec<_>>(),
    );
    // Nothing resolves without the manifests of all members.
    for member in ["simulator", "bench", "crash"] {
        assert!(ignored.contains(&format!("!{member}")) && read("Cargo.toml").contains(member));
    }
}
