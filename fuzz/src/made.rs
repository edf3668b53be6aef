//! Messages of hosts, made by hand from the specifications: what property tests take apart and
//! fuzzing starts from. None is a copy of anybody's traffic.

/// A TPKT packet (RFC 1006 6).
pub fn tpkt(tpdu: &[u8]) -> Vec<u8> {
    let mut out = vec![3, 0];
    out.extend(be16(tpdu.len() + 4));
    out.extend(tpdu);
    out
}

/// An X.224 Data TPDU in a TPKT packet.
pub fn data(pdu: &[u8]) -> Vec<u8> {
    tpkt(&[&[0x02, 0xf0, 0x80], pdu].concat())
}

/// An MCS Disconnect Provider Ultimatum (T.125 7), reason user-requested.
pub fn ultimatum() -> Vec<u8> {
    data(&[0x21, 0x80])
}

/// The structure at the end of a Connection Confirm ([MS-RDPBCGR] 2.2.1.2.1 and 2.2.1.2.2):
/// type 2 is a response, 3 a failure.
pub fn negotiated(kind: u8, flags: u8, value: u32) -> Vec<u8> {
    let mut out = vec![kind, flags, 8, 0];
    out.extend(value.to_le_bytes());
    out
}

/// A Connection Confirm (X.224 13.4) with whatever structure at its end.
pub fn confirm(source_reference: u16, structure: &[u8]) -> Vec<u8> {
    let mut tpdu = vec![small(structure.len() + 6), 0xd0, 0, 0];
    tpdu.extend(source_reference.to_be_bytes());
    tpdu.push(0);
    tpdu.extend(structure);
    tpkt(&tpdu)
}

/// A TLS record.
pub fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![kind, 3, 3];
    out.extend(be16(body.len()));
    out.extend(body);
    out
}

/// An alert in the clear.
pub fn alert(level: u8, description: u8) -> Vec<u8> {
    record(21, &[level, description])
}

/// A ServerHello as a handshake message, without the record around it (RFC 5246 7.4.1.3).
/// `extensions` is the list of them, encoded; empty leaves the field out.
pub fn server_hello(version: u16, random: [u8; 32], suite: u16, extensions: &[u8]) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend(random);
    body.push(0);
    body.extend(suite.to_be_bytes());
    body.push(0);
    if !extensions.is_empty() {
        body.extend(be16(extensions.len()));
        body.extend(extensions);
    }
    let mut out = vec![2, 0];
    out.extend(be16(body.len()));
    out.extend(body);
    out
}

/// A Certificate message up to TLS 1.2 (RFC 5246 7.4.2).
pub fn certificates(chain: &[&[u8]]) -> Vec<u8> {
    let block = |bytes: &[u8]| {
        let length = u32::try_from(bytes.len()).unwrap_or(0).to_be_bytes();
        [&length[1..], bytes].concat()
    };
    let list: Vec<u8> = chain.iter().flat_map(|c| block(c)).collect();
    [&[11][..], &block(&block(&list))].concat()
}

/// A message cut into records of at most `most` bytes.
pub fn records(message: &[u8], most: usize) -> Vec<u8> {
    message
        .chunks(most.max(1))
        .flat_map(|c| record(22, c))
        .collect()
}

/// A DER element.
pub fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        short @ 0..0x80 => out.push(small(short)),
        byte @ 0x80..0x100 => out.extend([0x81, small(byte)]),
        word @ 0x100..0x1_0000 => {
            out.push(0x82);
            out.extend(be16(word));
        }
        long => {
            out.push(0x84);
            out.extend(u32::try_from(long).unwrap_or(u32::MAX).to_be_bytes());
        }
    }
    out.extend(content);
    out
}

/// A host's TSRequest ([MS-CSSP] 2.2.1).
pub fn ts_request(version: u8, token: Option<&[u8]>, error: Option<u32>) -> Vec<u8> {
    let mut fields = der(0xa0, &der(0x02, &[version]));
    if let Some(token) = token {
        let item = der(0x30, &der(0xa0, &der(0x04, token)));
        fields.extend(der(0xa1, &der(0x30, &item)));
    }
    if let Some(error) = error {
        fields.extend(der(0xa4, &der(0x02, &error.to_be_bytes())));
    }
    der(0x30, &fields)
}

/// What a host says in a CHALLENGE.
#[derive(Clone, Debug, Default)]
pub struct Challenge {
    /// AV pairs: id and value ([MS-NLMP] 2.2.2.1), without the end of the list.
    pub pairs: Vec<(u16, Vec<u8>)>,
    /// Major version, minor version, build.
    pub version: (u8, u8, u16),
}

