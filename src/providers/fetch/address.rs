//! Which addresses may be fetched: what a provider names as a result must never lead into our own network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The rule: public https addresses, and the configured provider itself, which may be a server next to us.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    base: Arc<Url>,
}

impl Guard {
    pub(super) fn new(base: &Url) -> Self {
        Self {
            base: Arc::new(base.clone()),
        }
    }

    /// Checks all that can be told before names are resolved; the rest is [`Resolve`]'s part.
    pub(super) fn check(&self, url: &Url) -> Result<(), &'static str> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the address carries a user name");
        }
        if url.origin() == self.base.origin() {
            return Ok(());
        }
        if url.scheme() != "https" {
            return Err("the address is not https");
        }
        // Names of the configured host resolve to whatever it is; that must open no other port there.
        if url.host_str() == self.base.host_str() {
            return Err("the address names another port of the provider's host");
        }
        let host = url.host_str().ok_or("the address has no host")?;
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        match literal.parse::<IpAddr>() {
            Ok(ip) if !is_public(ip) => Err("the address is not public"),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn is_base_host(&self, name: &str) -> bool {
        self.base.host_str() == Some(name)
    }
}

/// Resolves at the moment of connecting and keeps only public addresses: a name that is checked first and resolved
/// again later could change in between.
impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let any = self.is_base_host(name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|at| any || is_public(at.ip())).collect();
            if allowed.is_empty() {
                return Err("no public address".into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// By the IANA registry of special-purpose addresses.
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b));
    !special
}

/// Only global unicast, and of that nothing that tunnels to an IPv4 address that is not public.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    let embedded = |high: u16, low: u16| {
        let ([i, j], [k, l]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(i, j, k, l))
    };
    match (a, b) {
        (0, 0) if (c, d, e) == (0, 0, 0) && f == 0xffff => embedded(g, h),
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => embedded(g, h),
        (0x2002, _) => embedded(b, c),
        (0x2001, 0..0x200 | 0xdb8) => false,
        (0x3fff, 0..0x1000) => false,
        _ => a & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(base: &str) -> Guard {
        Guard::new(&Url::parse(base).unwrap())
    }

    #[test]
    fn only_public_https_and_the_provider_itself_pass() {
        let guard = guard("https://api.kie.example");
        for good in [
            "https://cdn.example/a.png?sig=1",
            "https://8.8.8.8/a.png",
            "https://[2606:4700::1]/a.png",
            "https://api.kie.example/file",
        ] {
            assert_eq!(guard.check(&Url::parse(good).unwrap()), Ok(()), "{good}");
        }
        for bad in [
            "http://cdn.example/a.png",
            "ftp://cdn.example/a.png",
            "file:///etc/passwd",
            "data:image/png;base64,AAAA",
            "https://user@cdn.example/a.png",
            "https://api.kie.example:5432/",
            "http://api.kie.example/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://100.64.0.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[64:ff9b::a00:1]/",
            "https://[fd00::1]/",
            "https://[fe80::1]/",
            "https://[2002:a00:1::]/",
            "https://0.0.0.0/",
        ] {
            assert!(guard.check(&Url::parse(bad).unwrap()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_provider_beside_us_opens_its_own_port_only() {
        let guard = guard("http://127.0.0.1:8081/kie");
        let check = |url: &str| guard.check(&Url::parse(url).unwrap());
        assert_eq!(check("http://127.0.0.1:8081/kie/results/a.png"), Ok(()));
        assert!(check("http://127.0.0.1:5432/").is_err());
        assert!(check("https://127.0.0.1/").is_err());
        assert!(check("http://127.0.0.2:8081/").is_err());
    }

    #[tokio::test]
    async fn names_that_lead_inside_do_not_resolve() {
        let resolve =
            |guard: Guard| async move { guard.resolve("localhost".parse().unwrap()).await.is_ok() };
        assert!(!resolve(guard("https://api.kie.example")).await);
        assert!(resolve(guard("http://localhost:1")).await);
    }
}
