//! Facts: everything that can be known about an attempt, as one closed table.
//!
//! The readers of connections emit these keys and the catalogue of causes asks for them; both
//! refer to this table, so a slip of the pen fails a test and not a customer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Stage;

/// What kind of value a fact has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// True or false.
    Bool,
    /// A whole number, in the unit that the meaning states.
    Int,
    /// Free text.
    Text,
    /// One word out of a closed list.
    Word(&'static [&'static str]),
    /// A list of texts.
    List,
}

/// One line of the table of facts.
#[derive(Clone, Copy, Debug)]
pub struct FactInfo {
    /// The key as it stands in reports and in the catalogue.
    pub name: &'static str,
    /// The stage that the fact speaks of.
    pub stage: Stage,
    /// The kind of its value.
    pub kind: Kind,
    /// What it means, in one sentence.
    pub meaning: &'static str,
}

macro_rules! facts {
    ($($variant:ident $name:literal $stage:ident ($kind:expr) $meaning:literal;)*) => {
        /// The key of a fact: see [`FactKey::info`] for what it means.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each variant's meaning stands in the table")]
        pub enum FactKey { $($variant,)* }

        impl FactKey {
            /// Every fact that there is, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The line of the table that belongs to this key.
            pub const fn info(self) -> FactInfo {
                match self {
                    $(Self::$variant => FactInfo { name: $name, stage: Stage::$stage, kind: $kind, meaning: $meaning },)*
                }
            }
        }
    };
}

/// How an X.224 Connection Request was answered, as one word.
pub const NEGOTIATION: &[&str] = &[
    "selected-rdp",
    "selected-ssl",
    "selected-hybrid",
    "selected-hybrid-ex",
    "selected-rdstls",
    "selected-rdsaad",
    "selected-other",
    "no-response-structure",
    "failure-*",
    "closed",
    "reset",
    "silent",
    "disconnect",
    "not-rdp",
    "malformed",
    "flood",
    "unreached",
];

/// How a TLS ClientHello was answered, as one word.
pub const TLS: &[&str] = &[
    "established",
    "server-hello",
    "alert-*",
    "closed",
    "reset",
    "silent",
    "not-tls",
    "disconnect",
    "refused-here",
    "malformed",
    "flood",
    "unreached",
];

/// What a simulated handshake comes to, as one word.
pub const MEETING: &[&str] = &[
    "ok",
    "no_enabled_protocol",
    "server_no_enabled_protocol",
    "server_credential_unusable",
    "no_common_version",
    "no_shared_suite",
    "cert_type_mismatch",
    "no_common_group",
    "no_common_signature_algorithm",
    "legacy_signature_refused",
    "dh_too_small",
    "cert_key_too_small",
    "key_usage_violation",
    "cert_signature_not_offered",
];

use Kind::{Bool, Int, List, Text, Word};

