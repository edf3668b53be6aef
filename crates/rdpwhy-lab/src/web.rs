//! A web server that gives one file to whoever asks, whatever is asked.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::act;
use crate::published::Published;
use crate::script::Act;
use crate::wire::Wire;

/// How long one connection may last.
const PATIENCE: Duration = Duration::from_mins(1);
/// The longest request that is read.
const LONGEST: usize = 16 * 1024;
/// A moment's rest after a failed accept.
const REST: Duration = Duration::from_millis(20);
/// What an endless list is made of: 4 KiB of zeros.
const ZEROS: &[u8] = &[0; 4096];

/// Serves until it is aborted.
pub(crate) async fn serve(
    listener: TcpListener,
    published: Published,
    body: Arc<[u8]>,
    slots: Arc<Semaphore>,
) {
    let mut open = JoinSet::new();
    loop {
        while open.try_join_next().is_some() {}
        let Ok((tcp, _)) = listener.accept().await else {
            sleep(REST).await;
            continue;
        };
        if let Ok(slot) = Arc::clone(&slots).try_acquire_owned() {
            let body = Arc::clone(&body);
            open.spawn(async move {
                // How a client of the web server ends is of no interest
                let _ = timeout(PATIENCE, answer(tcp, published, &body)).await;
                drop(slot);
            });
        }
    }
}

async fn answer(tcp: TcpStream, published: Published, body: &[u8]) -> io::Result<()> {
    let mut wire = Wire::new(tcp, Duration::ZERO);
    if !read_request(&mut wire).await? {
        return Ok(());
    }
    if published == Published::Endless {
        wire.say(b"HTTP/1.1 200 OK\r\nContent-Type: application/pkix-crl\r\n\r\n")
            .await?;
        return act::perform(Act::Flood(ZEROS), wire).await;
    }
    let kind = match published {
        Published::Responder { .. } => "application/ocsp-response",
        Published::Page => "text/html",
        _ => "application/pkix-crl",
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    wire.say(head.as_bytes()).await?;
    wire.say(body).await?;
    wire.close().await;
    Ok(())
}

/// Reads a request with its body; `false` when none comes.
async fn read_request(wire: &mut Wire) -> io::Result<bool> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == LONGEST || !wire.fill(&mut head, 1).await? {
            return Ok(false);
        }
    }
    let text = String::from_utf8_lossy(&head).to_lowercase();
    let length = text
        .lines()
        .find_map(|l| l.strip_prefix("content-length:"))
        .and_then(|n| n.trim().parse().ok())
        .unwrap_or(0);
    let mut body = Vec::new();
    Ok(length <= LONGEST && wire.fill(&mut body, length).await?)
}
