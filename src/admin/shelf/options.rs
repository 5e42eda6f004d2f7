//! The command line of `bulwark inbox`, `outbox`, `jobs` and `light`.

use std::fmt::{Debug, Display};
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// Which queue, and what is done there.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Updates from Telegram: read and replay what could not be handled
    Inbox(Queue<Action<UpdateFilter, i64>>),
    /// Messages to Telegram: read and send again what could not be delivered
    Outbox(Queue<Action<MessageFilter, i64>>),
    /// Jobs: read them with all their attempts, hurry them, give them up
    Jobs(Queue<JobsAction>),
    /// Light jobs, such as forgetting what users entered: read and try again what failed
    Light(Queue<Action<LightFilter, i64>>),
    /// Providers and payment gateways: see how they stand, hold one open, release it
    Providers(Queue<ProvidersAction>),
}

/// What all actions on a queue have.
#[derive(Clone, Debug, Args)]
pub struct Queue<A: Subcommand> {
    /// As JSON: an array, or an object for `show`
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Who acts, for the record: to settle a job (resolve, discard) the Telegram id of an admin; else any name [default: the
    /// user of this machine]
    #[arg(long = "as", global = true, value_name = "WHO", value_parser = short_text)]
    pub(super) name: Option<String>,
    #[command(subcommand)]
    pub(super) action: A,
}

/// What can be done with anything that was set aside.
#[derive(Clone, Debug, Subcommand)]
pub enum Action<S: State, I: Id> {
    /// Lists, newest first; by default what needs a person. Exit code 1 if there is nothing
    List(List<S>),
    /// Tells the whole story of one
    Show(Show<I>),
    /// Puts back what was set aside; the running service picks it up within a second or two
    ///
    /// An update or a message goes back to its place in its chat: before everything newer that still waits. A job is
    /// made due now; one that has ended never runs again. Doing it twice changes nothing.
    Retry(Retry<I>),
    /// Gives up for good what was set aside; a live job is cancelled and its money released
    Discard(Discard<I>),
}

/// What can be done with jobs.
#[derive(Clone, Debug, Subcommand)]
pub enum JobsAction {
    #[command(flatten)]
    Any(Action<JobFilter, Uuid>),
    /// Says what became of a job of which nobody knows whether the provider got it
    Resolve(Resolve),
}

/// What can be done with providers.
#[derive(Clone, Debug, Subcommand)]
pub enum ProvidersAction {
    /// Lists them with their breakers, as the replicas share them
    List,
    /// Submits nothing more to one, on any replica; what is under way is still asked about
    ///
    /// Orders for it are refused politely or go to another provider. It holds until `release`, over restarts and deploys.
    Isolate(Isolate),
    /// Ends an isolation: the next calls are probes, and if they go well all others follow
    Release(Release),
}

#[derive(Clone, Debug, Args)]
pub struct Isolate {
    /// Its name, as `list` prints it
    #[arg(value_name = "NAME", value_parser = short_text)]
    pub(super) provider: String,
    /// Why, for the record
    #[arg(long, value_parser = short_text)]
    pub(super) reason: String,
}

#[derive(Clone, Debug, Args)]
pub struct Release {
    /// Its name, as `list` prints it
    #[arg(value_name = "NAME", value_parser = short_text)]
    pub(super) provider: String,
    /// Why, for the record
    #[arg(long, value_parser = short_text)]
    pub(super) reason: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub struct List<S: State> {
    /// Only these states; separate several by commas
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(super) state: Vec<S>,
    /// Only this chat
    #[arg(long, value_name = "CHAT", allow_hyphen_values = true)]
    pub(super) chat: Option<i64>,
    /// Only since then: 30m, 12h, 7d, 2026-01-31 or 2026-01-31T12:00:00Z
    #[arg(long, value_name = "WHEN", value_parser = since)]
    pub(super) since: Option<Since>,
    /// At most so many, 1 to 1000
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1000))]
    pub(super) limit: i64,
}

#[derive(Clone, Debug, Args)]
pub struct Show<I: Id> {
    /// Its id, as `list` prints it
    #[arg(value_parser = I::parse)]
    pub(super) id: I,
    /// With what users wrote or get: private
    #[arg(long)]
    pub(super) payload: bool,
}