facts! {
    // The run
    ClientProfile "client.profile" Client (Text) "the client through whose eyes the verdict is given";
    ClientAsks "client.asks" Client (Word(&["nla", "tls", "plain"])) "which security the client asks for in the negotiation";

    // Resolve
    ResolveOutcome "resolve.outcome" Resolve (Word(&["literal", "addresses", "not-found", "no-address", "failed", "refused", "server-failure", "no-answer", "invalid-name"])) "how the name became addresses for the system, or for the name server that was asked for";
    ResolveAddresses "resolve.addresses" Resolve (List) "the addresses of the name, in the order in which the system tries them";
    ResolveServers "resolve.servers" Resolve (List) "the name servers that were asked for a second opinion";
    ResolveServerAnswer "resolve.server_answer" Resolve (Word(&["addresses", "not-found", "no-address", "refused", "server-failure", "no-answer", "unreadable", "no-server"])) "what the configured name servers answer when asked directly";
    ResolveServerAddresses "resolve.server_addresses" Resolve (List) "the addresses that the name servers give";
    ResolveServersAgree "resolve.servers_agree" Resolve (Bool) "the name servers give the addresses that the system gives, and agree among themselves";

    // Tcp
    TcpOutcome "tcp.outcome" Tcp (Word(&["connected", "refused", "reset", "timeout", "host-unreachable", "net-unreachable", "port-unreachable", "prohibited", "too-big", "no-route", "denied-here", "failed"])) "how the best of the addresses answered a SYN";
    TcpAddress "tcp.address" Tcp (Text) "the address and port that the walk used";
    TcpLocal "tcp.local" Tcp (Text) "the local address and port of the first connection";
    TcpInterface "tcp.interface" Tcp (Text) "the network interface that carries the local address";
    TcpGateway "tcp.gateway" Tcp (Text) "the router on the way, or 'on the same network'";
    TcpOnLink "tcp.on_link" Tcp (Bool) "the address is on a network that this machine is attached to";
    TcpRoundTripUs "tcp.round_trip_us" Tcp (Int) "time from SYN to SYN-ACK, in microseconds";
    TcpIcmp "tcp.icmp" Tcp (Text) "the ICMP message that ended the attempt: type and code";
    TcpIcmpFrom "tcp.icmp_from" Tcp (Word(&["host", "router"])) "who sent that ICMP message: the host's own address or another one";
    TcpDead "tcp.dead" Tcp (List) "addresses of the name that failed although another one connected";
    TcpDeadFamily "tcp.dead_family" Tcp (Word(&["ipv6", "ipv4", "same"])) "the failing addresses are of the other family than the good ones, or of the same";
    TcpLoopback "tcp.loopback" Tcp (Bool) "the target is this machine's loopback address";
    PortsOpen "ports.open" Tcp (List) "other ports of the host that accept a connection";
    PortsAnyOpen "ports.any_open" Tcp (Bool) "at least one other port of the host accepts a connection";
    PortsAnyAnswer "ports.any_answer" Tcp (Bool) "at least one other port answers, if only with a refusal: the host is up";
    PortsRdp "ports.rdp" Tcp (List) "other ports of the host that speak RDP";
    PortsAnyRdp "ports.any_rdp" Tcp (Bool) "another port of the host speaks RDP";
    PortsWindows "ports.windows" Tcp (Bool) "ports that only Windows normally opens answer (135, 5985)";

    // Negotiate
    NegAnswer "neg.answer" Negotiate (Word(NEGOTIATION)) "how the baseline Connection Request was answered";
    NegFlags "neg.flags" Negotiate (Int) "the flags byte of RDP_NEG_RSP";
    NegSourceReference "neg.source_reference" Negotiate (Int) "the source reference in the X.224 Connection Confirm, by which server libraries differ";
    NegExtendedClientData "neg.extended_client_data" Negotiate (Bool) "RDP_NEG_RSP flag 0x01";
    NegGraphics "neg.graphics_pipeline" Negotiate (Bool) "RDP_NEG_RSP flag 0x02";
    NegRestrictedAdmin "neg.restricted_admin" Negotiate (Bool) "RDP_NEG_RSP flag 0x08: Restricted Admin is supported";
    NegRedirectedAuth "neg.redirected_authentication" Negotiate (Bool) "RDP_NEG_RSP flag 0x10: Remote Credential Guard is supported";
    NegPeer "neg.peer" Negotiate (Word(&["ssh", "http", "tls", "smb", "vnc", "ftp", "smtp", "proxy-protocol", "telnet", "text", "binary"])) "what the peer speaks instead of RDP";
    NegFirstBytes "neg.first_bytes" Negotiate (Text) "the first bytes of an answer that is not RDP, escaped";
    NegTookMs "neg.took_ms" Negotiate (Int) "time from the Connection Request to its answer, in milliseconds";
    NegOldClient "neg.old_client" Negotiate (Word(NEGOTIATION)) "answer to a Connection Request without negotiation data, as an old client sends it";
    NegPlain "neg.plain" Negotiate (Word(NEGOTIATION)) "answer to a request for Standard RDP Security only";
    NegSslOnly "neg.ssl_only" Negotiate (Word(NEGOTIATION)) "answer to a request for TLS without CredSSP";
    NegHybridOnly "neg.hybrid_only" Negotiate (Word(NEGOTIATION)) "answer to a request for CredSSP without HYBRID_EX";
    NegRdstls "neg.rdstls" Negotiate (Word(NEGOTIATION)) "answer to a request for RDSTLS, which clients use when they are redirected";
    NegRdsaad "neg.rdsaad" Negotiate (Word(NEGOTIATION)) "answer to a request for RDSAAD, sign-in with an Entra account on a web page";
    NegInsideTls "neg.inside_tls" Negotiate (Word(NEGOTIATION)) "answer to a Connection Request sent inside TLS";
    NegAfterProxy "neg.after_proxy" Negotiate (Word(NEGOTIATION)) "answer to a Connection Request after a PROXY protocol header";
    Greeting "neg.greeting" Negotiate (Word(&["silent", "closed", "reset", "speaks", "unreached"])) "what the peer does when nothing is sent";
    WalkEnd "walk.end" Negotiate (Text) "where the walk ended and how, as stage and word";
    AgainCount "again.count" Negotiate (Int) "how often the walk was repeated";
    AgainSame "again.same" Negotiate (Bool) "every repetition ended like the first walk";
    AgainWorks "again.works" Negotiate (Bool) "a try got through after one that had failed";
    AgainAllWork "again.all_work" Negotiate (Bool) "every try got through";
    AgainEnds "again.ends" Negotiate (List) "how each walk ended, in order";
    OthersWork "address.others_work" Negotiate (Bool) "another address of the name gets past the stage that fails on the first";

    // Tls
    TlsAnswer "tls.answer" Tls (Word(TLS)) "how the baseline handshake of the client ended";
    TlsServerSpoke "tls.server_spoke" Tls (Bool) "the server sent at least one handshake message before the end";
    TlsVersion "tls.version" Tls (Word(&["SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", "unknown"])) "the version of the completed handshake";
    TlsSuite "tls.suite" Tls (Text) "the cipher suite of the completed handshake";
    TlsGroup "tls.group" Tls (Text) "the key-exchange group of the completed handshake";
    TlsRefusal "tls.refusal" Tls (Text) "why our own TLS stack refused what the server sent";
    TlsIsOdd "tls.is_odd" Tls (Bool) "the server chose what was not offered to it, which no client can accept";
    TlsOdd "tls.odd" Tls (Text) "what the server chose without being offered it";
    TlsTookMs "tls.took_ms" Tls (Int) "time from the ClientHello to the end of the handshake, in milliseconds";
    TlsOnly12 "tls.only12" Tls (Word(TLS)) "handshake that offers TLS 1.2 only";
    TlsOnly10 "tls.only10" Tls (Word(TLS)) "handshake that offers TLS 1.0 only";
    TlsOldSuite "tls.old_suite" Tls (Word(TLS)) "handshake that offers one old suite only (TLS_RSA_WITH_AES_128_CBC_SHA, TLS 1.2)";
    TlsWide "tls.wide" Tls (Word(TLS)) "ClientHello with every suite that is known, every group and version up to 1.2";
    TlsWideSuite "tls.wide_suite" Tls (Text) "the suite that the server chose out of every known one";
    TlsWideSuiteOffered "tls.wide_suite_offered" Tls (Bool) "that suite was in the client's own list too";
    TlsMissing "tls.missing" Tls (Text) "what the host takes and this client does not offer";
    TlsWideGroups "tls.wide_groups" Tls (Word(TLS)) "ClientHello with the client's suites and every known group";
    TlsWide13 "tls.wide13" Tls (Word(TLS)) "ClientHello for TLS 1.3 with every suite and group that is known, and no key share";
    TlsWide13Offered "tls.wide13_offered" Tls (Bool) "the client offers TLS 1.3 too";
    TlsWide13Suite "tls.wide13_suite" Tls (Text) "the suite that the server chose for TLS 1.3";
    TlsWide13SuiteOffered "tls.wide13_suite_offered" Tls (Bool) "that suite was in the client's own list too";
    TlsWide13Group "tls.wide13_group" Tls (Text) "the key-exchange group that the server chose for TLS 1.3 out of every known one";
    TlsWide13GroupOffered "tls.wide13_group_offered" Tls (Bool) "that group was in the client's own list too";
    TlsSmallHello "tls.small_hello" Tls (Word(TLS)) "ClientHello of less than 150 bytes";
    TlsLargeHello "tls.large_hello" Tls (Word(TLS)) "ClientHello padded to more than one full segment";
    TlsNoSni "tls.no_sni" Tls (Word(TLS)) "the baseline handshake without the server name";
    TlsSplitHello "tls.split_hello" Tls (Word(TLS)) "the baseline ClientHello, its first byte in a segment of its own";
    TlsPartialHello "tls.partial_hello" Tls (Word(&["waits", "closed", "reset", "speaks", "disconnect", "unreached"])) "what the peer does after the first half of a ClientHello, for which a TLS server must wait";
    TlsGarbage "tls.garbage" Tls (Word(&["waits", "closed", "reset", "speaks", "disconnect", "unreached"])) "what the peer does after bytes that are no TLS";
    TlsSmallSegments "tls.small_segments" Tls (Word(TLS)) "the baseline handshake with small TCP segments both ways";
    TlsDirect "tls.direct" Tls (Word(TLS)) "TLS at once, without X.224 before it";
    TlsAllClose "tls.all_close" Tls (Bool) "every kind of ClientHello that was tried is answered by a closed or reset connection, without an alert";

    // The whole matrix (--tls)
    MatrixVersions "tls.matrix.versions" Tls (List) "versions of TLS that the server accepts";
    MatrixVersionsRefused "tls.matrix.versions_refused" Tls (List) "versions of TLS that the server does not accept";
    MatrixOldVersions "tls.matrix.old_versions" Tls (Bool) "the server accepts TLS 1.0 or TLS 1.1";
    MatrixSsl3 "tls.matrix.ssl3" Tls (Bool) "the server accepts SSL 3.0";
    MatrixSuites "tls.matrix.suites" Tls (List) "every accepted version and suite, in the server's order where that decides";
    MatrixAnyWeak "tls.matrix.any_weak" Tls (Bool) "the server accepts a suite that is broken or prohibited";
    MatrixWeakSuites "tls.matrix.weak_suites" Tls (List) "accepted suites that are broken or prohibited";
    MatrixOrder "tls.matrix.order" Tls (Word(&["server", "client"])) "whose order of suites decides";
    MatrixGroups "tls.matrix.groups" Tls (List) "key-exchange groups that the server accepts";
    MatrixSignatures "tls.matrix.signatures" Tls (List) "signature schemes that the server can use";
    MatrixSecureRenegotiation "tls.matrix.secure_renegotiation" Tls (Bool) "secure renegotiation is supported (RFC 5746)";
    MatrixExtendedMasterSecret "tls.matrix.extended_master_secret" Tls (Bool) "the master secret is bound to the handshake (RFC 7627)";
    MatrixDhBits "tls.matrix.dh_bits" Tls (Int) "the smallest prime of a Diffie-Hellman exchange, in bits";
    MatrixIsOdd "tls.matrix.is_odd" Tls (Bool) "the server answered with something that no server may send";
    MatrixOdd "tls.matrix.odd" Tls (List) "answers that no server may give";
    MatrixConnections "tls.matrix.connections" Tls (Int) "connections that the matrix took";
    MatrixRounds "tls.matrix.rounds" Tls (Int) "rounds in which the matrix was asked for, each after answers of the one before";
    ClientMeets "client.meets" Tls (Bool) "the client and the server, as it was measured, would complete a handshake";
    ClientReason "client.reason" Tls (Word(MEETING)) "what keeps the client and the server, as it was measured, from a handshake";
    ClientMissing "client.missing" Tls (Text) "the one thing that the client and the server, as it was measured, lack for a handshake";
    ClientVersion "client.version" Tls (Text) "the version that the client and the server, as it was measured, come to";
    ClientSuite "client.suite" Tls (Text) "the suite that the client and the server, as it was measured, come to";
    MatrixComplete "tls.matrix.complete" Tls (Bool) "every question of the matrix was answered";

    // The certificate
    CertSubject "cert.subject" Tls (Text) "subject of the certificate";
    CertIssuer "cert.issuer" Tls (Text) "issuer of the certificate";
    CertNames "cert.names" Tls (List) "names and addresses that the certificate covers";
    CertNameMatches "cert.name_matches" Tls (Bool) "the name that was asked for is covered by the certificate";
    CertOtherNames "cert.other_names" Tls (List) "alternative names that no client compares with a host's: e-mail addresses, URIs, directory and other names";
    CertCommonName "cert.common_name" Tls (Text) "common name of the subject";
    CertCommonNameMatches "cert.common_name_matches" Tls (Bool) "the common name covers the name that was asked for, whatever the alternative names say";
    CertMstscNames "cert.mstsc_names" Tls (List) "the names that mstsc looks at: DNS names among the alternative names, or the common name where there is none; for an address, the addresses too";
    CertMstscNameMatches "cert.mstsc_name_matches" Tls (Bool) "one of the names that mstsc looks at covers the name that was asked for";
    CertOddNames "cert.odd_names" Tls (List) "what in the names of the certificate is not plain text: NUL, control characters, marks that turn the direction";
    CertSubjectEmpty "cert.subject_empty" Tls (Bool) "the subject is empty";
    CertVersion "cert.version" Tls (Int) "version of the certificate: 3, or 1 for one without extensions";
    CertNotBefore "cert.not_before" Tls (Text) "start of validity, RFC 3339";
    CertNotAfter "cert.not_after" Tls (Text) "end of validity, RFC 3339";
    CertDaysLeft "cert.days_left" Tls (Int) "whole days until the certificate expires; negative for those since it has";
    CertExpired "cert.expired" Tls (Bool) "the certificate has expired by our clock";
    CertNotYetValid "cert.not_yet_valid" Tls (Bool) "the certificate is not valid yet by our clock";
    CertValidityDays "cert.validity_days" Tls (Int) "whole days from the start to the end of validity";
    CertDates "cert.dates" Tls (Word(&["ordinary", "end-before-start", "before-1970", "without-end"])) "whether the dates make sense: without-end is the year 9999";
    CertSelfSigned "cert.self_signed" Tls (Bool) "issuer and subject are the same";
    CertSignedByItself "cert.signed_by_itself" Tls (Bool) "the signature of a certificate that names itself as issuer was made with its own key";
    CertIsCa "cert.is_ca" Tls (Bool) "the host's certificate says that it is an authority's (basic constraints)";
    CertWindowsMade "cert.windows_made" Tls (Bool) "it has the form of the certificate that Windows makes for its listener";
    CertChainLength "cert.chain_length" Tls (Int) "how many certificates the server sent";
    CertChain "cert.chain" Tls (List) "every certificate that was sent, as far as they are judged, in the order in which they came";
    CertChainJudged "cert.chain_judged" Tls (Int) "how many of them are judged: the first ones";
    CertChainBytes "cert.chain_bytes" Tls (Int) "size of the certificates that were sent, or that were announced where not all came, in bytes";
    CertChainInOrder "cert.chain_in_order" Tls (Bool) "every certificate that belongs to the chain comes directly after the one that it vouches for";
    CertChainDuplicates "cert.chain_duplicates" Tls (Int) "how many certificates were sent again";
    CertUnrelated "cert.unrelated" Tls (List) "certificates that were sent and do not lead from the host's to its authority";
    CertUnreadable "cert.unreadable" Tls (List) "certificates, or parts of them, that cannot be read, by place in the chain, and why";
    CertRootSent "cert.root_sent" Tls (Bool) "the chain that was sent ends with a certificate that names itself as issuer";
    CertRootExpired "cert.root_expired" Tls (Bool) "the root that the server sent has expired";
    CertIssuerNotCa "cert.issuer_not_ca" Tls (Bool) "a certificate in the chain vouches for another one and is not allowed to: it is no authority's, or its key usage forbids it";
    CertPathTooLong "cert.path_too_long" Tls (Bool) "an authority in the chain allows fewer authorities below it than there are";
    CertOutsideConstraints "cert.outside_constraints" Tls (Bool) "an authority in the chain may not vouch for one of the host's names (name constraints)";
    CertIntermediateExpired "cert.intermediate_expired" Tls (Bool) "an intermediate that the server sent has expired";
    CertTrust "cert.trust" Tls (Word(&["trusted", "self-signed", "unknown-issuer", "bad-signature", "bad-chain", "not-checked"])) "whether the chain leads to a root that this machine trusts, dates aside";
    CertTrustReason "cert.trust_reason" Tls (Text) "why the chain is not trusted, in the words of our TLS library";
    CertIssuerSent "cert.issuer_sent" Tls (Bool) "the server sent the certificate of the leaf's issuer";
    CertKey "cert.key" Tls (Text) "type and size of the public key";
    CertKeyType "cert.key_type" Tls (Word(&["rsa", "ecdsa", "other"])) "type of the public key";
    CertKeyBits "cert.key_bits" Tls (Int) "size of the public key, in bits";
    CertCurve "cert.curve" Tls (Text) "curve of an ECDSA key";
    CertExponent "cert.exponent" Tls (Text) "public exponent of an RSA key";
    CertOddExponent "cert.odd_exponent" Tls (Bool) "the public exponent is even, below 3, or longer than 32 bits";
    CertSignature "cert.signature" Tls (Text) "signature algorithm";
    CertWeakKey "cert.weak_key" Tls (Bool) "RSA key below 2048 bits, or a curve below 224 bits";
    CertWeakSignature "cert.weak_signature" Tls (Bool) "signed with MD5 or SHA-1 by somebody else";
    CertServerAuth "cert.server_auth" Tls (Bool) "the extended key usage allows server authentication or is absent";
    CertRdpAuthOnly "cert.rdp_auth_only" Tls (Bool) "of the extended key usages that let it be a server it has Remote Desktop Authentication alone";
    CertEku "cert.eku" Tls (List) "extended key usages, by object identifier";
    CertKeyUsage "cert.key_usage" Tls (List) "key usages; none is no such extension, which allows everything";
    CertMaySign "cert.may_sign" Tls (Bool) "the key usage allows digital signatures, as ECDHE and TLS 1.3 need of the key";
    CertMayEncipher "cert.may_encipher" Tls (Bool) "the key usage allows key encipherment, as key exchange with static RSA needs";
    CertUsageFits "cert.usage_fits" Tls (Bool) "the key usage allows what the completed handshake did with the key";
    CertSha256 "cert.sha256" Tls (Text) "SHA-256 fingerprint";
    CertSha1 "cert.sha1" Tls (Text) "SHA-1 thumbprint, as Windows shows it";
    CertSpkiSha256 "cert.spki_sha256" Tls (Text) "SHA-256 of the SubjectPublicKeyInfo, in DER: it stays when a certificate is renewed with the same key";
    CertSerial "cert.serial" Tls (Text) "serial number, in hexadecimal without leading zeros; a negative one with a minus sign";
    CertSerialForm "cert.serial_form" Tls (Word(&["ordinary", "zero", "negative", "too-long"])) "whether the serial number is one that authorities may give: above zero, at most 20 bytes";
    CertCrlUrls "cert.crl_urls" Tls (List) "addresses of the revocation lists that the certificate names";
    CertOcspUrls "cert.ocsp_urls" Tls (List) "addresses of the OCSP responders that the certificate names";
    CertIssuerUrls "cert.issuer_urls" Tls (List) "addresses from which the issuer's certificate can be fetched, as the certificate names them";
    CertRevocation "cert.revocation" Tls (Word(&["good", "revoked", "unknown", "unreachable", "none-named", "not-checked"])) "what the authority publishes about the certificate";
    CertRevokedWhen "cert.revoked_when" Tls (Text) "when the authority revoked it, RFC 3339";
    CertRevokedReason "cert.revoked_reason" Tls (Text) "why the authority revoked it, by RFC 5280 5.3.1";
    CertRevocationSources "cert.revocation_sources" Tls (List) "the addresses that were named for it, each with what came";
    CertRevocationTookMs "cert.revocation_took_ms" Tls (Int) "the longest of these fetches, in milliseconds: what a client waits";
    CertSeen "cert.seen" Tls (Word(&["first", "same", "renewed-same-key", "changed"])) "the certificate against the one that this target showed in an earlier run";
    CertSeenWhen "cert.seen_when" Tls (Text) "when the earlier certificate was last seen, RFC 3339";
    CertSeenDays "cert.seen_days" Tls (Int) "whole days over which the earlier certificate was seen";
    CertSeenBeforeSha256 "cert.seen_before_sha256" Tls (Text) "SHA-256 fingerprint of the earlier certificate";
    CertSeenBeforeIssuer "cert.seen_before_issuer" Tls (Text) "issuer of the earlier certificate";
    CertSeenBeforeDaysLeft "cert.seen_before_days_left" Tls (Int) "whole days that the earlier certificate would still be valid; negative for those since it expired";
    CertSeenSameNames "cert.seen_same_names" Tls (Bool) "subject and issuer are those of the earlier certificate";
    CertSeenElsewhere "cert.seen_elsewhere" Tls (List) "other targets that showed the same key in earlier runs";
    CertSeenElsewhereAny "cert.seen_elsewhere_any" Tls (Bool) "another target showed the same key in an earlier run";
    CertInspection "cert.inspection" Tls (Text) "the inspecting product that the issuer's name points to";

    // Nla
    NlaAnswer "nla.answer" Nla (Word(&["challenge", "error-code", "alert", "closed", "reset", "silent", "malformed", "no-ntlm", "flood"])) "how the first CredSSP message, without any account, was answered";
    NlaVersion "nla.version" Nla (Int) "CredSSP version of the host (TSRequest)";
    NlaErrorCode "nla.error_code" Nla (Text) "NTSTATUS in the host's TSRequest";
    NlaComputer "nla.computer" Nla (Text) "NetBIOS name of the host";
    NlaDomain "nla.domain" Nla (Text) "NetBIOS name of its domain";
    NlaDnsComputer "nla.dns_computer" Nla (Text) "DNS name of the host";
    NlaDnsDomain "nla.dns_domain" Nla (Text) "DNS name of its domain";
    NlaDnsTree "nla.dns_tree" Nla (Text) "DNS name of its forest";
    NlaBuild "nla.build" Nla (Text) "Windows version and build that the host states";
    NlaBuildNumber "nla.build_number" Nla (Int) "Windows build number that the host states";
    NlaTime "nla.time" Nla (Text) "the host's clock, RFC 3339";
    NlaSkewS "nla.skew_s" Nla (Int) "the host's clock minus ours, in seconds";
    NlaNameMatches "nla.name_matches" Nla (Bool) "the name that was asked for is the host's own name";
    NlaOffered "nla.offered" Nla (Bool) "the host takes clients with NLA";
    NlaRequired "nla.required" Nla (Bool) "the host turns clients without NLA away";
    NlaWorksWithout "nla.works_without" Nla (Bool) "the host's negotiation lets a client in without NLA";
    NlaSpnego "nla.spnego" Nla (Word(&["chosen", "rejected", "list", "challenge", "error-code", "alert", "closed", "reset", "silent", "malformed", "flood", "unreached"])) "how a list of sign-in mechanisms (SPNEGO), without a token of any, was answered";
    NlaFirstChoice "nla.first_choice" Nla (Text) "the mechanism that the host chooses from a list of Kerberos, NEGOEX and NTLM";
    NlaMechanisms "nla.mechanisms" Nla (List) "the mechanisms that the host takes when asked for each by itself, or that it lists";
    NlaMechanismsRefused "nla.mechanisms_refused" Nla (List) "the mechanisms that the host refuses when asked for each by itself";

    // Signing in with an account
    SignInForm "signin.account_form" Nla (Word(&["user", "domain-user", "upn"])) "in which form the account is named: user, DOMAIN\\user or user@domain";
    SignInEmpty "signin.empty_password" Nla (Bool) "the password that was given is empty";
    SignInWhyNot "signin.why_not_sent" Nla (Word(&["not-reached", "no-nla", "unknown-host", "declined", "certificate-changed", "not-the-pin", "not-again", "no-challenge", "stopped"])) "why no credentials were sent";
    SignInAttempts "signin.attempts" Nla (Int) "messages whose wrong password counts against a lockout threshold";
    SignInMechanism "signin.mechanism" Nla (Word(&["ntlm", "kerberos"])) "the mechanism by which the account was proved to the host";
    SignInAnswer "signin.answer" Nla (Word(&["accepted", "error-code", "closed", "reset", "alert", "silent", "disconnect", "malformed", "pubkey-mismatch", "other-mechanism", "kdc-refused", "kdc-silent", "not-sent"])) "how signing in was answered: accepted is a host that has proved that it knows the account and has the key of its certificate";
    SignInStatus "signin.ntstatus" Nla (Text) "NTSTATUS or SSPI status with which the sign-in was refused";
    SignInKdc "signin.kdc" Nla (Word(&["none-found", "unreachable", "answered"])) "whether a domain controller (KDC) of the account's realm was found, and answered";
    SignInKdcError "signin.kerberos_error" Nla (Int) "the error code with which the domain controller refused (RFC 4120 7.5.9)";
    SignInKdcSkewS "signin.kdc_skew_s" Nla (Int) "the domain controller's clock minus ours, in seconds";
    SignInAccountTicket "signin.account_ticket" Nla (Bool) "the domain controller accepted the account and its password";
    SignInHostTicket "signin.host_ticket" Nla (Bool) "the domain controller gave a ticket for the host (TERMSRV/name)";

    // Mcs
    McsAnswer "mcs.answer" Mcs (Word(&["response", "refused", "disconnect", "closed", "reset", "silent", "malformed", "flood"])) "how the MCS Connect Initial was answered";
    McsVersion "mcs.version" Mcs (Text) "RDP version that the host states";
    McsEncryption "mcs.encryption" Mcs (Word(&["none", "40-bit", "56-bit", "128-bit", "fips", "other"])) "encryption method of Standard RDP Security";
    McsEncryptionLevel "mcs.encryption_level" Mcs (Word(&["none", "low", "client-compatible", "high", "fips", "other"])) "encryption level of Standard RDP Security";
    McsChannels "mcs.channels" Mcs (Word(&["joined", "refused", "disconnect", "closed", "reset", "silent", "malformed", "flood"])) "how the requests for a user and its channels were answered";
    McsMaxChannels "mcs.max_channels" Mcs (Int) "maxChannelIds of the MCS domain parameters, by which server libraries differ";
    McsResult "mcs.result" Mcs (Text) "result code of a refused Connect Response";

    // Licensing and what comes with it
    LicensingAnswer "licensing.answer" Licensing (Word(&["valid-client", "license-request", "platform-challenge", "new-license", "upgrade-license", "error", "error-info", "none", "disconnect", "closed", "reset", "silent", "malformed", "flood"])) "what the host sent after a Client Info without user and password; none is a session without a word on licences";
    LicensingErrorCode "licensing.error_code" Licensing (Text) "error code of the host's licensing error message; 0x00000007 is the one that lets a client in";
    SessionErrorInfo "session.error_info" Session (Text) "code of the host's Set Error Info PDU";

    // What the host is
    HostSoftware "host.software" Host (Word(&["windows", "xrdp", "freerdp"])) "the RDP server software, where it shows; freerdp stands for every server on its library";
}

