//! Conditions over facts, as the catalogue writes them. Three-valued: what was not looked at is
//! unknown, and neither true nor false.

use std::collections::BTreeSet;

use rdpwhy_model::{FactKey, FactSet, Value};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It does.
    True,
    /// It does not.
    False,
    /// Not enough is known.
    Unknown,
}

/// What a condition says about some facts, with the keys that decided it or that are missing.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Whether it holds.
    pub truth: Truth,
    /// The facts that decided it.
    pub because: BTreeSet<FactKey>,
    /// The facts that would decide it.
    pub missing: BTreeSet<FactKey>,
}

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// All of them hold.
    All(Vec<Self>),
    /// At least one holds.
    Any(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// Something about one fact.
    Fact(FactKey, Test),
}

/// Something about one fact.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// It has one of these values. A text that ends in `*` stands for every text that begins so.
    In(Vec<Value>),
    /// The number is below.
    Below(i64),
    /// The number is above.
    Above(i64),
    /// The list holds this.
    Has(String),
    /// It is known, whatever its value. Unknown facts make this unknown, not false.
    Known,
    /// It is not known: nobody looked, or there was nothing to see. Never asks for a look.
    NotKnown,
}

impl Condition {
    /// Judges the condition.
    pub fn judge(&self, facts: &FactSet) -> Judged {
        match self {
            Self::All(parts) => combine(parts, facts, Truth::False, Truth::True),
            Self::Any(parts) => combine(parts, facts, Truth::True, Truth::False),
            Self::Not(part) => {
                let mut judged = part.judge(facts);
                judged.truth = match judged.truth {
                    Truth::True => Truth::False,
                    Truth::False => Truth::True,
                    Truth::Unknown => Truth::Unknown,
                };
                judged
            }
            Self::Fact(key, test) => {
                let only = BTreeSet::from([*key]);
                match facts.get(*key) {
                    None if *test == Test::NotKnown => Judged {
                        truth: Truth::True,
                        because: BTreeSet::new(),
                        missing: BTreeSet::new(),
                    },
                    None => Judged {
                        truth: Truth::Unknown,
                        because: BTreeSet::new(),
                        missing: only,
                    },
                    Some(seen) => {
                        let truth = if test.passes(&seen.value) {
                            Truth::True
                        } else {
                            Truth::False
                        };
                        Judged {
                            truth,
                            because: only,
                            missing: BTreeSet::new(),
                        }
                    }
                }
            }
        }
    }

    /// Every fact that the condition speaks of.
    pub fn keys(&self) -> BTreeSet<FactKey> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::keys).collect(),
            Self::Not(part) => part.keys(),
            Self::Fact(key, _) => BTreeSet::from([*key]),
        }
    }

    /// What in the condition no fact could ever satisfy: words that the table does not have.
    pub fn faults(&self) -> Vec<String> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::faults).collect(),
            Self::Not(part) => part.faults(),
            Self::Fact(key, test) => test.faults(*key),
        }
    }
}

/// Joins parts: `decides` settles the whole when one part has it, `otherwise` when none is unknown.
fn combine(parts: &[Condition], facts: &FactSet, decides: Truth, otherwise: Truth) -> Judged {
    let mut whole = Judged {
        truth: otherwise,
        because: BTreeSet::new(),
        missing: BTreeSet::new(),
    };
    for judged in parts.iter().map(|p| p.judge(facts)) {
        if judged.truth == decides {
            return judged;
        }
        if judged.truth == Truth::Unknown {
            whole.truth = Truth::Unknown;
        }
        whole.because.extend(judged.because);
        whole.missing.extend(judged.missing);
    }
    whole
}

impl Test {
    fn passes(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Known, _) => true,
            (Self::In(wanted), Value::Text(t)) => wanted.iter().any(|w| match w {
                Value::Text(w) => w
                    .strip_suffix('*')
                    .map_or(w == t, |stem| t.starts_with(stem)),
                _ => false,
            }),
            (Self::In(wanted), v) => wanted.contains(v),
            (Self::Below(limit), Value::Int(n)) => n < limit,
            (Self::Above(limit), Value::Int(n)) => n > limit,
            (Self::Has(item), Value::List(l)) => l.contains(item),
            _ => false,
        }
    }

    fn faults(&self, key: FactKey) -> Vec<String> {
        let fits = |v: &Value| match v {
            Value::Text(t) if t.ends_with('*') => key.allows(&t.replace('*', "1").into()),
            v => key.allows(v),
        };
        match self {
            Self::In(values) => values
                .iter()
                .filter(|v| !fits(v))
                .map(|v| format!("{key} can never be {v}"))
                .collect(),
            Self::Below(_) | Self::Above(_) if !key.allows(&Value::Int(0)) => {
                vec![format!("{key} is no number")]
            }
            Self::Has(_) if !key.allows(&Value::List(vec![])) => vec![format!("{key} is no list")],
            _ => Vec::new(),
        }
    }
}

