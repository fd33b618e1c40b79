//! Reading tables by the table of keys: unknown and missing keys, misplaced kinds of values, and what is said of them.

mod fit;
mod text;

use std::collections::HashMap;
use std::path::Path;

use self::fit::misplaced;
use super::keys::{Block, Key, Sets, Shape};
use super::reference::{References, is_reference};
use super::tree::{Node, Value};
use super::{fault, warning};
use crate::config::environment::{Environment, Filed, Found, problem};
use crate::config::fault::{Fault, Origin, Warning};
use crate::config::names;
use crate::config::value::{Wrong, shown};

/// What reading the file needs, and what it found wrong.
pub(super) struct Reader {
    references: References,
    faults: Vec<Fault>,
    warnings: Vec<Warning>,
    /// Where the first key stands that is written into the file itself.
    literal: Option<Origin>,
}

/// The known keys of one table, without those whose value is of a wrong kind.
pub(super) struct Fields<'n> {
    /// Where the table is.
    pub(super) origin: &'n Origin,
    entries: Vec<(&'n str, &'n Node)>,
    /// Keys that are written, with a value of a wrong kind.
    misfits: Vec<&'static str>,
    keys: &'static [Key],
}

impl<'n> Fields<'n> {
    /// A table that was checked before.
    pub(super) fn of(node: &'n Node) -> Self {
        let entries = node.entries().iter();
        Self {
            origin: &node.origin,
            entries: entries.map(|entry| (&*entry.key, &entry.node)).collect(),
            misfits: Vec::new(),
            keys: &[],
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        let mut entries = self.entries.iter();
        entries
            .find(|(name, _)| *name == key)
            .map(|(_, node)| *node)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'n str> {
        self.entries.iter().map(|(name, _)| *name)
    }
}

impl Reader {
    pub(super) fn new(variables: HashMap<String, String>, folder: &Path) -> Self {
        Self {
            references: References {
                variables,
                folder: folder.to_owned(),
            },
            faults: Vec::new(),
            warnings: Vec::new(),
            literal: None,
        }
    }

    /// Hands over what was found wrong.
    pub(super) fn tell(&mut self, environment: &mut Environment) {
        environment.faults.append(&mut self.faults);
        environment.warnings.append(&mut self.warnings);
    }

    pub(super) fn fault(
        &mut self,
        origin: &Origin,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.faults.push(fault(origin, problem, remedy));
    }

    pub(super) fn warn(&mut self, origin: &Origin, text: String) {
        self.warnings.push(warning(origin, text));
    }

    /// What is said when everybody can read a key that is written into the file.
    pub(super) fn literal_key(&self, file: &Path) -> Option<Warning> {
        let text = format!(
            "This key stands in a file that everybody on this machine can read. Refer to a variable with \"${{NAME}}\", or keep others out with chmod o-r {}.",
            file.display()
        );
        Some(warning(self.literal.as_ref()?, text))
    }

