//! Cores: which belong to the servers and which to the load; and what processes used of them.

use std::fs;

use anyhow::Context as _;
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Ticks of `/proc/<pid>/stat`; the kernel's `USER_HZ`, the same on every Linux that we know.
const TICKS_PER_SECOND: f64 = 100.0;

/// Who may run where.
#[derive(Clone, Debug)]
pub struct Cores {
    /// The server under test and Postgres.
    pub server: Vec<usize>,
    /// The load generator, and what stands in for the world outside.
    pub load: Vec<usize>,
}

impl Cores {
    /// Two for the servers, the next two for the load; halves of what there is on a smaller machine.
    pub fn split() -> anyhow::Result<Self> {
        let allowed = sched_getaffinity(None).context("reading the allowed cores")?;
        let all: Vec<usize> = (0..CpuSet::MAX_CPU)
            .filter(|core| allowed.is_set(*core))
            .collect();
        let server_count = (all.len() / 2).clamp(1, 2);
        let server = all[..server_count].to_vec();
        let load: Vec<usize> = all[server_count..].iter().copied().take(2).collect();
        Ok(Self {
            load: if load.is_empty() {
                server.clone()
            } else {
                load
            },
            server,
        })
    }
}

/// Keeps a process (None: this thread, and those that it will start) on `cores`.
pub fn pin(pid: Option<u32>, cores: &[usize]) -> anyhow::Result<()> {
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core);
    }
    let pid = pid.and_then(|pid| Pid::from_raw(pid.cast_signed()));
    sched_setaffinity(pid, &set).context("pinning to cores")
}

/// The processes whose parent is `parent`.
pub fn children(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| stat(*pid).is_some_and(|stat| stat.parent == parent))
        .collect()
}

struct Stat {
    parent: u32,
    own_ticks: u64,
    ended_children_ticks: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; what follows it is numbers.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Stat {
        parent: u32::try_from(number(1)?).ok()?,
        own_ticks: number(11)? + number(12)?,
        ended_children_ticks: number(13)? + number(14)?,
    })
}

/// Seconds of CPU that the process used so far, with its children if it is a Postgres.
pub fn cpu_seconds(pid: u32, with_children: bool) -> f64 {
    let mut ticks = stat(pid).map_or(0, |stat| stat.own_ticks);
    if with_children {
        ticks += stat(pid).map_or(0, |stat| stat.ended_children_ticks);
        let live = children(pid).into_iter().filter_map(stat);
        ticks += live.map(|stat| stat.own_ticks).sum::<u64>();
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let seconds = ticks as f64 / TICKS_PER_SECOND;
    seconds
}

/// Resident memory of the process, MB.
pub fn resident_mb(pid: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kb = text
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    kb.unwrap_or_default() / 1024.0
}

/// What the numbers were measured on.
pub fn description(cores: &Cores) -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("unknown", |(_, model)| model.trim());
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?");
    format!(
        "{model}; server and Postgres on cores {:?}, load on cores {:?}; load average before: {load}",
        cores.server, cores.load
    )
}
