//! The listener, the public address, proxies and shutdown.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;

use super::reader::{base_url, is_loopback};
use super::{Env, Problem, Reader};
use crate::base::redact::{self, Secret};

/// The ports Telegram delivers to (Bot API docs, setWebhook).
const WEBHOOK_PORTS: [u16; 4] = [443, 80, 88, 8443];

/// What `private` means in `TRUSTED_PROXIES`.
const PRIVATE_RANGES: [&str; 7] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "fc00::/7",
    "::1/128",
];

/// How the world reaches this service.
#[derive(Clone, Debug)]
pub struct Http {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The address others use, without a trailing slash, such as `https://bot.example.com`.
    pub public_url: String,
    /// Largest request body in bytes.
    pub body_bytes_max: usize,
    /// Peers whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Where a caller's address comes from.
    pub client_ip: ClientIp,
    /// Who may read the metrics.
    pub metrics: Metrics,
    /// How long to keep serving after a stop signal, with readiness already failing.
    pub shutdown_delay: Duration,
    /// How long a stop may take in all.
    pub shutdown_grace: Duration,
}

/// Where a caller's address comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientIp {
    /// The connection's peer.
    Peer,
    /// `X-Forwarded-For`, walked from the right over trusted proxies.
    ForwardedFor,
    /// One header that the proxy overwrites, lower case.
    Header(String),
}

/// Who may read the metrics. With neither, nobody.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// A bearer token for `/metrics` on the public listener.
    pub token: Option<Secret>,
    /// A listener of its own.
    pub listen: Option<SocketAddr>,
}

impl Http {
    /// Where `bulwark healthcheck` finds the service on this machine.
    ///
    /// # Errors
    /// All problems with `HOST` and `PORT`.
    pub fn local_address(env: &Env) -> Result<SocketAddr, Vec<Problem>> {
        let mut reader = Reader::new(env);
        let mut listen = listen(&mut reader);
        match listen.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => listen.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => listen.set_ip(Ipv6Addr::LOCALHOST.into()),
            IpAddr::V4(_) | IpAddr::V6(_) => {}
        }
        reader.finish(listen)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let trusted_proxies = trusted_proxies(reader);
        let client_ip = client_ip(reader, &trusted_proxies);
        let shutdown_delay = reader.millis("SHUTDOWN_DELAY_MS", 0..=60_000);
        let shutdown_grace = reader.millis("SHUTDOWN_GRACE_MS", 1000..=300_000);
        if shutdown_delay >= shutdown_grace {
            reader.problem(
                "SHUTDOWN_DELAY_MS",
                "leaves no time to stop",
                "set it below SHUTDOWN_GRACE_MS",
            );
        }
        let listen = listen(reader);
        let metrics_listen = metrics_listen(reader);
        if metrics_listen.is_some_and(|address| address.port() == listen.port()) {
            reader.problem(
                "METRICS_ADDR",
                "has the port of the service itself",
                "set another port, or use METRICS_TOKEN instead",
            );
        }
        Self {
            listen,
            public_url: public_url(reader),
            body_bytes_max: reader.number("WEBHOOK_MAX_BODY_SIZE", 65_536..=104_857_600),
            trusted_proxies,
            client_ip,
            metrics: Metrics {
                token: reader.secret("METRICS_TOKEN", 16),
                listen: metrics_listen,
            },
            shutdown_delay,
            shutdown_grace,
        }
    }
}

fn listen(reader: &mut Reader<'_>) -> SocketAddr {
    let host = reader.text("HOST").and_then(|text| text.parse().ok());
    if host.is_none() {
        reader.problem(
            "HOST",
            "is not an IP address",
            "set 0.0.0.0 for all interfaces, [::] without brackets for IPv6, or 127.0.0.1 for this machine",
        );
    }
    let port = reader.number("PORT", 1..=65_535);
    SocketAddr::new(host.unwrap_or(Ipv4Addr::UNSPECIFIED.into()), port)
}

fn metrics_listen(reader: &mut Reader<'_>) -> Option<SocketAddr> {
    let text = reader.text("METRICS_ADDR")?;
    let address = text.parse().ok();
    if address.is_none() {
        reader.problem(
            "METRICS_ADDR",
            "is not an address and port",
            "set something like 127.0.0.1:9090",
        );
    }
    address
}

fn public_url(reader: &mut Reader<'_>) -> String {
    const REMEDY: &str = "set the address under which Telegram reaches this service, such as https://bot.example.com";
    let rendered = reader.text("RENDER_EXTERNAL_URL");
    let (name, text) = match (reader.text("PUBLIC_URL"), rendered) {
        (Some(text), _) => ("PUBLIC_URL", text),
        (None, Some(text)) => ("RENDER_EXTERNAL_URL", text),
        (None, None) => {
            reader.problem("PUBLIC_URL", "is not set", REMEDY);
            return String::new();
        }
    };
    let problem = match base_url(text) {
        Err(message) => message,
        Ok(url) if url.path() != "/" => "contains a path",
        // Only a simulator on this machine can reach it, and for that it is right.
        Ok(url) if url.scheme() == "http" && is_loopback(&url) => {
            return url.as_str().trim_end_matches('/').to_owned();
        }
        Ok(url) if url.scheme() != "https" => "is not https, which Telegram requires",
        Ok(url)
            if !url
                .port_or_known_default()
                .is_some_and(|port| WEBHOOK_PORTS.contains(&port)) =>
        {
            "has a port that Telegram does not deliver to (only 443, 80, 88 and 8443)"
        }
        Ok(url) => return url.as_str().trim_end_matches('/').to_owned(),
    };
    reader.problem(name, problem, REMEDY);
    String::new()
}

fn trusted_proxies(reader: &mut Reader<'_>) -> Vec<IpNet> {
    let mut networks = Vec::new();
    let items = reader.text("TRUSTED_PROXIES").unwrap_or_default();
    for item in items.split([',', ' ']).filter(|item| !item.is_empty()) {
        let names: &[&str] = if item == "private" {
            &PRIVATE_RANGES
        } else {
            &[item]
        };
        for name in names {
            match parse_network(name) {
                Some(network) => networks.push(network),
                None => reader.problem(
                    "TRUSTED_PROXIES",
                    format!(
                        "has an entry that is not an address range: `{}`",
                        excerpt(item)
                    ),
                    "separate addresses or ranges such as 10.0.0.0/8 by commas, or set private",
                ),
            }
        }
    }
    networks
}

fn parse_network(text: &str) -> Option<IpNet> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
        .map(|network: IpNet| network.trunc())
}

fn client_ip(reader: &mut Reader<'_>, trusted_proxies: &[IpNet]) -> ClientIp {
    let text = reader
        .text("CLIENT_IP")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let source = match (text.as_str(), text.strip_prefix("header:")) {
        ("peer", _) => ClientIp::Peer,
        ("xff", _) => ClientIp::ForwardedFor,
        (_, Some(name)) if is_header_name(name) => ClientIp::Header(name.to_owned()),
        (_, _) => {
            reader.problem(
                "CLIENT_IP",
                "is not a known source",
                "set peer, xff, or header:<name> such as header:CF-Connecting-IP",
            );
            ClientIp::Peer
        }
    };
    if source != ClientIp::Peer && trusted_proxies.is_empty() {
        reader.problem(
            "CLIENT_IP",
            "would believe a header that anyone can send",
            "set TRUSTED_PROXIES to the addresses of your proxy, or CLIENT_IP to peer",
        );
    }
    source
}

fn is_header_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Enough of an entry to find it again.
fn excerpt(text: &str) -> String {
    let text = redact::text(text);
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}
