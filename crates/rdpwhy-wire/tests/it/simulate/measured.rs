//! Servers as they were measured: what was not measured is unknown, and fails nothing.

use std::collections::BTreeMap;

use rdpwhy_wire::profiles::{self, Certificate, KeyKind, Role, Stack};
use rdpwhy_wire::simulate::{Endpoint, Measured, Overrides, Reason, Warning, run};
use rdpwhy_wire::version::{TLS10, TLS12, TLS13};

use super::endpoint;

fn clients() -> impl Iterator<Item = (&'static str, Endpoint)> {
    let clients = profiles::all().iter().filter(|p| p.can_be(Role::Client));
    clients.map(|p| {
        let endpoint = Endpoint::of(p, Role::Client, &Overrides::default()).unwrap();
        (p.id.as_str(), endpoint)
    })
}

/// A server that was measured whole gives what its profile gives.
#[test]
fn a_profile_that_is_measured_gives_the_same() {
    for profile in profiles::all().iter().filter(|p| p.can_be(Role::Server)) {
        let known = Endpoint::of(profile, Role::Server, &Overrides::default()).unwrap();
        // Its key is RSA: no other suite would have answered
        let answered = |v| {
            let suites = known.suites(v).unwrap();
            let fits = suites.iter().filter(|s| matches!(s.auth, "RSA" | "any"));
            fits.map(|s| s.code).collect()
        };
        let versions = known.versions().iter();
        let measured = Endpoint::measured(Measured {
            stack: profile.stack,
            suites: versions.map(|v| (*v, answered(*v))).collect(),
            server_preference: profile.server_preference,
            groups: known.groups().map(<[u16]>::to_vec),
            signatures: known.signatures().to_vec(),
            certificates: known.certificate().cloned().into_iter().collect(),
            dh_bits: profile.dh_bits_server,
        });
        for (id, client) in clients() {
            let mut expected = run(&client, &known);
            let mut seen = run(&client, &measured);
            // Suites for another kind of key were not seen there, so none is shared
            if expected.reason == Reason::CertTypeMismatch {
                expected.reason = Reason::NoSharedSuite;
            }
            // A profile knows the curves of each suite, and what is disputed
            expected.shared_groups.clear();
            seen.shared_groups.clear();
            expected.warnings.retain(|w| *w != Warning::DisputedVersion);
            seen.warnings.retain(|w| *w != Warning::DisputedVersion);
            assert_eq!(seen, expected, "{id} to {}", profile.id);
        }
    }
}

#[test]
fn suites_may_differ_between_versions() {
    let server = Endpoint::measured(Measured {
        suites: BTreeMap::from([(TLS10, vec![0x002f]), (TLS12, vec![0xc030])]),
        ..Measured::default()
    });
    let old = run(&endpoint("windows-7-sp1", Role::Client, ""), &server);
    assert_eq!((old.version, old.code), (Some(TLS10), Some(0x002f)));
    let new = run(&endpoint("windows-10", Role::Client, ""), &server);
    assert_eq!((new.version, new.code), (Some(TLS12), Some(0xc030)));
    let only_rsa = r#"{"suites": ["0x002F"]}"#;
    let apart = run(&endpoint("windows-10", Role::Client, only_rsa), &server);
    assert_eq!(apart.reason, Reason::NoSharedSuite);
}

#[test]
fn what_was_not_measured_fails_nothing() {
    let server = Endpoint::measured(Measured {
        suites: BTreeMap::from([(TLS12, vec![]), (TLS13, vec![])]),
        ..Measured::default()
    });
    for (id, client) in clients().filter(|(_, c)| c.versions().contains(&TLS12)) {
        let result = run(&client, &server);
        assert!(result.is_ok(), "{id}: {:?}", result.reason);
        assert!(result.server_events.is_empty(), "{id}");
    }
    let nothing = Endpoint::measured(Measured::default());
    let (_, client) = clients().next().unwrap();
    assert_eq!(
        run(&client, &nothing).reason,
        Reason::ServerNoEnabledProtocol
    );
}

/// A server with two certificates accepts the suites of both, whichever was seen.
#[test]
fn suites_that_answered_need_no_certificate_that_was_seen() {
    let rsa = Certificate {
        key: KeyKind::Rsa,
        bits: 1024,
        curve: None,
        signature: "rsa_pkcs1_sha256".to_owned(),
        key_usage: Vec::new(),
        self_signed: true,
        public_ca: false,
        signs_only: false,
    };
    let server = |suites: &[u16]| {
        Endpoint::measured(Measured {
            stack: Stack::Schannel,
            suites: BTreeMap::from([(TLS12, suites.to_vec())]),
            groups: Some(vec![0x0017]),
            certificates: vec![rsa.clone()],
            ..Measured::default()
        })
    };
    let client = endpoint("rustls-0.23-ring", Role::Client, "");
    assert!(run(&client, &server(&[0xc02c])).is_ok());
    let refused = run(&client, &server(&[0xc030]));
    assert_eq!(refused.reason, Reason::CertKeyTooSmall);
    assert_eq!(refused.server_events[0].text(), "36887:51");
}
