use std::ffi::OsString;
use std::path::PathBuf;

use super::super::FileText;
use super::{Config, Faults, Readers, file, load, of_file, process, provider, warnings};

mod documents;
mod providers;
mod routes;
mod sections;

/// The first provider of most files here.
const A: &str = "[[providers]]\nid = 'a'\nbase_url = 'http://127.0.0.1:1/v1'\n";

/// What a file and variables come to.
fn both(text: &str, variables: &[(&str, &str)]) -> Result<Config, Faults> {
    load(process(variables), None, Some(&file(text)))
}

/// All faults of a file, one a line.
fn faults(text: &str) -> String {
    let told = of_file(text).expect_err(text).to_string();
    assert!(!told.contains("hush"), "{told}");
    told
}

fn sound(text: &str) -> Config {
    of_file(text).unwrap_or_else(|faults| panic!("{text}\n{faults}"))
}
