//! What every part of a run needs: the machine's cores, the database, the world outside.

use std::time::Duration;

use crate::database::Database;
use crate::machine::Cores;
use crate::server::{Kind, Server};
use crate::telegram::Telegram;

/// One run.
pub struct Stage {
    /// Who runs where.
    pub cores: Cores,
    /// The one Postgres of the run.
    pub database: Database,
    /// The Bot API.
    pub telegram: Telegram,
    /// Only whether everything works.
    pub quick: bool,
    /// How often everything is measured.
    pub rounds: usize,
}

impl Stage {
    /// How often everything is measured, ours and theirs in turn.
    pub fn rounds(&self) -> usize {
        if self.quick { 1 } else { self.rounds }
    }

    /// A length of time, in a full run or in a quick one.
    pub fn time(&self, full_ms: u64, quick_ms: u64) -> Duration {
        Duration::from_millis(if self.quick { quick_ms } else { full_ms })
    }

    /// Starts a server and waits until it is ready.
    pub async fn server(&self, kind: Kind) -> anyhow::Result<Server> {
        Server::start(
            kind,
            &self.cores,
            &self.database.url(),
            self.telegram.address,
        )
        .await
    }

    /// Tells whoever waits what was measured just now.
    pub fn say(&self, line: &str) {
        eprintln!("{line}");
    }
}
