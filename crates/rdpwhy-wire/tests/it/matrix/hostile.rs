//! Servers that break off, contradict themselves, or change their minds: what is said of them is
//! no more than was seen.

use rdpwhy_model::matrix::TlsMatrix;
use rdpwhy_model::recording::{Connection, EndHow};
use rdpwhy_wire::hello::{Hello, Shares};
use rdpwhy_wire::matrix::{self, Asked, plan};
use rdpwhy_wire::version;

use super::connection;

/// Asks one hello after the other, each answered as `answer` says for its number.
fn ask(answer: impl Fn(usize, &Hello) -> (Vec<u8>, EndHow)) -> Vec<Connection> {
    let mut asked = Vec::new();
    let mut made = Vec::new();
    while let Some(hello) = plan::next(&asked, &[], None, 1).pop() {
        let (bytes, how) = answer(made.len(), &hello);
        let mut c = connection(1, &hello, bytes);
        c.end.how = how;
        asked.push(Asked::of(&c).unwrap());
        made.push(c);
        assert!(made.len() < 400, "it does not come to an end");
    }
    made
}

fn read(made: &[Connection]) -> TlsMatrix {
    matrix::read(&made.iter().collect::<Vec<_>>(), None).unwrap()
}

/// A hello is asked as it will be read again, or it would be asked for ever.
#[test]
fn shares_that_cannot_be_given_are_not_said_to_be() {
    let hello = Hello {
        version: version::TLS13,
        groups: vec![0x11ec],
        shares: Shares::Given,
        ..Hello::default()
    };
    assert_eq!(hello.shares_sent(), Shares::Asked);
    // A server of TLS 1.3 that wants shares and then names no group
    let mut bytes = vec![22, 3, 3, 0, 50, 2, 0, 0, 46, 3, 3];
    bytes.extend([7; 32]);
    bytes.extend([0, 0x13, 0x02, 0, 0, 6, 0, 0x2b, 0, 2, 3, 4]);
    let made = ask(|_, hello| match (hello.version, hello.shares) {
        (version::TLS13, Shares::Given) => (bytes.clone(), EndHow::ByUs),
        _ => (vec![21, 3, 3, 0, 2, 2, 40], EndHow::ByUs),
    });
    assert_eq!(read(&made).versions[4].accepted, Some(true));
}
