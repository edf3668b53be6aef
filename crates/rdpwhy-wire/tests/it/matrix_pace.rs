//! How many connections and how much time the matrix takes, of servers as they are in the field.

use rdpwhy_wire::hello::Hello;
use rdpwhy_wire::matrix::{self, Asked, plan};
use rdpwhy_wire::version;

use crate::matrix::{Server, connection};

/// What OpenSSL accepts with keys of RSA and ECDSA and `ALL:COMPLEMENTOFALL:@SECLEVEL=0`, in its
/// order.
const OPENSSL: [u16; 82] = [
    0x1302, 0x1303, 0x1301, 0x1304, 0x1305, 0xc02c, 0xc030, 0x009f, 0xcca9, 0xcca8, 0xccaa, 0xc0af,
    0xc0ad, 0xc0a3, 0xc09f, 0xc05d, 0xc061, 0xc053, 0x00a7, 0xc02b, 0xc02f, 0x009e, 0xc0ae, 0xc0ac,
    0xc0a2, 0xc09e, 0xc05c, 0xc060, 0xc052, 0x00a6, 0xc024, 0xc028, 0x006b, 0xc073, 0xc077, 0x00c4,
    0x006d, 0x00c5, 0xc023, 0xc027, 0x0067, 0xc072, 0xc076, 0x00be, 0x006c, 0x00bf, 0xc00a, 0xc014,
    0x0039, 0x0088, 0xc019, 0x003a, 0x0089, 0xc009, 0xc013, 0x0033, 0x0045, 0xc018, 0x0034, 0x0046,
    0x009d, 0xc0a1, 0xc09d, 0xc051, 0x009c, 0xc0a0, 0xc09c, 0xc050, 0x003d, 0x00c0, 0x003c, 0x00ba,
    0x0035, 0x0084, 0x002f, 0x0041, 0xc006, 0xc010, 0xc015, 0x003b, 0x0002, 0x0001,
];
/// Connections at once.
const LANES: usize = 8;
/// How long a connection takes, and how far apart they begin, in parts of a round.
const ROUND: usize = 100;
const APART: usize = 3;

/// Asks until nothing is left to ask. Gives the connections, and the rounds that they take.
fn cost(server: &Server) -> (usize, usize) {
    let mut asked: Vec<Asked> = Vec::new();
    let mut under_way: Vec<(usize, Hello)> = Vec::new();
    let mut made = Vec::new();
    let (mut now, mut last) = (0, 0);
    loop {
        let pending: Vec<Hello> = under_way.iter().map(|(_, h)| h.clone()).collect();
        for hello in plan::next(&asked, &pending, None, LANES - pending.len()) {
            last = now.max(last + APART);
            under_way.push((last + ROUND, hello));
        }
        let first = (0..under_way.len()).min_by_key(|n| under_way[*n].0);
        let Some(first) = first else { break };
        let (at, hello) = under_way.remove(first);
        now = at;
        let id = u32::try_from(made.len()).unwrap();
        let c = connection(id, &hello, server.answer(&hello));
        asked.push(Asked::of(&c).unwrap());
        made.push(c);
    }
    let made: Vec<_> = made.iter().collect();
    let found = matrix::read(&made, None).unwrap();
    assert!(found.complete);
    (made.len(), now.div_ceil(ROUND))
}

fn openssl() -> Server {
    Server {
        versions: vec![
            version::TLS10,
            version::TLS11,
            version::TLS12,
            version::TLS13,
        ],
        suites: OPENSSL.to_vec(),
        groups: vec![
            0x1d, 0x17, 0x1e, 0x19, 0x18, 0x100, 0x101, 0x102, 0x103, 0x104,
        ],
        schemes: vec![
            0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0303, 0x0301,
            0x0203, 0x0201,
        ],
        own_order: true,
        mute: false,
        lowers: false,
    }
}

#[track_caller]
fn within(server: &Server, connections: usize, rounds: usize) {
    let (made, took) = cost(server);
    assert!(
        made <= connections && took <= rounds,
        "{made} connections in {took} rounds"
    );
}

/// An order that is nearly the one that is expected takes few questions beside the suites.
#[test]
fn openssl_with_everything_it_has() {
    within(&openssl(), 220, 32);
}

#[test]
fn xrdp_as_debian_sets_it() {
    let suites = vec![
        0x1302, 0x1303, 0x1301, 0xc030, 0xcca8, 0x009f, 0xccaa, 0xc02f, 0x009e, 0xc028, 0x006b,
        0xc027, 0x0067, 0xc014, 0x0039, 0xc013, 0x0033, 0x009d, 0x009c, 0x003d, 0x003c, 0x0035,
        0x002f,
    ];
    let server = Server {
        suites,
        schemes: vec![
            0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0301, 0x0201,
        ],
        own_order: false,
        ..openssl()
    };
    within(&server, 90, 15);
}

#[test]
fn a_windows_server() {
    let suites = vec![
        0x1302, 0x1301, 0xc030, 0xc02f, 0x009f, 0x009e, 0xc028, 0xc027, 0xc014, 0xc013, 0x009d,
        0x009c, 0x003d, 0x003c, 0x0035, 0x002f,
    ];
    let server = Server {
        versions: vec![version::TLS12, version::TLS13],
        suites,
        groups: vec![0x1d, 0x17, 0x18],
        schemes: vec![0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0201],
        ..openssl()
    };
    within(&server, 60, 11);
}
