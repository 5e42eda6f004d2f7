//! What the crash suite asks of a process: `BULWARK_KILL_AT`, `BULWARK_POINTS_FILE`, `BULWARK_MUTANT`,
//! `BULWARK_CLOCK_STEP`. Only in builds with the feature `faults`; no variable of the service.

use std::path::PathBuf;
use std::time::Duration;

use super::Env;
use crate::base::fault::{Act, Arm, Mutant, Plan, Point};

/// Reads the plan.
///
/// # Errors
/// The first thing that cannot be read.
pub fn faults(env: &Env) -> Result<Plan, String> {
    let arms = env.get("BULWARK_KILL_AT").unwrap_or_default();
    let arms = arms.split(',').filter(|arm| !arm.is_empty()).map(arm);
    Ok(Plan {
        arms: arms.collect::<Result<_, _>>()?,
        notes: env.get("BULWARK_POINTS_FILE").map(PathBuf::from),
        mutant: env.get("BULWARK_MUTANT").map(mutant).transpose()?,
        clock_step: env.get("BULWARK_CLOCK_STEP").map(clock_step).transpose()?,
    })
}

/// `point:n` kills at the n-th passing, `point:n:stop` stops.
fn arm(text: &str) -> Result<Arm, String> {
    let wrong = || format!("BULWARK_KILL_AT: {text:?}");
    let mut parts = text.split(':');
    let point = parts.next().and_then(Point::named).ok_or_else(wrong)?;
    let nth = parts.next().unwrap_or("1").parse().map_err(|_| wrong())?;
    let act = match parts.next() {
        None | Some("kill") => Act::Kill,
        Some("stop") => Act::Stop,
        Some(_) => return Err(wrong()),
    };
    Ok(Arm { point, nth, act })
}

/// `mutant`, or `mutant:n` for each n-th occasion.
fn mutant(text: &str) -> Result<(Mutant, u32), String> {
    let wrong = || format!("BULWARK_MUTANT: {text:?}");
    let (name, every) = text.split_once(':').unwrap_or((text, "1"));
    let mutant = Mutant::named(name).ok_or_else(wrong)?;
    Ok((mutant, every.parse().map_err(|_| wrong())?))
}

/// `after_ms:by_ms`.
fn clock_step(text: &str) -> Result<(Duration, i64), String> {
    let wrong = || format!("BULWARK_CLOCK_STEP: {text:?}");
    let (after_ms, by_ms) = text.split_once(':').ok_or_else(wrong)?;
    let after_ms = after_ms.parse().map_err(|_| wrong())?;
    let by_ms = by_ms.parse().map_err(|_| wrong())?;
    Ok((Duration::from_millis(after_ms), by_ms))
}
