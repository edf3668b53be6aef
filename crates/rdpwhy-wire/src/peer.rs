//! What a peer that does not speak RDP speaks instead, by its first bytes.

/// The protocol that the first bytes of a peer belong to, as the word of the fact `neg.peer`.
pub fn recognise(bytes: &[u8]) -> &'static str {
    let starts = |prefix: &[u8]| bytes.starts_with(prefix);
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|w| w == needle);
    if starts(b"SSH-") {
        "ssh"
    } else if starts(b"HTTP/") || starts(b"<!DOCTYPE") || starts(b"<html") || starts(b"GET ") {
        "http"
    } else if matches!(bytes, [0x14..=0x17, 0x03, 0x00..=0x04, ..]) {
        // a TLS record: most often the alert that answers our X.224 (RFC 8446 5.1)
        "tls"
    } else if starts(b"RFB ") {
        "vnc"
    } else if starts(b"PROXY ") || starts(b"\r\n\r\n\0\r\nQUIT\n") {
        "proxy-protocol"
    } else if holds(b"\xffSMB") || holds(b"\xfeSMB") || matches!(bytes, [0x82 | 0x83, 0, 0, _, ..])
    {
        // SMB, or a NetBIOS session service that refuses (RFC 1002 4.3)
        "smb"
    } else if starts(b"220") && (holds(b"FTP") || holds(b"ftp")) {
        "ftp"
    } else if starts(b"220") && (holds(b"SMTP") || holds(b"smtp") || holds(b"mail")) {
        "smtp"
    } else if matches!(bytes, [0xff, 0xfa..=0xfe, ..]) {
        // IAC and a command (RFC 854)
        "telnet"
    } else if !bytes.is_empty()
        && bytes
            .iter()
            .all(|b| matches!(b, 0x20..=0x7e | b'\r' | b'\n' | b'\t' | 0x1b))
    {
        "text"
    } else {
        "binary"
    }
}

/// A PROXY protocol header, version 1, as a load balancer sends it before the client's bytes.
pub fn proxy_header(from: std::net::SocketAddr, to: std::net::SocketAddr) -> Vec<u8> {
    let family = if from.is_ipv4() { "TCP4" } else { "TCP6" };
    format!(
        "PROXY {family} {} {} {} {}\r\n",
        from.ip(),
        to.ip(),
        from.port(),
        to.port()
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_answers() {
        assert_eq!(recognise(b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n"), "ssh");
        assert_eq!(recognise(b"HTTP/1.1 400 Bad Request\r\n"), "http");
        assert_eq!(recognise(&[0x15, 3, 1, 0, 2, 2, 70]), "tls");
        assert_eq!(recognise(b"RFB 003.008\n"), "vnc");
        assert_eq!(recognise(b"\0\0\0\x45\xffSMB"), "smb");
        assert_eq!(recognise(b"220 mail.example ESMTP\r\n"), "smtp");
        assert_eq!(recognise(&[0xff, 0xfd, 0x18]), "telnet");
        assert_eq!(recognise(b"hello\n"), "text");
        assert_eq!(recognise(&[0, 1, 2]), "binary");
        assert_eq!(recognise(&[]), "binary");
    }
}
