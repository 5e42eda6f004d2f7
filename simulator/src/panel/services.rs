//! What the panels sell, and what each kind of order must and may give.

use serde::{Deserialize, Serialize};

/// How an order of a service is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Default,
    Package,
    Comments,
    Mentions,
    Subscriptions,
    Poll,
}

impl Kind {
    /// As in the answer to `services`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Default => "Default",
            Self::Package => "Package",
            Self::Comments => "Custom Comments",
            Self::Mentions => "Mentions Custom List",
            Self::Subscriptions => "Subscriptions",
            Self::Poll => "Poll",
        }
    }

    /// Fields that an order needs.
    pub(crate) fn required(self) -> &'static [&'static str] {
        match self {
            Self::Default => &["link", "quantity"],
            Self::Package => &["link"],
            Self::Comments => &["link", "comments"],
            Self::Mentions => &["link", "usernames"],
            Self::Subscriptions => &["username", "min", "max", "posts", "delay"],
            Self::Poll => &["link", "quantity", "answer_number"],
        }
    }

    /// Fields that it may have besides.
    pub(crate) fn optional(self) -> &'static [&'static str] {
        match self {
            Self::Default => &["runs", "interval"],
            Self::Subscriptions => &["expiry"],
            Self::Package | Self::Comments | Self::Mentions | Self::Poll => &[],
        }
    }
}

/// One service.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// US dollars for 1000, as the panel writes it.
    pub(crate) rate: &'static str,
    /// The same in millionths of a dollar.
    pub(crate) rate_micros: i64,
    pub(crate) min: i64,
    pub(crate) max: i64,
    pub(crate) dripfeed: bool,
    pub(crate) refill: bool,
    pub(crate) cancel: bool,
    /// How long an order takes.
    pub(crate) takes_s: i64,
}

const fn service(
    id: &'static str,
    name: &'static str,
    kind: Kind,
    rate: (&'static str, i64),
    range: (i64, i64),
) -> Service {
    Service {
        id,
        name,
        kind,
        rate: rate.0,
        rate_micros: rate.1,
        min: range.0,
        max: range.1,
        dripfeed: false,
        refill: false,
        cancel: false,
        takes_s: 60,
    }
}

/// Every service of every panel.
pub(crate) const SERVICES: &[Service] = &[
    Service {
        dripfeed: true,
        refill: true,
        cancel: true,
        ..service(
            "101",
            "Channel members",
            Kind::Default,
            ("0.90", 900_000),
            (50, 10_000),
        )
    },
    service(
        "102",
        "Comments of your own",
        Kind::Comments,
        ("8", 8_000_000),
        (2, 500),
    ),
    service(
        "103",
        "Mentions from a list",
        Kind::Mentions,
        ("5.00", 5_000_000),
        (2, 500),
    ),
    service(
        "104",
        "Views on new posts",
        Kind::Subscriptions,
        ("1.20", 1_200_000),
        (10, 5_000),
    ),
    service(
        "105",
        "Poll votes",
        Kind::Poll,
        ("2", 2_000_000),
        (20, 5_000),
    ),
    service(
        "106",
        "Starter pack",
        Kind::Package,
        ("3", 3_000_000),
        (1, 1),
    ),
    service(
        "107",
        "Views without refill",
        Kind::Default,
        ("0.10", 100_000),
        (100, 100_000),
    ),
];

/// What a panel says otherwise of a service from now on: body of `POST /sim/panel/{name}/services/{id}`; what is left out
/// stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Changed {
    pub(crate) name: Option<String>,
    /// US dollars for 1000.
    pub(crate) rate: Option<String>,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
    pub(crate) refill: Option<bool>,
    pub(crate) cancel: Option<bool>,
    /// Sold no more.
    pub(crate) gone: Option<bool>,
}

impl Changed {
    /// What both say, the later one first.
    pub(crate) fn over(self, before: Self) -> Self {
        Self {
            name: self.name.or(before.name),
            rate: self.rate.or(before.rate),
            min: self.min.or(before.min),
            max: self.max.or(before.max),
            refill: self.refill.or(before.refill),
            cancel: self.cancel.or(before.cancel),
            gone: self.gone.or(before.gone),
        }
    }

    /// The service as the panel sells it now, but for its words; None: no more.
    pub(crate) fn applied(&self, service: &Service) -> Option<Service> {
        if self.gone == Some(true) {
            return None;
        }
        let mut service = service.clone();
        let rate = self.rate.as_deref().and_then(micros);
        service.rate_micros = rate.unwrap_or(service.rate_micros);
        service.min = self.min.unwrap_or(service.min);
        service.max = self.max.unwrap_or(service.max);
        service.refill = self.refill.unwrap_or(service.refill);
        service.cancel = self.cancel.unwrap_or(service.cancel);
        Some(service)
    }
}

/// Millionths of what is written with at most six decimals.
pub(crate) fn micros(rate: &str) -> Option<i64> {
    let (whole, part) = rate.split_once('.').unwrap_or((rate, ""));
    if part.len() > 6 {
        return None;
    }
    format!("{whole}{part:0<6}").parse().ok()
}