impl Challenge {
    /// Adds a name.
    #[must_use]
    pub fn name(mut self, id: u16, text: &str) -> Self {
        let value = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        self.pairs.push((id, value));
        self
    }

    /// Adds the clock, in file time.
    #[must_use]
    pub fn clock(mut self, filetime: u64) -> Self {
        self.pairs.push((7, filetime.to_le_bytes().to_vec()));
        self
    }

    /// The message ([MS-NLMP] 2.2.1.2).
    pub fn message(&self) -> Vec<u8> {
        const HEADER: u32 = 56;
        let mut info = Vec::new();
        for (id, value) in &self.pairs {
            info.extend(id.to_le_bytes());
            info.extend(le16(value.len()));
            info.extend(value);
        }
        info.extend([0; 4]);
        let mut out = b"NTLMSSP\0".to_vec();
        out.extend(2u32.to_le_bytes());
        out.extend([0; 4]);
        out.extend(HEADER.to_le_bytes());
        out.extend(0xe28a_8235_u32.to_le_bytes());
        out.extend([0x11; 8]);
        out.extend([0; 8]);
        out.extend(le16(info.len()));
        out.extend(le16(info.len()));
        out.extend(HEADER.to_le_bytes());
        let (major, minor, build) = self.version;
        out.extend([major, minor]);
        out.extend(build.to_le_bytes());
        out.extend([0, 0, 0, 15]);
        out.extend(info);
        out
    }
}

/// A Connect Response ([MS-RDPBCGR] 2.2.1.4, T.125 7, T.124 8.7) with core, network and security
/// data, as one packet. `result` is that of MCS.
pub fn connect_response(result: u8, version: u32, max_channels: u16) -> Vec<u8> {
    // no method, no level
    response(result, version, max_channels, &[0; 8])
}

/// A Connect Response of a host that encrypts by itself with that method: its random, and a
/// proprietary certificate (2.2.1.4.3.1.1) with a key of 512 bits.
pub fn encrypted_response(method: u32) -> Vec<u8> {
    if method == 0 {
        return connect_response(0, 0x0008_0004, 34);
    }
    let mut key = b"RSA1".to_vec();
    for number in [72u32, 512, 63, 65537] {
        key.extend(number.to_le_bytes());
    }
    key.extend([0xa5; 64]);
    key.extend([0; 8]);
    let mut certificate = vec![
        1,
        0,
        0,
        0,
        1,
        0,
        0,
        0,
        1,
        0,
        0,
        0,
        6,
        0,
        small(key.len()),
        0,
    ];
    certificate.extend(key);
    let mut security = method.to_le_bytes().to_vec();
    security.extend([2, 0, 0, 0, 32, 0, 0, 0, small(certificate.len()), 0, 0, 0]);
    security.extend([7; 32]);
    security.extend(certificate);
    response(0, 0x0008_0004, 34, &security)
}

fn response(result: u8, version: u32, max_channels: u16, security: &[u8]) -> Vec<u8> {
    let mut blocks = vec![0x01, 0x0c, 16, 0];
    blocks.extend(version.to_le_bytes());
    blocks.extend([1, 0, 0, 0, 0, 0, 0, 0]);
    // network data: the I/O channel and no others
    blocks.extend([0x03, 0x0c, 8, 0, 0xeb, 0x03, 0, 0]);
    blocks.extend([0x02, 0x0c, small(security.len() + 4), 0]);
    blocks.extend(security);

    let mut conference = vec![0x14, 0x76, 0x0a, 1, 1, 0, 1, 0xc0, 0];
    conference.extend(b"McDn");
    conference.extend(per(blocks.len()));
    conference.extend(blocks);
    let mut connect = vec![0, 5, 0, 0x14, 0x7c, 0, 1];
    connect.extend(per(conference.len()));
    connect.extend(conference);

    // a leading zero keeps the number positive
    let [high, low] = max_channels.to_be_bytes();
    let mut parameters = der(2, &[0, high, low]);
    for value in [3, 0, 1, 0, 1] {
        parameters.extend(der(2, &[value]));
    }
    parameters.extend(der(2, &[0, 0xff, 0xf8]));
    parameters.extend(der(2, &[2]));

    let mut body = der(0x0a, &[result]);
    body.extend(der(2, &[0]));
    body.extend(der(0x30, &parameters));
    body.extend(der(0x04, &connect));
    // Connect-Response is application 102, whose tag takes two bytes
    let mut pdu = vec![0x7f];
    pdu.extend(der(0x66, &body));
    data(&pdu)
}

/// A length in aligned PER (X.691 11.9).
fn per(length: usize) -> Vec<u8> {
    if length < 0x80 {
        return vec![small(length)];
    }
    let [high, low] = u16::try_from(length)
        .expect("a short message")
        .to_be_bytes();
    vec![high | 0x80, low]
}