    /// The keys of a table. Unknown and missing ones, and wrong kinds of values, are faults.
    pub(super) fn block<'n>(
        &mut self,
        node: &'n Node,
        block: &'static Block,
    ) -> Option<Fields<'n>> {
        if !matches!(node.value, Value::Table(_)) {
            self.misfit(node, Shape::Table(block));
            return None;
        }
        let mut entries = Vec::new();
        let mut misfits = Vec::new();
        for entry in node.entries() {
            let Some(key) = block.keys.iter().find(|key| key.name == entry.key) else {
                self.unknown(&entry.origin, &entry.key, block);
                continue;
            };
            match misplaced(key.shape, &entry.node) {
                None => entries.push((key.name, &entry.node)),
                Some(node) => {
                    misfits.push(key.name);
                    self.misfit(node, key.shape);
                }
            }
        }
        let written = |key: &Key| node.entries().iter().any(|entry| entry.key == key.name);
        for key in block.keys.iter().filter(|key| key.is_required) {
            if !written(key) {
                let remedy = format!("Add {} = …: {}", key.name, key.help());
                self.fault(&node.origin, format!("it has no {}", key.name), remedy);
            }
        }
        Some(Fields {
            origin: &node.origin,
            entries,
            misfits,
            keys: block.keys,
        })
    }

    /// The keys of a table below another one.
    pub(super) fn block_of<'n>(
        &mut self,
        fields: &Fields<'n>,
        key: &str,
        block: &'static Block,
    ) -> Option<Fields<'n>> {
        self.block(fields.get(key)?, block)
    }

    fn unknown(&mut self, origin: &Origin, key: &str, block: &'static Block) {
        let known = block.keys.iter().map(|key| key.name.to_owned());
        let remedy = names::nearest_of(key, known).map_or_else(
            || {
                let known: Vec<&str> = block.keys.iter().map(|key| key.name).collect();
                format!("Use one of {}.", known.join(", "))
            },
            |nearest| format!("Did you mean {nearest}?"),
        );
        self.fault(origin, "there is no such key", remedy);
    }

    fn misfit(&mut self, node: &Node, shape: Shape) {
        let seen = match &node.value {
            Value::Text(text) | Value::Number(text) if !shape.is_secret() => {
                format!("{} ({})", node.what(), shown(text))
            }
            Value::Text(_)
            | Value::Number(_)
            | Value::Switch(_)
            | Value::Date
            | Value::List(_)
            | Value::Table(_) => node.what().to_owned(),
        };
        let remedy = format!("Use {}.", shape.words());
        self.fault(&node.origin, format!("it is {seen}"), remedy);
    }

    /// Puts the settings of a table into the environment; `prefix` begins the names of a provider's.
    pub(super) fn settings(
        &mut self,
        environment: &mut Environment,
        fields: &Fields<'_>,
        prefix: &str,
    ) {
        for key in fields.keys {
            let name = match key.sets {
                Sets::Variable(name) => name.to_owned(),
                Sets::Field(field) => format!("{prefix}{field}"),
                Sets::Nothing => continue,
            };
            let Some(node) = fields.get(key.name) else {
                if fields.misfits.contains(&key.name) {
                    environment.file_broken(name);
                }
                continue;
            };
            match self.text(node, key.shape) {
                Some(text) => {
                    let written = written(node, key.shape);
                    environment.file(name, Filed { text, written }, node.origin.clone());
                }
                None => environment.file_broken(name),
            }
        }
    }

    /// A value that only the file has.
    pub(super) fn value<T>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        Some(self.found(fields, key, parse)?.value)
    }

    /// A value that only the file has, and where it stands.
    pub(super) fn found<T>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<Found<T>> {
        let node = fields.get(key)?;
        let shape = fields.keys.iter().find(|known| known.name == key)?.shape;
        let text = self.text(node, shape)?;
        let parsed = match shape {
            Shape::Whole { least, most } => within(&text, least, most),
            _ => Ok(()),
        };
        match parsed.and_then(|()| parse(&text)) {
            Ok(value) => Some(Found {
                value,
                origin: node.origin.clone(),
                written: written(node, shape),
            }),
            Err(wrong) => {
                let written = written(node, shape);
                let problem = problem(wrong.problem, written.as_deref());
                self.fault(&node.origin, problem, wrong.remedy);
                None
            }
        }
    }
}

/// How a value that refers to variables was written, if that may be shown.
fn written(node: &Node, shape: Shape) -> Option<String> {
    if shape.is_secret() {
        // What is said of secrets shows nothing of them anyway.
        return None;
    }
    match &node.value {
        Value::Text(text) => is_reference(text).then(|| shown(text)),
        Value::List(items) => items.iter().find_map(|item| written(item, shape)),
        Value::Number(_) | Value::Switch(_) | Value::Date | Value::Table(_) => None,
    }
}

/// A whole number.
pub(super) fn whole(text: &str) -> Result<u32, Wrong> {
    text.parse().map_err(|_| Wrong {
        problem: format!("{} is not a whole number", shown(text)),
        remedy: "Use digits only.".to_owned(),
    })
}

fn within(text: &str, least: u32, most: u32) -> Result<(), Wrong> {
    let number = text.parse::<u32>();
    if number.is_ok_and(|number| (least..=most).contains(&number)) {
        return Ok(());
    }
    Err(Wrong {
        problem: format!(
            "{} is not a whole number from {least} to {most}",
            shown(text)
        ),
        remedy: "Use one that is.".to_owned(),
    })
}
