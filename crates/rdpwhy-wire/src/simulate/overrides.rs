//! What is different about an endpoint, written as JSON.

use rdpwhy_model::text::shown;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::SimulateError;
use crate::profiles::Stack;

/// Entries of a list, at most: more than there are suites.
const MOST: usize = 1000;

/// What is different about an endpoint, or all there is to say about one without a profile.
///
/// Suites are written `0xC030`, by name, or as both, with the curves that they are bound to after
/// that; groups, signature schemes and versions by name, as in the profiles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Overrides {
    /// The versions that RDP uses: `TLS1.2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versions: Option<Vec<String>>,
    /// The suites, in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suites: Option<Vec<String>>,
    /// Suites to take away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suites_remove: Option<Vec<String>>,
    /// The key-exchange groups, in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// The signature schemes, in order; an empty list says that they are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_algorithms: Option<Vec<String>>,
    /// Whether it is restricted to what FIPS 140 allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fips: Option<Fips>,
    /// Whether the application asks for strong suites only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strong_crypto: Option<bool>,
    /// Bits of the smallest DHE group that it accepts as a client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_dh_bits_client: Option<u32>,
    /// Bits of the smallest RSA key that it accepts as a client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_rsa_bits_client: Option<u32>,
    /// Bits of its DHE group as a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dh_bits_server: Option<u32>,
    /// Whether it chooses by its own order as a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_preference: Option<bool>,
    /// Whether a server can open its private key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key_usable: Option<bool>,
    /// The TLS library; only `schannel` logs events that are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<Stack>,
    /// Whether it takes no group weaker than its key, as a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecdh_not_weaker_than_cert: Option<bool>,
    /// Whether it insists on the key usage, as a client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enforces_key_usage: Option<bool>,
    /// Whether it accepts the signature of TLS 1.0 and 1.1, as a client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legacy_sha1md5_signatures: Option<bool>,
    /// Whether it checks the size of the server's key itself, as a client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verifies_weak_key: Option<bool>,
    /// OpenSSL's security level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_level: Option<u32>,
    /// Another certificate than the one that the listener makes for itself: RSA with 2048 bits,
    /// signed by an authority with SHA-256, but for what is said here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert: Option<CertificateChange>,
}

/// What is said of a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CertificateChange {
    /// `RSA`, `ECDSA`, `EdDSA` or `DSA`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Bits of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
    /// The curve of an ECDSA key: `secp256r1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curve: Option<String>,
    /// The scheme that signed it: `rsa_pkcs1_sha256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Its key usage bits: `digitalSignature`. None restricts nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_usage: Option<Vec<String>>,
    /// Whether it signs itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub self_signed: Option<bool>,
    /// Whether a public authority signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_ca: Option<bool>,
    /// `AT_SIGNATURE`: the key can sign and not decrypt. Anything else: it can do both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_spec: Option<String>,
}

/// How FIPS mode restricts an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fips {
    /// Not at all.
    Off,
    /// NIST curves only; no RC4, DES, RC2, NULL, MD5, ChaCha20 and the like.
    On,
    /// 3DES only, as the policy's old description has it, and no TLS 1.3.
    TripleDesOnly,
}

/// The word for [`Fips::TripleDesOnly`].
const TRIPLE_DES: &str = "3des-only";

impl Serialize for Fips {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => s.serialize_bool(false),
            Self::On => s.serialize_bool(true),
            Self::TripleDesOnly => s.serialize_str(TRIPLE_DES),
        }
    }
}

impl<'de> Deserialize<'de> for Fips {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match Value::deserialize(d)? {
            Value::Bool(false) => Ok(Self::Off),
            Value::Bool(true) => Ok(Self::On),
            Value::String(s) if s == TRIPLE_DES => Ok(Self::TripleDesOnly),
            _ => Err(serde::de::Error::custom(format!(
                "neither true, false nor \"{TRIPLE_DES}\""
            ))),
        }
    }
}

