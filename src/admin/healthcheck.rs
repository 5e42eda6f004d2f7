//! `bulwark healthcheck`: whether the service on this machine answers, for images without curl.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// The status line is all that counts.
const ANSWER_BYTES_MAX: u64 = 64;

/// Why the service counts as ill.
#[derive(Debug, thiserror::Error)]
pub enum Unhealthy {
    /// Nothing listens, or the connection broke.
    #[error("no service answers on port {port}: {source}")]
    Unreachable {
        /// Asked port.
        port: u16,
        /// What the system said.
        source: std::io::Error,
    },
    /// Connected, perhaps, but silent.
    #[error("the service on port {0} did not answer within 3 seconds")]
    TimedOut(u16),
    /// It answered something else than 2xx.
    #[error("the service on port {port} answered {status:?}")]
    Refused {
        /// Asked port.
        port: u16,
        /// The status line.
        status: String,
    },
}

/// Asks `/healthz` on the loopback address.
///
/// # Errors
/// Anything but an answer of 2xx within 3 seconds.
pub async fn run(port: u16) -> Result<(), Unhealthy> {
    let answer = timeout(ANSWER_TIMEOUT, ask(port))
        .await
        .map_err(|_| Unhealthy::TimedOut(port))?
        .map_err(|source| Unhealthy::Unreachable { port, source })?;
    let status = answer.lines().next().unwrap_or_default();
    let code = status
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.get(2..3));
    match code {
        Some("2") => Ok(()),
        _ => Err(Unhealthy::Refused {
            port,
            status: status.to_owned(),
        }),
    }
}

async fn ask(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await?;
    let mut answer = Vec::new();
    stream
        .take(ANSWER_BYTES_MAX)
        .read_to_end(&mut answer)
        .await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn against(answer: &'static [u8]) -> Result<(), Unhealthy> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0_u8; 512];
            let read = stream.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /healthz HTTP/1.1\r\n"));
            stream.write_all(answer).await.unwrap();
        };
        tokio::join!(run(port), serve).0
    }

    #[tokio::test]
    async fn only_2xx_is_healthy() {
        against(b"HTTP/1.1 200 OK\r\n\r\nok").await.unwrap();
        let ill = against(b"HTTP/1.1 503 Service Unavailable\r\n\r\n").await;
        assert!(matches!(ill, Err(Unhealthy::Refused { .. })));
        let strange = against(b"SSH-2.0-x\r\n").await;
        assert!(matches!(strange, Err(Unhealthy::Refused { .. })));
    }

    #[tokio::test]
    async fn nobody_listening_is_unreachable() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        assert!(matches!(
            run(port).await,
            Err(Unhealthy::Unreachable { .. })
        ));
    }
}