/// commonName (RFC 5280 A.1), encoded.
pub const COMMON_NAME: [u8; 3] = [0x55, 4, 3];
/// sha256WithRSAEncryption (RFC 8017 A.2.4), encoded.
pub const SHA256_RSA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
/// id-kp-serverAuth (RFC 5280 4.2.1.12), encoded.
pub const SERVER_AUTH: [u8; 8] = [0x2b, 6, 1, 5, 5, 7, 3, 1];

const UTC_2026: &[u8] = b"260101000000Z";
const UTC_JULY: &[u8] = b"260702000000Z";

/// A public key.
#[derive(Clone, Debug)]
pub enum Key {
    /// RSA with this modulus, as DER has it: a leading zero where the first bit is set.
    Rsa(Vec<u8>),
    /// A point of a curve, whatever the curve.
    Ec(Vec<u8>),
}

/// A certificate to be made. Its signature is not one.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// Attributes of the subject: type, tag of the string, value.
    pub subject: Vec<(Vec<u8>, u8, Vec<u8>)>,
    /// Attributes of the issuer.
    pub issuer: Vec<(Vec<u8>, u8, Vec<u8>)>,
    /// Alternative names: tag and value; 0x82 is a DNS name, 0x87 an address.
    pub names: Vec<(u8, Vec<u8>)>,
    /// Extended key usages.
    pub usages: Vec<Vec<u8>>,
    /// The signature's algorithm.
    pub signature: Vec<u8>,
    /// The public key.
    pub key: Key,
    /// Further extensions, each encoded: see [`extension`].
    pub more: Vec<Vec<u8>>,
    /// Start and end of validity: the tag of the time, and its text.
    pub validity: [(u8, Vec<u8>); 2],
    /// Content of the serial number.
    pub serial: Vec<u8>,
    /// The version as it is written, one less than its name; without it for version 1.
    pub version: Option<u8>,
    /// Content of the public exponent of an RSA key.
    pub exponent: Vec<u8>,
}

impl Certificate {
    /// One that signs itself, with one name.
    pub fn of(name: &str) -> Self {
        let common_name = vec![(COMMON_NAME.to_vec(), 0x0c, name.as_bytes().to_vec())];
        let mut modulus = vec![0xa5; 257];
        modulus[0] = 0;
        Self {
            subject: common_name.clone(),
            issuer: common_name,
            names: Vec::new(),
            usages: vec![SERVER_AUTH.to_vec()],
            signature: SHA256_RSA.to_vec(),
            key: Key::Rsa(modulus),
            more: Vec::new(),
            validity: [UTC_2026, UTC_JULY].map(|t| (0x17, t.to_vec())),
            serial: vec![1],
            version: Some(2),
            exponent: vec![1, 0, 1],
        }
    }

    /// One that another one signs.
    pub fn below(name: &str, issuer: &Self) -> Self {
        Self {
            issuer: issuer.subject.clone(),
            ..Self::of(name)
        }
    }

    /// The certificate (RFC 5280 4.1).
    pub fn der(&self) -> Vec<u8> {
        let algorithm = |oid: &[u8]| der(0x30, &[der(0x06, oid), der(0x05, &[])].concat());
        let signature = algorithm(&self.signature);
        let (kind, key) = match &self.key {
            Key::Rsa(modulus) => {
                let numbers = [der(0x02, modulus), der(0x02, &self.exponent)].concat();
                let kind = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
                (algorithm(&kind), der(0x30, &numbers))
            }
            Key::Ec(point) => {
                let kind = der(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]);
                let curve = der(0x06, &[0x2b, 0x81, 4, 0, 35]);
                (der(0x30, &[kind, curve].concat()), point.clone())
            }
        };
        let key = der(0x30, &[kind, bits(&key)].concat());
        let [from, to] = &self.validity;
        let validity = der(0x30, &[der(from.0, &from.1), der(to.0, &to.1)].concat());
        let mut extensions = Vec::new();
        if !self.names.is_empty() {
            let list: Vec<u8> = self.names.iter().flat_map(|(t, v)| der(*t, v)).collect();
            extensions.extend(extension(17, &der(0x30, &list)));
        }
        if !self.usages.is_empty() {
            let list: Vec<u8> = self.usages.iter().flat_map(|u| der(0x06, u)).collect();
            extensions.extend(extension(37, &der(0x30, &list)));
        }
        extensions.extend(self.more.concat());
        let version = self.version.map(|v| der(0xa0, &der(0x02, &[v])));
        let mut fields = vec![
            version.unwrap_or_default(),
            der(0x02, &self.serial),
            signature.clone(),
            name(&self.issuer),
            validity,
            name(&self.subject),
            key,
        ];
        if !extensions.is_empty() {
            fields.push(der(0xa3, &der(0x30, &extensions)));
        }
        let body = der(0x30, &fields.concat());
        der(0x30, &[body, signature, bits(&[0; 32])].concat())
    }
}

