//! The tables in `docs/routing.md`.

use std::{fs, path::PathBuf};

const BEGIN: &str = "<!-- figures: written by a test -->\n";
const END: &str = "<!-- end of figures -->\n";

/// Compares the document's tables with these; `UPDATE_DOCS=1` puts them there.
pub(super) fn compare(tables: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/routing.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, [before, BEGIN, tables, END, after].concat()).unwrap();
        return;
    }
    assert!(
        written == tables,
        "docs/routing.md is out of date: run this test with UPDATE_DOCS=1"
    );
}
