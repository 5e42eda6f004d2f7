//! The buttons of `/providers`, a part of [`super::press::Press`]. Their codes begin with `v`, and are append-only like all.

use super::press::is_id;

/// What an admin asks of the providers' pages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ProviderPress {
    /// All of them.
    All,
    /// One of them.
    One {
        /// Its name.
        name: String,
    },
    /// The services that several can make.
    Services {
        /// From 0.
        page: u16,
    },
    /// One service.
    Service {
        /// Its id in the catalogue.
        id: String,
    },
    /// Ask whether new orders should go there.
    Ask(Switch),
    /// Do it, if what was seen when it was asked is still so.
    Do {
        /// What was asked.
        switch: Switch,
        /// The version of the choice that was in force then; 0: none.
        seen: u16,
    },
    /// Ask whether nothing more should be sent to a provider, or asked of a payment gateway.
    AskIsolate {
        /// Its name.
        name: String,
    },
    /// Do it.
    Isolate {
        /// Its name.
        name: String,
        /// Why.
        why: Why,
    },
    /// Ask whether that should end.
    AskRelease {
        /// Its name.
        name: String,
    },
    /// End it.
    Release {
        /// Its name.
        name: String,
    },
}

/// Why a provider is isolated, as admins choose in the chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// Its orders fail or vanish.
    Failing,
    /// It does what it should not.
    Wrong,
    /// Work is done there, or here.
    Pause,
}

impl Why {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Failing, Self::Wrong, Self::Pause];

    /// Its code in buttons, and in the names of texts.
    pub fn code(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Wrong => "wrong",
            Self::Pause => "pause",
        }
    }

    /// As it is recorded, and as lists at the command line show it.
    pub fn recorded(self) -> &'static str {
        match self {
            Self::Failing => "orders fail or vanish there",
            Self::Wrong => "it does what it should not",
            Self::Pause => "a pause for maintenance",
        }
    }
}

/// Where new orders should go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Switch {
    /// To this provider; None: as the catalogue says.
    pub provider: Option<String>,
    /// Those for this service; None: all of them.
    pub service: Option<String>,
}

impl ProviderPress {
    /// As callback data.
    pub fn encode(&self) -> String {
        match self {
            Self::All => "vh".into(),
            Self::One { name } => format!("vp:{name}"),
            Self::Services { page } => format!("vl:{page}"),
            Self::Service { id } => format!("vs:{id}"),
            Self::Ask(switch) => switch.encode("va", "vn", None),
            Self::Do { switch, seen } => switch.encode("vy", "vz", Some(*seen)),
            Self::AskIsolate { name } => format!("vi:{name}"),
            Self::Isolate { name, why } => format!("vx:{name}:{}", why.code()),
            Self::AskRelease { name } => format!("vr:{name}"),
            Self::Release { name } => format!("vw:{name}"),
        }
    }

    /// From callback data; None for what is not one of these.
    pub fn decode(data: &str) -> Option<Self> {
        let mut parts = data.split(':');
        let code = parts.next()?;
        let mut text = || parts.next().filter(|part| is_id(part)).map(str::to_owned);
        let press = match code {
            "vh" => Self::All,
            "vp" => Self::One { name: text()? },
            "vl" => Self::Services {
                page: text()?.parse().ok()?,
            },
            "vs" => Self::Service { id: text()? },
            "va" => Self::Ask(Switch {
                provider: Some(text()?),
                service: text(),
            }),
            "vn" => Self::Ask(Switch {
                provider: None,
                service: text(),
            }),
            "vy" => Self::Do {
                seen: text()?.parse().ok()?,
                switch: Switch {
                    provider: Some(text()?),
                    service: text(),
                },
            },
            "vz" => Self::Do {
                seen: text()?.parse().ok()?,
                switch: Switch {
                    provider: None,
                    service: text(),
                },
            },
            "vi" => Self::AskIsolate { name: text()? },
            "vx" => Self::Isolate {
                name: text()?,
                why: text().and_then(|code| Why::ALL.into_iter().find(|why| why.code() == code))?,
            },
            "vr" => Self::AskRelease { name: text()? },
            "vw" => Self::Release { name: text()? },
            _ => return None,
        };
        // A number with a leading zero is none of ours either.
        (press.encode() == data).then_some(press)
    }
}

impl Switch {
    fn encode(&self, to: &str, back: &str, seen: Option<u16>) -> String {
        let code = if self.provider.is_some() { to } else { back };
        let seen = seen.map(|seen| seen.to_string());
        let parts = [seen, self.provider.clone(), self.service.clone()];
        let parts = parts.into_iter().flatten();
        std::iter::once(code.to_owned())
            .chain(parts)
            .collect::<Vec<_>>()
            .join(":")
    }
}
