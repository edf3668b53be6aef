//! The certificates that a host sends, as a chain: which of them belong to it, in which order, and
//! whether each may vouch for the one below. Signatures are checked where keys are, not here.

use rdpwhy_model::fact::FactKey;
use rdpwhy_model::text::{shown, time};
use x509_parser::prelude::*;

use super::names::Names;
use super::{DAY, Facts, KEPT, Viewpoint, dates};

/// How many certificates are judged: no chain that leads anywhere is longer, and a host may send
/// thousands.
const JUDGED: usize = 16;
/// How much of a name is shown in the line of a certificate, in characters.
const NAME: usize = 80;
/// How many parts that cannot be read are named.
const UNREADABLE: usize = 20;

/// A chain as it was sent.
pub(super) struct Chain<'a> {
    /// The first certificates, the leaf at the front.
    links: Vec<Link<'a>>,
    /// How many were sent.
    sent: usize,
    /// Their size, in bytes.
    bytes: usize,
}

struct Link<'a> {
    der: &'a [u8],
    cert: Result<X509Certificate<'a>, String>,
}

impl<'a> Link<'a> {
    fn read(der: &'a [u8]) -> Self {
        let cert = match X509Certificate::from_der(der) {
            Ok((_, cert)) => Ok(cert),
            Err(nom_error) => Err(reason(&nom_error)),
        };
        Self { der, cert }
    }

    fn ok(&self) -> Option<&X509Certificate<'a>> {
        self.cert.as_ref().ok()
    }
}

/// Why a certificate cannot be read, in a few words.
fn reason(error: &x509_parser::nom::Err<X509Error>) -> String {
    use x509_parser::nom::{Err as Nom, error::ErrorKind};
    match error {
        Nom::Incomplete(_)
        | Nom::Error(X509Error::NomError(ErrorKind::Eof | ErrorKind::Complete))
        | Nom::Failure(X509Error::NomError(ErrorKind::Eof | ErrorKind::Complete)) => {
            "its structure ends too early".into()
        }
        Nom::Error(X509Error::NomError(_) | X509Error::Der(_))
        | Nom::Failure(X509Error::NomError(_) | X509Error::Der(_)) => {
            "its structure is not that of a certificate".into()
        }
        Nom::Error(e) | Nom::Failure(e) => shown(&e.to_string(), 60),
    }
}

impl<'a> Chain<'a> {
    pub(super) fn read(chain: &[&'a [u8]]) -> Self {
        Self {
            links: chain.iter().take(JUDGED).map(|d| Link::read(d)).collect(),
            sent: chain.len(),
            bytes: chain.iter().map(|d| d.len()).sum(),
        }
    }

    /// The leaf, where it can be read, with its bytes.
    pub(super) fn leaf(&self) -> Option<(&'a [u8], &X509Certificate<'a>)> {
        let first = self.links.first()?;
        Some((first.der, first.ok()?))
    }

    fn cert(&self, place: usize) -> Option<&X509Certificate<'a>> {
        self.links.get(place)?.ok()
    }

    /// The place of the first certificate with the same bytes, where that is another one.
    fn same_as(&self, place: usize) -> Option<usize> {
        let der = self.links.get(place)?.der;
        self.links[..place].iter().position(|l| l.der == der)
    }

    /// The places from the leaf up to the last issuer that was sent.
    fn path(&self) -> Vec<usize> {
        let mut path = vec![0];
        let mut at = 0;
        while let Some(cert) = self.cert(at) {
            if cert.subject().as_raw() == cert.issuer().as_raw() {
                break;
            }
            let above = (1..self.links.len()).find(|i| {
                !path.contains(i)
                    && self
                        .cert(*i)
                        .is_some_and(|c| c.subject().as_raw() == cert.issuer().as_raw())
            });
            let Some(above) = above else { break };
            path.push(above);
            at = above;
        }
        path
    }

    /// The places of every certificate that is an issuer, or an issuer's issuer, of the leaf.
    /// Several may bear one name: a root that another authority signed as well, for example.
    fn related(&self) -> Vec<usize> {
        let mut related = vec![0];
        let mut next = 0;
        while let Some(place) = related.get(next).copied() {
            next += 1;
            let Some(cert) = self.cert(place) else {
                continue;
            };
            let issuer = cert.issuer().as_raw();
            for i in 1..self.links.len() {
                let named = self.cert(i).is_some_and(|c| c.subject().as_raw() == issuer);
                if named && !related.contains(&i) {
                    related.push(i);
                }
            }
        }
        related.sort_unstable();
        related
    }

