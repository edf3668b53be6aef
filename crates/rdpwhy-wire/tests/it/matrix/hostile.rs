//! Servers that break off, contradict themselves, or change their minds: what is said of them is
//! no more than was seen.

use rdpwhy_model::matrix::{Order, TlsMatrix};
use rdpwhy_model::recording::{Connection, EndHow};
use rdpwhy_wire::hello::{Hello, Shares};
use rdpwhy_wire::matrix::{self, Asked, doubted, plan, turned};
use rdpwhy_wire::version;

use super::{Server, connection};

/// What a Windows server of the usual kind accepts.
fn usual() -> Server {
    Server {
        versions: vec![version::TLS12],
        suites: vec![0xc030, 0xc02f, 0x009f, 0x009d, 0x009c, 0x0035, 0x002f],
        groups: vec![0x1d, 0x17],
        schemes: vec![0x0804, 0x0401],
        own_order: true,
        mute: false,
        lowers: false,
    }
}

/// Asks one hello after the other, each answered as `answer` says for its number.
fn ask(answer: impl Fn(usize, &Hello) -> (Vec<u8>, EndHow)) -> (Vec<Asked>, Vec<Connection>) {
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
    (asked, made)
}

fn read(made: &[Connection]) -> TlsMatrix {
    matrix::read(&made.iter().collect::<Vec<_>>(), None).unwrap()
}

/// An answer that comes too slowly, or is broken off, is TLS all the same, and no answer.
#[test]
fn the_beginning_of_an_answer_is_neither_odd_nor_a_no() {
    for how in [EndHow::TimedOut, EndHow::Closed, EndHow::Reset] {
        let (_, made) = ask(|_, _| (vec![22, 3, 3, 0, 80, 2, 0], how));
        let found = read(&made);
        assert!(found.odd.is_empty(), "{:?}", found.odd);
        assert!(!found.complete);
        for row in &found.versions {
            assert_eq!(row.accepted, None);
            assert_eq!(row.refusal.as_deref(), Some("cut-short"));
        }
    }
}

#[test]
fn what_was_not_answered_leaves_the_matrix_incomplete() {
    let (_, made) = ask(|_, _| (Vec::new(), EndHow::TimedOut));
    assert!(!read(&made).complete);
    let (_, made) = ask(|_, hello| (usual().answer(hello), EndHow::ByUs));
    assert!(read(&made).complete);
}

#[test]
fn a_version_that_does_not_exist_is_odd() {
    let lower = |hello: &Hello| {
        let mut bytes = usual().answer(hello);
        if bytes[0] == 22 {
            // the version in the ServerHello
            bytes[9..11].copy_from_slice(&[2, 0xff]);
        }
        bytes
    };
    let (_, made) = ask(|_, hello| (lower(hello), EndHow::ByUs));
    let said = read(&made).odd.join("\n");
    assert!(
        said.contains("chose 0x02FF, which is no version of TLS"),
        "{said}"
    );
}

/// Neither the server's order nor the client's decides where one of two decides by chance.
#[test]
fn an_order_that_contradicts_itself_is_not_known() {
    // The client's order where there are two suites, and the last of the list where there are more
    let contrary = |hello: &Hello| {
        let mut of_client = Server {
            own_order: false,
            ..usual()
        };
        if hello.suites.len() > 2 {
            of_client.own_order = true;
            of_client.suites = hello.suites.iter().rev().copied().collect();
            of_client.suites.retain(|s| usual().suites.contains(s));
        }
        of_client.answer(hello)
    };
    let (_, made) = ask(|_, hello| (contrary(hello), EndHow::ByUs));
    let row = &read(&made).versions[3];
    assert!(row.suites.len() > 2, "{row:?}");
    assert_eq!(row.order, Order::Unknown);
}

/// A device on the way, or the host, may begin to cut connections off: from then on every hello
/// looks refused.
#[test]
fn a_host_that_begins_to_refuse_is_told_from_one_that_has_no_more() {
    let after_some = |n, hello: &Hello| {
        if n < 12 {
            (usual().answer(hello), EndHow::ByUs)
        } else {
            (Vec::new(), EndHow::Reset)
        }
    };
    let (mut asked, mut made) = ask(after_some);
    assert!(read(&made).complete, "nothing contradicts it yet");
    let again = doubted(&asked).unwrap().clone();
    assert!(turned(&asked).is_none());
    let mut c = connection(2, &again, Vec::new());
    c.end.how = EndHow::Reset;
    asked.push(Asked::of(&c).unwrap());
    made.push(c);
    assert_eq!(turned(&asked), Some(&again));
    let found = read(&made);
    assert!(!found.complete && !found.versions[3].complete);
    // One that says no in words is not doubted
    let (asked, _) = ask(|_, hello| (usual().answer(hello), EndHow::ByUs));
    assert!(doubted(&asked).is_none());
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
    let (_, made) = ask(|_, hello| match (hello.version, hello.shares) {
        (version::TLS13, Shares::Given) => (bytes.clone(), EndHow::ByUs),
        _ => (vec![21, 3, 3, 0, 2, 2, 40], EndHow::ByUs),
    });
    assert_eq!(read(&made).versions[4].accepted, Some(true));
}

/// A recording may hold anything, also more connections than a run makes. What is made of them
/// takes no more time for it.
#[test]
fn a_recording_of_thousands_is_read_in_the_time_of_hundreds() {
    let suites: Vec<u16> = (0x4000..0x4000 + 1500).collect();
    let of = |id: u32, offered: &[u16], chosen: u16| {
        let mut hello = plan::next(&[], &[], None, 8).swap_remove(1);
        hello.suites = offered.to_vec();
        let mut body = vec![2, 0, 0, 38];
        body.extend(hello.version.min(version::TLS12).to_be_bytes());
        body.extend([7; 32]);
        body.push(0);
        body.extend(chosen.to_be_bytes());
        body.extend([0, 14, 0, 0, 0]);
        let mut bytes = vec![22, 3, 3];
        bytes.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        connection(id, &hello, [bytes, body].concat())
    };
    // Two say that the order is the server's, so all of them are sorted
    let two = [suites[0], suites[1]];
    let mut made = vec![of(0, &two, two[0]), of(1, &[two[1], two[0]], two[0])];
    for (n, chosen) in suites.iter().enumerate() {
        made.push(of(2, &suites[n..], *chosen));
    }
    let begun = std::time::Instant::now();
    let found = read(&made);
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    assert_eq!(found.connections, 1502);
    assert!(!found.complete);
}
