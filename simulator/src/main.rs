//! The simulator alone, for trying bots against it: `[address] [bot token] [folder for its state]`.

use std::net::SocketAddr;

use bulwark_simulator::{SimConfig, Simulator};

/// Not a secret: it opens nothing but this simulator.
const TOKEN: &str = "1000000001:SIMULATOR";

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let bind = args.next().unwrap_or_else(|| "127.0.0.1:8081".to_owned());
    let bind: SocketAddr = bind.parse().map_err(std::io::Error::other)?;
    let config = SimConfig {
        bind,
        token: args.next().unwrap_or_else(|| TOKEN.to_owned()),
        manual_clock: None,
        seed: 1,
        kie_key: "simulator".to_owned(),
        kie_speed: 1.0,
    };
    let simulator = match args.next() {
        Some(dir) => Simulator::start_in(config, dir.as_ref()).await?,
        None => Simulator::start(config).await?,
    };
    println!("listening on {}", simulator.telegram_url());
    tokio::signal::ctrl_c().await?;
    simulator.shutdown().await;
    Ok(())
}
