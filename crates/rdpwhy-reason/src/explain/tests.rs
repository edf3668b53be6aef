//! The tables are whole, and the questions that people ask find their answers.

use std::collections::BTreeSet;

use super::families::FAMILIES;
use super::tables::{self, Row, TEXTS, Text, tables};
use super::*;

fn ask(text: &str) -> Explanation {
    explain(&text.split(' ').map(str::to_owned).collect::<Vec<_>>())
}

/// Family and code of every entry.
fn codes(text: &str) -> Vec<(&'static str, String)> {
    ask(text)
        .entries
        .into_iter()
        .map(|e| (e.family, e.code))
        .collect()
}

/// Names of every entry.
fn names(text: &str) -> Vec<String> {
    ask(text).entries.into_iter().map(|e| e.name).collect()
}

// ---- the tables

#[test]
fn every_row_is_read() {
    let lines: usize = TEXTS.iter().map(|(_, text)| text.lines().count() - 1).sum();
    assert_eq!(tables().rows.len(), lines);
    for (table, text) in TEXTS {
        assert!(text.ends_with('\n') && !text.contains('\r'), "{table}");
        let text = Text::new(text);
        for record in text.records() {
            assert_eq!(
                record.cells.len(),
                record.header.len(),
                "{table}: {:?}",
                record.cells
            );
            for cell in &record.cells {
                assert_eq!(*cell, cell.trim(), "{table}: blanks at an edge");
            }
        }
    }
}

#[test]
fn every_family_has_rows_and_every_row_is_whole() {
    for family in FAMILIES {
        assert!(
            tables().rows.iter().any(|row| row.family == family),
            "{} is empty",
            family.title
        );
    }
    for row in &tables().rows {
        let entry = row.entry();
        assert!(!entry.meaning.is_empty(), "{entry:?}");
        assert!(entry.stage.is_some(), "{entry:?}");
        assert!(!entry.source.is_empty(), "{entry:?}");
        assert!(
            !entry.code.is_empty() || !entry.name.is_empty(),
            "{entry:?}"
        );
        for cause in &entry.causes {
            let kebab = cause
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            assert!(kebab, "{cause} is no id of a cause");
        }
    }
}

#[test]
fn every_stage_is_one_of_the_contract() {
    for text in TEXTS
        .iter()
        .map(|(_, text)| *text)
        .chain([tables::BYTE_FAMILIES_TEXT])
    {
        for record in Text::new(text).records() {
            let stage = record.cell("stage");
            assert!(
                Stage::from_name(stage).is_some(),
                "{stage}: {:?}",
                record.cells
            );
        }
    }
}

#[test]
fn hexadecimal_and_decimal_agree() {
    for (table, text) in TEXTS {
        for record in Text::new(text).records() {
            let (decimal, hex) = (record.cell("dec"), record.cell("hex"));
            if hex.is_empty() {
                assert!(
                    matches!(table, "avd" | "events"),
                    "{table}: {:?}",
                    record.cells
                );
                continue;
            }
            let digits = hex.strip_prefix("0x").expect("hex begins with 0x");
            assert_eq!(
                tables::wrapped(decimal),
                u32::from_str_radix(digits, 16).ok(),
                "{table}: {decimal} and {hex}"
            );
        }
    }
}

#[test]
fn no_code_stands_twice_in_a_family() {
    let mut seen = BTreeSet::new();
    for row in &tables().rows {
        // Several names of Azure Virtual Desktop share one number, and the name is the key there;
        // an event is one by its log and source.
        let by_name = row.family.table == "avd" || row.number.is_none();
        let name = row.event.map_or_else(
            || {
                if by_name {
                    row.name.to_owned()
                } else {
                    String::new()
                }
            },
            |event| format!("{} {}", event.channel, event.provider),
        );
        let key = (row.family.table, row.family.kind, row.number, name);
        assert!(seen.insert(key.clone()), "twice: {key:?}");
    }
}

