//! The front door: what a platform's proxy is to several replicas. It sends each connection to one that listens, and
//! leaves one alone for a while that takes a request and does not answer.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::clock;

/// A request that is not answered within this time is given up, and its replica counts as ill.
const ANSWER_MAX: Duration = Duration::from_secs(3);
/// So long nothing is sent to an ill one while there are others.
const ILL: Duration = Duration::from_secs(4);

/// A listener before some ports of this machine.
#[derive(Debug)]
pub struct Front {
    port: u16,
    _tasks: JoinSet<()>,
}

/// A replica, and until when it counts as ill.
type Behind = Arc<Vec<(u16, Mutex<Option<Instant>>)>>;

impl Front {
    /// Listens before `behind`.
    pub async fn start(behind: &[u16]) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let mut tasks = JoinSet::new();
        let behind = behind.iter().map(|port| (*port, Mutex::default()));
        tasks.spawn(accept(listener, Arc::new(behind.collect())));
        Ok(Self {
            port,
            _tasks: tasks,
        })
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

async fn accept(listener: TcpListener, behind: Behind) {
    let mut open: JoinSet<()> = JoinSet::new();
    let mut next = 0_usize;
    loop {
        tokio::select! {
            Ok((client, _)) = listener.accept() => {
                next = next.wrapping_add(1);
                open.spawn(pass(client, Arc::clone(&behind), next));
            }
            Some(_) = open.join_next() => {}
        }
    }
}

async fn pass(client: TcpStream, behind: Behind, first: usize) {
    let is_ill = |ill: &Mutex<Option<Instant>>| {
        let until = *ill.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| clock::now() < until)
    };
    // The healthy ones first, beginning with whose turn it is.
    let mut order: Vec<usize> = (0..behind.len()).collect();
    order.rotate_left(first % behind.len().max(1));
    order.sort_by_key(|at| is_ill(&behind[*at].1));
    for at in order {
        let (port, ill) = &behind[at];
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
        let connect = tokio::time::timeout(ANSWER_MAX, TcpStream::connect(address)).await;
        let Ok(Ok(service)) = connect else { continue };
        if talk(client, service).await == Talk::Unanswered {
            *ill.lock().unwrap_or_else(PoisonError::into_inner) = Some(clock::now() + ILL);
        }
        return;
    }
}

#[derive(PartialEq, Eq)]
enum Talk {
    Over,
    Unanswered,
}

/// Passes bytes both ways until either side ends, or a request is not answered in time.
async fn talk(mut client: TcpStream, mut service: TcpStream) -> Talk {
    let (mut asked, mut answered) = (vec![0_u8; 16 << 10], vec![0_u8; 16 << 10]);
    let mut waiting_since: Option<Instant> = None;
    loop {
        let patience = waiting_since.map_or(Duration::from_secs(3_600), |since| {
            (since + ANSWER_MAX).saturating_duration_since(clock::now())
        });
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(len @ 1..) = read else { return Talk::Over };
                if service.write_all(&asked[..len]).await.is_err() {
                    return Talk::Over;
                }
                waiting_since = waiting_since.or(Some(clock::now()));
            }
            read = service.read(&mut answered) => {
                let Ok(len @ 1..) = read else { return Talk::Over };
                waiting_since = None;
                if client.write_all(&answered[..len]).await.is_err() {
                    return Talk::Over;
                }
            }
            () = tokio::time::sleep(patience) => return Talk::Unanswered,
        }
    }
}

/// Below what systems give to outgoing connections (Linux: from 32768 on), so that nobody takes the port of a process
/// that is dead for a moment.
const PORTS: std::ops::Range<u32> = 15_000..32_000;
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A port that is free now, and given to nobody else of this run.
pub async fn free_port() -> std::io::Result<u16> {
    let count = PORTS.end - PORTS.start;
    for _ in 0..count {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let place = std::process::id().wrapping_mul(97).wrapping_add(next) % count;
        let port = u16::try_from(PORTS.start + place).unwrap_or_default();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.is_ok() {
            return Ok(port);
        }
    }
    Err(std::io::ErrorKind::AddrInUse.into())
}
