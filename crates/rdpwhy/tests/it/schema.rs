//! The schema of the report is committed, so that a change of it is seen.

use std::path::Path;

#[test]
fn the_committed_schema_is_the_one_that_is_printed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/report.schema.json");
    let printed = rdpwhy::cli::schema_text().unwrap();
    if std::env::var_os("RDPWHY_WRITE").is_some() {
        std::fs::write(&path, &printed).unwrap();
    }
    let committed = std::fs::read_to_string(&path)
        .unwrap()
        .replace("\r\n", "\n");
    assert_eq!(
        committed, printed,
        "run the tests once with RDPWHY_WRITE=1 and look at the change"
    );
}
