//! Carries out a script on a connection. All talking to a target happens here.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use rdpwhy_model::recording::{
    Bytes, Connect, ConnectOutcome, Connection, End, EndHow, HandshakeFailed, Phase, What,
};
use rdpwhy_wire::script::{Act, Framed, Framing, MAX_MESSAGE, Script};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_openssl::SslStream;

use crate::run::{Patience, Run};
use crate::socket;
use crate::tape::{Recorded, Tape};
use crate::tls::{self, Shake};

/// How long a courtesy at the end of a connection may take.
const FAREWELL: Duration = Duration::from_millis(200);

/// The connection as it is now.
pub(crate) enum Line {
    Plain(Recorded),
    Tls(Box<SslStream<Recorded>>),
    /// Spent in a failed handshake.
    None,
}

/// Connects, carries out the script, closes, and gives back what happened.
pub(crate) async fn converse(
    run: &Run,
    id: u32,
    to: SocketAddr,
    script: Script,
    patience: Patience,
) -> Connection {
    converse_then(
        run,
        id,
        to,
        script,
        patience,
        async |_: &Tape, _: &mut Line| {},
    )
    .await
}

/// The same, and does what no script can say once the script is through.
pub(crate) async fn converse_then(
    run: &Run,
    id: u32,
    to: SocketAddr,
    script: Script,
    patience: Patience,
    then: impl AsyncFnOnce(&Tape, &mut Line),
) -> Connection {
    let tape = run.tape(Connection {
        id,
        check: script.check.to_owned(),
        to,
        local: None,
        started_us: 0,
        connect: Connect {
            outcome: ConnectOutcome::Timeout,
            took_us: 0,
            icmp: None,
            error: None,
        },
        events: Vec::new(),
        // Until it ends in some other way, it is under way: that is what a stopped run shows
        end: End {
            how: EndHow::Interrupted,
            phase: Phase::Before,
            at_us: 0,
        },
    });
    let began = tape.now();
    tape.change(|c| c.started_us = began);
    let (connect, stream) = socket::connect(to, script.segment, patience.connect).await;
    tape.change(|c| c.connect = connect);
    let Some(stream) = stream else {
        tape.end(EndHow::NotConnected);
        return tape.snapshot();
    };
    tape.change(|c| c.local = stream.local_addr().ok());
    let mut line = Line::Plain(Recorded {
        stream,
        tape: tape.clone(),
    });
    let mut acts = VecDeque::from(script.acts);
    while let Some(act) = acts.pop_front() {
        if let Act::Then(decide) = act {
            for next in decide(&tape.snapshot()).into_iter().rev() {
                acts.push_front(next);
            }
            continue;
        }
        line = act_out(run, &tape, line, act, patience.answer).await;
        if tape.ended().is_some() {
            break;
        }
    }
    if tape.ended().is_none() {
        then(&tape, &mut line).await;
    }
    if tape.ended().is_none() {
        // Said before the farewell, whose bytes say nothing about the host
        tape.end(EndHow::ByUs);
    }
    farewell(line).await;
    tape.snapshot()
}

