//! What is not seen of revocation, and how to see it.

use rdpwhy_model::{FactKey, FactSet};

/// What is not known about the revocation of the certificate, and how to know it. Nothing where
/// there is no certificate, or it is self-signed and named no address, as hosts make their own.
pub(crate) fn unseen(facts: &FactSet) -> Option<(&'static str, &'static str)> {
    let named = !facts.list(FactKey::CertCrlUrls).is_empty()
        || !facts.list(FactKey::CertOcspUrls).is_empty();
    match facts.text(FactKey::CertRevocation) {
        None if named => Some((
            "whether the certificate is revoked: it was not looked up",
            "run it again with --revocation",
        )),
        Some("none-named") => Some((
            "whether the certificate is revoked: it names no address to ask",
            "ask the authority that issued it, where it has one",
        )),
        Some("not-checked") => Some((
            "whether the certificate is revoked: none of the addresses that it names is http",
            "on a Windows client: certutil -verify -urlfetch with the certificate",
        )),
        Some("unknown" | "unreachable") => Some((
            "whether the certificate is revoked: no address gives an answer that counts",
            "see cert.revocation_sources in the evidence (-v)",
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rdpwhy_model::{Observation, Value};

    use super::*;

    fn facts(known: &[(FactKey, Value)]) -> FactSet {
        let mut set = FactSet::default();
        for (key, value) in known {
            set.add(Observation {
                key: *key,
                value: value.clone(),
                source: String::new(),
                connections: vec![],
            });
        }
        set
    }

    #[test]
    fn only_a_certificate_that_names_addresses_is_worth_asking_about() {
        let named = |list: &[&str]| {
            let list: Vec<String> = list.iter().map(ToString::to_string).collect();
            (FactKey::CertCrlUrls, Value::from(list))
        };
        assert_eq!(unseen(&facts(&[])), None);
        assert_eq!(unseen(&facts(&[named(&[])])), None);
        let (what, how) = unseen(&facts(&[named(&["http://a/"])])).unwrap();
        assert!(what.contains("not looked up") && how.contains("--revocation"));
        let good = (FactKey::CertRevocation, Value::from("good"));
        assert_eq!(unseen(&facts(&[named(&["http://a/"]), good])), None);
    }
}