#[derive(Clone, Debug, Args)]
#[command(group(ArgGroup::new("which").required(true).args(["ids", "all"])))]
pub struct Retry<I: Id> {
    /// Which, as `list` prints them
    #[arg(num_args = 1..=1000, value_parser = I::parse)]
    pub(super) ids: Vec<I>,
    /// All that is set aside, oldest first
    #[arg(long)]
    pub(super) all: bool,
    /// Why, for the record
    #[arg(long, value_parser = short_text)]
    pub(super) reason: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub struct Discard<I: Id> {
    /// Which, as `list` prints them
    #[arg(required = true, num_args = 1..=1000, value_parser = I::parse)]
    pub(super) ids: Vec<I>,
    /// Why, for the record
    #[arg(long, value_parser = short_text)]
    pub(super) reason: String,
}

#[derive(Clone, Debug, Args)]
#[command(group(ArgGroup::new("verdict").required(true).args(["task", "release"])))]
pub struct Resolve {
    /// Which, as `list` prints it
    #[arg(value_parser = <Uuid as Id>::parse)]
    pub(super) id: Uuid,
    /// It went through: its task's id at the provider, whose answer then decides
    #[arg(long, value_name = "ID", value_parser = short_text)]
    pub(super) task: Option<String>,
    /// It never arrived there: the job ends, its money is released
    #[arg(long)]
    pub(super) release: bool,
    /// How you know, for the record
    #[arg(long, value_parser = short_text)]
    pub(super) reason: Option<String>,
}

/// A filter's state.
pub trait State: ValueEnum + Clone + Debug + Send + Sync + 'static {}
impl<T: ValueEnum + Clone + Debug + Send + Sync + 'static> State for T {}

/// What names a thing in its queue.
pub trait Id: Clone + Debug + Display + Send + Sync + 'static {
    /// Reads it.
    ///
    /// # Errors
    /// What it should look like.
    fn parse(text: &str) -> Result<Self, String>;
}

impl Id for i64 {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| "it is a whole number, the first column of `list`".to_owned())
    }
}

impl Id for Uuid {
    fn parse(text: &str) -> Result<Self, String> {
        Self::try_parse(text)
            .map_err(|_| "it looks like 0f8fad5b-d9cb-469f-a165-70867728950e".to_owned())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UpdateFilter {
    /// Set aside: needs a person
    Quarantined,
    /// Waits for its turn
    Pending,
    /// Handled
    Done,
    /// Over the flood limit, never handled
    Shed,
    /// Given up by an operator
    Discarded,
    /// Every one
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MessageFilter {
    /// Set aside: needs a person
    Dead,
    /// Waits for its turn
    Pending,
    /// In the hands of a sender
    Sending,
    /// Paid for, kept for somebody who blocked the bot
    Parked,
    /// Out of the queue: sent, unchanged, expired, dropped, discarded
    Ended,
    /// Every one
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LightFilter {
    /// Set aside: needs a person
    Dead,
    /// To be done now
    Due,
    /// Its time has not come
    Scheduled,
    /// Every one
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum JobFilter {
    /// Stuck, unknown or overdue, or ended badly within a day: worth a look
    Attention,
    /// Parked: our own code failed on it again and again
    Stuck,
    /// Not ended
    Live,
    /// Ended in any way
    Ended,
    Queued,
    Submitting,
    Running,
    Unknown,
    Succeeded,
    Partial,
    Failed,
    #[value(name = "timed_out")]
    TimedOut,
    Cancelled,
    /// Every one
    All,
}

/// A point in time as people say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// So long before now.
    Ago(Duration),
    /// Then.
    At(OffsetDateTime),
}

impl Since {
    pub(super) fn from(self, now: OffsetDateTime) -> OffsetDateTime {
        match self {
            Self::Ago(ago) => now - ago,
            Self::At(at) => at,
        }
    }
}

fn since(text: &str) -> Result<Since, String> {
    let wrong = || "30m, 12h, 7d, 2026-01-31 or 2026-01-31T12:00:00Z".to_owned();
    let unit_s = match text.chars().last() {
        Some('m') => Some(60),
        Some('h') => Some(3_600),
        Some('d') => Some(86_400),
        _ => None,
    };
    if let Some(unit_s) = unit_s {
        let count: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
        let ago = count.checked_mul(unit_s).filter(|s| *s <= 3_650 * 86_400);
        return Ok(Since::Ago(Duration::from_secs(ago.ok_or_else(wrong)?)));
    }
    let full = if text.contains('T') {
        text.to_owned()
    } else {
        format!("{text}T00:00:00Z")
    };
    OffsetDateTime::parse(&full, &Rfc3339)
        .map(Since::At)
        .map_err(|_| wrong())
}

pub(in crate::admin) fn short_text(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 200 || text.contains(char::is_control) {
        return Err("1 to 200 characters on one line".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn times_are_read_as_people_write_them() {
        let now = datetime!(2026-02-01 12:00 UTC);
        for (text, expected) in [
            ("30m", datetime!(2026-02-01 11:30 UTC)),
            ("12h", datetime!(2026-02-01 0:00 UTC)),
            ("7d", datetime!(2026-01-25 12:00 UTC)),
            ("2026-01-31", datetime!(2026-01-31 0:00 UTC)),
            ("2026-01-31T13:00:00+01:00", datetime!(2026-01-31 12:00 UTC)),
        ] {
            assert_eq!(since(text).map(|since| since.from(now)), Ok(expected));
        }
        for text in [
            "",
            "d",
            "-1d",
            "99999999999999d",
            "ä",
            "yesterday",
            "2026-13-01",
        ] {
            assert!(since(text).is_err(), "{text}");
        }
    }
}
