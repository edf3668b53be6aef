//! Connections that are refused, that end at once, and that never end by themselves.

use std::time::{Duration, Instant};

use rdpwhy_lab::Running;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::client::{End, ask, connect, lab, rest, row, x224};

/// Waits until the server has let go of its connections.
async fn let_go(running: &Running) {
    let begin = Instant::now();
    while running.open_connections() > 0 {
        assert!(
            begin.elapsed() < Duration::from_secs(4),
            "a connection is still held"
        );
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_refused_port_stays_refused() {
    let running = lab("refused").await;
    let error = TcpStream::connect(running.address)
        .await
        .expect_err("nothing listens");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_full_queue_answers_no_syn() {
    if row("no-answer").unavailable().is_some() {
        return;
    }
    let running = lab("no-answer").await;
    let try_it = TcpStream::connect(running.address);
    assert!(timeout(Duration::from_millis(1500), try_it).await.is_err());
}

#[tokio::test]
async fn accepted_and_ended_at_once() {
    let running = lab("accept-close").await;
    let mut stream = connect(&running).await.expect("a connection");
    assert_eq!(rest(&mut stream).await, (vec![], End::Fin));
    let running = lab("accept-reset").await;
    let mut stream = connect(&running).await.expect("a connection");
    assert_eq!(rest(&mut stream).await, (vec![], End::Rst));
}

#[tokio::test]
async fn every_second_connection_is_closed() {
    let running = lab("flapping").await;
    for works in [false, true, false, true] {
        let (answer, _) = ask(&running, &x224(11)).await;
        assert_eq!(answer.len() == 19, works);
    }
}

#[tokio::test]
async fn endless_data_ends_with_the_client() {
    for id in ["endless", "drip", "silent", "x224-silent", "lying-length"] {
        let running = lab(id).await;
        let mut stream = connect(&running).await.expect("a connection");
        stream
            .write_all(&x224(11))
            .await
            .expect("the server listens");
        if id == "endless" {
            let mut much = vec![0; 1 << 20];
            stream.read_exact(&mut much).await.expect("a megabyte");
            assert!(much.starts_with(b" !\"#$%&'"));
        }
        if id == "drip" {
            let mut two = [0; 2];
            let begin = Instant::now();
            stream.read_exact(&mut two).await.expect("two bytes");
            assert_eq!(two, [3, 0]);
            assert!(begin.elapsed() >= Duration::from_millis(900));
        }
        sleep(Duration::from_millis(50)).await;
        assert_eq!(running.open_connections(), 1, "{id}");
        drop(stream);
        let_go(&running).await;
    }
}

#[tokio::test]
async fn a_crowd_is_not_let_in() {
    let running = lab("silent").await;
    let mut crowd = Vec::new();
    for _ in 0..70 {
        crowd.push(connect(&running).await.expect("a connection"));
    }
    sleep(Duration::from_millis(100)).await;
    assert_eq!(running.open_connections(), 64);
    let last = crowd.last_mut().expect("a crowd");
    assert_eq!(rest(last).await, (vec![], End::Fin));
    drop(crowd);
    let_go(&running).await;
}
