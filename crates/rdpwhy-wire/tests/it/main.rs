//! Properties of what writes and reads bytes: they hold for every input, not for examples.
//!
//! What must hold for arbitrary bytes stands in `fuzz/src/wire.rs` and `handshakes.rs`, since
//! fuzzing asks the same; those files and the messages of `fuzz/src/made.rs` are included here. So
//! a plain `cargo test` of the workspace also replays every past crash of these readers (see
//! `regressions.rs`).

// Integration tests are no tests to clippy unless they say so
#![cfg(test)]

mod certificate;
mod chain;
mod credssp;
mod finds;
#[path = "../../../../fuzz/src/handshakes.rs"]
pub mod handshakes;
mod kerberos;
#[path = "../../../../fuzz/src/made.rs"]
pub mod made;
mod matrix;
mod matrix_pace;
mod mcs;
mod ntlm;
mod onward;
mod regressions;
mod simulate;
mod speed;
mod tls;
mod walk;
#[path = "../../../../fuzz/src/wire.rs"]
pub mod wire;
mod x224;

use proptest::collection::vec;
use proptest::prelude::*;

/// Nothing is written beside the sources: a failing input is printed whole, and what was worth
/// keeping stands in `finds.rs` or under `fuzz/regressions/`.
fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Any bytes, few or some.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..300)
}

/// A message with some bytes changed, cut off or appended: near enough to get far into a reader.
fn damaged(message: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let changes = vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    let tail = vec(any::<u8>(), 0..8);
    (
        message,
        changes,
        any::<prop::sample::Index>(),
        any::<bool>(),
        tail,
    )
        .prop_map(|(mut message, changes, end, cut, tail)| {
            for (at, value) in changes {
                if !message.is_empty() {
                    let at = at.index(message.len());
                    message[at] = value;
                }
            }
            if cut {
                message.truncate(end.index(message.len() + 1));
            }
            message.extend(tail);
            message
        })
}
