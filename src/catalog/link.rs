//! Links that users give: where they may lead, and one spelling for each.

use reqwest::Url;

const LINK_CHARS_MAX: usize = 500;

/// The link as a provider gets it; None if it leads anywhere but to one of `hosts` or a host below it. Without a scheme
/// https is meant; what comes after `#`, and a user name, are of no use to anybody.
pub fn normal_link(text: &str, hosts: &[String]) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > LINK_CHARS_MAX || text.contains(char::is_whitespace) {
        return None;
    }
    let text = match text.split_once("://") {
        Some((scheme, rest)) if ["http", "https"].contains(&scheme.to_lowercase().as_str()) => rest,
        Some(_) => return None,
        None => text,
    };
    let mut url = Url::parse(&format!("https://{text}")).ok()?;
    let host = url.host_str()?.trim_end_matches('.').to_lowercase();
    let allowed = hosts.iter().any(|known| {
        host == *known
            || host
                .strip_suffix(known.as_str())
                .is_some_and(|sub| sub.ends_with('.'))
    });
    let is_plain = url.username().is_empty() && url.password().is_none() && url.port().is_none();
    let leads_somewhere = !url.path().trim_matches('/').is_empty() || url.query().is_some();
    if !(allowed && is_plain && leads_somewhere) {
        return None;
    }
    url.set_fragment(None);
    Some(url.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_where_the_service_is() {
        let hosts = ["t.me".to_owned(), "instagram.com".to_owned()];
        let link = |text| normal_link(text, &hosts);
        for (text, expected) in [
            ("https://t.me/durov", "https://t.me/durov"),
            ("t.me/durov/142", "https://t.me/durov/142"),
            ("HTTP://T.me/durov#top", "https://t.me/durov"),
            (
                " www.instagram.com/p/x?a=1 ",
                "https://www.instagram.com/p/x?a=1",
            ),
        ] {
            assert_eq!(link(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "hello",
            "https://t.me",
            "https://t.me/",
            "https://example.com/t.me/a",
            "https://nott.me/a",
            "https://t.me.example.com/a",
            "https://user@t.me/a",
            "https://t.me:444/a",
            "ftp://t.me/a",
            "javascript:alert(1)//t.me/a",
            "https://t.me/a b",
            "https://127.0.0.1/a",
        ] {
            assert_eq!(link(text), None, "{text}");
        }
    }
}
