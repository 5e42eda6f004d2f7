//! The same program under another name, built with the feature `faults` for the crash suite, so that the ordinary
//! binary is never replaced by one that can be told to die.

use std::process::ExitCode;

#[path = "../main.rs"]
mod service;

fn main() -> ExitCode {
    service::main()
}
