//! e) The range proxy beside nginx as a proxy to the same upstream.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use bulwark::base::clock::Clock;
use bulwark::base::redact::Secret;
use bulwark::http::media::MediaSigner;
use tokio::process::{Child, Command};

use crate::clock;
use crate::load::{self, Plan, Requests, as_f64};
use crate::machine::cpu_seconds;
use crate::report::{Row, median, thousands};
use crate::server::{Kind, MEDIA_SECRET, TOKEN, free_address};
use crate::stage::Stage;
use crate::telegram::FILE_BYTES;

const CONNECTIONS: usize = 16;
const SIZES: [(u64, &str); 2] = [(64 << 10, "64 KiB"), (1 << 20, "1 MiB")];

/// Measures and compares.
pub async fn run(stage: &mut Stage) -> anyhow::Result<Vec<Row>> {
    if !is_nginx_there().await {
        return alone(stage).await;
    }
    let mut all: Vec<Vec<(Rate, Rate)>> = vec![Vec::new(); SIZES.len()];
    for round in 0..stage.rounds() {
        for (at, (size, name)) in SIZES.into_iter().enumerate() {
            let ours = bulwark(stage, size).await?;
            let theirs = nginx(stage, size).await?;
            stage.say(&format!(
                "e {round} {name}: {:.0}/s {:.2} GB/s {:.0} µs, nginx {:.0}/s {:.2} GB/s {:.0} µs",
                ours.per_second,
                ours.gb_per_second,
                ours.cpu_us,
                theirs.per_second,
                theirs.gb_per_second,
                theirs.cpu_us
            ));
            all[at].push((ours, theirs));
        }
    }
    let mut rows = Vec::new();
    for ((_, name), rounds) in SIZES.into_iter().zip(&all) {
        let shown = |of: fn(&(Rate, Rate)) -> Rate| {
            format!(
                "{}/s, {:.2} GB/s",
                thousands(median(rounds.iter().map(|round| of(round).per_second))),
                median(rounds.iter().map(|round| of(round).gb_per_second))
            )
        };
        let middle =
            |of: fn(&(Rate, Rate)) -> f64| median(rounds.iter().map(of).collect::<Vec<_>>());
        rows.push(Row::at_least(
            format!("e: ranges of {name} of a file, {CONNECTIONS} connections"),
            shown(|round| round.0),
            format!("nginx as proxy: {}", shown(|round| round.1)),
            middle(|(ours, theirs)| ours.per_second / theirs.per_second),
            1.0,
        ));
        // What others do on the machine changes the rates, and hardly this.
        rows.push(Row::at_least(
            format!("e: the same in processor time, {name}"),
            format!("{:.0} µs", middle(|(ours, _)| ours.cpu_us)),
            format!(
                "nginx as proxy: {:.0} µs",
                middle(|(_, theirs)| theirs.cpu_us)
            ),
            middle(|(ours, theirs)| theirs.cpu_us / ours.cpu_us),
            1.0,
        ));
    }
    Ok(rows)
}

async fn is_nginx_there() -> bool {
    let version = Command::new("nginx")
        .arg("-v")
        .stderr(Stdio::null())
        .status();
    version.await.is_ok_and(|status| status.success())
}

/// Without a peer there is nothing to compare with, only that it works.
async fn alone(stage: &Stage) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (size, name) in SIZES {
        let ours = bulwark(stage, size).await?;
        rows.push(Row::plain(
            format!("e: ranges of {name} of a file, {CONNECTIONS} connections"),
            format!(
                "{}/s, {:.2} GB/s",
                thousands(ours.per_second),
                ours.gb_per_second
            ),
            "nginx is not installed: nothing to compare with".to_owned(),
        ));
    }
    Ok(rows)
}

#[derive(Clone, Copy)]
struct Rate {
    per_second: f64,
    gb_per_second: f64,
    /// The server's processors, for each request.
    cpu_us: f64,
}

/// Ranges one after the other, from the beginning to the end of the file and again.
struct Ranges {
    path: String,
    size: u64,
    at: u64,
    bytes: Vec<u8>,
}

impl Requests for Ranges {
    fn next(&mut self) -> &[u8] {
        let (first, last) = (self.at, self.at + self.size - 1);
        self.at = (self.at + self.size) % FILE_BYTES;
        self.bytes = format!(
            "GET {} HTTP/1.1\r\nhost: bench\r\nrange: bytes={first}-{last}\r\n\r\n",
            self.path
        )
        .into_bytes();
        &self.bytes
    }
}

