//! From TOML to a tree in which every value knows its place and its key's path. It knows TOML, not what keys mean,
//! and repeats no value.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::fault::{Fault, Origin};

/// A value, and where it stands.
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// A value as TOML has it.
pub(super) enum Value {
    Text(String),
    /// A number in decimal digits.
    Number(String),
    Switch(bool),
    /// A date or a time, which no key takes.
    Date,
    List(Vec<Node>),
    /// In the order of the file.
    Table(Vec<Entry>),
}

/// A key with its value.
pub(super) struct Entry {
    pub(super) key: String,
    /// Where the key stands.
    pub(super) origin: Origin,
    pub(super) node: Node,
}

/// The tree of a text, or everything that is no TOML in it.
pub(super) fn read(path: &Path, text: &str) -> Result<Node, Vec<Fault>> {
    let lines = Lines::of(path, text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(lines.table("", &table.span(), table.get_ref()));
    }
    Err(errors.iter().map(|error| lines.fault(error)).collect())
}

impl Node {
    /// What it is, in words.
    pub(super) fn what(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "text",
            Value::Number(_) => "a number",
            Value::Switch(_) => "true or false",
            Value::Date => "a date",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// Its text as it is written.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Number(_)
            | Value::Switch(_)
            | Value::Date
            | Value::List(_)
            | Value::Table(_) => None,
        }
    }

    /// The entries of a table; none of anything else.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Table(entries) => entries,
            Value::Text(_) | Value::Number(_) | Value::Switch(_) | Value::Date | Value::List(_) => {
                &[]
            }
        }
    }

    /// The items of a list; none of anything else.
    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            Value::Text(_)
            | Value::Number(_)
            | Value::Switch(_)
            | Value::Date
            | Value::Table(_) => &[],
        }
    }
}

/// A key's path, with a key below it.
pub(super) fn path(above: &str, key: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let dot = if above.is_empty() { "" } else { "." };
    if !key.is_empty() && key.bytes().all(is_bare) {
        format!("{above}{dot}{key}")
    } else {
        format!("{above}{dot}{key:?}")
    }
}

/// A text by its lines.
struct Lines<'a> {
    file: &'a Path,
    text: &'a str,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(file: &'a Path, text: &'a str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(ends).collect();
        Self { file, text, starts }
    }

    fn origin(&self, span: &Range<usize>, path: &str) -> Origin {
        let line = self.starts.partition_point(|start| *start <= span.start);
        let start = self.starts.get(line.saturating_sub(1));
        let before = self.text.get(start.copied().unwrap_or(0)..span.start);
        Origin {
            column: Some(1 + before.unwrap_or_default().chars().count()),
            ..Origin::variable(path).at(self.file, line)
        }
    }

    /// What is no TOML. The parser's message names what it wants, and repeats nothing of the text.
    fn fault(&self, error: &toml::de::Error) -> Fault {
        let message = error.message().replace('\n', ", ");
        let message = message.trim_end_matches(", expected nothing");
        let remedy = if message.contains("duplicate key") {
            "Keep one of the two; a list of tables is begun with [[double brackets]]."
        } else {
            "Mend this place; the line above it may be the cause."
        };
        Fault {
            origin: self.origin(&error.span().unwrap_or_default(), ""),
            problem: format!("this is not TOML: {message}"),
            remedy: remedy.to_owned(),
        }
    }

    fn node(&self, path: &str, value: &Spanned<DeValue<'_>>) -> Node {
        let span = value.span();
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => {
                let plain = i64::from_str_radix(number.as_str(), number.radix());
                Value::Number(plain.map_or_else(|_| number.to_string(), |plain| plain.to_string()))
            }
            DeValue::Float(number) => Value::Number(plain(number.as_str())),
            DeValue::Boolean(switch) => Value::Switch(*switch),
            DeValue::Datetime(_) => Value::Date,
            DeValue::Array(items) => {
                let items = items.iter().enumerate();
                Value::List(
                    items
                        .map(|(place, item)| self.node(&item_path(path, place, item), item))
                        .collect(),
                )
            }
            DeValue::Table(table) => return self.table(path, &span, table),
        };
        Node {
            value,
            origin: self.origin(&span, path),
        }
    }

    fn table(&self, above: &str, span: &Range<usize>, table: &DeTable<'_>) -> Node {
        let mut entries: Vec<(usize, Entry)> = Vec::with_capacity(table.len());
        for (key, value) in table {
            let path = path(above, key.get_ref());
            let entry = Entry {
                key: key.get_ref().to_string(),
                origin: self.origin(&key.span(), &path),
                node: self.node(&path, value),
            };
            entries.push((key.span().start, entry));
        }
        // The parser sorts by name.
        entries.sort_by_key(|(start, _)| *start);
        Node {
            value: Value::Table(entries.into_iter().map(|(_, entry)| entry).collect()),
            origin: self.origin(span, above),
        }
    }
}

/// A float without an exponent, so that it reads as other settings do.
fn plain(number: &str) -> String {
    match number.parse::<f64>() {
        Ok(parsed) if number.contains(['e', 'E']) => parsed.to_string(),
        Ok(_) | Err(_) => number.to_owned(),
    }
}

/// The path of a list's item: providers and routes by their names, which people know them by.
fn item_path(list: &str, place: usize, item: &Spanned<DeValue<'_>>) -> String {
    let named_by = match list {
        "providers" => "id",
        "routes" => "model",
        _ => "",
    };
    let table = item.get_ref().as_table();
    let name = table.and_then(|table| table.get(named_by)?.get_ref().as_str());
    match name {
        Some(name) => path(list, name),
        None => format!("{list}[{place}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(node: &Node, into: &mut Vec<String>) {
        for entry in node.entries() {
            paths(&entry.node, into);
        }
        for item in node.items() {
            paths(item, into);
        }
        if node.entries().is_empty() && node.items().is_empty() {
            into.push(node.origin.to_string());
        }
    }

    #[test]
    fn every_value_knows_its_place_and_path() {
        let text = "\
[server]
port = 8000
'ü' = { a = 1 }

[[providers]]
api_keys = ['x', 'y']
id = \"groq\"

[[providers]]
name = 'x'

[[routes]]
model = 'gpt-4.1*'
groups = [{ targets = [] }]
";
        let Ok(tree) = read(Path::new("m.toml"), text) else {
            panic!("no tree");
        };
        let mut found = Vec::new();
        paths(&tree, &mut found);
        assert_eq!(
            found,
            [
                "m.toml:2:8: server.port",
                "m.toml:3:13: server.\"ü\".a",
                "m.toml:6:13: providers.groq.api_keys[0]",
                "m.toml:6:18: providers.groq.api_keys[1]",
                "m.toml:7:6: providers.groq.id",
                "m.toml:10:8: providers[1].name",
                "m.toml:13:9: routes.\"gpt-4.1*\".model",
                "m.toml:14:23: routes.\"gpt-4.1*\".groups[0].targets",
            ]
        );
    }

    #[test]
    fn what_is_no_toml_is_told_all_at_once_without_values() {
        let text = "[server]\nport = = 1\nhost = \"hush\napi_keys = 'hush' 'hush'\n[server\n";
        let Err(faults) = read(Path::new("m.toml"), text) else {
            panic!("a tree");
        };
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let told = told.join("\n");
        assert!(!told.contains("hush"), "{told}");
        assert!(told.lines().count() > 2, "{told}");
        for place in ["m.toml:2:8: ", "m.toml:3:"] {
            assert!(told.contains(place), "{place} in\n{told}");
        }
    }
}
