"""A TLS server with everything that the system's OpenSSL has left, which serves many at once.

A process of its own: tls_server.py ADDRESS DIRECT-PORT RDP-PORT FOLDER. On the one port TLS stands
directly; on the other it follows the X.224 negotiation of RDP, and an answer of MCS follows it, so
that a client sees a host that works. `openssl s_server` would serve one connection after the other,
and so make every tool wait that asks several questions at once.
"""

import os
import socket
import ssl
import subprocess
import sys
import threading

CIPHERS = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
# Python cannot name the suites of TLS 1.3, but OpenSSL reads its configuration
CONFIGURATION = """openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = default
[default]
MinProtocol = TLSv1
Ciphersuites = TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256
"""
PATIENCE = 10
LARGEST = 65536
# X.224 Connection Confirm with PROTOCOL_SSL ([MS-RDPBCGR] 2.2.1.2)
CONFIRM = bytes.fromhex("030000130ed000001234000200080001000000")
# MCS Connect Response: the core, network and security data of a host without virtual channels (2.2.1.4)
RESPONSE = bytes.fromhex(
    "0300006c02f0807f668200600a0100020100301a020122020103020100020101020100020101020300fff802010204"
    "82003a000500147c00013214760a01010001c0004d63446e24010c1000040008000100000007000000030c0800eb03"
    "0000020c0c000000000000000000"
)


def make_keys(folder):
    """Certificates with an RSA and an ECDSA key, and a prime: what the suites need."""
    keys = {"rsa": ["rsa:2048"], "ecdsa": ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]}
    for name, kind in keys.items():
        pair = ["-keyout", os.path.join(folder, name + ".key"), "-out", os.path.join(folder, name + ".pem")]
        openssl("req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=bench", "-newkey", *kind, *pair)
    prime = ["-pkeyopt", "group:ffdhe2048", "-out", os.path.join(folder, "prime.pem")]
    openssl("genpkey", "-genparam", "-algorithm", "DH", *prime)
    path = os.path.join(folder, "openssl.cnf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(CONFIGURATION)
    return path


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stderr=subprocess.DEVNULL)


def main(address, direct, rdp, folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers(CIPHERS)
    for name in ("rsa", "ecdsa"):
        context.load_cert_chain(os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key"))
    context.load_dh_params(os.path.join(folder, "prime.pem"))
    for port, converse in ((direct, talk), (rdp, negotiate)):
        listener = socket.create_server((address, int(port)), backlog=128)
        threading.Thread(target=serve, args=(listener, context, converse)).start()
    print("ready", flush=True)


def serve(listener, context, converse):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=one, args=(connection, context, converse)).start()


def one(connection, context, converse):
    with connection:
        connection.settimeout(PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            converse(connection, context)
        except OSError:  # and so everything that TLS refuses
            pass


def talk(connection, context):
    """As a web server does that cannot make sense of what it reads."""
    with context.wrap_socket(connection, server_side=True) as tls:
        tls.recv(LARGEST)


def negotiate(connection, context):
    if not packet(connection.recv):
        return
    connection.sendall(CONFIRM)
    with context.wrap_socket(connection, server_side=True) as tls:
        if packet(tls.recv):
            tls.sendall(RESPONSE)
        while tls.recv(LARGEST):
            pass


def packet(receive):
    """The rest of a TPKT packet; nothing where there is none."""
    header = exactly(receive, 4)
    if len(header) < 4 or header[0] != 3:
        return b""
    return exactly(receive, int.from_bytes(header[2:], "big") - 4)


def exactly(receive, size):
    got = b""
    while len(got) < size and (more := receive(size - len(got))):
        got += more
    return got


if __name__ == "__main__":
    main(*sys.argv[1:])