async fn measure(
    stage: &Stage,
    (address, pid): (std::net::SocketAddr, u32),
    path: &str,
    size: u64,
) -> anyhow::Result<Rate> {
    let plan = Plan {
        address,
        connections: CONNECTIONS,
        warm_up: stage.time(500, 100),
        measured: stage.time(3000, 400),
        threads: stage.cores.load.len(),
    };
    let make = |connection: usize| -> Box<dyn Requests> {
        Box::new(Ranges {
            path: path.to_owned(),
            size,
            at: (connection as u64 * size) % FILE_BYTES,
            bytes: Vec::new(),
        })
    };
    // nginx works in children of the process that was started.
    let (measured, before_s, after_s) = load::run(plan, make, || cpu_seconds(pid, true)).await?;
    anyhow::ensure!(
        measured.refused == 0 && measured.body_bytes == measured.accepted * size,
        "{} refused, {} bytes in {} answers",
        measured.refused,
        measured.body_bytes,
        measured.accepted
    );
    Ok(Rate {
        per_second: measured.per_second(),
        gb_per_second: as_f64(measured.body_bytes) / measured.seconds / 1e9,
        cpu_us: (after_s - before_s) * 1e6 / as_f64(measured.accepted.max(1)),
    })
}

async fn bulwark(stage: &Stage, size: u64) -> anyhow::Result<Rate> {
    let server = stage.server(Kind::Bulwark).await?;
    let signer = MediaSigner::new(&Secret::from(MEDIA_SECRET), None);
    let expires_at = Clock::system().now() + Duration::from_secs(3600);
    let path = format!("/media/{}", signer.sign("file", expires_at));
    let rate = measure(stage, (server.address, server.pid), &path, size).await?;
    server.stop().await?;
    Ok(rate)
}

async fn nginx(stage: &Stage, size: u64) -> anyhow::Result<Rate> {
    let nginx = Nginx::start(stage).await?;
    let path = format!("/file/bot{TOKEN}/file.bin");
    let pid = nginx.child.id().context("nginx ended")?;
    let rate = measure(stage, (nginx.address, pid), &path, size).await?;
    nginx.stop().await?;
    Ok(rate)
}

struct Nginx {
    child: Child,
    address: std::net::SocketAddr,
    dir: PathBuf,
}

impl Nginx {
    async fn start(stage: &Stage) -> anyhow::Result<Self> {
        let address = free_address()?;
        let dir = std::env::temp_dir().join(format!("bulwark-bench-nginx-{}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        let config = dir.join("nginx.conf");
        let workers = stage.cores.server.len();
        std::fs::write(
            &config,
            configuration(&dir, address, stage.telegram.address, workers),
        )?;
        let cores: Vec<String> = stage.cores.server.iter().map(ToString::to_string).collect();
        let mut child = Command::new("taskset")
            .args(["-c", &cores.join(","), "nginx", "-c"])
            .arg(&config)
            .arg("-e")
            .arg(dir.join("error.log"))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("nginx, as `apt-get install nginx` brings it, cannot be run")?;
        let deadline = clock::now() + Duration::from_secs(10);
        while load::status_of(address, "/readyz").await.ok() != Some(200) {
            if let Some(status) = child.try_wait()? {
                let log = std::fs::read_to_string(dir.join("error.log")).unwrap_or_default();
                anyhow::bail!("nginx ended: {status} {log}");
            }
            anyhow::ensure!(clock::now() < deadline, "nginx does not become ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Self {
            child,
            address,
            dir,
        })
    }

    async fn stop(mut self) -> anyhow::Result<()> {
        // Its workers end with the master only when it is asked.
        if let Some(pid) = self
            .child
            .id()
            .and_then(|pid| rustix::process::Pid::from_raw(pid.cast_signed()))
        {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        }
        self.child.wait().await?;
        std::fs::remove_dir_all(&self.dir).context("removing nginx's folder")
    }
}

fn configuration(
    dir: &Path,
    listen: std::net::SocketAddr,
    upstream: std::net::SocketAddr,
    workers: usize,
) -> String {
    let dir = dir.display();
    format!(
        "daemon off; worker_processes {workers}; pid {dir}/pid;
events {{ worker_connections 1024; }}
http {{
    access_log off; tcp_nodelay on; keepalive_requests 1000000;
    client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
    upstream files {{ server {upstream}; keepalive 64; keepalive_requests 1000000; }}
    server {{
        listen {listen};
        location = /readyz {{ return 200; }}
        location / {{
            proxy_pass http://files; proxy_http_version 1.1; proxy_set_header Connection \"\";
            proxy_max_temp_file_size 0;
        }}
    }}
}}
"
    )
}
