//! Keeps the state in a folder, so that a demo that was killed goes on where it was.
//!
//! `state.json` is written whole under another name and renamed, shortly after each change; the bytes of files lie in
//! `files/`, each written once and removed when nothing names it any more. A process that dies loses at most what changed
//! in the last moments, and never a new task or what a person has sent: these are answered after they were saved.
//! What the disk loses at a power cut is missing at the next start, or makes it an empty one.

mod blobs;
mod snapshot;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::core::Core;
use blobs::Blobs;
use snapshot::Snapshot;

const NAME: &str = "state.json";
/// Changes come in bunches.
const PAUSE: Duration = Duration::from_millis(200);
/// For changes that tell nobody.
const LOOK_UP: Duration = Duration::from_secs(5);

/// Who waits for the state to be saved. Without a folder nobody does.
#[derive(Debug, Default)]
pub(crate) struct Saves {
    is_on: bool,
    asked: watch::Sender<u64>,
    saved: watch::Sender<u64>,
}

impl Saves {
    pub(crate) fn new(is_on: bool) -> Self {
        Self {
            is_on,
            ..Self::default()
        }
    }

    /// Waits until everything that has happened is saved, or could not be.
    pub(crate) async fn wait(&self) {
        if !self.is_on {
            return;
        }
        let mut number = 0;
        self.asked.send_modify(|asked| {
            *asked += 1;
            number = *asked;
        });
        let mut saved = self.saved.subscribe();
        // The sender lives as long as this.
        let _ = saved.wait_for(|saved| *saved >= number).await;
    }
}

/// The folder, between two saves.
pub(crate) struct Keeper {
    dir: PathBuf,
    blobs: Blobs,
    last: Vec<u8>,
}

impl Keeper {
    /// # Errors
    /// When the folder cannot be made or read.
    pub(crate) fn open(dir: &Path) -> io::Result<Self> {
        Ok(Self {
            blobs: Blobs::open(dir)?,
            dir: dir.to_owned(),
            last: Vec::new(),
        })
    }

    /// Puts what was saved into an empty simulator. A state that cannot be read is set aside, and said to be.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn load(&self, core: &Arc<Core>) -> io::Result<()> {
        let path = self.dir.join(NAME);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        match Snapshot::read(&bytes, core) {
            Ok(snapshot) => snapshot.restore(core, &self.blobs),
            Err(reason) => {
                let aside = format!("{NAME}.unreadable-{}", core.clock.now().unix_timestamp());
                let aside = self.dir.join(aside);
                fs::rename(&path, &aside)?;
                let aside = aside.display();
                tracing::warn!(%reason, %aside, "the simulator starts empty: its saved state was set aside");
            }
        }
        Ok(())
    }

    fn save(&mut self, core: &Core) -> io::Result<()> {
        let (snapshot, blobs) = Snapshot::take(core);
        let bytes = serde_json::to_vec(&snapshot)?;
        if bytes == self.last {
            return Ok(());
        }
        self.blobs.write(&blobs)?;
        let new = self.dir.join("state.json.new");
        fs::write(&new, &bytes)?;
        fs::rename(&new, self.dir.join(NAME))?;
        self.blobs.keep_only(&blobs);
        self.last = bytes;
        Ok(())
    }
}

/// Saves after changes, until the simulator stops.
pub(crate) async fn run(core: Arc<Core>, mut keeper: Keeper) {
    let mut chats = core.changes.subscribe();
    let mut updates = core.telegram.wakes();
    let mut tasks = core.kie.changes();
    let mut asked = core.saves.asked.subscribe();
    let mut is_told = false;
    loop {
        tokio::select! {
            _ = chats.recv() => {}
            _ = updates.changed() => {}
            _ = tasks.changed() => {}
            _ = asked.changed() => asked.mark_changed(),
            () = core.stop.cancelled() => {}
            () = tokio::time::sleep(LOOK_UP) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = asked.changed() => {}
            () = core.stop.cancelled() => {}
        }
        let is_last = core.stop.is_cancelled();
        let number = *asked.borrow_and_update();
        chats = chats.resubscribe();
        let work = Arc::clone(&core);
        let saving = tokio::task::spawn_blocking(move || {
            let result = keeper.save(&work);
            (keeper, result)
        });
        let Ok((back, result)) = saving.await else {
            tracing::error!("the simulator's state is no longer saved");
            break;
        };
        keeper = back;
        match result {
            Ok(()) => is_told = false,
            // Said once, not five times a second.
            Err(error) if !is_told => {
                is_told = true;
                tracing::warn!(%error, dir = %keeper.dir.display(), "the simulator's state cannot be saved");
            }
            Err(_) => {}
        }
        core.saves.saved.send_replace(number);
        if is_last {
            break;
        }
    }
    // Nobody waits for what does not come.
    core.saves.saved.send_replace(u64::MAX);
}
