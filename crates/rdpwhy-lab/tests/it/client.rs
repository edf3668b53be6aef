//! A client of few words.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use openssl::ssl::{SslConnector, SslConnectorBuilder, SslMethod, SslVerifyMode};
use rdpwhy_lab::{Fault, Options, Running, fault, start};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_openssl::SslStream;

/// Longer than any answer takes, shorter than any silence.
const PATIENCE: Duration = Duration::from_secs(1);

/// How a connection ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Fin,
    Rst,
    Silence,
}

impl PartialEq for End {
    fn eq(&self, other: &Self) -> bool {
        // Wine's sockets show a reset as the end of the stream; it sets this variable itself
        let wine = std::env::var_os("WINEUSERNAME").is_some();
        match (self, other) {
            (Self::Fin, Self::Rst) | (Self::Rst, Self::Fin) => wine,
            (Self::Fin, Self::Fin) | (Self::Rst, Self::Rst) | (Self::Silence, Self::Silence) => {
                true
            }
            _ => false,
        }
    }
}

pub(crate) fn row(id: &str) -> &'static Fault {
    fault(id).expect(id)
}

pub(crate) async fn lab(id: &str) -> Running {
    start(row(id), Options::default()).await.expect(id)
}

/// A connection, unless there is none within the time.
pub(crate) async fn connect(running: &Running) -> Option<TcpStream> {
    timeout(PATIENCE, TcpStream::connect(running.address))
        .await
        .ok()?
        .ok()
}

/// Everything that comes, and how it ends.
pub(crate) async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> (Vec<u8>, End) {
    let mut all = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match timeout(PATIENCE, stream.read(&mut chunk)).await {
            Err(_) => return (all, End::Silence),
            Ok(Ok(0)) => return (all, End::Fin),
            Ok(Ok(count)) => all.extend_from_slice(&chunk[..count]),
            Ok(Err(error)) => {
                assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{error}");
                return (all, End::Rst);
            }
        }
    }
}

/// Sends and hears out.
pub(crate) async fn ask(running: &Running, bytes: &[u8]) -> (Vec<u8>, End) {
    let mut stream = connect(running).await.expect("a connection");
    // A server that has closed already may refuse the bytes.
    let _ = stream.write_all(bytes).await;
    rest(&mut stream).await
}

/// One message, as far as it comes in one piece.
pub(crate) async fn exchange(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    bytes: &[u8],
) -> Vec<u8> {
    stream.write_all(bytes).await.expect("the server listens");
    let mut answer = vec![0; 4096];
    let count = timeout(Duration::from_secs(5), stream.read(&mut answer))
        .await
        .expect("an answer in time")
        .expect("an answer");
    answer.truncate(count);
    answer
}

/// A Connection Request with these protocols.
pub(crate) fn x224(protocols: u8) -> Vec<u8> {
    vec![
        3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, protocols, 0, 0, 0,
    ]
}

/// TLS over anything, with settings; the certificate is not judged.
pub(crate) async fn secure<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    settings: impl FnOnce(&mut SslConnectorBuilder),
) -> Result<SslStream<S>, openssl::ssl::Error> {
    let mut builder = SslConnector::builder(SslMethod::tls()).expect("a connector");
    builder.set_verify(SslVerifyMode::NONE);
    builder.set_security_level(0);
    builder.set_min_proto_version(None).expect("any version");
    builder
        .set_cipher_list("ALL:@SECLEVEL=0")
        .expect("all suites");
    settings(&mut builder);
    let mut configuration = builder.build().configure().expect("a configuration");
    configuration.set_use_server_name_indication(false);
    configuration.set_verify_hostname(false);
    let ssl = configuration
        .into_ssl("pc42.lab.example")
        .expect("a session");
    let mut tls = SslStream::new(ssl, stream).expect("a stream");
    let handshake = timeout(Duration::from_secs(5), Pin::new(&mut tls).connect());
    handshake
        .await
        .expect("an end of the handshake")
        .map(|()| tls)
}

/// Asks for these protocols and goes on to TLS.
pub(crate) async fn negotiate_and_secure(
    running: &Running,
    protocols: u8,
    settings: impl FnOnce(&mut SslConnectorBuilder),
) -> Result<SslStream<TcpStream>, openssl::ssl::Error> {
    let mut stream = connect(running).await.expect("a connection");
    let confirm = exchange(&mut stream, &x224(protocols)).await;
    assert_eq!(confirm[11], 2, "a protocol is selected");
    secure(stream, settings).await
}