#[test]
fn every_source_of_a_code_is_in_the_list_and_used() {
    let mut used = BTreeSet::new();
    for row in tables().rows.iter().filter(|row| row.event.is_none()) {
        for title in row.source.split(" ; ") {
            assert!(tables().place(title).is_some(), "unknown source {title}");
            used.insert(title);
        }
    }
    for record in Text::new(tables::SOURCES_TEXT).records() {
        assert!(!record.cell("place").is_empty(), "{:?}", record.cells);
    }
    assert!(place_of("MS-ERREF").is_some());
    assert!(place_of("nowhere").is_none());
    assert!(used.len() > 90, "{}", used.len());
}

#[test]
fn nothing_in_the_data_points_at_a_machine() {
    for (table, text) in TEXTS {
        for trace in ["/tmp/", "/home/", ".tsv"] {
            assert!(!text.contains(trace), "{table} mentions {trace}");
        }
    }
}

#[test]
fn every_row_is_found_by_its_number_and_its_name() {
    for row in &tables().rows {
        let entry = row.entry();
        if let Some(number) = row.number {
            for text in [
                number.to_string(),
                format!("0x{number:X}"),
                number.cast_signed().to_string(),
            ] {
                assert!(ask(&text).entries.contains(&entry), "{text}: {entry:?}");
            }
        }
        for name in row.names().filter(|name| !name.contains(' ')) {
            assert!(ask(name).entries.contains(&entry), "{name}: {entry:?}");
        }
    }
}

#[test]
fn every_row_is_found_under_the_words_of_its_family() {
    for row in &tables().rows {
        let Some(number) = row.number else { continue };
        for word in row.family.words {
            let found = ask(&format!("{word} {number}")).entries;
            assert!(found.contains(&row.entry()), "{word} {number}: {found:?}");
        }
    }
}

// ---- the pair

#[test]
fn the_pair_of_the_headline_says_what_it_proves() {
    for text in [
        "0x904 0x7",
        "0x904/0x7",
        "2308 7",
        "0x904 7",
        "2308/7",
        "0x904 extended 0x7",
        "Error code: 0x904 Extended error code: 0x7",
    ] {
        let answer = ask(text);
        let pair = answer.pair.as_ref().unwrap_or_else(|| panic!("{text}"));
        assert_eq!(pair.pair, "0x904 / 0x7", "{text}");
        assert!(!pair.proves.is_empty() && !pair.does_not_prove.is_empty());
        let found: Vec<_> = answer
            .entries
            .iter()
            .map(|e| (e.family, e.code.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("mstsc disconnect reason", "0x904 (2308)"),
                ("mstsc extended reason", "0x7 (7)")
            ],
            "{text}"
        );
        assert_eq!(
            answer.entries[0].name,
            "disconnectReasonAtClientWinsockFDCLOSE"
        );
        assert_eq!(answer.entries[0].causes[0], "selfsigned-cert-expired");
        assert_eq!(answer.entries[1].name, "exDiscReasonServerDeniedConnection");
        assert!(answer.is_found() && answer.near.is_empty());
    }
}

#[test]
fn a_pair_without_a_note_is_still_two_numbers() {
    let answer = ask("0x204 0x0");
    assert_eq!(answer.pair, None);
    assert_eq!(codes("0x204 0x0").len(), 2);
    assert_eq!(names("516 5")[1], "exDiscReasonReplacedByOtherConnection");
}

#[test]
fn a_pair_falls_back_for_each_number() {
    let answer = ask("0x1507 0x10C9");
    assert!(
        answer.entries[0].meaning.contains("Not listed"),
        "{:?}",
        answer.entries[0]
    );
    assert!(answer.entries[0].meaning.contains("ssl-credssp"));
    assert_eq!(answer.entries[1].name, "ERRINFO_UNKNOWNPDUTYPE2");
    let answer = ask("0x904 0x10CC");
    assert_eq!(answer.entries[1].family, "mstsc extended reason");
    assert!(
        answer.entries[1].meaning.contains("protocol error"),
        "{:?}",
        answer.entries[1]
    );
    assert!(
        ask("0x904 0x2000").entries[1]
            .meaning
            .contains("set aside for protocol errors")
    );
}

