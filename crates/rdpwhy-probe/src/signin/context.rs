//! The security library behind one face: tokens in, tokens out, and messages under the key that
//! they agree on. The only file that names it beside the account's; it can be swapped here.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sspi::credssp::SspiContext;
use sspi::generator::{GeneratorState, NetworkRequest};
use sspi::ntlm::NtlmConfig;
use sspi::{
    AcquireCredentialsHandleResult, BufferType, ClientRequestFlags, CredentialUse, Credentials,
    CredentialsBuffers, DataRepresentation, EncryptionFlags, KerberosConfig, Negotiate,
    NegotiateConfig, Ntlm, SecurityBuffer, SecurityBufferRef, SecurityStatus, Sspi, SspiImpl,
};

/// The longest signature or trailer of a protected message, in bytes.
const TRAILER: usize = 1024;
/// How much of a protected message stands before its text: the signature of NTLM; Kerberos' library
/// code takes the same division.
const SIGNATURE: usize = 16;

/// A security context under way. What a peer sends goes through the library; what that cannot read,
/// or even panics on, is an error here, without its words: they may hold what is secret.
pub(super) struct Context {
    sspi: SspiContext,
    handle: Option<CredentialsBuffers>,
    target: String,
}

/// The library could not go on with what it was given.
#[derive(Debug)]
pub(super) struct Stuck;

/// A token to send, and whether the context stands then.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) token: Vec<u8>,
    pub(super) done: bool,
}

impl Context {
    /// NTLM as Windows' client speaks it in CredSSP: without SPNEGO.
    pub(super) fn ntlm(
        credentials: &Credentials,
        target: String,
        computer: &str,
    ) -> Result<Self, Stuck> {
        let config = NtlmConfig::new(computer.to_owned());
        Self::new(
            SspiContext::Ntlm(Ntlm::with_config(config)),
            credentials,
            target,
        )
    }

    /// Kerberos in SPNEGO, and nothing else in it; `kdc` is ADDRESS:PORT.
    pub(super) fn kerberos(
        credentials: &Credentials,
        target: String,
        computer: &str,
        kdc: &str,
    ) -> Result<Self, Stuck> {
        // A NetBIOS name as it stands in HostAddresses: 15 characters and the service
        let padded = format!("{:<16}", computer.chars().take(15).collect::<String>());
        let kerberos = KerberosConfig::new_with_kdc_url(&format!("tcp://{kdc}"), padded);
        let config = NegotiateConfig::new(
            Box::new(kerberos),
            Some("kerberos,!ntlm,!pku2u".to_owned()),
            computer.to_owned(),
        );
        let negotiate = Negotiate::new_client(config).map_err(|_| Stuck)?;
        Self::new(SspiContext::Negotiate(negotiate), credentials, target)
    }

    fn new(
        mut sspi: SspiContext,
        credentials: &Credentials,
        target: String,
    ) -> Result<Self, Stuck> {
        let AcquireCredentialsHandleResult {
            credentials_handle: handle,
            ..
        } = sspi
            .acquire_credentials_handle()
            .with_auth_data(credentials)
            .with_credential_use(CredentialUse::Outbound)
            .execute(&mut sspi)
            .map_err(|_| Stuck)?;
        Ok(Self {
            sspi,
            handle,
            target,
        })
    }

    /// Takes a token of the peer, or none at first, and gives the next one. What the library wants
    /// to ask a domain controller goes through `ask`: a message with its length before it, both ways.
    pub(super) async fn step(
        &mut self,
        token: Vec<u8>,
        mut ask: impl AsyncFnMut(&NetworkRequest) -> Option<Vec<u8>>,
    ) -> Result<Step, Stuck> {
        let wanted = ClientRequestFlags::MUTUAL_AUTH
            | ClientRequestFlags::INTEGRITY
            | ClientRequestFlags::CONFIDENTIALITY
            | ClientRequestFlags::REPLAY_DETECT
            | ClientRequestFlags::SEQUENCE_DETECT;
        let mut input = [SecurityBuffer::new(token, BufferType::Token)];
        let mut output = [SecurityBuffer::new(Vec::new(), BufferType::Token)];
        let target = self.target.clone();
        let mut builder = self
            .sspi
            .initialize_security_context()
            .with_credentials_handle(&mut self.handle)
            .with_context_requirements(wanted)
            .with_target_data_representation(DataRepresentation::Native)
            .with_target_name(&target)
            .with_input(&mut input)
            .with_output(&mut output);
        let mut steps = self
            .sspi
            .initialize_security_context_impl(&mut builder)
            .map_err(|_| Stuck)?;
        let mut state = guarded(|| steps.start())?;
        let result = loop {
            match state {
                GeneratorState::Completed(result) => break result,
                GeneratorState::Suspended(request) => {
                    let answer = ask(&request).await.ok_or_else(|| {
                        let kind = sspi::ErrorKind::NoAuthenticatingAuthority;
                        sspi::Error::new(kind, "no answer")
                    });
                    state = guarded(|| steps.resume(answer))?;
                }
            }
        };
        drop(steps);
        let done = result.map_err(|_| Stuck)?.status == SecurityStatus::Ok;
        let [token] = output;
        Ok(Step {
            token: token.buffer,
            done,
        })
    }

