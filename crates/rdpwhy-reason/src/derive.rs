//! Facts that follow from other facts and that the condition language cannot say. Each names the
//! facts that it needs, so that whoever can look knows what to look for.

use rdpwhy_model::{FactKey, FactSet, Observation, Value};

/// The facts from which a derived fact follows.
pub fn needs(key: FactKey) -> &'static [FactKey] {
    match key {
        FactKey::TlsAllClose => &HELLOS,
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
    for derived in [all_close, software].into_iter().flatten() {
        facts.add(derived);
    }
}

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

/// Which server software it is, where that shows. Only marks that were seen on real servers and
/// that the others do not have; everything else stays unknown.
fn software(facts: &FactSet) -> Option<Observation> {
    let flags = facts.get(FactKey::NegFlags);
    // Windows since 8 and Server 2012 sets flags that no other server is known to set
    // ([MS-RDPBCGR] 2.2.1.2.1: restricted admin, redirected authentication)
    if facts.truth(FactKey::NegRestrictedAdmin) == Some(true)
        || facts.truth(FactKey::NegRedirectedAuth) == Some(true)
    {
        let why = "flags of RDP_NEG_RSP that only Windows sets";
        return Some(derived(FactKey::HostSoftware, "windows", &[flags?], why));
    }
    None
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
