//! How NLA stands on a host: required, offered, or not needed, from the answers to clients that ask
//! for different things.

use rdpwhy_model::{FactKey, FactSet, Observation};

use super::derived;

const WITH: [&str; 2] = ["selected-hybrid", "selected-hybrid-ex"];
const WITHOUT: [&str; 3] = ["selected-ssl", "selected-rdp", "no-response-structure"];
/// HYBRID_REQUIRED_BY_SERVER ([MS-RDPBCGR] 2.2.1.2.2).
const REQUIRED: &str = "failure-5";
const WHY: &str = "what the host chose for clients that ask for different security";

/// What follows; nothing where it was not looked at.
pub(super) fn derive(facts: &FactSet) -> Vec<Observation> {
    // The walk's own answer is one to a client with NLA, unless it was told to ask as another
    let with_nla = !matches!(facts.text(FactKey::ClientAsks), Some("tls" | "plain"));
    let walk = with_nla.then_some(FactKey::NegAnswer);
    let offers = seen(facts, walk.into_iter().chain([FactKey::NegHybridOnly]));
    let without = seen(facts, [FactKey::NegSslOnly, FactKey::NegPlain]);
    let all: Vec<_> = offers.iter().chain(&without).copied().collect();

    let chosen = |seen: &[Seen<'_>], words: &[&str]| seen.iter().any(|s| words.contains(&s.0));
    let gets_in = chosen(&without, &WITHOUT) || chosen(&offers, &WITHOUT);
    let turned_away = chosen(&all, &[REQUIRED]);
    let mut out = Vec::new();
    let mut put = |key, value: bool, from: &[Seen<'_>]| {
        let from: Vec<&Observation> = from.iter().map(|s| s.1).collect();
        out.push(derived(key, value, &from, WHY));
    };
    if chosen(&offers, &WITH) || turned_away {
        put(FactKey::NlaOffered, true, &all);
    } else if chosen(&offers, &WITHOUT) || chosen(&offers, &["failure-2"]) {
        // SSL_NOT_ALLOWED_BY_SERVER: no TLS, so no CredSSP either
        put(FactKey::NlaOffered, false, &offers);
    }
    // A host that says both to one client and another is not one host: then nothing follows
    if gets_in != turned_away {
        put(FactKey::NlaRequired, turned_away, &all);
        put(FactKey::NlaWorksWithout, gets_in, &all);
    }
    out
}

type Seen<'a> = (&'a str, &'a Observation);

fn seen(facts: &FactSet, keys: impl IntoIterator<Item = FactKey>) -> Vec<Seen<'_>> {
    let known = keys
        .into_iter()
        .filter_map(|k| facts.text(k).zip(facts.get(k)));
    known.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stands(known: &[(FactKey, &str)]) -> [Option<bool>; 3] {
        let mut set = FactSet::default();
        for (key, value) in known {
            set.add(Observation {
                key: *key,
                value: (*value).into(),
                source: String::new(),
                connections: vec![1],
            });
        }
        for o in derive(&set) {
            set.add(o);
        }
        [
            FactKey::NlaOffered,
            FactKey::NlaRequired,
            FactKey::NlaWorksWithout,
        ]
        .map(|k| set.truth(k))
    }

    #[test]
    fn what_clients_are_given_says_how_it_stands() {
        use FactKey::{ClientAsks, NegAnswer, NegHybridOnly, NegPlain, NegSslOnly};
        let (yes, no) = (Some(true), Some(false));
        let required = [
            (NegAnswer, "selected-hybrid-ex"),
            (NegSslOnly, "failure-5"),
            (NegPlain, "failure-5"),
        ];
        assert_eq!(stands(&required), [yes, yes, no]);
        let either = [(NegAnswer, "selected-hybrid"), (NegSslOnly, "selected-ssl")];
        assert_eq!(stands(&either), [yes, no, yes]);
        let none = [(NegAnswer, "selected-ssl")];
        assert_eq!(stands(&none), [no, no, yes]);
        assert_eq!(stands(&[(NegAnswer, "selected-hybrid")]), [yes, None, None]);
        assert_eq!(stands(&[(NegAnswer, "closed")]), [None; 3]);
        // What a client without NLA is given says nothing about what is offered
        let tls = [
            (ClientAsks, "tls"),
            (NegAnswer, "selected-ssl"),
            (NegSslOnly, "selected-ssl"),
        ];
        assert_eq!(stands(&tls), [None, no, yes]);
        let tls = [
            (ClientAsks, "tls"),
            (NegAnswer, "failure-5"),
            (NegSslOnly, "failure-5"),
            (NegHybridOnly, "selected-hybrid"),
        ];
        assert_eq!(stands(&tls), [yes, yes, no]);
    }
}
