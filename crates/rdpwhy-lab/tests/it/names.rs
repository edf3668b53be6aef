//! The DNS server of the lab, over UDP and TCP.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::client::{connect, lab};

/// A query for an address of the lab's name.
fn query(kind: u8) -> Vec<u8> {
    let mut out = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    out.extend(b"\x04pc42\x03lab\x07example\0\0");
    out.extend([kind, 0, 1]);
    out
}

async fn ask(server: SocketAddr, kind: u8) -> Option<Vec<u8>> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    socket.send_to(&query(kind), server).await.expect("a way");
    let mut buffer = vec![0; 512];
    let wait = Duration::from_millis(500);
    let (count, _) = timeout(wait, socket.recv_from(&mut buffer))
        .await
        .ok()?
        .expect("a datagram");
    buffer.truncate(count);
    Some(buffer)
}

#[tokio::test]
async fn response_codes_and_addresses() {
    for (id, kind, expected) in [
        ("healthy-company", 1, Some([0, 1])),
        ("dns-nxdomain", 1, Some([3, 0])),
        ("dns-no-address", 28, Some([0, 0])),
        ("dns-refused", 1, Some([5, 0])),
        ("dns-servfail", 1, Some([2, 0])),
        ("dns-silent", 1, None),
        ("dns-garbage", 1, Some([0, 200])),
        ("dns-dead-address", 1, Some([0, 2])),
    ] {
        let running = lab(id).await;
        assert!(running.target.starts_with("pc42.lab.example:"));
        let answer = ask(running.resolver.expect("a resolver"), kind).await;
        assert_eq!(answer.map(|a| [a[3] & 15, a[7]]), expected, "{id}");
    }
}

#[tokio::test]
async fn tcp_gives_the_same_answer() {
    let running = lab("dns-refused").await;
    let server = running.resolver.expect("a resolver");
    let mut stream = TcpStream::connect(server).await.expect("a connection");
    let query = query(1);
    let length = u16::try_from(query.len())
        .expect("a short query")
        .to_be_bytes();
    stream
        .write_all(&[&length, query.as_slice()].concat())
        .await
        .expect("the server listens");
    let size = usize::from(stream.read_u16().await.expect("a length"));
    let mut answer = vec![0; size];
    stream.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(Some(answer), ask(server, 1).await);
}

#[tokio::test]
async fn one_address_is_dead_and_the_other_is_not() {
    let running = lab("dns-dead-address").await;
    assert!(connect(&running).await.is_some());
    let dead: SocketAddr = ([127, 0, 0, 2], running.address.port()).into();
    let result = timeout(Duration::from_millis(500), TcpStream::connect(dead)).await;
    assert!(!matches!(result, Ok(Ok(_))));
}

#[tokio::test]
async fn the_ipv6_address_is_dead() {
    if crate::client::row("dns-ipv6-dead").unavailable().is_some() {
        return;
    }
    let running = lab("dns-ipv6-dead").await;
    let answer = ask(running.resolver.expect("a resolver"), 28)
        .await
        .expect("an answer");
    assert!(answer.ends_with(&[0, 0, 0, 1]) && answer[7] == 1);
    let dead: SocketAddr = (std::net::Ipv6Addr::LOCALHOST, running.address.port()).into();
    let result = timeout(Duration::from_millis(500), TcpStream::connect(dead)).await;
    assert!(!matches!(result, Ok(Ok(_))));
    assert!(connect(&running).await.is_some());
}