    /// Whether the certificates that belong together stand in the order of RFC 5246 7.4.2.
    fn in_order(&self, related: &[usize]) -> bool {
        let distinct: Vec<&X509Certificate<'_>> = related
            .iter()
            .filter(|i| self.same_as(**i).is_none())
            .filter_map(|i| self.cert(*i))
            .collect();
        distinct
            .windows(2)
            .all(|pair| pair[0].issuer().as_raw() == pair[1].subject().as_raw())
    }

    pub(super) fn facts(&self, view: Viewpoint<'_>, out: &mut Facts) {
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        out.push((FactKey::CertChainLength, count(self.sent).into()));
        out.push((FactKey::CertChainJudged, count(self.links.len()).into()));
        out.push((FactKey::CertChainBytes, count(self.bytes).into()));
        let unreadable = self.unreadable();
        if !unreadable.is_empty() {
            out.push((FactKey::CertUnreadable, unreadable.into()));
        }
        let related = self.related();
        let lines = (0..self.links.len()).map(|i| self.line(i, &related, view));
        out.push((FactKey::CertChain, lines.collect::<Vec<_>>().into()));
        let Some((_, leaf)) = self.leaf() else { return };

        let self_signed = leaf.subject().as_raw() == leaf.issuer().as_raw();
        let path = self.path();
        out.push((
            FactKey::CertIssuerSent,
            (self_signed || path.len() > 1).into(),
        ));
        let duplicates = (1..self.links.len()).filter(|i| self.same_as(*i).is_some());
        out.push((
            FactKey::CertChainDuplicates,
            count(duplicates.count()).into(),
        ));
        out.push((FactKey::CertChainInOrder, self.in_order(&related).into()));
        let unrelated: Vec<String> = (1..self.links.len())
            .filter(|i| !related.contains(i) && self.same_as(*i).is_none())
            .filter_map(|i| Some(subject(self.cert(i)?, KEPT)))
            .collect();
        if !unrelated.is_empty() {
            out.push((FactKey::CertUnrelated, unrelated.into()));
        }
        self.authority_facts(&path, view, out);
    }

    /// Whether those above the leaf are in date and may vouch for what is below them.
    fn authority_facts(&self, path: &[usize], view: Viewpoint<'_>, out: &mut Facts) {
        let above: Vec<&X509Certificate<'_>> =
            path.iter().skip(1).filter_map(|i| self.cert(*i)).collect();
        let own = |c: &X509Certificate<'_>| c.subject().as_raw() == c.issuer().as_raw();
        let old = |c: &X509Certificate<'_>| dates(c).1 < view.now;
        let root = above.last().copied().filter(|c| own(c));
        out.extend([
            (
                FactKey::CertIntermediateExpired,
                above.iter().any(|c| !own(c) && old(c)).into(),
            ),
            (FactKey::CertRootSent, root.is_some().into()),
            (FactKey::CertRootExpired, root.is_some_and(old).into()),
            (
                FactKey::CertIssuerNotCa,
                above.iter().any(|c| !may_vouch(c)).into(),
            ),
            (FactKey::CertPathTooLong, too_long(&above).into()),
        ]);
        let Some((_, leaf)) = self.leaf() else { return };
        let names = Names::of(leaf).dns;
        let judged: Vec<bool> = above
            .iter()
            .filter_map(|c| c.name_constraints().ok().flatten())
            .map(|c| names.iter().any(|n| outside(c.value, n)))
            .collect();
        if !judged.is_empty() {
            let outside = judged.contains(&true);
            out.push((FactKey::CertOutsideConstraints, outside.into()));
        }
    }

    /// What cannot be read, by place.
    fn unreadable(&self) -> Vec<String> {
        let mut out = Vec::new();
        for (i, link) in self.links.iter().enumerate() {
            match &link.cert {
                Err(why) => out.push(format!("certificate {}: {why}", i + 1)),
                Ok(cert) => out.extend(broken_extensions(cert).map(|which| {
                    format!("certificate {}: extension {which} cannot be read", i + 1)
                })),
            }
        }
        if out.len() > UNREADABLE {
            let more = out.len() - (UNREADABLE - 1);
            out.truncate(UNREADABLE - 1);
            out.push(format!("… and {more} more"));
        }
        out
    }