impl FactKey {
    /// The key of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|k| k.info().name == name)
    }

    /// Whether a value is one that this key may have.
    pub fn allows(self, value: &Value) -> bool {
        match (self.info().kind, value) {
            (Kind::Bool, Value::Bool(_))
            | (Kind::Int, Value::Int(_))
            | (Kind::Text, Value::Text(_))
            | (Kind::List, Value::List(_)) => true,
            (Kind::Word(words), Value::Text(t)) => words.iter().any(|w| {
                w.strip_suffix('*').map_or(*w == t, |stem| {
                    t.strip_prefix(stem)
                        .is_some_and(|n| n.parse::<u64>().is_ok())
                })
            }),
            _ => false,
        }
    }
}

impl std::fmt::Display for FactKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.info().name)
    }
}

impl Serialize for FactKey {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.info().name)
    }
}

impl<'de> Deserialize<'de> for FactKey {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let name = String::deserialize(d)?;
        Self::from_name(&name)
            .ok_or_else(|| serde::de::Error::custom(format!("there is no fact {name:?}")))
    }
}

impl JsonSchema for FactKey {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FactKey".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let names: Vec<&str> = Self::ALL.iter().map(|k| k.info().name).collect();
        schemars::json_schema!({ "type": "string", "enum": names })
    }
}

