//! The lab from outside: what comes out of its sockets.

mod client;
mod ends;
mod names;
mod rdp;
mod tls;

use std::collections::BTreeSet;

use rdpwhy_lab::{DEMO_DEFAULT, Kind, Options, Outcome, fault, faults, start};

#[test]
fn the_table_is_sound() {
    let ids: BTreeSet<&str> = faults().iter().map(|f| f.id).collect();
    assert_eq!(ids.len(), faults().len(), "an id appears twice");
    for row in faults() {
        let kebab = |text: &str| {
            text.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        assert!(kebab(row.id), "{}", row.id);
        assert!(
            row.expect.causes.iter().all(|cause| kebab(cause)),
            "{}",
            row.id
        );
        assert!(!row.title.is_empty() && row.title.len() <= 90, "{}", row.id);
        assert_eq!(row.kind == Kind::Healthy, row.stage.is_none(), "{}", row.id);
        if row.kind == Kind::Healthy {
            assert_eq!(row.expect.outcome, Outcome::Connectable, "{}", row.id);
        }
        if row.expect.outcome == Outcome::Blocked {
            assert!(row.expect.stage.is_some(), "{}", row.id);
        }
    }
    let faulty = faults().iter().filter(|f| f.kind == Kind::Fault).count();
    assert!(faulty >= 24 && fault(DEMO_DEFAULT).is_some());
    assert!(fault("no-such-fault").is_none());
}

#[tokio::test]
async fn every_fault_starts_and_stops() {
    for row in faults() {
        if row.unavailable().is_some() {
            continue;
        }
        let running = start(row, Options::default()).await.expect(row.id);
        let port = running.address.port();
        assert!(running.target.ends_with(&format!(":{port}")), "{}", row.id);
        assert_eq!(
            running.resolver.is_some(),
            row.needs_resolver(),
            "{}",
            row.id
        );
        // A client in the middle of something must not keep a server from stopping.
        let client = client::connect(&running).await;
        let address = running.address;
        running.stop().await;
        drop(client);
        let again = tokio::net::TcpListener::bind(address).await;
        assert!(again.is_ok(), "{}: the port is still taken", row.id);
    }
}

#[tokio::test]
async fn a_dropped_server_is_gone() {
    let running = start(client::row("healthy-nla"), Options::default())
        .await
        .expect("a server");
    let address = running.address;
    drop(running);
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_taken_port_is_an_error_that_names_it() {
    let running = start(client::row("ssh"), Options::default())
        .await
        .expect("a server");
    let options = Options {
        port: running.address.port(),
        ..Options::default()
    };
    let error = start(client::row("ssh"), options)
        .await
        .expect_err("the port is taken");
    assert!(
        error.to_string().contains(&running.address.to_string()),
        "{error}"
    );
}
