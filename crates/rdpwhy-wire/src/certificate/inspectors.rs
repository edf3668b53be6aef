//! Products that open TLS and show a certificate of their own.

/// Companies whose names in an issuer point to a device or program that opens TLS.
/// Each entry: a part of the issuer's name in lower case, and the product.
const INSPECTORS: [(&str, &str); 22] = [
    ("bitdefender", "Bitdefender"),
    ("kaspersky", "Kaspersky"),
    ("eset ssl filter", "ESET"),
    ("avast web", "Avast"),
    ("avg web", "AVG"),
    ("norton web", "Norton"),
    ("dr.web", "Dr.Web"),
    ("adguard", "AdGuard"),
    ("fortigate", "FortiGate"),
    ("fortinet", "Fortinet"),
    ("zscaler", "Zscaler"),
    ("netskope", "Netskope"),
    ("palo alto", "Palo Alto Networks"),
    ("sophos", "Sophos"),
    ("check point", "Check Point"),
    ("watchguard", "WatchGuard"),
    ("sonicwall", "SonicWall"),
    ("blue coat", "Blue Coat"),
    ("cisco umbrella", "Cisco Umbrella"),
    ("barracuda", "Barracuda"),
    ("mitmproxy", "mitmproxy"),
    ("web filter", "a web filter"),
];

/// The product to which an issuer's name points.
pub(super) fn product(issuer: &str) -> Option<&'static str> {
    let lower = issuer.to_lowercase();
    let found = INSPECTORS.iter().find(|(part, _)| lower.contains(part));
    found.map(|(_, product)| *product)
}
