//! The front door: what a platform's proxy is to several replicas. It sends each connection to one that listens.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A listener before some ports of this machine.
#[derive(Debug)]
pub struct Front {
    port: u16,
    _tasks: JoinSet<()>,
}

impl Front {
    /// Listens before `behind`.
    pub async fn start(behind: Vec<u16>) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, behind));
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

async fn accept(listener: TcpListener, behind: Vec<u16>) {
    let mut open: JoinSet<()> = JoinSet::new();
    let mut next = 0_usize;
    loop {
        tokio::select! {
            Ok((client, _)) = listener.accept() => {
                next = next.wrapping_add(1);
                let mut order = behind.clone();
                order.rotate_left(next % behind.len().max(1));
                open.spawn(pass(client, order));
            }
            Some(_) = open.join_next() => {}
        }
    }
}

async fn pass(mut client: TcpStream, order: Vec<u16>) {
    for port in order {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if let Ok(mut service) = TcpStream::connect(address).await {
            let _ = copy_bidirectional(&mut client, &mut service).await;
            return;
        }
    }
}

/// A port that is free now.
pub async fn free_port() -> std::io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    Ok(listener.local_addr()?.port())
}
