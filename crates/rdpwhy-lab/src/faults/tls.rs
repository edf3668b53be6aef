//! Faults in the TLS handshake.

use openssl::ssl::SslVersion;
use rdpwhy_model::Stage::Tls as Stage;

use crate::certificates::{Certificate, Key};
use crate::fault::{Fault, blocked, connectable, faulty};
use crate::machine::Machine;
use crate::script::{Act, Negotiate, Script, Tls, When};
use crate::services::{DISCONNECT, HELLO_REQUESTS, LYING_RECORD};

/// A hello of a Windows client (about 250 bytes and more) is larger, one that offers a single
/// suite of TLS 1.2 is not.
const LARGE: usize = 200;

/// From outside, these causes are one: the host closes after every ClientHello.
const CERTIFICATE_FAMILY: &[&str] = &[
    "selfsigned-cert-expired",
    "machinekeys-acl",
    "machinekeys-key-missing",
    "cert-stale-after-rename",
    "cert-registry-wrong",
    "cert-services-not-running",
    "tls-server-side-disabled",
];

/// The same, and what a device on the path does as well.
const FAMILY_OR_DEVICE: &[&str] = &[
    "ips-or-appid-resets",
    "tls-inspection-network",
    "selfsigned-cert-expired",
    "machinekeys-acl",
    "machinekeys-key-missing",
    "cert-stale-after-rename",
    "cert-registry-wrong",
    "cert-services-not-running",
    "tls-server-side-disabled",
];

/// A host that accepts TLS with and without NLA, so that an experiment can tell them apart.
const HOST: Script = Script::WINDOWS.negotiate(Negotiate::NLA_OR_TLS);

