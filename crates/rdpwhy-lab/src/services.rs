//! What other services say on a port where RDP is expected, and bytes that belong to no service.

/// An OpenSSH server's identification ([RFC 4253] 4.2), and what it says to bytes that are none.
pub(crate) const SSH: (&[u8], &[u8]) = (
    b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
    b"Invalid SSH identification string.\r\n",
);

/// A web server waits, and then finds the request bad.
pub(crate) const HTTP: (&[u8], &[u8]) = (
    b"",
    b"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nContent-Type: text/html\r\n\
      Content-Length: 65\r\nConnection: close\r\n\r\n\
      <html><head><title>400 Bad Request</title></head><body/></html>\r\n",
);

/// A VNC server's ProtocolVersion ([RFC 6143] 7.1.1).
pub(crate) const VNC: &[u8] = b"RFB 003.008\n";

/// A file server waits, and then answers with an SMB2 ERROR Response ([MS-SMB2] 2.2.2) that says
/// STATUS_INVALID_PARAMETER.
pub(crate) const SMB: (&[u8], &[u8]) = (
    b"",
    b"\x00\x00\x00\x49\xfeSMB\x40\x00\x00\x00\x0d\x00\x00\xc0\x00\x00\x01\x00\x01\x00\x00\x00\
      \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
      \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
      \x00\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00\x00",
);

/// A banner that would rename, clear and recolour a terminal, and write from right to left.
pub(crate) const ESCAPES: &[u8] = b"\x1b]0;owned\x07\x1b[2J\x1b[31mWELCOME\x1b[0m\x00\x08\x08\
      \xc2\x9b31m\xe2\x80\xaetxt.exe\xe2\x80\xac<script>alert(1)</script>\r\n";

/// An X.224 Data TPDU with an MCS Disconnect Provider Ultimatum: what xrdp says to a PROXY header,
/// or where a ServerHello belongs when its key does not fit its certificate.
pub(crate) const DISCONNECT: &[u8] = &[3, 0, 0, 9, 2, 0xf0, 0x80, 0x21, 0x80];

/// Bytes of no protocol.
pub(crate) const GARBAGE: &[u8] = &[
    0xd7, 0x4a, 0x91, 0xee, 0x0c, 0xb8, 0x5f, 0x23, 0x86, 0xf1, 0x6d, 0x9a, 0xc4, 0x37, 0xab, 0x58,
    0xe2, 0x1b, 0x7f, 0x95, 0x60, 0xcd, 0x3e, 0xa8, 0x13, 0xbc, 0x49, 0xf6, 0x82, 0x2f, 0xd5, 0x7a,
];

/// A TPKT that announces 65535 bytes and stops after the start of a Connection Confirm.
pub(crate) const LYING_TPKT: &[u8] = &[3, 0, 0xff, 0xff, 0x0e, 0xd0, 0, 0, 0x12, 0x34, 0];

/// A record that announces 16384 bytes with a ServerHello of 16 million, and stops.
pub(crate) const LYING_RECORD: &[u8] = &[
    0x16, 3, 3, 0x40, 0, 2, 0xff, 0xff, 0xff, 3, 3, 0, 1, 2, 3, 4, 5, 6, 7,
];

/// A TSRequest that announces two gigabytes, and stops.
pub(crate) const LYING_TSREQUEST: &[u8] = &[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0xa0, 3, 2, 1, 6];

/// A Connection Confirm that selects NLA.
pub(crate) const CONFIRM: &[u8] = &[
    3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0x1f, 8, 0, 2, 0, 0, 0,
];

/// HelloRequests ([RFC 5246] 7.4.1.1) one after the other: a client in a handshake skips each.
pub(crate) static HELLO_REQUESTS: [u8; 9 * 256] = hello_requests();

/// The pattern of a character generator ([RFC 864]).
pub(crate) static CHARACTERS: [u8; 95 * 74] = characters();

const fn hello_requests() -> [u8; 9 * 256] {
    const RECORD: [u8; 9] = [0x16, 3, 3, 0, 4, 0, 0, 0, 0];
    let mut out = [0; 9 * 256];
    let mut at = 0;
    while at < out.len() {
        out[at] = RECORD[at % RECORD.len()];
        at += 1;
    }
    out
}

const fn characters() -> [u8; 95 * 74] {
    let mut out = [0; 95 * 74];
    let mut line = 0;
    let mut character = 0;
    let mut at = 0;
    while at < out.len() {
        out[at] = match at % 74 {
            72 => b'\r',
            73 => b'\n',
            _ => b' ' + character,
        };
        character = (character + 1) % 95;
        at += 1;
        if at % 74 == 0 {
            line += 1;
            character = line % 95;
        }
    }
    out
}