    /// Protects a message under the context's key.
    pub(super) fn protect(&mut self, text: &[u8]) -> Result<Vec<u8>, Stuck> {
        let mut trailer = vec![0; TRAILER];
        let mut text = text.to_vec();
        let mut buffers = vec![
            SecurityBufferRef::token_buf(&mut trailer),
            SecurityBufferRef::data_buf(&mut text),
        ];
        let sspi = &mut self.sspi;
        guarded(|| sspi.encrypt_message(EncryptionFlags::empty(), &mut buffers))?
            .map_err(|_| Stuck)?;
        let mut out = Vec::new();
        for kind in [BufferType::Token, BufferType::Data] {
            let part = SecurityBufferRef::buf_data(&buffers, kind).map_err(|_| Stuck)?;
            out.extend_from_slice(part);
        }
        Ok(out)
    }

    /// Opens a message of the peer.
    pub(super) fn open(&mut self, message: &[u8]) -> Result<Vec<u8>, Stuck> {
        let mut message = message.to_vec();
        if matches!(self.sspi, SspiContext::Negotiate(_)) {
            rotate_as_windows(&mut message);
        }
        let (signature, text) = message.split_at_mut_checked(SIGNATURE).ok_or(Stuck)?;
        let mut buffers = vec![
            SecurityBufferRef::data_buf(text),
            SecurityBufferRef::token_buf(signature),
        ];
        let sspi = &mut self.sspi;
        guarded(|| sspi.decrypt_message(&mut buffers))?.map_err(|_| Stuck)?;
        let text = SecurityBufferRef::buf_data(&buffers, BufferType::Data).map_err(|_| Stuck)?;
        Ok(text.to_vec())
    }
}

/// Rotates a Kerberos wrap token as Windows does. Its sender says by how much its parts are rotated
/// (RRC, RFC 4121 4.2.5); the library takes Windows' 28 bytes for granted, and MIT's rotate by none.
fn rotate_as_windows(message: &mut [u8]) {
    const WINDOWS: u16 = 28;
    let Some((header, parts)) = message.split_at_mut_checked(SIGNATURE) else {
        return;
    };
    let [5, 4, _, _, _, _, high, low, ..] = *header else {
        return;
    };
    let rotated = u16::from_be_bytes([high, low]);
    if rotated == WINDOWS || parts.is_empty() {
        return;
    }
    let length = parts.len();
    parts.rotate_left(usize::from(rotated) % length);
    parts.rotate_right(usize::from(WINDOWS) % length);
    if let Some(rrc) = header.get_mut(6..8) {
        rrc.copy_from_slice(&WINDOWS.to_be_bytes());
    }
}

/// A panic in the library over a peer's bytes is a message that cannot be read.
fn guarded<T>(f: impl FnOnce() -> T) -> Result<T, Stuck> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|_| Stuck)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrap_tokens_of_every_rotation_become_windows_own() {
        let parts: Vec<u8> = (0..60).collect();
        let token = |rrc: u16| {
            let mut out = vec![5, 4, 6, 0xff, 0, 0];
            out.extend(rrc.to_be_bytes());
            out.extend([0; 8]);
            let mut parts = parts.clone();
            parts.rotate_right(usize::from(rrc) % 60);
            out.extend(parts);
            out
        };
        for rrc in [0, 1, 28, 59, 60, 61, 0xffff] {
            let mut message = token(rrc);
            rotate_as_windows(&mut message);
            assert_eq!(message, token(28), "{rrc}");
        }
        for short in [
            vec![],
            vec![5, 4],
            vec![5, 4, 6, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ] {
            let mut message = short.clone();
            rotate_as_windows(&mut message);
            assert_eq!(message, short);
        }
    }
}
