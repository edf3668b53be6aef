//! Any text goes through every reader: none ends the program, and what they give is fit to show.

// Integration tests are no tests to clippy unless they say so
#![cfg(test)]

use proptest::prelude::*;
use rdpwhy_evidence::{cmdkey, dsregcmd, klist};
use rdpwhy_model::text::shown;

/// Pieces of real output and any text between them.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("#0>\tClient: a @ B\n".to_owned()),
        Just("\tServer: TERMSRV/c @ B\n".to_owned()),
        Just("\tTicket Flags 0x".to_owned()),
        Just("    Target: Domain:target=TERMSRV/c\n".to_owned()),
        Just("AzureAdJoined : YES\nDomainJoined : NO\n".to_owned()),
        Just("AzureAdPrtUpdateTime : ".to_owned()),
        Just("25/11/26 08:00:01  25/11/26 18:00:01  a@B\n".to_owned()),
        "\\PC{0,20}",
        Just("\u{1b}[2J\u{202e}\n".to_owned()),
        Just("\n".to_owned()),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn fit(text: &str) {
    assert_eq!(shown(text, usize::MAX), text);
    assert!(text.len() <= 4096, "{} bytes", text.len());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn is_read_without_harm(text in texts()) {
        for saved in cmdkey::read(&text) {
            fit(&saved.target);
            fit(saved.user.as_deref().unwrap_or_default());
            let _ = saved.rdp_host();
        }
        for ticket in klist::read(&text) {
            fit(&ticket.client);
            fit(&ticket.server);
            ticket.times.iter().for_each(|t| fit(t));
            prop_assert!(ticket.times.len() <= 3);
            let _ = (ticket.rdp_host(), ticket.is_rc4(), ticket.grants_tickets());
        }
        if let Some(status) = dsregcmd::read(&text) {
            fit(status.device.as_deref().unwrap_or_default());
        }
    }
}
