//! Who makes a service: a family of a provider's, or nobody.

use std::collections::BTreeMap;

use super::*;

const TOOL: &str = r#"
[[service]]
id = "count"
category = "images"
kind = "free"
command = "count"
title = { en = "Count", ru = "Счёт", es = "Contar" }
description = { en = "Counts.", ru = "Считает.", es = "Cuenta." }
answer = { en = "{text.words} words in «{text}»", ru = "Слов: {text.words}", es = "{text.words} palabras" }

[[service.input]]
id = "text"
kind = "text"
min = 1
max = 1000
title = { en = "Text", ru = "Текст", es = "Texto" }
"#;

#[test]
fn an_older_family_stands_before_the_services_name() {
    let with = |family: &str| {
        VALID.replacen(
            "service = \"vendor/upscale\"",
            &format!("family = \"{family}\", service = \"veo3_fast\""),
            1,
        )
    };
    let catalog = Catalog::parse("catalog.toml", &with("veo"), &["kie"]).expect("valid");
    assert_eq!(catalog.services[0].routes[0].id, "veo:veo3_fast");
    let found = problems(&with("sora"));
    assert!(
        found[0].contains("provider: family") && found[0].contains("suno"),
        "{found:?}"
    );
    let panels = with("veo").replacen("name = \"kie\"", "name = \"smmflare\"", 1);
    let found = Catalog::parse("catalog.toml", &panels, &["kie", "smmflare"]);
    let found = found.expect_err("families are kie's");
    assert!(found[0].to_string().contains("family"), "{found:?}");
}

#[test]
fn a_tool_needs_no_provider_and_answers_from_its_template() {
    let mut catalog =
        Catalog::parse("catalog.toml", &format!("{VALID}{TOOL}"), &["kie"]).expect("valid");
    catalog.offer_only(&[]);
    let tool = catalog.by_command("count").expect("the tool");
    assert!(tool.is_free() && tool.is_offered, "it needs nobody");
    assert!(
        catalog.free_first().is_none(),
        "not what the welcome offers"
    );
    assert!(catalog.by_command("text").is_none());
    let given = BTreeMap::from([("text", "one two".to_owned())]);
    let say = |language| tool.answered(&given, language);
    assert_eq!(say("en").as_deref(), Some("2 words in «one two»"));
    assert_eq!(say("ru").as_deref(), Some("Слов: 2"));
    let nothing = tool.answered(&BTreeMap::new(), "es");
    assert_eq!(nothing.as_deref(), Some("0 palabras"));
    assert_eq!(catalog.services[0].answered(&given, "en"), None);
}

#[test]
fn each_mistake_of_a_tool_is_named() {
    for (from, to, expected) in [
        ("kind = \"free\"", "kind = \"cheap\"", "kind must be free"),
        (
            "command = \"count\"",
            "command = \"Count it\"",
            "command must be 1 to 32",
        ),
        (
            "{text.words} words",
            "{text.wordz} words",
            "names {text.wordz}",
        ),
        ("«{text}»", "«{txt}»", "names {txt}, which is not an input"),
        ("max = 1000", "max = 4000", "may become"),
        (
            "kind = \"text\"\nmin = 1\nmax = 1000",
            "kind = \"image\"\nmax_mb = 5",
            "cannot be a file",
        ),
        (
            "kind = \"text\"\nmin = 1\nmax = 1000",
            "kind = \"number\"\nmin = 1\nmax = 9\nstep = 1",
            "one input, a text",
        ),
        (
            "kind = \"free\"",
            "kind = \"free\"\nprice = \"0\"",
            "price is not a known field",
        ),
        (
            "id = \"text\"",
            "id = \"text\"\nparam = \"x\"",
            "param is not a known field",
        ),
        ("answer = ", "answers = ", "answer is missing"),
    ] {
        assert!(TOOL.contains(from), "{from}");
        let found = problems(&format!("{VALID}{}", TOOL.replacen(from, to, 1)));
        assert!(
            found.iter().any(|problem| problem.contains(expected)),
            "{to}: instead of `{expected}`: {found:?}"
        );
    }
    let twice = TOOL.replacen("id = \"count\"", "id = \"again\"", 1);
    let found = problems(&format!("{VALID}{TOOL}{twice}"));
    assert!(
        found
            .iter()
            .all(|problem| problem.contains("command is used twice")),
        "{found:?}"
    );
    assert_eq!(found.len(), 2);
}
