//! How providers and payment gateways stand, and what is left on our accounts there.
//!
//! The shared rows are shown, not what this replica has heard of them so far: who has just isolated a provider must see it.

use time::OffsetDateTime;

use super::{lines, press_button, speech, state};
use crate::engine::funds::{self, Account};
use crate::engine::vitals::{self, BreakerStanding};
use crate::features::cx::{Cx, Handled};
use crate::features::press_providers::{ProviderPress, Why};
use crate::features::speech::{Args, Speech};
use crate::providers::Standing;
use crate::providers::breaker::Class;
use crate::telegram::{Button, InlineKeyboard, Rich};

/// A balance is asked for every minute: one that is older is nothing to go by.
const FRESH: time::Duration = time::Duration::minutes(10);

/// What everything looked like at one moment.
pub(super) struct Health {
    standings: Vec<BreakerStanding>,
    accounts: Vec<Account>,
    now: OffsetDateTime,
}

impl Health {
    /// Looks; `names` are the providers.
    pub(super) async fn look(cx: &mut Cx<'_>, names: &[String]) -> Handled<Self> {
        Ok(Self {
            standings: vitals::standings(cx.conn, names).await?,
            accounts: funds::accounts(cx.conn).await?,
            now: cx.env.clock.now(),
        })
    }

    /// The payment gateways.
    pub(super) fn gateways(&self) -> impl Iterator<Item = &BreakerStanding> {
        let class = Class::Payment.name();
        self.standings.iter().filter(move |one| one.class == class)
    }

    /// A provider's or gateway's breaker.
    pub(super) fn of(&self, name: &str) -> Option<&BreakerStanding> {
        self.standings.iter().find(|one| one.name == name)
    }

    /// How a provider stands. An operator's word counts before this replica has heard of it.
    pub(super) fn standing(&self, cx: &Cx<'_>, name: &str) -> Option<Standing> {
        let heard = (cx.env.standing)(name)?;
        let is_isolated = self.of(name).is_some_and(|one| one.isolated.is_some());
        Some(match heard {
            _ if is_isolated => Standing::Isolated,
            Standing::Isolated => Standing::Recovering,
            heard => heard,
        })
    }

    /// How a gateway stands, in a few words.
    pub(super) fn gateway_state(gateway: &BreakerStanding, speech: Speech<'_>) -> String {
        let standing = match gateway.submits.as_str() {
            "isolated" => Standing::Isolated,
            "open" => Standing::Ill,
            "half_open" => Standing::Recovering,
            _ => Standing::Well,
        };
        state(speech, Some(standing))
    }

    /// What is left there, for the line of a list.
    pub(super) fn left(&self, name: &str, speech: Speech<'_>) -> Option<Rich> {
        let account = self.accounts.iter().find(|one| one.provider == name)?;
        let key = match account.low_since {
            Some(_) => "left-low",
            None if self.is_old(account) => "left-old",
            None => "left",
        };
        Some(speech.rich(key, &Args::new().text("left", account.left())))
    }

    /// Everything about it but its services: who took it out, when it is tried again, what is left there.
    pub(super) fn details(&self, name: &str, speech: Speech<'_>) -> Vec<Rich> {
        let mut lines = Vec::new();
        if let Some(one) = self.of(name) {
            lines.extend(self.breaker(one, speech));
        }
        let Some(account) = self.accounts.iter().find(|one| one.provider == name) else {
            return lines;
        };
        let args = Args::new()
            .text("left", account.left())
            .text("time", self.ago(speech, account.checked_at));
        let key = if self.is_old(account) {
            "balance-old"
        } else {
            "balance"
        };
        lines.push(speech.rich(key, &args));
        if let Some(since) = account.low_since {
            let args = Args::new().text("time", self.ago(speech, since));
            lines.push(speech.rich("balance-low", &args));
        }
        lines
    }

    fn breaker(&self, one: &BreakerStanding, speech: Speech<'_>) -> Option<Rich> {
        let time = |at: OffsetDateTime| Args::new().text("time", self.ago(speech, at));
        if let Some(isolated) = &one.isolated {
            let args = time(one.since?)
                .text("who", &isolated.by)
                .text("why", why(speech, &isolated.reason));
            return Some(speech.rich("isolated", &args));
        }
        let next = one.open_until.filter(|until| *until > self.now);
        match (one.submits.as_str(), next) {
            ("open", Some(until)) => {
                let wait = (until - self.now).whole_seconds().max(1).unsigned_abs();
                let wait = span(speech, wait);
                Some(speech.rich("tried-in", &Args::new().text("time", wait)))
            }
            _ => None,
        }
    }

    fn is_old(&self, account: &Account) -> bool {
        self.now - account.checked_at > FRESH
    }

    fn ago(&self, speech: Speech<'_>, at: OffsetDateTime) -> String {
        let seconds = (self.now - at).whole_seconds().max(1).unsigned_abs();
        span(speech, seconds)
    }

    /// The button that isolates it, or releases it.
    pub(super) fn button(&self, name: &str, speech: Speech<'_>) -> Button {
        let is_isolated = self.of(name).is_some_and(|one| one.isolated.is_some());
        let name = name.to_owned();
        let (key, press) = match is_isolated {
            true => ("button-release", ProviderPress::AskRelease { name }),
            false => ("button-isolate", ProviderPress::AskIsolate { name }),
        };
        press_button(speech, key, &Args::new(), press)
    }
}

/// A length of time, in its largest unit.
fn span(speech: Speech<'_>, seconds: u64) -> String {
    let (key, unit_s) = match seconds {
        0..60 => ("value-seconds", 1),
        60..3_600 => ("value-minutes", 60),
        3_600..86_400 => ("value-hours", 3_600),
        _ => ("value-days", 86_400),
    };
    let n = (seconds / unit_s).cast_signed();
    speech.plain(key, &Args::new().number("n", n))
}

/// A reason that was chosen in the chat stands in the reader's language, one that was typed as it is.
fn why(speech: Speech<'_>, recorded: &str) -> String {
    match Why::ALL.into_iter().find(|why| why.recorded() == recorded) {
        Some(Why::Failing) => speech.plain("value-why-failing", &Args::new()),
        Some(Why::Wrong) => speech.plain("value-why-wrong", &Args::new()),
        Some(Why::Pause) => speech.plain("value-why-pause", &Args::new()),
        None => recorded.to_owned(),
    }
}

/// A payment gateway.
pub(super) async fn gateway(cx: &mut Cx<'_>, health: &Health, one: &BreakerStanding) -> Handled {
    let state = Health::gateway_state(one, speech(cx.language));
    show(cx, health, "gateway", &one.name, state).await
}

/// Who settles tips.
pub(super) async fn settler(cx: &mut Cx<'_>, name: &str) -> Handled {
    let health = Health::look(cx, &[name.to_owned()]).await?;
    let state = state(speech(cx.language), health.standing(cx, name));
    show(cx, &health, "settler", name, state).await
}

/// One that nothing is ordered from.
async fn show(cx: &mut Cx<'_>, health: &Health, key: &str, name: &str, state: String) -> Handled {
    let speech = speech(cx.language);
    let args = Args::new().text("name", name).text("state", state);
    let mut text = vec![speech.rich(key, &args)];
    text.extend(health.details(name, speech));
    let back = press_button(speech, "button-back", &Args::new(), ProviderPress::All);
    let keyboard = InlineKeyboard::new([vec![health.button(name, speech)], vec![back]]);
    cx.show(lines(text), Some(keyboard)).await
}
