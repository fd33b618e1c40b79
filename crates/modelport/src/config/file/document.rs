//! The tables of `docs/configuration-file.md`, made from the table of keys.

use std::fmt::Write;

use super::keys::{
    API_KEY, Block, CACHE, CONDITION, DEFAULTS, GROUP, HEDGE, Key, LIMIT, PROVIDER, ROUTE, SERVER,
    STORAGE, Sets, Shape, TARGET, TOP, TRACES,
};

/// Every table of keys, as Markdown.
pub fn document() -> String {
    let mut text = String::new();
    let blocks: [(&str, &Block); 14] = [
        ("At the top", &TOP),
        ("`[server]`", &SERVER),
        ("`[storage]`", &STORAGE),
        ("`[cache]`", &CACHE),
        ("`[traces]`", &TRACES),
        ("`[defaults]`", &DEFAULTS),
        ("`[[providers]]`", &PROVIDER),
        ("`api_keys = [{ … }]` of a provider", &API_KEY),
        ("`[[routes]]`", &ROUTE),
        ("`[[routes.groups]]`", &GROUP),
        ("`targets = [{ … }]`", &TARGET),
        ("`when = { … }` of a target or a group", &CONDITION),
        ("`hedge = { … }` of a route", &HEDGE),
        ("`[[limits]]`", &LIMIT),
    ];
    for (heading, block) in blocks {
        // Writing to a string cannot fail.
        let _ = write!(text, "### {heading}\n\n{}\n\n", block.help);
        text.push_str("| Key | Value | Default | Meaning |\n|---|---|---|---|\n");
        for key in block.keys {
            row(&mut text, key);
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn row(text: &mut String, key: &Key) {
    let preset = match (key.preset(), key.is_required) {
        (_, true) => "required".to_owned(),
        (Some(preset), false) => format!("`{preset}`"),
        (None, false) => String::new(),
    };
    let variable = match key.sets {
        Sets::Variable(name) => format!(" As `{name}`."),
        Sets::Field(_) | Sets::Nothing => String::new(),
    };
    let _ = writeln!(
        text,
        "| `{}` | {} | {preset} | {}{variable} |",
        key.name,
        value(key.shape),
        key.help()
    );
}

/// What a value looks like, in few words.
fn value(shape: Shape) -> String {
    match shape {
        Shape::Text => "text".to_owned(),
        Shape::Path => "path".to_owned(),
        Shape::Profile => "name or path".to_owned(),
        Shape::Secret => "secret".to_owned(),
        Shape::Secrets => "secret, or a list of them".to_owned(),
        Shape::Keys => "list of secrets".to_owned(),
        Shape::Seconds => "seconds".to_owned(),
        Shape::Whole { least, most } => format!("number, {least} to {most}"),
        Shape::Switch => "true or false".to_owned(),
        Shape::Bytes => "bytes, or \"64 MiB\"".to_owned(),
        Shape::Share => "share such as 0.15, or \"15%\"".to_owned(),
        Shape::Choice(words) => format!("`{}`", words.join("`, `")),
        Shape::Texts => "text, or a list of texts".to_owned(),
        Shape::Words(words) => format!("list of `{}`", words().join("`, `")),
        Shape::Headers | Shape::Strings => "table of texts".to_owned(),
        Shape::Table(_) => "table".to_owned(),
        Shape::Tables(_) => "list of tables".to_owned(),
        Shape::Targets(_) => "list of texts or tables".to_owned(),
        Shape::SwitchOr(_) => "true, false or a table".to_owned(),
    }
}
