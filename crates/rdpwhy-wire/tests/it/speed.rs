//! No input of a bounded size takes long: a peer must not be able to stall a diagnosis.

use std::time::{Duration, Instant};

use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::certificate::{Viewpoint, facts};
use rdpwhy_wire::script::MAX_MESSAGE;
use rdpwhy_wire::{credssp, mcs, ntlm, peer, tls, x224};

use crate::made::{self, Certificate};

/// Each takes a few milliseconds; what grows with the square of the input takes minutes. The
/// limit lies far from both, for slow and busy machines.
const LIMIT: Duration = Duration::from_secs(10);

fn within_limit(what: &str, work: impl FnOnce()) {
    let begun = Instant::now();
    work();
    let took = begun.elapsed();
    assert!(took < LIMIT, "{what} took {took:?}");
}

fn filled(with: &[u8]) -> Vec<u8> {
    let mut out = with.repeat(MAX_MESSAGE / with.len());
    out.truncate(MAX_MESSAGE);
    out
}

#[test]
fn the_longest_messages_are_read_at_once() {
    let inputs: [(&str, Vec<u8>); 9] = [
        ("zeros", filled(&[0])),
        ("sequences in sequences", filled(&[0x30, 0x80])),
        ("lengths", filled(&[0x30, 0x84])),
        ("empty records", filled(&made::record(22, &[]))),
        ("records of one byte", filled(&made::record(22, &[2]))),
        ("alerts", filled(&made::alert(1, 112))),
        ("almost NTLM", filled(b"NTLMSSP")),
        ("NTLM", filled(b"NTLMSSP\0")),
        ("packets", filled(&made::ultimatum())),
    ];
    for (what, bytes) in inputs {
        within_limit(what, || {
            let _ = x224::read_answer(&bytes);
            let _ = tls::read(&bytes);
            let _ = credssp::read(&bytes);
            let _ = credssp::ntlm_in(&bytes).map(ntlm::read_challenge);
            let _ = ntlm::read_challenge(&bytes);
            let _ = mcs::read_answer(&bytes);
            let _ = peer::recognise(&bytes);
            let _ = facts(&[&bytes], Viewpoint { host: "", now: 0 });
        });
    }
}

/// An object identifier is a number of any size, and writing such a number in decimal digits
/// takes time by the square of it.
#[test]
fn huge_object_identifiers_cost_no_time() {
    let mut huge = vec![0xff; 1_000_000];
    huge[0] = 0x2a;
    huge.push(0x7f);
    let text = vec![(huge.clone(), 0x0c, b"x".to_vec())];
    let base = Certificate::of("pc42");
    let certificates = [
        Certificate {
            signature: huge.clone(),
            ..base.clone()
        },
        Certificate {
            usages: vec![huge],
            ..base.clone()
        },
        Certificate {
            subject: text.clone(),
            ..base.clone()
        },
        Certificate {
            issuer: text,
            ..base
        },
    ];
    for certificate in certificates {
        let der = certificate.der();
        within_limit("a certificate", || {
            let facts = facts(&[&der], Viewpoint { host: "", now: 0 });
            assert!(facts.iter().any(|f| f.0 == FactKey::CertSubject));
            crate::wire::sane(&facts);
        });
    }
}

#[test]
fn many_names_and_usages_cost_no_time() {
    let mut certificate = Certificate::of("pc42");
    certificate.names = vec![(0x82, b"pc.corp.example".to_vec()); 50_000];
    certificate.usages = vec![made::SERVER_AUTH.to_vec(); 50_000];
    let der = certificate.der();
    within_limit("a certificate", || {
        let facts = facts(&[&der], Viewpoint { host: "", now: 0 });
        crate::wire::sane(&facts);
    });
}
