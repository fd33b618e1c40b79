//! Rewriting the older variable names to the new ones, losing nothing: what is written loads to the same providers
//! as before, and every other line stays as it is. It only turns text into text.

mod plan;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write;

use self::plan::{Change, Plan};
use super::dotenv::{self, Entry, quote};
use super::names::{self, Standing};

/// The settings among these variables as the text of a `.env` file, with the new names.
pub fn migrate_environment(variables: impl IntoIterator<Item = (OsString, OsString)>) -> String {
    let ours: BTreeMap<String, OsString> = variables
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| names::standing(&name.to_ascii_uppercase()) != Standing::Foreign)
        .collect();
    let mut text = String::new();
    for (name, value) in ours {
        let is_writable = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        // Writing to a string cannot fail.
        let _ = match value.into_string() {
            Ok(value) if is_writable => writeln!(text, "{name}={}", quote(&value)),
            Ok(_) | Err(_) => writeln!(
                text,
                "# {name:?} cannot be written here: name or value is not plain text"
            ),
        };
    }
    migrate_dotenv(&text)
}

/// The text of a `.env` file with the new names. Comments, order, quotes and other lines stay; a value that was
/// ignored stays as a comment; a group that cannot be renamed without a change of meaning stays, with the reason.
pub fn migrate_dotenv(contents: &str) -> String {
    let plan = Plan::new(contents);
    let entries = dotenv::read(contents).entries;
    let by_line: BTreeMap<usize, &Entry> = entries
        .iter()
        .map(|entry| (entry.first_line, entry))
        .collect();
    let mut writer = Writer::new(contents);
    let mut lines = (1..).zip(contents.split_inclusive('\n')).peekable();
    while let Some((number, first)) = lines.next() {
        let Some(entry) = by_line.get(&number) else {
            writer.keep(first);
            continue;
        };
        let mut rest = Vec::new();
        while let Some((_, line)) = lines.next_if(|(number, _)| *number <= entry.last_line) {
            rest.push(line);
        }
        writer.entry(entry, &plan.change(entry), first, &rest);
    }
    writer.text
}

/// Writes the new text, with the line ends of the old one.
struct Writer {
    text: String,
    line_end: &'static str,
}

impl Writer {
    fn new(contents: &str) -> Self {
        let line_end = if contents.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        };
        Self {
            text: String::with_capacity(contents.len()),
            line_end,
        }
    }

    fn entry(&mut self, entry: &Entry, change: &Change, first: &str, rest: &[&str]) {
        match change {
            Change::Keep => self.keep(first),
            Change::KeepSince(reason) => {
                self.say_once(reason);
                self.keep(first);
            }
            Change::Rename(name) => self.keep(&first.replacen(&entry.name, name, 1)),
            Change::RenameAndAdd(name, added) => {
                self.keep(&first.replacen(&entry.name, name, 1));
                self.text.extend(rest.iter().copied());
                self.own_line(added);
                return;
            }
            Change::Retire(reason) => {
                self.own_line(&format!("# {reason}"));
                for line in std::iter::once(&first).chain(rest) {
                    self.keep(&format!("# {line}"));
                }
                return;
            }
        }
        self.text.extend(rest.iter().copied());
    }

    fn keep(&mut self, line: &str) {
        self.text.push_str(line);
    }

    /// A comment, unless it stands there already.
    fn say_once(&mut self, reason: &str) {
        let comment = format!("# {reason}");
        if self.text.lines().all(|line| line != comment) {
            self.own_line(&comment);
        }
    }

    fn own_line(&mut self, line: &str) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push_str(self.line_end);
        }
        self.text.push_str(line);
        self.text.push_str(self.line_end);
    }
}

#[cfg(test)]
mod tests;
