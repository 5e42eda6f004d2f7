//! What is wrong with the environment, and what to do.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong with a variable. Never contains the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Its name.
    pub variable: &'static str,
    /// What is wrong.
    pub message: String,
    /// What the operator should do.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.variable, self.message, self.remedy)
    }
}

/// Problems as lines for a terminal.
pub fn problem_list(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(|problem| format!("  {problem}"))
        .collect::<Vec<_>>()
        .join("\n")
}
