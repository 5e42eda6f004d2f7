//! What every part of the simulator shares.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use time::OffsetDateTime;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::SimClock;
use crate::faults::Faults;
use crate::flutterwave;
use crate::keep::Saves;
use crate::kie;
use crate::log::CallLog;
use crate::panel;
use crate::replicate;
use crate::settlement::Transfers;
use crate::telegram::Telegram;

/// With the machine's clock, ids count the seconds since this moment.
const IDS_SINCE: i64 = 1_700_000_000;

/// How the simulator is set up.
#[derive(Clone, Debug)]
pub struct SimConfig {
    /// Port 0 takes a free one.
    pub bind: SocketAddr,
    /// The bot's token: `<bot's user id>:<secret>`.
    pub token: String,
    /// A clock that only a test moves, starting here; without it, the machine's.
    pub manual_clock: Option<OffsetDateTime>,
    /// With a manual clock, the same seed gives the same ids and the same jitter.
    pub seed: u64,
    pub kie_key: String,
    /// 1.0 is realistic; 10.0 is ten times as fast.
    pub kie_speed: f64,
}

/// Shared by all handlers.
#[derive(Debug)]
pub struct Core {
    pub config: SimConfig,
    pub clock: SimClock,
    pub faults: Faults,
    pub log: CallLog,
    pub telegram: Telegram,
    pub kie: kie::State,
    pub panels: panel::State,
    pub replicate: replicate::State,
    pub flutterwave: flutterwave::State,
    pub settlement: Transfers,
    /// For calls that the simulator makes: webhooks, callbacks, media by address.
    pub http: reqwest::Client,
    /// Background work; ends at shutdown.
    pub tasks: TaskTracker,
    pub stop: CancellationToken,
    /// Where the simulator listens.
    pub addr: SocketAddr,
    /// The id of each chat that changed.
    pub changes: broadcast::Sender<i64>,
    pub(crate) saves: Saves,
    random: Mutex<StdRng>,
}

impl Core {
    pub(crate) fn new(config: SimConfig, addr: SocketAddr, saves: Saves) -> reqwest::Result<Self> {
        let clock = config
            .manual_clock
            .map_or_else(SimClock::system, SimClock::manual);
        // A bot keeps its data over a restart of the simulator: no id may come again. Only tests want the same ids.
        let (first_id, seed) = match config.manual_clock {
            Some(_) => (1, config.seed),
            None => {
                let second = clock.now().unix_timestamp() - IDS_SINCE;
                (
                    second.max(1).unsigned_abs(),
                    config.seed ^ second.unsigned_abs(),
                )
            }
        };
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            clock,
            faults: Faults::default(),
            log: CallLog::default(),
            telegram: Telegram::new(&config.token, first_id),
            kie: kie::State::default(),
            panels: panel::State::default(),
            replicate: replicate::State::default(),
            flutterwave: flutterwave::State::default(),
            settlement: Transfers::default(),
            http,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            addr,
            changes: broadcast::Sender::new(1024),
            saves,
            random: Mutex::new(StdRng::seed_from_u64(seed)),
            config,
        })
    }

    /// A number below `bound`, the same for the same seed and order of calls; 0 for an empty range.
    pub fn random_below(&self, bound: u64) -> u64 {
        lock(&self.random).random_range(0..bound.max(1))
    }

    /// A name of `len` letters and digits.
    pub fn random_name(&self, len: usize) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut random = lock(&self.random);
        (0..len)
            .map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())]))
            .collect()
    }

    /// Runs in the background until it ends or the simulator stops.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            stop.run_until_cancelled(work).await;
        });
    }

    /// Tells watchers that a chat looks different now.
    pub fn chat_changed(&self, chat_id: i64) {
        // Without watchers there is nobody to tell.
        let _ = self.changes.send(chat_id);
    }
}

/// A panic of another holder leaves the state usable: every change under these locks is complete or harmless.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