// ---- numbers

#[test]
fn one_number_in_every_notation() {
    let expected = ask("0xC000006D").entries;
    assert_eq!(expected[0].name, "STATUS_LOGON_FAILURE");
    for text in [
        "-1073741715",
        "C000006D",
        "3221225581",
        "0xc000006d",
        "0xFFFFFFFFC000006D",
    ] {
        assert_eq!(ask(text).entries, expected, "{text}");
    }
    assert!(
        expected
            .iter()
            .any(|e| e.family == "NTSTATUS" && e.code == "0xC000006D (-1073741715)")
    );
}

#[test]
fn a_small_number_lists_its_families_in_order() {
    let families: Vec<_> = codes("7").into_iter().map(|(family, _)| family).collect();
    let order: Vec<_> = FAMILIES
        .iter()
        .map(|f| f.title)
        .filter(|t| families.contains(t))
        .collect();
    let mut distinct = families.clone();
    distinct.dedup();
    assert_eq!(distinct, order);
    for family in [
        "mstsc extended reason",
        "Set Error Info (server)",
        "Kerberos error",
        "xfreerdp exit status",
    ] {
        assert!(families.contains(&family), "{family}");
    }
}

#[test]
fn a_family_before_the_number_narrows_it() {
    for (text, family, name) in [
        (
            "ntstatus 0xC0000234",
            "NTSTATUS",
            "STATUS_ACCOUNT_LOCKED_OUT",
        ),
        ("kerberos 24", "Kerberos error", "KDC_ERR_PREAUTH_FAILED"),
        ("kerberos 0x18", "Kerberos error", "KDC_ERR_PREAUTH_FAILED"),
        (
            "errinfo 7",
            "Set Error Info (server)",
            "ERRINFO_SERVER_DENIED_CONNECTION",
        ),
        (
            "extended 7",
            "mstsc extended reason",
            "exDiscReasonServerDeniedConnection",
        ),
        ("freerdp 131", "xfreerdp exit status", "XF_EXIT_CONN_FAILED"),
        ("alert 40", "TLS alert", "handshake_failure"),
        ("alert:40", "TLS alert", "handshake_failure"),
        ("tls alert 40", "TLS alert", "handshake_failure"),
        ("win32 5", "Win32 error", "ERROR_ACCESS_DENIED"),
        (
            "negotiation failure 3",
            "Negotiation failure",
            "SSL_CERT_NOT_ON_SERVER",
        ),
        (
            "AADSTS50126",
            "Microsoft Entra sign-in error",
            "InvalidUserNameOrPassword",
        ),
        (
            "50126",
            "Microsoft Entra sign-in error",
            "InvalidUserNameOrPassword",
        ),
    ] {
        let entry = &ask(text).entries[0];
        assert_eq!(
            (entry.family, entry.name.as_str()),
            (family, name),
            "{text}"
        );
    }
    for text in [
        "ntstatus 0xC0000234",
        "kerberos 24",
        "errinfo 7",
        "extended 7",
        "freerdp 131",
        "alert 40",
    ] {
        assert_eq!(ask(text).entries.len(), 1, "{text}");
    }
}

#[test]
fn the_gateway_error_comes_in_both_its_forms() {
    let found = codes("gateway 23003");
    assert_eq!(
        found,
        [
            ("RD Gateway error", "23003 (0x59DB)".to_owned()),
            (
                "RD Gateway error (HRESULT)",
                "0x800759DB (-2147001893)".to_owned()
            ),
        ]
    );
}