fn name(attributes: &[(Vec<u8>, u8, Vec<u8>)]) -> Vec<u8> {
    let parts = attributes.iter().flat_map(|(kind, tag, value)| {
        let pair = [der(0x06, kind), der(*tag, value)].concat();
        der(0x31, &der(0x30, &pair))
    });
    der(0x30, &parts.collect::<Vec<u8>>())
}

/// An extension of the family 2.5.29 (RFC 5280 4.2.1).
pub fn extension(number: u8, content: &[u8]) -> Vec<u8> {
    let kind = der(0x06, &[0x55, 0x1d, number]);
    der(0x30, &[kind, der(0x04, content)].concat())
}

/// cRLDistributionPoints with one address (RFC 5280 4.2.1.13).
pub fn crl_at(address: &[u8]) -> Vec<u8> {
    let name = der(0xa0, &der(0xa0, &der(0x86, address)));
    extension(31, &der(0x30, &der(0x30, &name)))
}

/// basicConstraints of an authority (RFC 5280 4.2.1.9).
pub fn authority(path_length: Option<u8>) -> Vec<u8> {
    let limit = path_length.map(|n| der(0x02, &[n])).unwrap_or_default();
    extension(19, &der(0x30, &[der(0x01, &[0xff]), limit].concat()))
}

/// nameConstraints with one DNS name (RFC 5280 4.2.1.10): 0 permits what is below it, 1 excludes
/// it.
pub fn constraint(kind: u8, base: &[u8]) -> Vec<u8> {
    let tree = der(0x30, &der(0x82, base));
    extension(30, &der(0x30, &der(0xa0 + kind, &tree)))
}

/// keyUsage (RFC 5280 4.2.1.3): the first byte of its bits.
pub fn key_usage(bits: u8) -> Vec<u8> {
    extension(15, &der(0x03, &[0, bits]))
}

/// authorityInfoAccess (RFC 5280 4.2.2.1): 1 is OCSP and 2 the issuer's certificate.
pub fn access_at(entries: &[(u8, &[u8])]) -> Vec<u8> {
    let entry = |(method, address): &(u8, &[u8])| {
        let kind = der(0x06, &[0x2b, 6, 1, 5, 5, 7, 0x30, *method]);
        der(0x30, &[kind, der(0x86, address)].concat())
    };
    let list: Vec<u8> = entries.iter().flat_map(entry).collect();
    let kind = der(0x06, &[0x2b, 6, 1, 5, 5, 7, 1, 1]);
    der(0x30, &[kind, der(0x04, &der(0x30, &list))].concat())
}

/// A revocation list of one entry with these extensions (RFC 5280 5.1). Its signature is not one.
pub fn list(extensions: &[u8]) -> Vec<u8> {
    let issuer = name(&[(COMMON_NAME.to_vec(), 0x0c, b"Corp Issuing CA".to_vec())]);
    // ecdsa-with-SHA256
    let algorithm = der(0x30, &der(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]));
    let entry = [der(0x02, &[0x12, 0x67]), der(0x17, b"260501120000Z")].concat();
    let signed = [
        der(0x02, &[1]),
        algorithm.clone(),
        issuer,
        der(0x17, b"260501120000Z"),
        der(0x17, b"270501120000Z"),
        der(0x30, &der(0x30, &entry)),
        der(0xa0, &der(0x30, extensions)),
    ];
    let whole = [der(0x30, &signed.concat()), algorithm, bits(&[0x30, 0])];
    der(0x30, &whole.concat())
}

/// issuingDistributionPoint with one address (RFC 5280 5.2.5).
pub fn issued_at(address: &[u8]) -> Vec<u8> {
    let name = der(0xa0, &der(0xa0, &der(0x86, address)));
    extension(28, &der(0x30, &name))
}

/// A bit string of whole bytes.
fn bits(content: &[u8]) -> Vec<u8> {
    der(0x03, &[&[0], content].concat())
}

fn be16(n: usize) -> [u8; 2] {
    u16::try_from(n).unwrap_or(u16::MAX).to_be_bytes()
}

fn le16(n: usize) -> [u8; 2] {
    u16::try_from(n).unwrap_or(u16::MAX).to_le_bytes()
}

fn small(n: usize) -> u8 {
    u8::try_from(n).unwrap_or(u8::MAX)
}
