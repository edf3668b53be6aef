//! The server's order of preference, from what it chose out of what.

use rdpwhy_model::matrix::Order;

use super::known::Known;

/// Whose order decides, as two hellos with the same two suites tell.
pub(super) fn whose(known: &Known<'_>) -> Order {
    let pairs = known.pairs();
    let told = pairs.iter().find_map(|([a, b], chosen)| {
        let swapped = pairs.iter().find(|(p, _)| *p == [*b, *a])?;
        Some(match ((*chosen)?, swapped.1?) {
            (x, y) if x == y => Order::Server,
            (x, y) if x == *a && y == *b => Order::Client,
            _ => Order::Unknown,
        })
    });
    match told {
        Some(Order::Client) if !known.follows_client() => Order::Unknown,
        told => told.unwrap_or(Order::Unknown),
    }
}

/// The hellos, each of two suites, by which to ask whose order decides.
pub(super) fn questions(known: &Known<'_>) -> Vec<[u16; 2]> {
    match (known.pairs().first(), known.accepted.as_slice()) {
        (Some(([a, b], _)), _) => vec![[*b, *a]],
        (None, [a, b, ..]) => vec![[*a, *b], [*b, *a]],
        _ => Vec::new(),
    }
}

/// The accepted suites of a version, sorted as the server prefers them.
pub(super) struct Sorted {
    /// In the server's order, as far as that is known.
    pub(super) list: Vec<u16>,
    /// Neighbours in the list of which it is not known.
    pub(super) open: Vec<[u16; 2]>,
    /// Those that may have the first place that is not certain.
    pub(super) front: Vec<u16>,
}

/// Sorts the accepted suites; `None` when the answers contradict each other.
pub(super) fn sorted(known: &Known<'_>) -> Option<Sorted> {
    let preferred = known.preferred();
    // How many of the rest must come before each
    let mut rest: Vec<(u16, usize)> = known.accepted.iter().map(|s| (*s, 0)).collect();
    for (suite, before) in &mut rest {
        *before = preferred.iter().filter(|(_, loser)| loser == suite).count();
    }
    let mut list = Vec::new();
    let mut front = Vec::new();
    while !rest.is_empty() {
        let able = rest.iter().filter(|(_, before)| *before == 0);
        let able: Vec<u16> = able.map(|(s, _)| *s).collect();
        let next = *able.first()?;
        if front.is_empty() && able.len() > 1 {
            front = able;
        }
        list.push(next);
        rest.retain(|(s, _)| *s != next);
        for (suite, before) in &mut rest {
            *before -= usize::from(preferred.contains(&(next, *suite)));
        }
    }
    let neighbours = list.windows(2).filter_map(|w| match w {
        [a, b] => Some([*a, *b]),
        _ => None,
    });
    let unsure = |[a, b]: &[u16; 2]| !preferred.contains(&(*a, *b));
    let open = neighbours.filter(unsure).collect();
    Some(Sorted { list, open, front })
}
