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

/// The text of every source file of the gateway, but for tests.
fn sources() -> Vec<(PathBuf, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_named = |name: &str| path.file_name().is_some_and(|found| found == name);
            if path.is_dir() && !is_named("tests") && !is_named("assets") {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !is_named("tests.rs") {
                let text = fs::read_to_string(&path).unwrap_or_default();
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                found.push((path, code.to_owned()));
            }
        }
    }
    found
}

/// The texts in quotation marks that come behind a word.
fn quoted<'t>(text: &'t str, behind: &'t str) -> impl Iterator<Item = &'t str> {
    let rests = text.split(behind).skip(1);
    rests.filter_map(|rest| rest.split('"').next())
}

#[test]
fn every_code_and_every_header_of_the_gateways_own_is_in_the_api_document() {
    let document = modelport::endpoints::openapi_text();
    let (mut codes, mut headers) = (0, 0);
    for (path, text) in sources() {
        for code in quoted(&text, "code: \"") {
            codes += 1;
            let named = format!("`{code}`");
            assert!(document.contains(&named), "{}: {code}", path.display());
        }
        let ours = ["x-modelport-", "x-ratelimit-"];
        for name in quoted(&text, "HeaderName::from_static(\"") {
            if ours.iter().any(|start| name.starts_with(start)) {
                headers += 1;
                let named = format!("\"{name}\"");
                assert!(document.contains(&named), "{}: {name}", path.display());
            }
        }
    }
    assert!(
        codes > 20 && headers > 10,
        "{codes} codes, {headers} headers"
    );
}

#[test]
fn every_schema_of_the_api_document_has_a_name_of_its_own() {
    let mut names: Vec<String> = Vec::new();
    for (_, text) in sources() {
        for rest in text.split("ToSchema").skip(1) {
            let Some((attributes, rest)) = rest.split_once("struct ").filter(|(attributes, _)| {
                attributes.starts_with([')', ',']) && !attributes.contains("enum ")
            }) else {
                continue;
            };
            let given = attributes.split("schema(as = ").nth(1);
            let name = given.unwrap_or(rest);
            let end = |letter: char| !letter.is_alphanumeric();
            names.extend(name.split(end).next().map(str::to_owned));
        }
    }
    let all = names.len();
    names.sort();
    let same = |pair: &&[String]| pair[0] == pair[1];
    let twice: Vec<_> = names.windows(2).filter(same).collect();
    assert!(all > 30 && twice.is_empty(), "{all} names, twice {twice:?}");
}