async fn act_out(run: &Run, tape: &Tape, mut line: Line, act: Act, deadline: Duration) -> Line {
    match act {
        Act::Send(phase, bytes) => {
            tape.enter(phase);
            send(tape, &mut line, &bytes, deadline, false).await;
        }
        Act::SendApart(phase, bytes) => {
            tape.enter(phase);
            send(tape, &mut line, &bytes, deadline, false).await;
            // Long enough for the segment to leave alone, also through a slow loopback
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Act::SendProxyHeader => {
            tape.enter(Phase::Before);
            let snapshot = tape.snapshot();
            if let Some(local) = snapshot.local {
                let header = rdpwhy_wire::peer::proxy_header(local, snapshot.to);
                send(tape, &mut line, &header, deadline, false).await;
            }
        }
        Act::Receive(phase, framing) => {
            tape.enter(phase);
            receive(tape, &mut line, framing, deadline, false).await;
        }
        Act::Listen(phase, ms) => {
            tape.enter(phase);
            let _ = timeout(Duration::from_millis(ms), read_some(tape, &mut line, false)).await;
        }
        Act::StartTls(offer) => {
            tape.enter(Phase::Tls);
            let Line::Plain(recorded) = line else {
                return line;
            };
            return match tls::handshake(recorded, &offer, run.trust(), deadline).await {
                Shake::Done(stream) => {
                    tape.keep_raw(false);
                    Line::Tls(stream)
                }
                Shake::Failed => {
                    tape.end(EndHow::HandshakeFailed);
                    Line::None
                }
                Shake::TimedOut => {
                    tape.end(EndHow::TimedOut);
                    Line::None
                }
            };
        }
        Act::Then(_) => {}
    }
    line
}

/// Sends bytes. Of those that are to be `cut`, inside TLS, the recording keeps the number alone.
pub(crate) async fn send(
    tape: &Tape,
    line: &mut Line,
    bytes: &[u8],
    deadline: Duration,
    cut: bool,
) {
    let sending = async {
        match line {
            Line::Plain(s) => s.write_all(bytes).await,
            Line::Tls(s) => {
                tape.push(if cut {
                    What::SentCut(count(bytes))
                } else {
                    What::SentInTls(Bytes(bytes.to_vec()))
                });
                s.write_all(bytes).await
            }
            Line::None => Ok(()),
        }
    };
    match timeout(deadline, sending).await {
        Err(_) => tape.end(EndHow::TimedOut),
        // The tape knows how the peer ended it; anything else is the stack's doing
        Ok(Err(_)) => tape.end(EndHow::Violation),
        Ok(Ok(())) => {}
    }
}

/// Waits for a whole message and gives it, or what came of it when the connection ended first.
pub(crate) async fn receive(
    tape: &Tape,
    line: &mut Line,
    framing: Framing,
    deadline: Duration,
    cut: bool,
) -> Vec<u8> {
    let until = Instant::now() + deadline;
    let mut so_far = Vec::new();
    loop {
        match framing.judge(&so_far) {
            Framed::Whole => return so_far,
            Framed::Wrong => {
                tape.end(EndHow::Violation);
                return so_far;
            }
            Framed::More if so_far.len() > MAX_MESSAGE => {
                tape.end(EndHow::Flood);
                return so_far;
            }
            Framed::More => {}
        }
        match timeout_at(until, read_some(tape, line, cut)).await {
            Err(_) => {
                tape.end(EndHow::TimedOut);
                return so_far;
            }
            Ok(None) => return so_far,
            Ok(Some(bytes)) => so_far.extend(bytes),
        }
    }
}

fn count(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Reads what is there. `None` when the connection has ended, which the tape then says.
async fn read_some(tape: &Tape, line: &mut Line, cut: bool) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 8192];
    let n = match line {
        Line::Plain(s) => s.read(&mut buffer).await.ok(),
        Line::Tls(s) => match Pin::new(s.as_mut()).read(&mut buffer).await {
            Ok(n) => {
                if n > 0 {
                    let bytes = buffer.get(..n)?;
                    tape.push(if cut {
                        What::ReceivedCut(count(bytes))
                    } else {
                        What::ReceivedInTls(Bytes(bytes.to_vec()))
                    });
                } else {
                    tape.end(EndHow::Closed); // close_notify
                }
                Some(n)
            }
            Err(e) => {
                if let Some(e) = e
                    .get_ref()
                    .and_then(|e| e.downcast_ref::<openssl::ssl::Error>())
                {
                    let (reason, alert) = tls::explain(e);
                    tape.push(What::HandshakeFailed(HandshakeFailed {
                        alert,
                        reason,
                        chain: Vec::new(),
                    }));
                }
                tape.end(EndHow::HandshakeFailed);
                None
            }
        },
        Line::None => None,
    };
    if let Some(n @ 1..) = n {
        buffer.truncate(n);
        return Some(buffer);
    }
    tape.end(EndHow::Violation); // when nothing better is known
    None
}

/// Closes properly: some servers hang on connections that are dropped.
async fn farewell(line: Line) {
    let closing = async {
        match line {
            Line::Plain(mut s) => s.stream.shutdown().await,
            Line::Tls(mut s) => s.shutdown().await,
            Line::None => Ok(()),
        }
    };
    let _ = timeout(FAREWELL, closing).await;
}