    /// One certificate for people: place, subject, issuer, and its state.
    fn line(&self, place: usize, related: &[usize], view: Viewpoint<'_>) -> String {
        let number = place + 1;
        if let Some(same) = self.same_as(place) {
            return format!("{number}. the same as {}", same + 1);
        }
        let cert = match self.links.get(place).map(|l| &l.cert) {
            Some(Ok(cert)) => cert,
            Some(Err(why)) => return format!("{number}. cannot be read: {why}"),
            None => return String::new(),
        };
        let by = if cert.subject().as_raw() == cert.issuer().as_raw() {
            "itself".to_owned()
        } else {
            name_of(cert.issuer(), NAME)
        };
        let mut line = format!("{number}. {}, issued by {by}", subject(cert, NAME));
        line.push_str(&state(cert, view));
        if !related.contains(&place) {
            line.push_str("; not of this chain");
        } else if place > 0 && !may_vouch(cert) {
            line.push_str("; may not vouch for others");
        }
        line
    }
}

/// Whether a certificate is in date, for the end of its line.
fn state(cert: &X509Certificate<'_>, view: Viewpoint<'_>) -> String {
    let (from, to) = dates(cert);
    let day = |t: i64| time(t).chars().take(10).collect::<String>();
    let days = |n: i64| format!("{n} day{}", if n == 1 { "" } else { "s" });
    if view.now < from {
        format!("; not valid before {}", day(from))
    } else if view.now > to {
        let since = view.now.saturating_sub(to) / DAY;
        format!("; expired {} ago, on {}", days(since), day(to))
    } else {
        let left = to.saturating_sub(view.now) / DAY;
        format!("; valid until {}, {} left", day(to), days(left))
    }
}

fn subject(cert: &X509Certificate<'_>, most: usize) -> String {
    name_of(cert.subject(), most)
}

fn name_of(name: &X509Name<'_>, most: usize) -> String {
    let text = name.to_string();
    if text.is_empty() {
        return "no subject".into();
    }
    shown(&text, most)
}

/// The extensions that cannot be read, by object identifier.
fn broken_extensions(cert: &X509Certificate<'_>) -> impl Iterator<Item = String> {
    cert.extensions()
        .iter()
        .filter(|e| e.parsed_extension().error().is_some())
        .map(|e| shown(&e.oid.to_id_string(), 60))
}

/// Whether a certificate may vouch for others: it says so in its basic constraints and its key
/// usage does not forbid it (RFC 5280 4.2.1.3, 4.2.1.9). A root of version 1 cannot say it, and
/// may. What cannot be read is given the benefit of the doubt.
fn may_vouch(cert: &X509Certificate<'_>) -> bool {
    let own = cert.subject().as_raw() == cert.issuer().as_raw();
    if own && cert.version().0 == 0 {
        return true;
    }
    let ca = cert
        .basic_constraints()
        .map_or(true, |c| c.is_some_and(|c| c.value.ca));
    let signs = cert
        .key_usage()
        .map_or(true, |u| u.is_none_or(|u| u.value.key_cert_sign()));
    ca && signs
}

/// Whether an authority allows fewer authorities below it than there are. `above` goes up from
/// the leaf's issuer; authorities that are issued by themselves do not count (RFC 5280 4.2.1.9).
fn too_long(above: &[&X509Certificate<'_>]) -> bool {
    let mut below = 0u32;
    for cert in above {
        let limit = cert
            .basic_constraints()
            .ok()
            .flatten()
            .and_then(|c| c.value.path_len_constraint);
        if limit.is_some_and(|limit| below > limit) {
            return true;
        }
        below += u32::from(cert.subject().as_raw() != cert.issuer().as_raw());
    }
    false
}

/// Whether the DNS name is one for which an authority with these constraints may not vouch
/// (RFC 5280 4.2.1.10). Constraints on other kinds of names are not judged.
fn outside(constraints: &NameConstraints<'_>, name: &str) -> bool {
    let of = |trees: &Option<Vec<GeneralSubtree<'_>>>| -> Vec<String> {
        let trees = trees.iter().flatten();
        trees
            .filter_map(|t| match t.base {
                GeneralName::DNSName(base) => Some(base.to_ascii_lowercase()),
                _ => None,
            })
            .collect()
    };
    let name = name.to_ascii_lowercase();
    let within = |base: &String| {
        let base = base.strip_prefix('.').unwrap_or(base);
        base.is_empty()
            || name == base
            || name
                .strip_suffix(base)
                .is_some_and(|front| front.ends_with('.'))
    };
    let permitted = of(&constraints.permitted_subtrees);
    let excluded = of(&constraints.excluded_subtrees);
    (!permitted.is_empty() && !permitted.iter().any(within)) || excluded.iter().any(within)
}
