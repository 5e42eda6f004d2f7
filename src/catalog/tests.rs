//! The catalogue: what is accepted, what is refused and how it is said.

mod made;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Amount, Catalog, InputKind, NumberRange, ParamError, provider_input};

pub(super) const VALID: &str = r#"
[currency]
code = "USD"
exponent = 2
symbol = "$"

[[category]]
id = "images"
title = { en = "Images", ru = "Картинки", es = "Imágenes" }

[[service]]
id = "upscale"
category = "images"
title = { en = "Upscale", ru = "Увеличить", es = "Ampliar" }
description = { en = "Larger.", ru = "Больше.", es = "Más grande." }
price = "0.40"
result = "image"
estimate_s = 20
provider = { name = "kie", service = "vendor/upscale", fixed = { format = "png" } }

[[service.input]]
id = "image"
kind = "image"
max_mb = 10
param = "images[]"
title = { en = "Photo", ru = "Фото", es = "Foto" }

[[service.input]]
id = "factor"
kind = "number"
min = 1
max = 2
step = 0.5
optional = true
default = 2
param = "options.factor"
title = { en = "Factor", ru = "Раз", es = "Factor" }

[[service.input]]
id = "style"
kind = "choice"
param = "style"
title = { en = "Style", ru = "Стиль", es = "Estilo" }
option = [{ value = "a", title = "A" }, { value = "b", title = "B" }]
"#;

fn problems(text: &str) -> Vec<String> {
    match Catalog::parse("catalog.toml", text, &["kie"]) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

fn valid() -> Catalog {
    Catalog::parse("catalog.toml", VALID, &["kie"]).expect("a valid catalogue")
}

#[test]
fn the_shipped_catalogue_is_valid_and_offers_what_it_should() {
    let catalog =
        Catalog::shipped(crate::catalog::SHIPPED_PROVIDERS).expect("the shipped catalogue");
    assert!(catalog.services.len() >= 10);
    assert!(catalog.categories.len() >= 4);
    let free = catalog.free_first().expect("a free service");
    assert_eq!(
        catalog.services[0].id, free.id,
        "the free service comes first"
    );
    for kind in ["text", "image", "video", "audio", "choice", "number"] {
        let used = catalog
            .services
            .iter()
            .flat_map(|service| &service.inputs)
            .any(|input| input.kind.name() == kind);
        assert!(used, "no service shows a {kind} input");
    }
}

#[test]
fn a_title_is_found_by_language_tag_and_falls_back_to_english() {
    let catalog = valid();
    let title = &catalog.services[0].title;
    for (tag, text) in [
        ("ru", "Увеличить"),
        ("es-MX", "Ampliar"),
        ("de", "Upscale"),
        ("", "Upscale"),
    ] {
        assert_eq!(title.get(tag), text, "{tag}");
    }
}

#[test]
fn services_are_found_by_id_and_category() {
    let catalog = valid();
    assert_eq!(catalog.service("upscale").expect("there").price, Amount(40));
    assert_eq!(catalog.in_category("images").count(), 1);
    assert!(catalog.service("none").is_none());
    assert!(catalog.category("images").is_some());
    assert!(catalog.free_first().is_none());
}

#[test]
fn each_mistake_is_named_with_file_service_and_field() {
    let cases = [
        (
            "max_mb = 10",
            "max_mb = 21",
            "service `upscale`: input `image`: max_mb must be a whole number, 1..20",
        ),
        (
            "max_mb = 10",
            "",
            "service `upscale`: input `image`: max_mb is missing",
        ),
        (
            "max_mb = 10",
            "max_mb = 10\nmax_size = 2",
            "service `upscale`: input `image`: max_size is not a known field here; known are: id, title, hint, kind, max_mb, optional, default, param",
        ),
        (
            "\"0.40\"",
            "\"-1\"",
            "service `upscale`: price must be a decimal of 0 or more in quotes, such as \"0.40\"",
        ),
        (
            "\"0.40\"",
            "0.40",
            "service `upscale`: price must be a text, not float",
        ),
        (
            "\"0.40\"",
            "\"0.405\"",
            "service `upscale`: price must have at most 2 decimals",
        ),
        (
            "id = \"upscale\"",
            "id = \"Up scale\"",
            "service `Up scale`: id must be 1 to 24 characters of a-z, 0-9 and -",
        ),
        ("id = \"upscale\"", "", "service no. 1: id is missing"),
        (
            "category = \"images\"",
            "category = \"none\"",
            "service `upscale`: category `none` is not a [[category]] of this file",
        ),
        (
            "name = \"kie\"",
            "name = \"acme\"",
            "service `upscale`: provider: name `acme` is not a provider; known are: kie",
        ),
        (
            "result = \"image\"",
            "result = \"gif\"",
            "service `upscale`: result must be image, video, audio, document or delivery",
        ),
        (
            "result = \"image\"",
            "result = \"image\"\nfree_per_day = 3",
            "service `upscale`: free_per_day is only for a free service: set price = \"0\" or remove it",
        ),
        (
            "ru = \"Увеличить\", ",
            "",
            "service `upscale`: title: ru is missing",
        ),
        (
            "en = \"Upscale\"",
            "en = \"An upscaler that has a title of 42 letters\"",
            "service `upscale`: title: en must have 1 to 40 characters, has 42",
        ),
        (
            "param = \"style\"",
            "param = \"images[]x\"",
            "service `upscale`: input `style`: param must be a parameter name such as prompt, outer.name or image_urls[]",
        ),
        (
            "param = \"style\"",
            "param = \"format\"",
            "service `upscale`: input `style`: param `format` is already taken in this service",
        ),
        (
            "default = 2",
            "default = 1.7",
            "service `upscale`: input `factor`: default must be a number that min, max and step allow",
        ),
        (
            "default = 2",
            "default = \"2\"",
            "service `upscale`: input `factor`: default must be a number",
        ),
        (
            "optional = true",
            "",
            "service `upscale`: input `factor`: default is only used when the input is skipped: set optional = true",
        ),
        (
            "step = 0.5",
            "step = 0",
            "service `upscale`: input `factor`: step must be above 0 and at most max - min",
        ),
        (
            "value = \"b\"",
            "value = \"a\"",
            "service `upscale`: input `style`: option value `a` is used twice",
        ),
        (
            ", { value = \"b\", title = \"B\" }",
            "",
            "service `upscale`: input `style`: option must be there 2 to 12 times, is there 1 times",
        ),
        (
            "kind = \"image\"",
            "kind = \"photo\"",
            "service `upscale`: input `image`: kind must be text, image, video, audio, choice, number, link or lines",
        ),
        (
            "code = \"USD\"",
            "code = \"usd\"",
            "currency: code must be three capital letters, such as USD",
        ),
        (
            "[currency]",
            "colour = \"red\"\n[currency]",
            "colour is not a known field here; known are: currency, category, service, withdrawals",
        ),
    ];
    for (from, to, expected) in cases {
        assert!(VALID.contains(from), "{from}");
        let found = problems(&VALID.replacen(from, to, 1));
        let expected = format!("catalog.toml: {expected}");
        assert!(
            found.contains(&expected),
            "{to}\nexpected {expected}\nfound {found:#?}"
        );
    }
}

#[test]
fn all_problems_come_at_once() {
    let text = VALID
        .replace("\"0.40\"", "\"free\"")
        .replace("max_mb = 10", "max_mb = 0")
        .replace("estimate_s = 20", "estimate_s = 0")
        .replace("en = \"Images\"", "en = \"\"");
    assert_eq!(problems(&text).len(), 4, "{:#?}", problems(&text));
}

#[test]
fn duplicate_ids_and_an_empty_shop_are_refused() {
    let (head, service) = VALID.split_at(VALID.find("[[service]]").expect("there"));
    let twice = problems(&format!("{head}{service}{service}"));
    assert_eq!(twice, ["catalog.toml: service `upscale`: id is used twice"]);
    assert_eq!(
        problems(head),
        [
            "catalog.toml: category `images` has no service",
            "catalog.toml: has no [[service]]; at least one is needed",
        ]
    );
}

#[test]
fn a_text_that_is_not_toml_names_the_line() {
    let found = problems("[currency\ncode = 1");
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("catalog.toml: is not valid TOML:"),
        "{found:?}"
    );
    assert!(found[0].contains("line 1"), "{found:?}");
}