/// The value of a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A text, or one word out of a closed list.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(true) => f.write_str("yes"),
            Self::Bool(false) => f.write_str("no"),
            Self::Int(n) => write!(f, "{n}"),
            Self::Text(t) => f.write_str(t),
            Self::List(l) if l.is_empty() => f.write_str("none"),
            Self::List(l) => f.write_str(&l.join(", ")),
        }
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

impl From<&str> for Value {
    fn from(t: &str) -> Self {
        Self::Text(t.to_owned())
    }
}

impl From<String> for Value {
    fn from(t: String) -> Self {
        Self::Text(t)
    }
}

impl From<Vec<String>> for Value {
    fn from(l: Vec<String>) -> Self {
        Self::List(l)
    }
}

/// A fact: a key and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fact {
    /// What is known.
    pub key: FactKey,
    /// Its value.
    pub value: Value,
}

/// Something seen, with the place where it was seen. An observation is never uncertain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Observation {
    /// What is known.
    pub key: FactKey,
    /// Its value.
    pub value: Value,
    /// Where it was seen, for people: `connection 3 to 10.0.0.5:3389 (tls-only-12)`.
    pub source: String,
    /// The connections of the recording that show it, by number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connections: Vec<u32>,
}

/// What is known so far. A key that is not in it is unknown, which is not the same as false.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct FactSet(Vec<Observation>);

