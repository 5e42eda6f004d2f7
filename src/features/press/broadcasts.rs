//! Buttons under a broadcast.

/// What an admin does with a broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BroadcastAct {
    /// Send it.
    Start,
    /// Do not send it.
    Discard,
    /// Hold it.
    Pause,
    /// Go on.
    Resume,
    /// Stop it for good.
    Cancel,
}

impl BroadcastAct {
    pub(in crate::features) const ALL: [(Self, &str); 5] = [
        (Self::Start, "y"),
        (Self::Discard, "x"),
        (Self::Pause, "p"),
        (Self::Resume, "r"),
        (Self::Cancel, "c"),
    ];

    pub(super) fn code(self) -> &'static str {
        let known = Self::ALL.iter().find(|(act, _)| *act == self);
        known.map_or("", |(_, code)| code)
    }

    pub(super) fn of_code(code: &str) -> Option<Self> {
        let known = Self::ALL.iter().find(|(_, known)| *known == code)?;
        Some(known.0)
    }
}
