//! The recorder between a socket and whoever talks over it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use rdpwhy_model::recording::{Bytes, Connection, End, EndHow, Event, Phase, What};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The most that is kept of one connection; a peer that sends more is a flood.
const KEPT: usize = 256 * 1024;

/// A connection under way, shared with the run so that nothing is lost when it is stopped.
#[derive(Clone)]
pub(crate) struct Tape {
    inner: Arc<Mutex<Inner>>,
    origin: Instant,
}

struct Inner {
    connection: Connection,
    phase: Phase,
    /// Whether the bytes on the wire are kept; inside TLS the plain text is kept instead.
    raw: bool,
    kept: usize,
}

impl Tape {
    pub(crate) fn new(connection: Connection, origin: Instant) -> Self {
        let inner = Inner {
            connection,
            phase: Phase::Before,
            raw: true,
            kept: 0,
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
            origin,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere must not lose what was recorded
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> u64 {
        crate::socket::micros(self.origin.elapsed())
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.lock().phase = phase;
    }

    pub(crate) fn keep_raw(&self, raw: bool) {
        self.lock().raw = raw;
    }

    pub(crate) fn push(&self, what: What) {
        let at_us = self.now();
        let mut inner = self.lock();
        let phase = inner.phase;
        // What comes in drips is one message in many parts: one event is enough for it
        match (inner.connection.events.last_mut(), &what) {
            (
                Some(Event {
                    phase: p,
                    what: What::Received(old),
                    ..
                }),
                What::Received(new),
            )
            | (
                Some(Event {
                    phase: p,
                    what: What::ReceivedInTls(old),
                    ..
                }),
                What::ReceivedInTls(new),
            ) if *p == phase => {
                old.0.extend(&new.0);
                return;
            }
            _ => {}
        }
        inner.connection.events.push(Event { at_us, phase, what });
    }

    /// Notes how it ended; the first end counts.
    pub(crate) fn end(&self, how: EndHow) {
        let at_us = self.now();
        let mut inner = self.lock();
        if inner.connection.end.how == EndHow::Interrupted {
            inner.connection.end = End {
                how,
                phase: inner.phase,
                at_us,
            };
        }
    }

    pub(crate) fn ended(&self) -> Option<EndHow> {
        Some(self.lock().connection.end.how).filter(|h| *h != EndHow::Interrupted)
    }

    pub(crate) fn change(&self, f: impl FnOnce(&mut Connection)) {
        f(&mut self.lock().connection);
    }

    /// What has happened so far; a connection that is under way ends here for whoever looks.
    pub(crate) fn snapshot(&self) -> Connection {
        let at_us = self.now();
        let inner = self.lock();
        let mut connection = inner.connection.clone();
        if connection.end.how == EndHow::Interrupted {
            connection.end = End {
                how: EndHow::Interrupted,
                phase: inner.phase,
                at_us,
            };
        }
        connection
    }

    fn read(&self, bytes: &[u8]) -> io::Result<()> {
        let (raw, full) = {
            let mut inner = self.lock();
            inner.kept += bytes.len();
            (inner.raw, inner.kept > KEPT)
        };
        if raw && !full {
            self.push(What::Received(Bytes(bytes.to_vec())));
        }
        if full {
            self.end(EndHow::Flood);
            return Err(io::Error::other("the peer sends without end"));
        }
        Ok(())
    }
}

/// A TCP stream whose bytes are recorded.
pub(crate) struct Recorded {
    pub(crate) stream: TcpStream,
    pub(crate) tape: Tape,
}

impl Recorded {
    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if let Err(e) = &result {
            match e.kind() {
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::ConnectionAborted => self.tape.end(EndHow::Reset),
                io::ErrorKind::TimedOut => self.tape.end(EndHow::TimedOut),
                _ => {}
            }
        }
        result
    }
}

impl AsyncRead for Recorded {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buf);
        polled.map(|result| {
            this.note(result)?;
            let new = buf.filled().get(before..).unwrap_or_default();
            if new.is_empty() && buf.remaining() > 0 {
                this.tape.end(EndHow::Closed);
            }
            if new.is_empty() {
                Ok(())
            } else {
                this.tape.read(new)
            }
        })
    }
}

impl AsyncWrite for Recorded {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_write(cx, buf);
        polled.map(|result| {
            let n = this.note(result)?;
            if this.tape.lock().raw {
                this.tape
                    .push(What::Sent(Bytes(buf.get(..n).unwrap_or_default().to_vec())));
            }
            Ok(n)
        })
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