pub(super) const ROWS: &[Fault] = &[
    faulty(
        "cert-family-close",
        "The host closes after every ClientHello (mstsc: 0x904, extended 0x7)",
        Stage,
        blocked(Stage, CERTIFICATE_FAMILY),
        HOST.tls(Tls::WINDOWS.instead(When::Always, Act::Close)),
    ),
    faulty(
        "cert-family-reset",
        "The connection is reset after every ClientHello",
        Stage,
        blocked(Stage, FAMILY_OR_DEVICE),
        HOST.tls(Tls::WINDOWS.instead(When::Always, Act::Reset)),
    ),
    faulty(
        "tls-silent",
        "No answer to any ClientHello",
        Stage,
        blocked(Stage, &[]),
        HOST.tls(Tls::WINDOWS.instead(When::Always, Act::Silence)),
    ),
    faulty(
        "tls-alert-40",
        "The alert handshake_failure to every ClientHello",
        Stage,
        blocked(
            Stage,
            &[
                "cert-suite-mismatch",
                "cipher-policy-broken",
                "schannel-hash-or-kex-disabled",
                "cipher-suites-no-common",
                "legacy-csp-key",
            ],
        ),
        HOST.tls(Tls::WINDOWS.instead(When::Always, Act::Say(&[0x15, 3, 3, 0, 2, 2, 40]))),
    ),
    faulty(
        "tls-alert-70",
        "The alert protocol_version to every ClientHello",
        Stage,
        blocked(
            Stage,
            &["tls-server-side-disabled", "tls-version-no-common"],
        ),
        HOST.tls(Tls::WINDOWS.instead(When::Always, Act::Say(&[0x15, 3, 3, 0, 2, 2, 70]))),
    ),
    faulty(
        "tls-alert-80",
        "The alert internal_error to every ClientHello",
        Stage,
        blocked(Stage, &[]),
        HOST.tls(Tls::WINDOWS.instead(When::Always, Act::Say(&[0x15, 3, 3, 0, 2, 2, 80]))),
    ),
    faulty(
        "tls-disconnect",
        "An X.224 disconnect where the ServerHello belongs (xrdp with a key that does not fit)",
        Stage,
        blocked(Stage, &["cert-key-mismatch"]),
        HOST.negotiate(Negotiate::TLS)
            .tls(Tls::WINDOWS.instead(When::Always, Act::Say(DISCONNECT))),
    ),
    faulty(
        "tls-lying-length",
        "A ServerHello that announces 16 megabytes and stops",
        Stage,
        blocked(Stage, &[]),
        HOST.tls(Tls::WINDOWS.instead(When::Always, Act::SayAndWait(LYING_RECORD))),
    ),
    faulty(
        "tls-endless",
        "Handshake messages without end, each of which is to be skipped",
        Stage,
        blocked(Stage, &[]),
        HOST.tls(Tls::WINDOWS.instead(When::Always, Act::Flood(&HELLO_REQUESTS))),
    ),
    faulty(
        "tls10-only",
        "TLS 1.0 only",
        Stage,
        connectable(&["tls-version-no-common"]),
        HOST.machine(Machine::PC42.build(7601))
            .tls(Tls::WINDOWS.versions(SslVersion::TLS1, SslVersion::TLS1)),
    ),
    faulty(
        "tls13-only",
        "TLS 1.3 only",
        Stage,
        connectable(&["tls-version-no-common"]),
        HOST.tls(Tls::WINDOWS.versions(SslVersion::TLS1_3, SslVersion::TLS1_3)),
    ),
    faulty(
        "tls13-reset",
        "A Server 2019 resets when TLS 1.3 is offered",
        Stage,
        blocked(Stage, &["tls13-enabled-on-2019"]),
        HOST.machine(Machine::PC42.build(17763)).tls(
            Tls::WINDOWS
                .versions(SslVersion::TLS1, SslVersion::TLS1_2)
                .instead(When::Offers(0x0304), Act::Reset),
        ),
    ),
    faulty(
        "large-hello-reset",
        "A ClientHello of more than 200 bytes is reset",
        Stage,
        blocked(Stage, &["pq-clienthello-middlebox"]),
        HOST.tls(Tls::WINDOWS.instead(When::Larger(LARGE), Act::Reset)),
    ),
    faulty(
        "large-hello-silent",
        "A ClientHello of more than 200 bytes gets no answer",
        Stage,
        blocked(Stage, &["pmtu-blackhole", "pq-clienthello-middlebox"]),
        HOST.tls(Tls::WINDOWS.instead(When::Larger(LARGE), Act::Silence)),
    ),
    faulty(
        "cipher-exotic",
        "Only ARIA suites",
        Stage,
        blocked(Stage, &["cipher-suites-no-common"]),
        HOST.tls(
            Tls::WINDOWS
                .versions(SslVersion::TLS1_2, SslVersion::TLS1_2)
                .suites("ECDHE-ARIA256-GCM-SHA384:ARIA256-GCM-SHA384"),
        ),
    ),
    faulty(
        "group-exotic",
        "Only the curve P-521",
        Stage,
        blocked(Stage, &["key-exchange-group-no-common"]),
        HOST.tls(
            Tls::WINDOWS
                .groups("P-521")
                .suites("ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256"),
        ),
    ),
    faulty(
        "ecdsa-rsa-suites",
        "An ECDSA certificate, and only suites for RSA",
        Stage,
        blocked(
            Stage,
            &[
                "cert-suite-mismatch",
                "cipher-suites-no-common",
                "ecdsa-cert-old-client",
            ],
        ),
        HOST.tls(
            Tls::WINDOWS
                .versions(SslVersion::TLS1, SslVersion::TLS1_2)
                .suites("ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256")
                .certificate(Certificate {
                    key: Key::P256,
                    ..Certificate::WINDOWS
                }),
        ),
    ),
    faulty(
        "tls-suite-not-offered",
        "The host chooses a suite that was not offered",
        Stage,
        blocked(Stage, &["tls-answer-invalid"]),
        HOST.tls(Tls::WINDOWS.instead(When::Always, Act::SayAndWait(&STRANGE_SUITE))),
    ),
    faulty(
        "tls-version-not-offered",
        "The host chooses a version of TLS that does not exist",
        Stage,
        blocked(Stage, &["tls-answer-invalid"]),
        HOST.tls(Tls::WINDOWS.instead(When::Always, Act::SayAndWait(&STRANGE_VERSION))),
    ),
    faulty(
        "tls-chacha-only",
        "TLS 1.2 with ChaCha20 only, which Windows does not offer there",
        Stage,
        blocked(Stage, &["cipher-suites-no-common"]),
        HOST.tls(TLS12.suites("ECDHE-RSA-CHACHA20-POLY1305")),
    ),
    faulty(
        "tls-3des-only",
        "TLS 1.2 with 3DES only, as hardening by an old guide leaves it",
        Stage,
        blocked(Stage, &["cipher-suites-no-common"]),
        HOST.tls(TLS12.suites("DES-CBC3-SHA")),
    ),
    faulty(
        "tls-dhe-only",
        "TLS 1.2 with Diffie-Hellman suites only, which Windows 11 24H2 has no more",
        Stage,
        blocked(Stage, &["cipher-suites-no-common"]),
        HOST.tls(
            TLS12
                .suites("DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256")
                .prime(2048),
        ),
    ),
    faulty(
        "tls-anonymous-only",
        "Suites without a certificate only",
        Stage,
        blocked(Stage, &["cipher-suites-no-common", "cert-suite-mismatch"]),
        HOST.tls(TLS12.suites("AECDH-AES256-SHA:AECDH-AES128-SHA")),
    ),
    faulty(
        "tls-post-quantum-only",
        "TLS 1.3 with a post-quantum group only",
        Stage,
        blocked(Stage, &["key-exchange-group-no-common"]),
        HOST.tls(
            Tls::WINDOWS
                .versions(SslVersion::TLS1_3, SslVersion::TLS1_3)
                .groups("X25519MLKEM768"),
        ),
    ),
    faulty(
        "tls13-p521-only",
        "TLS 1.3 with the curve P-521 only",
        Stage,
        blocked(Stage, &["key-exchange-group-no-common"]),
        HOST.tls(
            Tls::WINDOWS
                .versions(SslVersion::TLS1_3, SslVersion::TLS1_3)
                .groups("P-521"),
        ),
    ),
    faulty(
        "tls11-only",
        "TLS 1.1 only",
        Stage,
        connectable(&["tls-version-no-common"]),
        HOST.machine(Machine::PC42.build(7601))
            .tls(Tls::WINDOWS.versions(SslVersion::TLS1_1, SslVersion::TLS1_1)),
    ),
    faulty(
        "tls-weak-suites",
        "Suites with 3DES, without encryption and without a certificate are on",
        Stage,
        connectable(&["tls-weak-suites"]),
        HOST.tls(Tls::WINDOWS.suites(
            "ECDHE-RSA-AES256-GCM-SHA384:AES128-SHA:DES-CBC3-SHA:NULL-SHA256:AECDH-AES128-SHA",
        )),
    )
    .in_the_matrix(),
    faulty(
        "tls-small-prime",
        "Diffie-Hellman with a prime of 1024 bits is on",
        Stage,
        connectable(&["tls-small-prime"]),
        HOST.tls(
            Tls::WINDOWS
                .suites("ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES256-GCM-SHA384")
                .prime(1024),
        ),
    )
    .in_the_matrix(),
    faulty(
        "tls-old-versions",
        "TLS 1.0 and TLS 1.1 are on, and the client's order of suites decides",
        Stage,
        connectable(&["tls-old-versions"]),
        HOST.tls(Tls::WINDOWS.clients_order()),
    )
    .in_the_matrix(),
];

/// TLS 1.2 alone, with the rest as Windows has it.
const TLS12: Tls = Tls::WINDOWS.versions(SslVersion::TLS1_2, SslVersion::TLS1_2);

/// A ServerHello that chooses TLS_RSA_WITH_NULL_MD5, which nobody offers.
const STRANGE_SUITE: [u8; 47] = server_hello([3, 3], [0, 1]);
/// A ServerHello for a version above all that there are.
const STRANGE_VERSION: [u8; 47] = server_hello([3, 9], [0xc0, 0x30]);

/// A ServerHello without extensions, as one record ([RFC 5246] 7.4.1.3).
const fn server_hello(version: [u8; 2], suite: [u8; 2]) -> [u8; 47] {
    let mut out = [0x5a; 47];
    let head = [0x16, 3, 3, 0, 42, 2, 0, 0, 38, version[0], version[1]];
    let mut n = 0;
    while n < head.len() {
        out[n] = head[n];
        n += 1;
    }
    // After the random: no session, the suite, no compression
    let tail = [0, suite[0], suite[1], 0];
    let mut n = 0;
    while n < tail.len() {
        out[43 + n] = tail[n];
        n += 1;
    }
    out
}
