//! Stands between the service and Postgres, and cuts a connection at the moment that hurts most: when a COMMIT was
//! sent and its answer has not come back.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// A simple query `COMMIT` as the driver sends it (Postgres docs, "Message Formats").
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
/// The end of a statement with parameters.
const SYNC: &[u8] = b"S\0\0\0\x04";
/// Long enough for Postgres to have read what was sent, mostly.
const READ_AFTER: Duration = Duration::from_millis(15);

/// Where a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Before a COMMIT leaves: it never happened.
    BeforeCommit,
    /// After a COMMIT was sent: nobody knows.
    AfterCommit,
    /// After a statement was sent, which commits by itself outside of transactions.
    AfterStatement,
}

#[derive(Debug, Default)]
struct Armed {
    cut: Option<(Cut, u32)>,
    done: u32,
}

/// The man in the middle.
#[derive(Debug)]
pub struct Cutter {
    armed: Arc<Mutex<Armed>>,
    all: Arc<Notify>,
    folder: PathBuf,
    _tasks: JoinSet<()>,
}

impl Cutter {
    /// Listens in `folder` for what goes to the socket `server`.
    pub fn start(folder: &Path, server: PathBuf) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(".s.PGSQL.5432");
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(path)?;
        let (armed, all) = (Arc::<Mutex<Armed>>::default(), Arc::<Notify>::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(
            listener,
            server,
            Arc::clone(&armed),
            Arc::clone(&all),
        ));
        Ok(Self {
            armed,
            all,
            folder: folder.to_owned(),
            _tasks: tasks,
        })
    }

    /// Where the service connects to.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Cuts at the `nth` occasion from now on, once.
    pub fn arm(&self, cut: Cut, nth: u32) {
        lock(&self.armed).cut = Some((cut, nth.max(1)));
    }

    /// How many were cut so.
    pub fn cuts(&self) -> u32 {
        lock(&self.armed).done
    }

    /// Cuts every connection now.
    pub fn cut_all(&self) {
        self.all.notify_waiters();
    }
}

fn lock(armed: &Mutex<Armed>) -> std::sync::MutexGuard<'_, Armed> {
    armed.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(
    listener: UnixListener,
    server: PathBuf,
    armed: Arc<Mutex<Armed>>,
    all: Arc<Notify>,
) {
    let mut open: JoinSet<()> = JoinSet::new();
    loop {
        tokio::select! {
            Ok((client, _)) = listener.accept() => {
                let (server, armed, all) = (server.clone(), Arc::clone(&armed), Arc::clone(&all));
                open.spawn(async move {
                    // A server that is away looks like one whose connection breaks.
                    if let Ok(upstream) = UnixStream::connect(server).await {
                        tokio::select! {
                            () = pass(client, upstream, &armed) => {}
                            () = all.notified() => {}
                        }
                    }
                });
            }
            Some(_) = open.join_next() => {}
        }
    }
}

async fn pass(client: UnixStream, server: UnixStream, armed: &Mutex<Armed>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers = async {
        let _ = copy(&mut from_server, &mut to_client).await;
    };
    let requests = async {
        let mut buffer = vec![0_u8; 64 << 10];
        loop {
            let Ok(len @ 1..) = from_client.read(&mut buffer).await else {
                return;
            };
            let cut = due(armed, &buffer[..len]);
            if cut == Some(Cut::BeforeCommit) {
                return;
            }
            if to_server.write_all(&buffer[..len]).await.is_err() {
                return;
            }
            if cut.is_some() {
                return;
            }
        }
    };
    tokio::pin!(answers, requests);
    tokio::select! {
        () = &mut answers => {}
        () = &mut requests => {
            // Postgres reads what was sent; the client gets no answer, because nobody copies it any more.
            tokio::time::sleep(READ_AFTER).await;
        }
    }
}

/// Whether this piece of the conversation is the one to be cut at.
fn due(armed: &Mutex<Armed>, piece: &[u8]) -> Option<Cut> {
    let mut armed = lock(armed);
    let (cut, nth) = armed.cut?;
    let fits = match cut {
        Cut::BeforeCommit | Cut::AfterCommit => {
            piece.windows(COMMIT.len()).any(|window| window == COMMIT)
        }
        Cut::AfterStatement => piece.ends_with(SYNC),
    };
    if !fits {
        return None;
    }
    if nth > 1 {
        armed.cut = Some((cut, nth - 1));
        return None;
    }
    armed.cut = None;
    armed.done += 1;
    Some(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_made_once_at_the_commit_that_was_asked_for() {
        let armed = Mutex::default();
        assert_eq!(due(&armed, COMMIT), None);
        lock(&armed).cut = Some((Cut::AfterCommit, 2));
        assert_eq!(due(&armed, b"Q\0\0\0\x0aBEGIN\0"), None);
        assert_eq!(due(&armed, COMMIT), None);
        // A commit may come together with the end of what was before it.
        assert_eq!(
            due(&armed, &[SYNC, COMMIT].concat()),
            Some(Cut::AfterCommit)
        );
        assert_eq!(due(&armed, COMMIT), None);
        lock(&armed).cut = Some((Cut::AfterStatement, 1));
        assert_eq!(due(&armed, COMMIT), None);
        assert_eq!(
            due(&armed, &[b"B....E....", SYNC].concat()),
            Some(Cut::AfterStatement)
        );
        assert_eq!(lock(&armed).done, 2);
    }
}
