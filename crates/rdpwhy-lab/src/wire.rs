//! A connection as the lab sees it: bytes can be put back, answers can be late, and it can end as
//! a FIN or as an RST at any depth of TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep, timeout};
use tokio_openssl::SslStream;

/// How long a connection that was closed is still read, so that bytes under way do not turn our
/// FIN into an RST.
const DRAIN: Duration = Duration::from_secs(2);

/// One connection, with or without TLS.
pub(crate) struct Wire {
    transport: Transport,
    /// Bytes that were read ahead and are read again first.
    early: Vec<u8>,
    late: Late,
}

enum Transport {
    Tcp(TcpStream),
    Tls(Box<SslStream<Wire>>),
}

/// The delay before the first write that follows a read.
struct Late {
    by: Duration,
    owed: bool,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Wire {
    /// A connection whose every answer takes `delay`.
    pub(crate) fn new(tcp: TcpStream, delay: Duration) -> Self {
        Self::from(Transport::Tcp(tcp), delay)
    }

    /// What runs inside TLS.
    pub(crate) fn inside(tls: SslStream<Self>) -> Self {
        // The delay is where the bytes are, at the bottom.
        Self::from(Transport::Tls(Box::new(tls)), Duration::ZERO)
    }

    fn from(transport: Transport, by: Duration) -> Self {
        Self {
            transport,
            early: Vec::new(),
            late: Late {
                by,
                owed: false,
                timer: None,
            },
        }
    }

    /// Reads `count` bytes more into `buffer`; `false` when the peer left before that.
    pub(crate) async fn fill(&mut self, buffer: &mut Vec<u8>, count: usize) -> io::Result<bool> {
        let start = buffer.len();
        buffer.resize(start + count, 0);
        match self.read_exact(&mut buffer[start..]).await {
            Ok(_) => Ok(true),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// The next byte, which stays to be read; `None` when the peer left.
    pub(crate) async fn peek(&mut self) -> io::Result<Option<u8>> {
        let mut first = Vec::new();
        if !self.fill(&mut first, 1).await? {
            return Ok(None);
        }
        let byte = first[0];
        self.put_back(first);
        Ok(Some(byte))
    }

    /// Puts bytes back in front of those that are not read yet.
    pub(crate) fn put_back(&mut self, mut bytes: Vec<u8>) {
        bytes.append(&mut self.early);
        self.early = bytes;
    }

    /// Sends bytes at once.
    pub(crate) async fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes).await?;
        self.flush().await
    }

    /// Reads and forgets until the peer leaves.
    pub(crate) async fn discard(&mut self) {
        let mut sink = vec![0; 4096];
        while self.read(&mut sink).await.is_ok_and(|count| count > 0) {}
    }

    /// Waits, and says whether the peer left meanwhile.
    pub(crate) async fn left_within(&mut self, time: Duration) -> bool {
        timeout(time, self.discard()).await.is_ok()
    }

    /// Ends as a FIN (under TLS after a close_notify).
    pub(crate) async fn close(&mut self) {
        // A peer that left first is no reason to complain.
        let _ = timeout(DRAIN, self.shutdown()).await;
        self.left_within(DRAIN).await;
    }

    /// Ends as an RST.
    pub(crate) fn reset(self) -> io::Result<()> {
        self.bottom().set_zero_linger()
    }

    fn bottom(&self) -> &TcpStream {
        match &self.transport {
            Transport::Tcp(tcp) => tcp,
            Transport::Tls(tls) => tls.get_ref().bottom(),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.early.is_empty() {
            let count = self.early.len().min(buf.remaining());
            buf.put_slice(&self.early[..count]);
            self.early.drain(..count);
            self.late.owed = true;
            return Poll::Ready(Ok(()));
        }
        let result = match &mut self.transport {
            Transport::Tcp(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Transport::Tls(tls) => Pin::new(tls.as_mut()).poll_read(cx, buf),
        };
        if result.is_ready() {
            self.late.owed = true;
        }
        result
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.late.owed && !self.late.by.is_zero() {
            let by = self.late.by;
            let timer = self.late.timer.get_or_insert_with(|| Box::pin(sleep(by)));
            ready!(timer.as_mut().poll(cx));
            self.late.timer = None;
        }
        self.late.owed = false;
        match &mut self.transport {
            Transport::Tcp(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Transport::Tls(tls) => Pin::new(tls.as_mut()).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Tcp(tcp) => Pin::new(tcp).poll_flush(cx),
            Transport::Tls(tls) => Pin::new(tls.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Tcp(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Transport::Tls(tls) => Pin::new(tls.as_mut()).poll_shutdown(cx),
        }
    }
}
