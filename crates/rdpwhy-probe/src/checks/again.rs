//! The same walk again, twice: is it always so?

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::read::{self, Facts};

use super::Check;

const TIMES: usize = 2;

pub(super) const CHECK: Check = Check {
    id: "again",
    stage: Stage::Negotiate,
    question: "does the same try end the same way?",
    connections: 2,
    yields: &[
        FactKey::AgainCount,
        FactKey::AgainSame,
        FactKey::AgainWorks,
        FactKey::AgainAllWork,
        FactKey::AgainEnds,
    ],
    // A series that was asked for is made by the driver, and read here too
    applies: |c| c.connected() && !read::works(c.word(FactKey::WalkEnd)),
    scripts: |c| {
        (0..TIMES)
            .map(|_| (c.target(), super::walk::script("again", c)))
            .collect()
    },
    read: |context, connections| {
        let first = context
            .facts
            .text(FactKey::WalkEnd)
            .unwrap_or_default()
            .to_owned();
        if connections.is_empty() || first.is_empty() {
            return Facts::new();
        }
        let mut ends = vec![first];
        // A host that stops accepting may do so because of these very tries: that says nothing
        // about what answers where it does accept
        ends.extend(
            connections
                .iter()
                .map(|c| read::outcome(c))
                .filter(|e| !e.starts_with("tcp:")),
        );
        let same = ends.iter().all(|e| *e == ends[0]);
        // Getting through after a failure is what several machines behind one address look like;
        // failing for good after getting through is a host that has had enough
        let failed = ends.iter().position(|e| !read::works(e));
        let works = failed.is_some_and(|f| ends.iter().skip(f).any(|e| read::works(e)));
        vec![
            (
                FactKey::AgainCount,
                i64::try_from(connections.len()).unwrap_or(0).into(),
            ),
            (FactKey::AgainSame, same.into()),
            (FactKey::AgainWorks, works.into()),
            (FactKey::AgainAllWork, failed.is_none().into()),
            (FactKey::AgainEnds, ends.into()),
        ]
    },
};
