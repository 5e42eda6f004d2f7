//! Who is calling, behind whatever proxies stand in between.
//!
//! A forwarding header is only believed from a trusted peer, and `X-Forwarded-For` is read from the right: what stands
//! further left than the first untrusted address was written by the caller (OWASP ASVS 5.0, 4.1.3).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::http::HeaderMap;
use ipnet::IpNet;
use tower::{Layer, Service};

use crate::http::server::PeerAddress;

/// Telegram's ranges for webhooks (core.telegram.org/bots/webhooks).
pub const TELEGRAM_RANGES: [&str; 2] = ["149.154.160.0/20", "91.108.4.0/22"];

/// The caller's address, as far as it can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// Where the address comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The connection's peer.
    Peer,
    /// `X-Forwarded-For`, walked from the right.
    ForwardedFor,
    /// One header that the proxy overwrites, in lower case.
    Header(String),
}

/// Adds a [`ClientAddress`] to every request.
#[derive(Clone, Debug)]
pub struct SourceAddressLayer(Arc<Rule>);

#[derive(Debug)]
struct Rule {
    source: Source,
    trusted: Vec<IpNet>,
}

impl SourceAddressLayer {
    /// Believes `source` from peers in `trusted`.
    pub fn new(source: Source, trusted: Vec<IpNet>) -> Self {
        Self(Arc::new(Rule { source, trusted }))
    }
}

impl Rule {
    fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|range| range.contains(&address))
    }

    fn address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.is_trusted(peer) {
            return peer;
        }
        match &self.source {
            Source::Peer => peer,
            Source::Header(name) => single(headers, name).unwrap_or(peer),
            Source::ForwardedFor => self.walk(peer, headers),
        }
    }

    /// Works on bytes: were a line with a strange byte skipped, the client could hide what a proxy added to it.
    fn walk(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer;
        // Several lines are one list (RFC 9110, 5.3).
        for line in headers.get_all("x-forwarded-for").iter().rev() {
            for hop in line.as_bytes().rsplit(|byte| *byte == b',') {
                // Something unreadable hides what is beyond it.
                let Some(address) = parse(hop) else {
                    return nearest;
                };
                nearest = address;
                if !self.is_trusted(address) {
                    return address;
                }
            }
        }
        nearest
    }
}

/// A header that stands there twice was not overwritten by the proxy, so it says nothing.
fn single(headers: &HeaderMap, name: &str) -> Option<IpAddr> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => parse(value.as_bytes()),
        (_, _) => None,
    }
}

/// An address alone, in brackets, or with a port, as some proxies write it.
fn parse(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let plain = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = match plain.unwrap_or(text).parse::<IpAddr>() {
        Ok(address) => address,
        Err(_) => text.parse::<SocketAddr>().ok()?.ip(),
    };
    Some(address.to_canonical())
}

impl<S> Layer<S> for SourceAddressLayer {
    type Service = SourceAddress<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SourceAddress {
            inner,
            rule: Arc::clone(&self.0),
        }
    }
}

/// The service made by [`SourceAddressLayer`].
#[derive(Clone, Debug)]
pub struct SourceAddress<S> {
    inner: S,
    rule: Arc<Rule>,
}

impl<S: Service<Request>> Service<Request> for SourceAddress<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        if let Some(PeerAddress(peer)) = request.extensions().get().copied() {
            let address = self.rule.address(peer.ip(), request.headers());
            request.extensions_mut().insert(ClientAddress(address));
        }
        self.inner.call(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn address(source: Source, peer: &str, forwarded: &str) -> String {
        let trusted = ["10.0.0.0/8", "104.16.0.0/13"]
            .map(|range| range.parse().expect("a range"))
            .to_vec();
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", forwarded.parse().expect("a value"));
        headers.append("cf-connecting-ip", "9.9.9.9".parse().expect("a value"));
        Rule { source, trusted }
            .address(peer.parse().expect("an address"), &headers)
            .to_string()
    }

    #[test]
    fn a_stranger_cannot_say_who_he_is() {
        assert_eq!(
            address(Source::ForwardedFor, "8.8.8.8", "1.2.3.4"),
            "8.8.8.8"
        );
        assert_eq!(
            address(
                Source::Header("cf-connecting-ip".into()),
                "8.8.8.8",
                "1.2.3.4"
            ),
            "8.8.8.8"
        );
    }

    #[test]
    fn proxies_are_walked_from_the_right() {
        let walk = |forwarded| address(Source::ForwardedFor, "10.0.0.1", forwarded);
        assert_eq!(walk("6.6.6.6, 1.2.3.4, 104.22.0.5"), "1.2.3.4");
        assert_eq!(walk("1.2.3.4, garbage, 104.22.0.5"), "104.22.0.5");
        assert_eq!(walk("10.1.1.1"), "10.1.1.1");
        assert_eq!(
            address(
                Source::Header("cf-connecting-ip".into()),
                "::ffff:10.0.0.1",
                ""
            ),
            "9.9.9.9"
        );
        assert_eq!(address(Source::Peer, "10.0.0.1", "1.2.3.4"), "10.0.0.1");
        assert_eq!(walk("1.2.3.4:4711"), "1.2.3.4");
        assert_eq!(walk("[2001:db8::1]:4711"), "2001:db8::1");
        assert_eq!(walk("::ffff:1.2.3.4"), "1.2.3.4");
        assert_eq!(walk("1.2.3.4,,"), "10.0.0.1");
    }

    fn rule(source: Source) -> Rule {
        Rule {
            source,
            trusted: vec!["10.0.0.0/8".parse().expect("a range")],
        }
    }

    #[test]
    fn a_strange_byte_does_not_hide_what_the_proxy_added() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "6.6.6.6".parse().expect("a value"));
        let line = HeaderValue::from_bytes(b"\xff, 1.2.3.4").expect("a value");
        headers.append("x-forwarded-for", line);
        let peer = IpAddr::from([10, 0, 0, 1]);
        let address = rule(Source::ForwardedFor).address(peer, &headers);
        assert_eq!(address.to_string(), "1.2.3.4");
    }

    #[test]
    fn a_header_that_stands_twice_says_nothing() {
        let mut headers = HeaderMap::new();
        let name = "cf-connecting-ip";
        headers.append(name, "6.6.6.6".parse().expect("a value"));
        headers.append(name, "1.2.3.4".parse().expect("a value"));
        let peer = IpAddr::from([10, 0, 0, 1]);
        assert_eq!(
            rule(Source::Header(name.into())).address(peer, &headers),
            peer
        );
    }
}
