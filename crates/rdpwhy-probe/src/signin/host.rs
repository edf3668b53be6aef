//! CredSSP with an account, up to the point where the host has proved itself ([MS-CSSP] 3.1.5).
//! There it ends: no TSCredentials are made, so none can leave.

use std::time::Duration;

use rdpwhy_model::recording::{Connection, EndHow, Phase};
use rdpwhy_model::signin::{HostAnswer, HostSaid, Mechanism, NotSent};
use rdpwhy_wire::script::Framing;
use rdpwhy_wire::{certificate, credssp, ntlm};

use super::account::Attempt;
use super::context::{Context, Step, Stuck};
use crate::converse::{Line, receive, send};
use crate::tape::Tape;
use crate::tls;

/// Tokens that a host may ask for before its context stands.
const ROUNDS: usize = 4;

/// The connection to the host, with TLS up.
pub(super) struct Host<'a> {
    pub(super) tape: &'a Tape,
    pub(super) line: &'a mut Line,
    pub(super) deadline: Duration,
}

impl Host<'_> {
    /// The key of the certificate that this connection showed; `None` when it is another
    /// certificate than the expected one, by its SHA-256.
    pub(super) fn key(&self, expected: Option<&str>) -> Option<Vec<u8>> {
        let connection = self.tape.snapshot();
        let leaf = connection.handshake()?.chain.first()?;
        let same = expected.is_none_or(|e| certificate::fingerprint(&leaf.0) == e);
        same.then(|| certificate::public_key(&leaf.0)).flatten()
    }

    /// Signs in with NTLM. Says what the host said, and whether the attempt was spent: it is when the
    /// AUTHENTICATE message leaves.
    pub(super) async fn ntlm(
        mut self,
        mut context: Context,
        attempt: Attempt,
        key: &[u8],
    ) -> Result<(HostSaid, bool), NotSent> {
        let quiet = async |_: &_| None;
        let Ok(first) = context.step(Vec::new(), quiet).await else {
            return Err(NotSent::NoChallenge);
        };
        let said = self.ask(&credssp::request(&first.token), false).await;
        let said = match said {
            Ok(said) => said,
            // Refused before any password was shown
            Err(end) => return Ok((end.of(Mechanism::Ntlm), false)),
        };
        let token = said.token.unwrap_or_default();
        let challenge = credssp::ntlm_in(&token).filter(|m| ntlm::can_be_answered(m));
        let Some(challenge) = challenge else {
            return Err(NotSent::NoChallenge);
        };
        let version = said.version.unwrap_or_default();
        let Ok(Step { token, done: true }) = context.step(challenge.to_vec(), quiet).await else {
            return Err(NotSent::NoChallenge);
        };
        let Ok((auth, nonce)) = proof(&mut context, key, version) else {
            return Err(NotSent::NoChallenge);
        };
        let Attempt { .. } = attempt;
        let last = credssp::proof(Some(&token), &auth, nonce.as_ref());
        let answer = self.prove(&last, context, key, nonce).await;
        Ok((answer.of(Mechanism::Ntlm), true))
    }

    /// Signs in with a Kerberos ticket, whose password has been proved to the KDC before.
    pub(super) async fn kerberos(
        mut self,
        mut context: Context,
        first: Step,
        key: &[u8],
    ) -> HostSaid {
        let mut step = first;
        let mut version = 0;
        for _ in 0..ROUNDS {
            if step.done {
                break;
            }
            let said = match self.ask(&credssp::request(&step.token), true).await {
                Ok(said) => said,
                Err(end) => return end.of(Mechanism::Kerberos),
            };
            version = said.version.unwrap_or_default();
            let token = said.token.unwrap_or_default();
            if credssp::chooses_ntlm(&token) || credssp::ntlm_in(&token).is_some() {
                return Said::answer(HostAnswer::OtherMechanism).of(Mechanism::Kerberos);
            }
            step = match context.step(token, async |_: &_| None).await {
                Ok(next) => next,
                Err(Stuck) => return Said::answer(HostAnswer::Malformed).of(Mechanism::Kerberos),
            };
        }
        let Ok((auth, nonce)) = proof(&mut context, key, version) else {
            return Said::answer(HostAnswer::Malformed).of(Mechanism::Kerberos);
        };
        let token = Some(step.token.as_slice()).filter(|t| !t.is_empty());
        let last = credssp::proof(token, &auth, nonce.as_ref());
        let answer = self.prove(&last, context, key, nonce).await;
        answer.of(Mechanism::Kerberos)
    }

    /// Sends the last message of ours and judges the host's proof.
    async fn prove(
        &mut self,
        last: &[u8],
        mut context: Context,
        key: &[u8],
        nonce: Option<[u8; 32]>,
    ) -> Said {
        let said = match self.ask(last, true).await {
            Ok(said) => said,
            Err(end) => return end,
        };
        let Some(auth) = said.pub_key_auth else {
            return Said::answer(HostAnswer::Malformed);
        };
        let proved = context
            .open(&auth)
            .is_ok_and(|text| text == expected(key, nonce));
        Said::answer(if proved {
            HostAnswer::Accepted
        } else {
            HostAnswer::PubkeyMismatch
        })
    }

    /// Sends a TSRequest and reads the answer; what is not an answer to go on with is an end.
    async fn ask(&mut self, request: &[u8], cut: bool) -> Result<credssp::TsRequest, Said> {
        self.tape.enter(Phase::Nla);
        send(self.tape, self.line, request, self.deadline, cut).await;
        if self.tape.ended().is_none() {
            let bytes = receive(self.tape, self.line, Framing::Der, self.deadline, cut).await;
            if bytes.starts_with(&[3, 0]) {
                return Err(Said::answer(HostAnswer::Disconnect));
            }
            if self.tape.ended().is_none() {
                let read = credssp::read(&bytes).ok_or(Said::answer(HostAnswer::Malformed))?;
                return match read.error_code.filter(|e| *e != 0) {
                    Some(status) => Err(Said {
                        answer: HostAnswer::ErrorCode,
                        status: Some(status),
                    }),
                    None => Ok(read),
                };
            }
        }
        Err(Said::answer(ended(&self.tape.snapshot())))
    }
}

