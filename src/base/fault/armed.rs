//! What an armed process does at its points.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process, set_parent_process_death_signal};

use super::{Mutant, Point};

/// How often a running process looks for new orders.
const LOOK: Duration = Duration::from_millis(20);

/// What happens at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The process is gone at once.
    Kill,
    /// It stands still until somebody continues it.
    Stop,
}

/// One armed point.
#[derive(Debug)]
pub struct Arm {
    point: Point,
    left: AtomicU32,
    act: Act,
}

impl Arm {
    /// `point:n` kills at the n-th passing from now on, `point:n:stop` stops; several are separated by commas.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, String> {
        let arms = text.split(',').map(str::trim).filter(|arm| !arm.is_empty());
        arms.map(Self::parse).collect()
    }

    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("no kill point: {text:?}");
        let mut parts = text.split(':');
        let point = parts.next().and_then(Point::named).ok_or_else(wrong)?;
        let nth = parts.next().unwrap_or("1").parse().map_err(|_| wrong())?;
        let act = match parts.next() {
            None | Some("kill") => Act::Kill,
            Some("stop") => Act::Stop,
            Some(_) => return Err(wrong()),
        };
        let left = AtomicU32::new(nth);
        Ok(Self { point, left, act })
    }
}

/// What goes wrong in this process.
#[derive(Debug, Default)]
pub struct Plan {
    /// Where it dies or stops.
    pub arms: Vec<Arm>,
    /// A file in which other arms are put while it runs; it is taken away when they are read.
    pub orders: Option<PathBuf>,
    /// Where passed points are noted.
    pub notes: Option<PathBuf>,
    /// The mistake, at each n-th occasion.
    pub mutant: Option<(Mutant, u32)>,
    /// The wall clock jumps: after so long, by so many milliseconds.
    pub clock_step: Option<(Duration, i64)>,
}

struct Armed {
    plan: Plan,
    arms: RwLock<Vec<Arm>>,
    passed: Vec<AtomicU32>,
    occasions: AtomicU32,
}

static ARMED: OnceLock<Armed> = OnceLock::new();

/// Arms this process, once.
pub fn arm(mut plan: Plan) {
    let armed = Armed {
        arms: RwLock::new(std::mem::take(&mut plan.arms)),
        passed: Point::ALL.iter().map(|_| AtomicU32::new(0)).collect(),
        occasions: AtomicU32::new(0),
        plan,
    };
    if ARMED.set(armed).is_ok() {
        // Nobody would end this process if the suite itself is killed.
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
        std::thread::spawn(take_orders);
    }
}

/// For as long as the process lives.
#[expect(
    clippy::disallowed_methods,
    reason = "a thread beside the runtime, so that a busy or blocked runtime does not keep it from dying"
)]
fn take_orders() {
    let Some(armed) = ARMED.get() else { return };
    let Some(path) = &armed.plan.orders else {
        return;
    };
    loop {
        std::thread::sleep(LOOK);
        let Ok(text) = std::fs::read_to_string(path) else {
            continue;
        };
        if let Ok(arms) = Arm::parse_all(&text) {
            *armed.arms.write().unwrap_or_else(PoisonError::into_inner) = arms;
        }
        let _ = std::fs::remove_file(path);
    }
}

/// Passes a point.
pub fn reach(point: Point) {
    let Some(armed) = ARMED.get() else { return };
    let Some(passed) = armed.passed.get(point as usize) else {
        return;
    };
    if passed.fetch_add(1, Ordering::Relaxed) == 0 {
        armed.note("passed", point);
    }
    let due = armed.due(point);
    match due {
        None => {}
        Some(Act::Kill) => {
            armed.note("killed", point);
            let _ = kill_process(getpid(), Signal::KILL);
            // No step further, should the signal take a moment.
            loop {
                std::thread::park();
            }
        }
        Some(Act::Stop) => {
            armed.note("stopped", point);
            stand_still();
        }
    }
}

/// The kernel gives the signal to the main thread and stops this one a moment later: without the pause it would go on
/// past its point meanwhile.
#[expect(
    clippy::disallowed_methods,
    reason = "this very thread is to stand still, and the whole process stands still with it"
)]
fn stand_still() {
    let _ = kill_process(getpid(), Signal::STOP);
    std::thread::sleep(LOOK * 5);
}

/// Whether a mistake is to be made here, now.
pub fn mutant(mutant: Mutant) -> bool {
    let Some(armed) = ARMED.get() else {
        return false;
    };
    match armed.plan.mutant {
        Some((chosen, every)) if chosen == mutant => {
            let nth = armed.occasions.fetch_add(1, Ordering::Relaxed) + 1;
            nth.is_multiple_of(every.max(1))
        }
        Some(_) | None => false,
    }
}

/// How far the wall clock is ahead of the machine's, given the time since the start.
pub fn clock_ahead(since_start: Duration) -> time::Duration {
    match ARMED.get().and_then(|armed| armed.plan.clock_step) {
        Some((after, step_ms)) if since_start >= after => time::Duration::milliseconds(step_ms),
        Some(_) | None => time::Duration::ZERO,
    }
}

impl Armed {
    fn due(&self, point: Point) -> Option<Act> {
        let arms = self.arms.read().unwrap_or_else(PoisonError::into_inner);
        let mut here = arms.iter().filter(|arm| arm.point == point);
        let count = |left: u32| left.checked_sub(1);
        here.find_map(|arm| {
            let left = arm
                .left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, count);
            (left == Ok(1)).then_some(arm.act)
        })
    }

    /// One short write in append mode: whole, and there even if the process dies right after it.
    fn note(&self, what: &str, point: Point) {
        let Some(path) = &self.plan.notes else { return };
        let file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path);
        if let Ok(mut file) = file {
            let _ = file.write_all(format!("{what} {}\n", point.name()).as_bytes());
        }
    }
}
