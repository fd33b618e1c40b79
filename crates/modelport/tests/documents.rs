//! The documents at the top of the repository against what they speak of: every setting is in the
//! README, and every relative link leads to a file.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The targets of a document's links, without those to other hosts and within the page.
fn relative_links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let targets = targets.filter(|target| !target.contains("://") && !target.starts_with('#'));
    targets.filter_map(|target| target.split('#').next())
}

#[test]
fn every_setting_is_in_the_readme() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let missing: Vec<&str> = modelport::config::settings()
        .map(|setting| setting.name)
        .filter(|name| !readme.contains(&format!("\n| `{name}` |")))
        .collect();
    assert!(missing.is_empty(), "README.md has no row for {missing:?}");
}

#[test]
fn every_relative_link_leads_to_a_file() {
    let mut links = 0;
    for entry in fs::read_dir(root()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for link in relative_links(&text) {
            links += 1;
            let is_there = root().join(link).is_file();
            assert!(is_there, "{}: {link} is no file", path.display());
        }
    }
    assert!(links > 0, "no link was found");
}

#[test]
fn links_are_told_from_addresses_and_anchors() {
    let text = "[a](A.md) [b](https://b.test/c) [c](#here) [d](docs/d.md#there) (e)";
    assert_eq!(
        relative_links(text).collect::<Vec<_>>(),
        ["A.md", "docs/d.md"]
    );
}
