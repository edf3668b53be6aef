//! Where a certificate says that its revocation and its issuer can be looked up. Nothing is fetched.

use rdpwhy_model::text::shown;
use x509_parser::prelude::*;

/// The addresses that a certificate names, fit to show. One that is cut ends with an ellipsis.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    /// Revocation lists (RFC 5280 4.2.1.13).
    pub(crate) crl: Vec<String>,
    /// OCSP responders (RFC 5280 4.2.2.1).
    pub(crate) ocsp: Vec<String>,
    /// Where the issuer's certificate lies (RFC 5280 4.2.2.1).
    pub(super) issuer: Vec<String>,
}

impl Addresses {
    /// The longest address that is kept, in characters: an LDAP one has about 250.
    const LONGEST: usize = 400;
    /// How many of a kind are kept.
    const MOST: usize = 16;

    pub(crate) fn of(cert: &X509Certificate<'_>) -> Self {
        let mut out = Self::default();
        for extension in cert.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::CRLDistributionPoints(points) => {
                    for point in points.iter() {
                        if let Some(DistributionPointName::FullName(names)) =
                            &point.distribution_point
                        {
                            for name in names {
                                Self::keep(&mut out.crl, name);
                            }
                        }
                    }
                }
                ParsedExtension::AuthorityInfoAccess(access) => {
                    for description in access.iter() {
                        // id-ad-ocsp and id-ad-caIssuers
                        let list = match description.access_method.as_bytes() {
                            [0x2b, 6, 1, 5, 5, 7, 0x30, 1] => &mut out.ocsp,
                            [0x2b, 6, 1, 5, 5, 7, 0x30, 2] => &mut out.issuer,
                            _ => continue,
                        };
                        Self::keep(list, &description.access_location);
                    }
                }
                _ => {}
            }
        }
        out
    }

    fn keep(list: &mut Vec<String>, name: &GeneralName<'_>) {
        if let GeneralName::URI(address) = name
            && list.len() < Self::MOST
        {
            list.push(shown(address, Self::LONGEST));
        }
    }
}
