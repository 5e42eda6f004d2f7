//! A keep-alive HTTP load generator that costs little: requests are bytes made beforehand, answers are read by length.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::clock;

/// Makes the requests of one connection.
pub trait Requests: Send {
    /// The bytes of the next request.
    fn next(&mut self) -> &[u8];
}

/// How to load.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Where to.
    pub address: SocketAddr,
    /// Connections that each have one request in flight.
    pub connections: usize,
    /// Not measured.
    pub warm_up: Duration,
    /// Measured.
    pub measured: Duration,
    /// Threads to use.
    pub threads: usize,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Answers 2xx within the measured time.
    pub accepted: u64,
    /// Other answers.
    pub refused: u64,
    /// Bytes of bodies.
    pub body_bytes: u64,
    /// The measured time.
    pub seconds: f64,
    /// From the first byte sent to the last byte read, microseconds.
    pub latency: Histogram<u64>,
}

impl Measured {
    /// Accepted requests per second.
    pub fn per_second(&self) -> f64 {
        as_f64(self.accepted) / self.seconds
    }

    /// A quantile of the latency, milliseconds.
    pub fn latency_ms(&self, quantile: f64) -> f64 {
        as_f64(self.latency.value_at_quantile(quantile)) / 1000.0
    }
}

/// For ratios.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
pub fn as_f64(count: u64) -> f64 {
    count as f64
}

/// A histogram of microseconds up to a minute, three digits exact.
pub fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 60_000_000, 3)?)
}

#[derive(Clone, Copy)]
struct Window {
    begin: Instant,
    end: Instant,
}

struct Tally {
    accepted: u64,
    refused: u64,
    body_bytes: u64,
    latency: Histogram<u64>,
}

/// Loads `plan.address`; `sample` is called at the beginning and at the end of the measured time.
pub async fn run<T>(
    plan: Plan,
    make: impl Fn(usize) -> Box<dyn Requests>,
    sample: impl Fn() -> T,
) -> anyhow::Result<(Measured, T, T)> {
    let begin = clock::now() + plan.warm_up;
    let window = Window {
        begin,
        end: begin + plan.measured,
    };
    let threads = plan.threads.clamp(1, plan.connections);
    let mut lots: Vec<Vec<Box<dyn Requests>>> = (0..threads).map(|_| Vec::new()).collect();
    for connection in 0..plan.connections {
        lots[connection % threads].push(make(connection));
    }
    let running: Vec<_> = lots
        .into_iter()
        .map(|lot| std::thread::spawn(move || one_thread(plan.address, lot, window)))
        .collect();
    clock::until(window.begin).await;
    let first = sample();
    clock::until(window.end).await;
    let second = sample();
    let mut all = Measured {
        accepted: 0,
        refused: 0,
        body_bytes: 0,
        seconds: plan.measured.as_secs_f64(),
        latency: histogram()?,
    };
    for thread in running {
        let tally = thread
            .join()
            .map_err(|_| anyhow::anyhow!("a thread of the load generator panicked"))??;
        all.accepted += tally.accepted;
        all.refused += tally.refused;
        all.body_bytes += tally.body_bytes;
        all.latency.add(tally.latency)?;
    }
    Ok((all, first, second))
}

fn one_thread(
    address: SocketAddr,
    lot: Vec<Box<dyn Requests>>,
    window: Window,
) -> anyhow::Result<Tally> {
    let tally = Rc::new(RefCell::new(Tally {
        accepted: 0,
        refused: 0,
        body_bytes: 0,
        latency: histogram()?,
    }));
    let local = LocalSet::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut talks = tokio::task::JoinSet::new();
    for requests in lot {
        talks.spawn_local_on(talk(address, requests, window, Rc::clone(&tally)), &local);
    }
    runtime.block_on(local.run_until(async {
        while let Some(joined) = talks.join_next().await {
            joined?.context("a connection of the load generator")?;
        }
        anyhow::Ok(())
    }))?;
    drop(talks);
    drop(local);
    let tally = Rc::into_inner(tally).context("a connection is left")?;
    Ok(tally.into_inner())
}

async fn talk(
    address: SocketAddr,
    mut requests: Box<dyn Requests>,
    window: Window,
    tally: Rc<RefCell<Tally>>,
) -> io::Result<()> {
    let mut connection = Connection::open(address).await?;
    loop {
        let started = clock::now();
        if started >= window.end {
            return Ok(());
        }
        let answer = connection.ask(requests.next()).await?;
        let ended = clock::now();
        if ended < window.begin || ended > window.end {
            continue;
        }
        let mut tally = tally.borrow_mut();
        if (200..300).contains(&answer.status) {
            tally.accepted += 1;
            tally.body_bytes += answer.body_bytes;
            tally
                .latency
                .saturating_record(clock::micros(ended - started));
        } else {
            tally.refused += 1;
        }
    }
}

/// What an answer said, as far as anybody asks.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// The length of its body.
    pub body_bytes: u64,
}

/// One keep-alive connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects, without Nagle's delay.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; 64 * 1024],
        })
    }

    /// Sends a request and reads its whole answer, which must have a length.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let head_end = loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            if let Some(at) = find(&self.buffer[..filled], b"\r\n\r\n") {
                break at + 4;
            }
        };
        let head = &self.buffer[..head_end];
        let invalid = || io::Error::from(io::ErrorKind::InvalidData);
        let status = head.get(9..12).and_then(number).ok_or_else(invalid)?;
        let body_bytes = content_length(head).ok_or_else(invalid)?;
        let mut left = (head_end as u64 + body_bytes).saturating_sub(filled as u64);
        while left > 0 {
            let read = self.stream.read(&mut self.buffer).await? as u64;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            left = left.saturating_sub(read);
        }
        Ok(Answer {
            status: u16::try_from(status).map_err(|_| invalid())?,
            body_bytes,
        })
    }
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}

fn content_length(head: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"content-length:";
    let mut lines = head.split(|byte| *byte == b'\n');
    let line = lines.find(|line| {
        line.get(..NAME.len())
            .is_some_and(|name| name.eq_ignore_ascii_case(NAME))
    })?;
    number(&line[NAME.len()..])
}

fn number(bytes: &[u8]) -> Option<u64> {
    std::str::from_utf8(bytes).ok()?.trim().parse().ok()
}

/// The status of a plain GET on a connection of its own.
pub async fn status_of(address: SocketAddr, path: &str) -> io::Result<u16> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n");
    let mut connection = Connection::open(address).await?;
    Ok(connection.ask(request.as_bytes()).await?.status)
}
