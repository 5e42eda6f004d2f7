//! What the crash suite asks of a process: `BULWARK_KILL_AT`, `BULWARK_KILL_ORDERS`, `BULWARK_POINTS_FILE`,
//! `BULWARK_MUTANT`, `BULWARK_CLOCK_STEP`. Only in builds with the feature `faults`; no variable of the service.

use std::path::PathBuf;
use std::time::Duration;

use super::Env;
use crate::base::fault::{Arm, Mutant, Plan};

/// Reads the plan.
///
/// # Errors
/// The first thing that cannot be read.
pub fn faults(env: &Env) -> Result<Plan, String> {
    Ok(Plan {
        arms: Arm::parse_all(env.get("BULWARK_KILL_AT").unwrap_or_default())?,
        orders: env.get("BULWARK_KILL_ORDERS").map(PathBuf::from),
        notes: env.get("BULWARK_POINTS_FILE").map(PathBuf::from),
        mutant: env.get("BULWARK_MUTANT").map(mutant).transpose()?,
        clock_step: env.get("BULWARK_CLOCK_STEP").map(clock_step).transpose()?,
    })
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