impl Overrides {
    /// Reads changes from JSON text. No text at all changes nothing.
    ///
    /// # Errors
    /// When it is no JSON object, or has a key or a value that does not belong there; the error
    /// names the key.
    pub fn parse(text: &str) -> Result<Self, SimulateError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let value = serde_json::from_str(text)
            .map_err(|e| SimulateError::NotJson(shown(&e.to_string(), 200)))?;
        Self::from_value(&value)
    }

    /// Reads changes from a JSON value.
    ///
    /// # Errors
    /// As [`Overrides::parse`].
    pub fn from_value(value: &Value) -> Result<Self, SimulateError> {
        let object = value.as_object().ok_or(SimulateError::NotAnObject)?;
        if let Some(certificate) = object.get("cert").and_then(Value::as_object) {
            each_key::<CertificateChange>(certificate, "cert.")?;
        }
        each_key::<Self>(object, "")?;
        serde_json::from_value(value.clone()).map_err(|e| SimulateError::Value {
            key: "changes".into(),
            reason: shown(&e.to_string(), 200),
        })
    }

    /// The changes as a JSON value, for a recording.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The keys of what is changed, in the order of the alphabet.
    pub fn keys(&self) -> Vec<String> {
        let value = self.to_value();
        let keys = value.as_object().into_iter().flat_map(Map::keys);
        let mut keys: Vec<String> = keys.cloned().collect();
        keys.sort_unstable();
        keys
    }

    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Reads every key alone, so that an error can name it.
fn each_key<T: DeserializeOwned>(
    object: &Map<String, Value>,
    before: &str,
) -> Result<(), SimulateError> {
    for (key, value) in object {
        let named = format!("{before}{}", shown(key, 60));
        if value.as_array().is_some_and(|list| list.len() > MOST) {
            let reason = format!("more than {MOST} entries");
            return Err(SimulateError::Value { key: named, reason });
        }
        let alone = Value::Object(Map::from_iter([(key.clone(), value.clone())]));
        if let Err(e) = serde_json::from_value::<T>(alone) {
            let text = shown(&e.to_string(), 800);
            return Err(match text.split_once("expected one of ") {
                Some((start, known)) if start.starts_with("unknown field") => {
                    SimulateError::UnknownKey {
                        key: named,
                        known: known.replace('`', ""),
                    }
                }
                _ => SimulateError::Value {
                    key: named,
                    reason: shown(&text, 200),
                },
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Overrides::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn errors_name_the_key() {
        let unknown = error(r#"{"version": ["TLS1.2"]}"#);
        assert!(unknown.starts_with("unknown key \"version\"; known are versions, suites"));
        assert!(error(r#"{"cert": {"size": 1}}"#).starts_with("unknown key \"cert.size\""));
        assert!(error(r#"{"suites": 5}"#).starts_with("suites: "));
        assert!(error(r#"{"cert": {"bits": -1}}"#).starts_with("cert.bits: "));
        assert!(error(r#"{"fips": "yes"}"#).starts_with("fips: neither true"));
        assert_eq!(error("[]"), "not a JSON object");
        assert!(error("{").starts_with("not JSON: "));
        let long = format!("{{\"suites\": [{}\"\"]}}", "\"\",".repeat(2000));
        assert!(error(&long).starts_with("suites: more than"));
        assert!(!error("{\"a\\u001b[31m\": 1}").contains('\u{1b}'));
    }

    #[test]
    fn changes_survive_being_written() {
        let text =
            r#"{"versions":["TLS1.2"],"fips":"3des-only","stack":"schannel","cert":{"bits":1024}}"#;
        let changes = Overrides::parse(text).unwrap();
        assert_eq!(Overrides::from_value(&changes.to_value()), Ok(changes));
        assert!(Overrides::parse("").unwrap().is_empty());
        assert_eq!(Overrides::default().to_value(), serde_json::json!({}));
    }
}