#[test]
fn events_by_number_log_and_source() {
    for text in [
        "36874",
        "Schannel:36874",
        "System(Schannel):36874",
        "event 36874",
        "Schannel 36874",
    ] {
        let found = codes(text);
        assert!(
            found.contains(&("Windows event", "36874".to_owned())),
            "{text}: {found:?}"
        );
        assert!(
            found.contains(&("Schannel event", "36874".to_owned())),
            "{text}: {found:?}"
        );
        assert_eq!(found.len(), 2, "{text}: {found:?}");
    }
    for text in [
        "TerminalServices-RemoteConnectionManager/Admin:1057",
        "Microsoft-Windows-TerminalServices-RemoteConnectionManager:1057",
        "System(RemoteConnectionManager):1057",
        "RCM 1057",
    ] {
        let entries = ask(text).entries;
        assert_eq!(entries.len(), 1, "{text}");
        assert!(
            entries[0].meaning.contains("self-signed certificate"),
            "{text}"
        );
    }
    let entries = ask("TerminalServices-RemoteConnectionManager/Admin:1006").entries;
    assert_eq!(entries.len(), 1);
    assert!(entries[0].name.ends_with("RemoteConnectionManager/Admin"));
    assert!(
        ask("event 1149").entries[0]
            .name
            .contains("RemoteConnectionManager")
    );
    assert_eq!(ask("Security 4625").entries.len(), 1);
    assert_eq!(ask("LSM 40").entries.len(), 1);
}

#[test]
fn an_event_and_what_it_carries() {
    let found = names("36888 40 1205");
    assert!(
        found.iter().any(|name| name == "handshake_failure"),
        "{found:?}"
    );
    assert!(
        codes("36888 40 1205")
            .iter()
            .any(|(family, _)| *family == "Schannel internal state")
    );
    assert!(
        codes("36870 10001")
            .iter()
            .any(|(family, _)| *family == "Schannel internal state")
    );
    assert!(names("4771 0x18").contains(&"KDC_ERR_PREAUTH_FAILED".to_owned()));
}

#[test]
fn numbers_that_are_not_listed() {
    let entry = &ask("0x1507").entries[0];
    assert_eq!(entry.family, "mstsc disconnect reason");
    assert!(entry.meaning.contains("low byte 0x07"), "{entry:?}");
    assert!(
        ask("mstsc 0x3000099").entries[0]
            .meaning
            .contains("high byte 0x03")
    );
    assert!(
        ask("extended 0x10CC").entries[0]
            .meaning
            .contains("protocol errors")
    );
    // The same thing in another number space.
    assert_eq!(names("0x8007052E")[0], "ERROR_LOGON_FAILURE");
    assert_eq!(
        names("0x00010009")[0],
        "ERRINFO_SERVER_INSUFFICIENT_PRIVILEGES"
    );
    assert_eq!(names("0xD0000234")[0], "STATUS_ACCOUNT_LOCKED_OUT");
    // Hexadecimal without 0x, and all digits.
    assert_eq!(
        codes("904"),
        [("mstsc disconnect reason", "0x904 (2308)".to_owned())]
    );
    assert!(names("80090308").contains(&"SEC_E_INVALID_TOKEN".to_owned()));
    assert!(codes("D07").contains(&("mstsc disconnect reason", "0xD07 (3335)".to_owned())));
}

// ---- names and texts