impl FactSet {
    /// Adds an observation. The last word on a key counts.
    pub fn add(&mut self, observation: Observation) {
        debug_assert!(
            observation.key.allows(&observation.value),
            "{} may not be {:?}",
            observation.key,
            observation.value
        );
        match self.0.iter_mut().find(|o| o.key == observation.key) {
            Some(old) => *old = observation,
            None => self.0.push(observation),
        }
    }

    /// The observation of a key.
    pub fn get(&self, key: FactKey) -> Option<&Observation> {
        self.0.iter().find(|o| o.key == key)
    }

    /// Whether the key is known.
    pub fn knows(&self, key: FactKey) -> bool {
        self.get(key).is_some()
    }

    /// The text or word of a key.
    pub fn text(&self, key: FactKey) -> Option<&str> {
        match &self.get(key)?.value {
            Value::Text(t) => Some(t),
            _ => None,
        }
    }

    /// The truth of a key.
    pub fn truth(&self, key: FactKey) -> Option<bool> {
        match self.get(key)?.value {
            Value::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// The number of a key.
    pub fn int(&self, key: FactKey) -> Option<i64> {
        match self.get(key)?.value {
            Value::Int(n) => Some(n),
            _ => None,
        }
    }

    /// The list of a key, empty when unknown.
    pub fn list(&self, key: FactKey) -> &[String] {
        match self.get(key).map(|o| &o.value) {
            Some(Value::List(l)) => l,
            _ => &[],
        }
    }

    /// Every observation, in the order in which it was first made.
    pub fn iter(&self) -> impl Iterator<Item = &Observation> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests;
