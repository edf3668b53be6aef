//! Facts that follow from other facts and that the condition language cannot say. Each names the
//! facts that it needs, so that whoever can look knows what to look for.

use rdpwhy_model::{FactKey, FactSet, Observation, Value};

/// The facts from which a derived fact follows.
pub fn needs(key: FactKey) -> &'static [FactKey] {
    match key {
        FactKey::TlsAllClose => &HELLOS,
        FactKey::NlaRequired | FactKey::NlaWorksWithout => {
            &[FactKey::NegSslOnly, FactKey::NegPlain]
        }
        FactKey::NlaOffered => &[FactKey::NegHybridOnly],
        _ => &[],
    }
}

/// Different kinds of ClientHello, enough of them to say that it is none of their properties.
const HELLOS: [FactKey; 4] = [
    FactKey::TlsOnly12,
    FactKey::TlsWide,
    FactKey::TlsSmallHello,
    FactKey::TlsDirect,
];

/// Adds what follows from the facts.
pub fn derive(facts: &mut FactSet) {
    let all_close = all_close(facts);
    let software = software(facts);
    let nla = nla::derive(facts);
    for derived in [all_close, software].into_iter().flatten().chain(nla) {
        facts.add(derived);
    }
}

mod nla;

fn derived(key: FactKey, value: impl Into<Value>, from: &[&Observation], why: &str) -> Observation {
    let mut connections: Vec<u32> = from
        .iter()
        .flat_map(|o| o.connections.iter().copied())
        .collect();
    connections.sort_unstable();
    connections.dedup();
    Observation {
        key,
        value: value.into(),
        source: why.to_owned(),
        connections,
    }
}

/// Whether the host ends the connection after every kind of ClientHello, without an alert.
fn all_close(facts: &FactSet) -> Option<Observation> {
    let baseline = facts.get(FactKey::TlsAnswer)?;
    let ends =
        |o: &Observation| matches!(&o.value, Value::Text(t) if t == "closed" || t == "reset");
    let tried: Vec<&Observation> = HELLOS
        .iter()
        .map(|k| facts.get(*k))
        .collect::<Option<_>>()?;
    let mut from = vec![baseline];
    from.extend(&tried);
    let why = format!("{} kinds of ClientHello", from.len());
    Some(derived(
        FactKey::TlsAllClose,
        from.iter().all(|o| ends(o)),
        &from,
        &why,
    ))
}

/// A mark by which a server shows what it is.
type Mark = (&'static str, FactKey, fn(&FactSet) -> bool, &'static str);

/// The marks, the surest first. Only those that were seen on real servers, or that the
/// specification ties to Windows; a host that shows none stays unknown.
const MARKS: [Mark; 6] = [
    (
        "windows",
        FactKey::NegRestrictedAdmin,
        |f| f.truth(FactKey::NegRestrictedAdmin) == Some(true),
        "a flag of RDP_NEG_RSP that only Windows sets",
    ),
    (
        "windows",
        FactKey::NegRedirectedAuth,
        |f| f.truth(FactKey::NegRedirectedAuth) == Some(true),
        "a flag of RDP_NEG_RSP that only Windows sets",
    ),
    // FreeRDP's library, on which gnome-remote-desktop and weston stand too; Windows and xrdp
    // put 0x1234 there
    (
        "freerdp",
        FactKey::NegSourceReference,
        |f| f.int(FactKey::NegSourceReference) == Some(0),
        "the source reference 0 in the X.224 confirm, as FreeRDP's library has it",
    ),
    // FreeRDP states 6.1.7601 for itself, so only later builds speak for Windows
    (
        "windows",
        FactKey::NlaBuildNumber,
        |f| f.int(FactKey::NlaBuildNumber).is_some_and(|b| b > 7601),
        "the build number in the NTLM challenge",
    ),
    (
        "xrdp",
        FactKey::McsMaxChannels,
        |f| f.int(FactKey::McsMaxChannels) == Some(22),
        "22 channels in the MCS domain parameters, as xrdp has it",
    ),
    (
        "xrdp",
        FactKey::TlsDirect,
        |f| f.text(FactKey::TlsDirect) == Some("disconnect"),
        "an MCS disconnect in answer to a bare ClientHello, as xrdp does it",
    ),
];

/// Which server software it is, where that shows.
fn software(facts: &FactSet) -> Option<Observation> {
    let (software, key, _, why) = MARKS.iter().find(|(_, _, shows, _)| shows(facts))?;
    Some(derived(
        FactKey::HostSoftware,
        *software,
        &[facts.get(*key)?],
        why,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(known: &[(FactKey, &str)]) -> FactSet {
        let mut set = FactSet::default();
        for (key, value) in known {
            let value = (*value).into();
            set.add(Observation {
                key: *key,
                value,
                source: String::new(),
                connections: vec![1],
            });
        }
        set
    }

    #[test]
    fn all_close_needs_every_kind_of_hello() {
        let some = [(FactKey::TlsAnswer, "closed"), (FactKey::TlsWide, "closed")];
        assert!(all_close(&facts(&some)).is_none());
        let mut all: Vec<(FactKey, &str)> = HELLOS.iter().map(|k| (*k, "reset")).collect();
        all.push((FactKey::TlsAnswer, "closed"));
        assert_eq!(all_close(&facts(&all)).unwrap().value, Value::Bool(true));
        all[0].1 = "alert-40";
        assert_eq!(all_close(&facts(&all)).unwrap().value, Value::Bool(false));
    }
}