/// How the host answered, whatever the mechanism.
#[derive(Clone, Copy, Debug)]
struct Said {
    answer: HostAnswer,
    status: Option<u32>,
}

impl Said {
    const fn answer(answer: HostAnswer) -> Self {
        Self {
            answer,
            status: None,
        }
    }

    const fn of(self, mechanism: Mechanism) -> HostSaid {
        HostSaid {
            mechanism,
            answer: self.answer,
            status: self.status,
        }
    }
}

fn ended(connection: &Connection) -> HostAnswer {
    let alert = connection.events.iter().rev().any(|e| {
        e.phase == Phase::Nla
            && matches!(&e.what, rdpwhy_model::recording::What::HandshakeFailed(f) if f.alert.is_some())
    });
    match connection.end.how {
        _ if alert => HostAnswer::Alert,
        EndHow::Closed => HostAnswer::Closed,
        EndHow::Reset => HostAnswer::Reset,
        EndHow::TimedOut | EndHow::Interrupted => HostAnswer::Silent,
        _ => HostAnswer::Malformed,
    }
}

/// What binds the sign-in to the key of the certificate that was seen: its hash with a nonce since
/// version 5, the key itself before.
fn proof(
    context: &mut Context,
    key: &[u8],
    version: i64,
) -> Result<(Vec<u8>, Option<[u8; 32]>), Stuck> {
    if version < 5 {
        return Ok((context.protect(key)?, None));
    }
    let nonce = tls::nonce().ok_or(Stuck)?;
    let hash = credssp::client_binding(&nonce, key);
    Ok((context.protect(&hash)?, Some(nonce)))
}

/// What the host must say under the key of the context.
fn expected(key: &[u8], nonce: Option<[u8; 32]>) -> Vec<u8> {
    if let Some(nonce) = nonce {
        return credssp::server_binding(&nonce, key);
    }
    // The key as a little-endian number, plus one
    let mut out = key.to_vec();
    for byte in &mut out {
        let (sum, carry) = byte.overflowing_add(1);
        *byte = sum;
        if !carry {
            break;
        }
    }
    out
}