/// A condition as it stands in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    all: Option<Vec<Condition>>,
    any: Option<Vec<Condition>>,
    not: Option<Box<Condition>>,
    fact: Option<FactKey>,
    is: Option<Value>,
    #[serde(rename = "in")]
    one_of: Option<Vec<Value>>,
    below: Option<i64>,
    above: Option<i64>,
    has: Option<String>,
    known: Option<bool>,
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let w = Written::deserialize(d)?;
        let test = match (w.is, w.one_of, w.below, w.above, w.has, w.known) {
            (None, None, None, None, None, None) => None,
            (Some(v), None, None, None, None, None) => Some(Test::In(vec![v])),
            (None, Some(v), None, None, None, None) => Some(Test::In(v)),
            (None, None, Some(n), None, None, None) => Some(Test::Below(n)),
            (None, None, None, Some(n), None, None) => Some(Test::Above(n)),
            (None, None, None, None, Some(t), None) => Some(Test::Has(t)),
            (None, None, None, None, None, Some(true)) => Some(Test::Known),
            (None, None, None, None, None, Some(false)) => Some(Test::NotKnown),
            _ => return Err(D::Error::custom("one test for one fact")),
        };
        match (w.all, w.any, w.not, w.fact, test) {
            (Some(parts), None, None, None, None) => Ok(Self::All(parts)),
            (None, Some(parts), None, None, None) => Ok(Self::Any(parts)),
            (None, None, Some(part), None, None) => Ok(Self::Not(part)),
            (None, None, None, Some(key), Some(test)) => Ok(Self::Fact(key, test)),
            _ => Err(D::Error::custom(
                "a condition is one of: all, any, not, or a fact with a test",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use rdpwhy_model::Observation;

    use super::*;

    fn facts(known: &[(FactKey, Value)]) -> FactSet {
        let mut set = FactSet::default();
        for (key, value) in known {
            let value = value.clone();
            set.add(Observation {
                key: *key,
                value,
                source: String::new(),
                connections: vec![],
            });
        }
        set
    }

    fn condition(text: &str) -> Condition {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn unknown_is_neither_true_nor_false() {
        let c = condition(
            "all = [{ fact = \"tls.answer\", in = [\"alert-*\"] }, { fact = \"tls.wide\", is = \"server-hello\" }]",
        );
        assert_eq!(c.judge(&facts(&[])).truth, Truth::Unknown);
        let gate = c.judge(&facts(&[(FactKey::TlsAnswer, "established".into())]));
        assert_eq!(gate.truth, Truth::False);
        assert!(gate.missing.is_empty(), "a closed gate asks for nothing");
        let open = c.judge(&facts(&[(FactKey::TlsAnswer, "alert-40".into())]));
        assert_eq!(open.truth, Truth::Unknown);
        assert_eq!(open.missing, BTreeSet::from([FactKey::TlsWide]));
        let unseen = condition("fact = \"tls.wide\"\nknown = false");
        assert_eq!(unseen.judge(&facts(&[])).truth, Truth::True);
        let seen = unseen.judge(&facts(&[(FactKey::TlsWide, "closed".into())]));
        assert_eq!(seen.truth, Truth::False);
        let not = condition("not = { fact = \"tls.wide\", is = \"closed\" }");
        assert_eq!(not.judge(&facts(&[])).truth, Truth::Unknown);
    }

    #[test]
    fn slips_of_the_pen_are_found() {
        assert!(toml::from_str::<Condition>("fact = \"tls.anwser\"\nis = \"closed\"").is_err());
        assert!(toml::from_str::<Condition>("fact = \"tls.answer\"").is_err());
        assert!(toml::from_str::<Condition>("fact = \"tls.answer\"\nis = 1\nin = [2]").is_err());
        let c = condition("fact = \"tls.answer\"\nis = \"clozed\"");
        assert_eq!(c.faults().len(), 1);
        assert!(
            condition("fact = \"tls.answer\"\nis = \"alert-*\"")
                .faults()
                .is_empty()
        );
    }
}