#[test]
fn names_find_their_rows() {
    for (text, family) in [
        ("SSL_CERT_NOT_ON_SERVER", "Negotiation failure"),
        ("handshake_failure", "TLS alert"),
        ("SEC_E_LOGON_DENIED", "SSPI status"),
        ("sec_e_logon_denied", "SSPI status"),
        ("STATUS_ACCOUNT_LOCKED_OUT", "NTSTATUS"),
        ("KDC_ERR_PREAUTH_FAILED", "Kerberos error"),
        ("KRB5KDC_ERR_PREAUTH_FAILED", "Kerberos error"),
        (
            "ERRINFO_SERVER_DENIED_CONNECTION",
            "Set Error Info (server)",
        ),
        ("ERRINFO_BAD_CAPABILITIES", "Set Error Info (server)"),
        ("ERRCONNECT_TLS_CONNECT_FAILED", "FreeRDP error"),
        (
            "exDiscReasonServerDeniedConnection",
            "mstsc extended reason",
        ),
        ("E_PROXY_TS_CONNECTFAILED", "RD Gateway error"),
        ("SSL_R_TLSV1_ALERT_PROTOCOL_VERSION", "TLS alert"),
        (
            "BlockedByConditionalAccess",
            "Microsoft Entra sign-in error",
        ),
    ] {
        let answer = ask(text);
        assert!(
            answer.entries.iter().any(|e| e.family == family),
            "{text}: {:?}",
            answer.entries
        );
    }
    assert!(
        codes("0x80090308")
            .iter()
            .any(|(family, _)| *family == "SSPI status")
    );
    // A log prints both: no other family with a small number comes along.
    assert_eq!(
        names("ERRCONNECT_LOGON_FAILURE [0x00020014]"),
        ["ERRCONNECT_LOGON_FAILURE"]
    );
    let found = codes("ERRINFO_SERVER_DENIED_CONNECTION (0x00000007)");
    assert!(found.iter().all(|(_, code)| code == "0x7 (7)"), "{found:?}");
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn free_text_finds_all_words_best_first() {
    let answer = ask("certificate expired");
    assert!(answer.entries.len() > 5);
    let names: Vec<_> = answer
        .entries
        .iter()
        .take(4)
        .map(|e| e.name.as_str())
        .collect();
    assert!(names.contains(&"certificate_expired"), "{names:?}");
    assert!(
        names.contains(&"SEC_E_CERT_EXPIRED") || names.contains(&"CERT_E_EXPIRED"),
        "{names:?}"
    );

    let answer = ask("locked");
    assert!(
        answer.entries.iter().all(|e| !e.name.contains("BLOCKED")),
        "{:?}",
        answer.entries
    );
    assert!(
        answer.entries[0].name.contains("LOCKED") || answer.entries[0].meaning.contains("locked")
    );

    let answer = ask("certificate");
    assert_eq!(answer.entries.len(), search::MAX_FOUND);
    assert!(answer.more > 0);
    assert_eq!(ask("certificate zebra").entries, []);
    assert_eq!(
        ask("no common cipher suite").entries[0].family,
        "Schannel event"
    );
    assert!(!ask("handshake failure 40").entries.is_empty());
    assert_eq!(ask("license").entries.len(), ask("licence").entries.len());
    assert!(
        ask("machinekeys-acl")
            .entries
            .iter()
            .all(|e| e.causes.contains(&"machinekeys-acl".to_owned()))
    );
}

#[test]
fn a_sentence_around_a_code_does_not_hide_it() {
    let text = "mstsc says: Because of a protocol error (code: 0x112f), the remote session will be disconnected.";
    assert_eq!(names(text)[0], "ERRINFO_GRAPHICSSUBSYSTEMFAILED");
    let text = "nla_recv_pdu: SPNEGO failed with NTSTATUS: 0xC000006D";
    assert_eq!(names(text), ["STATUS_LOGON_FAILURE"]);
    let text = "AADSTS50126: Error validating credentials due to invalid username or password.";
    assert_eq!(names(text), ["InvalidUserNameOrPassword"]);
    assert!(names("System error 5 has occurred.").contains(&"ERROR_ACCESS_DENIED".to_owned()));
}

// ---- what is not understood

#[test]
fn a_slip_gets_a_suggestion() {
    for (text, wanted) in [
        ("STATUS_ACOUNT_LOCKED_OUT", "STATUS_ACCOUNT_LOCKED_OUT"),
        ("SEC_E_LOGON_DENEID", "SEC_E_LOGON_DENIED"),
        ("certifcate expired", "certificate expired"),
        ("certificate zebra", "certificate"),
        ("STATUS_ACCOUNT_LOCKD", "STATUS_ACCOUNT_LOCKED_OUT"),
        ("0xC000006B", "0xC000006A STATUS_WRONG_PASSWORD"),
    ] {
        let answer = ask(text);
        assert!(!answer.is_found(), "{text}: {:?}", answer.entries);
        assert!(
            answer.near.iter().any(|near| near == wanted),
            "{text}: {:?}",
            answer.near
        );
        for near in &answer.near {
            assert!(
                ask(near).is_found(),
                "{near} was suggested and finds nothing"
            );
        }
    }
}

#[test]
fn nothing_is_an_empty_answer() {
    for words in [
        vec![],
        vec![String::new()],
        vec![" ".to_owned()],
        vec!["the".to_owned()],
    ] {
        let answer = explain(&words);
        assert!(!answer.is_found(), "{words:?}");
        assert_eq!(answer.near, [""; 0], "{words:?}");
    }
}

#[test]
fn garbage_never_panics() {
    let long = |text: &str| text.repeat(10_000);
    let mut questions = vec![
        long("a"),
        long("9"),
        long("f"),
        long("-"),
        long("0x"),
        long("/"),
        long(":"),
        long("("),
        long("é"),
        long("7 "),
        long("a b "),
        long("alert:40 "),
        long("_"),
        long("\u{1f600}"),
    ];
    for text in [
        "0x",
        "0X",
        "-",
        "--",
        "+7",
        "0x-1",
        "0xFFFFFFFFFFFFFFFFFF",
        "-2147483649",
        "-0",
        "-7",
        "99999999999999999999999",
        "/",
        "//",
        "7/",
        "/7",
        "0x904/",
        ":",
        "::",
        "a:",
        ":7",
        "(",
        ")",
        "()",
        "(7",
        "7)",
        "System(",
        "System():1",
        "AADSTS",
        "AADSTSx",
        "aadsts:",
        "AADSTS99999999999999",
        "\0",
        "\u{1b}[31m",
        "\u{202e}7",
        "\u{7f}",
        "é",
        "ß",
        "İ",
        "ﬁ",
        "0x９",
        "７",
        "Ⅷ",
        "\u{301}",
        "a\u{301}b",
        "\t\n\r",
        "=",
        "=7",
        "x=7",
        "#7",
        "'",
        "\"",
        "*",
        "%",
        "\\",
        "∞",
        "event",
        "kerberos",
        "alert",
        "alert alert alert",
        "event event 7",
        "0x904 0x7 0x8",
        "0 0",
        "0",
        "4294967295",
        "4294967296",
        "18446744073709551615",
        "é:7",
        "日本語 7",
        "日本語",
    ] {
        questions.push(text.to_owned());
    }
    for question in &questions {
        for words in [
            vec![question.clone()],
            vec![question.clone(), "0x7".to_owned()],
            vec!["0x904".to_owned(), question.clone()],
        ] {
            let answer = explain(&words);
            assert!(answer.query.chars().count() <= 2_000, "{}", answer.query);
            assert!(!answer.query.contains(char::is_control), "{}", answer.query);
        }
    }
}

#[test]
fn the_same_question_has_the_same_answer() {
    for text in [
        "0x904 0x7",
        "7",
        "locked",
        "0xC000006B",
        "certifcate expired",
    ] {
        assert_eq!(ask(text), ask(text));
    }
}

#[test]
fn a_row_is_what_the_table_says() {
    let row: &Row = tables().with_name("STATUS_BAD_BINDINGS").next().unwrap();
    let entry = row.entry();
    assert_eq!(entry.code, "0xC000035B (-1073740965)");
    assert_eq!(entry.stage, Some(Stage::Nla));
    assert_eq!(
        entry.causes,
        ["tls-inspection-network", "ntlmv1-channel-binding"]
    );
    assert_eq!(entry.source, "MS-ERREF; mingw-w64 headers");
}