#[test]
fn a_missing_file_is_one_clear_problem() {
    let found =
        Catalog::load(Some("no/such/catalog.toml".as_ref()), &["kie"]).expect_err("refused");
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .to_string()
            .starts_with("no/such/catalog.toml: cannot be read: ")
    );
}

#[test]
fn values_land_where_the_provider_wants_them() {
    let catalog = valid();
    let service = catalog.service("upscale").expect("there");
    let mut values: BTreeMap<String, Value> = BTreeMap::from([
        ("image".to_owned(), json!("https://host/media/1")),
        ("style".to_owned(), json!("b")),
    ]);
    assert_eq!(
        provider_input(service, &service.routes[0], &values),
        Ok(json!({
            "format": "png",
            "images": ["https://host/media/1"],
            "options": { "factor": 2 },
            "style": "b",
        }))
    );
    values.insert("factor".to_owned(), json!(1.5));
    let input = provider_input(service, &service.routes[0], &values).expect("complete");
    assert_eq!(input["options"]["factor"], json!(1.5));
    values.remove("image");
    assert_eq!(
        provider_input(service, &service.routes[0], &values),
        Err(ParamError::Missing("image".to_owned()))
    );
}

#[test]
fn a_number_must_lie_on_the_grid() {
    let range = NumberRange {
        min: 0.7,
        max: 1.2,
        step: 0.1,
    };
    for good in [0.7, 0.8, 1.0, 1.1, 1.2] {
        assert!(range.accepts(good), "{good}");
    }
    for bad in [0.6, 0.75, 1.3, f64::NAN, f64::INFINITY] {
        assert!(!range.accepts(bad), "{bad}");
    }
    assert_eq!(NumberRange::to_json(4.0), json!(4));
    assert!(!InputKind::Number(range).is_media());
}
