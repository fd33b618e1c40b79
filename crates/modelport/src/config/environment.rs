//! The process's environment, a `.env` file and a configuration file as one: which value of a setting counts, and
//! where it was set. It knows names and texts, not what they mean.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use modelport_provider::parameters::Policy;

use super::dotenv;
use super::fault::{Fault, Origin, Warning};
use super::names::{self, Standing};
use super::value::Wrong;

/// One setting's text, trimmed and not empty.
#[derive(Debug)]
struct Raw {
    text: String,
    origin: Origin,
    /// How it was written, where it is filled from elsewhere and so may be a secret in the wrong place.
    written: Option<String>,
}

impl Raw {
    fn plain(text: String, origin: Origin) -> Self {
        Self {
            text,
            origin,
            written: None,
        }
    }
}

/// A setting of the configuration file, as a variable would have it.
pub(super) struct Filed {
    pub(super) text: String,
    /// How it was written, where it refers to a variable and may be shown.
    pub(super) written: Option<String>,
}

/// What is wrong with a value; of one that is filled from elsewhere only how it was written is shown.
pub(super) fn problem(wrong: String, written: Option<&str>) -> String {
    match written {
        Some(written) => format!("what {written} stands for cannot be used here"),
        None => wrong,
    }
}

/// A value, and where it was set.
#[derive(Debug, Clone)]
pub(super) struct Found<T> {
    pub(super) value: T,
    pub(super) origin: Origin,
    /// How it was written, where it is filled from elsewhere and so may be a secret in the wrong place.
    pub(super) written: Option<String>,
}

impl<T> Found<T> {
    /// The variable's name in its usual spelling, or the key's path.
    pub(super) fn variable(&self) -> String {
        if self.origin.is_of_file() {
            return self.origin.variable.clone();
        }
        self.origin.variable.to_ascii_uppercase()
    }
}

/// The process's own environment.
pub fn process() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os()
}

/// Every setting's text by its upper-case name, and what was found wrong on the way.
#[derive(Default)]
pub(super) struct Environment {
    texts: BTreeMap<String, Raw>,
    /// What the configuration file says, by the names that the same settings have as variables.
    filed: BTreeMap<String, Raw>,
    /// The names of those of the file's settings whose value is a fault already.
    broken: BTreeSet<String>,
    /// Where the configuration file speaks of a provider, by what that one's variables begin with.
    homes: BTreeMap<String, Origin>,
    /// Every variable, ours or not, for references from the configuration file.
    pub(super) variables: HashMap<String, String>,
    /// What the configuration file says for providers that do not say it themselves.
    pub(super) defaults: Defaults,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Warning>,
}

/// What holds for every provider that does not say it itself.
#[derive(Default)]
pub(super) struct Defaults {
    pub(super) timeout: Option<Found<Duration>>,
    pub(super) max_retries: Option<Found<u32>>,
    pub(super) parameters: Option<Found<Policy>>,
}

impl Environment {
    /// Reads both sources; the process's own environment wins. Empty values count as unset.
    pub(super) fn read(
        process: impl Iterator<Item = (OsString, OsString)>,
        dotenv: Option<(PathBuf, String)>,
    ) -> Self {
        let mut environment = Self::default();
        let process = environment.of_process(process);
        let dotenv = dotenv.map(|(path, contents)| environment.of_dotenv(&path, &contents));
        let process = environment.one_a_name(process);
        for (name, text) in environment
            .one_a_name(dotenv.unwrap_or_default())
            .into_iter()
            .chain(process)
        {
            environment.texts.insert(name, text);
        }
        environment.warn_of_unknown_names();
        environment
    }

    /// The value of the first of these variables that is set. A wrong value is a fault and counts as unset.
    pub(super) fn take<T>(
        &mut self,
        names: &[String],
        parse: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<Found<T>> {
        let filed = names.iter().filter_map(|name| self.filed.get(name));
        let set = names.iter().filter_map(|name| self.texts.get(name));
        let mut set = set.chain(filed);
        let first = set.next()?;
        for other in set.filter(|other| other.text != first.text) {
            let text = format!(
                "It is ignored, because {} is set to something else and wins.",
                first.origin.in_words()
            );
            self.warnings.push(Warning {
                origin: other.origin.clone(),
                text,
            });
        }
        let origin = first.origin.clone();
        match parse(&first.text) {
            Ok(value) => Some(Found {
                value,
                origin,
                written: first.written.clone(),
            }),
            Err(Wrong { problem, remedy }) => {
                self.faults.push(Fault {
                    origin,
                    problem: self::problem(problem, first.written.as_deref()),
                    remedy,
                });
                None
            }
        }
    }

    /// What counts of each setting: its name, its text, where it is set, and how it was written where it is filled from
    /// elsewhere.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &str, &Origin, Option<&str>)> {
        let filed = self.filed.iter();
        let filed = filed.filter(|(name, _)| !self.texts.contains_key(*name));
        self.texts.iter().chain(filed).map(|(name, raw)| {
            (
                name.as_str(),
                raw.text.as_str(),
                &raw.origin,
                raw.written.as_deref(),
            )
        })
    }

    /// Where a variable is set.
    pub(super) fn origin(&self, name: &str) -> Option<&Origin> {
        let text = self.texts.get(name).or_else(|| self.filed.get(name));
        text.map(|text| &text.origin)
    }

    /// Whether a variable is set, rightly or wrongly.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.texts.contains_key(name) || self.filed.contains_key(name) || self.is_broken(name)
    }

    /// Whether the configuration file sets a variable to something that is a fault already.
    pub(super) fn is_broken(&self, name: &str) -> bool {
        self.broken.contains(name)
    }

    /// Notes that the configuration file sets a variable to something that is a fault already.
    pub(super) fn file_broken(&mut self, name: String) {
        self.broken.insert(name);
    }

    /// Takes what the configuration file says of a setting. An empty text counts as unset.
    pub(super) fn file(&mut self, name: String, filed: Filed, origin: Origin) {
        let Filed { text, written } = filed;
        let text = text.trim().to_owned();
        if !text.is_empty() {
            let text = Raw {
                text,
                origin,
                written,
            };
            self.filed.insert(name, text);
        }
    }

    /// Notes where the configuration file speaks of the provider whose variables begin so.
    pub(super) fn settle(&mut self, prefix: String, home: Origin) {
        self.homes.insert(prefix, home);
    }

    /// Where the configuration file speaks of the provider whose variables begin so.
    pub(super) fn home(&self, prefix: &str) -> Option<&Origin> {
        self.homes.get(prefix)
    }

    /// Whether the configuration file names providers.
    pub(super) fn names_providers(&self) -> bool {
        !self.homes.is_empty()
    }

    /// The suffixes of all further instances, sorted.
    pub(super) fn instances(&self) -> BTreeSet<String> {
        let set = self.texts.keys();
        let set = set.filter_map(|name| Some(names::instance(name)?.0.to_owned()));
        let filed = self.homes.keys();
        let filed = filed.filter_map(|prefix| names::suffix(prefix).map(str::to_owned));
        set.chain(filed).collect()
    }

    fn of_process(&mut self, process: impl Iterator<Item = (OsString, OsString)>) -> Vec<Raw> {
        let mut texts = Vec::new();
        for (name, value) in process {
            let Ok(name) = name.into_string() else {
                continue;
            };
            if let Some(value) = value.to_str() {
                self.variables.insert(name.clone(), value.to_owned());
            }
            if names::standing(&name.to_ascii_uppercase()) == Standing::Foreign {
                continue;
            }
            let origin = Origin::variable(name);
            match value.into_string() {
                Ok(text) => texts.push(Raw::plain(text, origin)),
                Err(_) => self.faults.push(Fault {
                    origin,
                    problem: "its value is not UTF-8".to_owned(),
                    remedy: "Set it again as plain text.".to_owned(),
                }),
            }
        }
        // A process's environment has no order of its own.
        texts.sort_by(|left, right| left.origin.variable.cmp(&right.origin.variable));
        texts
    }

    fn of_dotenv(&mut self, path: &std::path::Path, contents: &str) -> Vec<Raw> {
        let read = dotenv::read(contents);
        for line in read.broken_lines {
            self.faults.push(Fault {
                origin: Origin::line(path, line),
                problem: "this line cannot be read".to_owned(),
                remedy: "Write NAME=value, and a value with blanks, quotes or # in single quotes."
                    .to_owned(),
            });
        }
        for entry in &read.entries {
            // The process's own were there first, and an empty one counts as unset.
            let known = self.variables.entry(entry.name.clone()).or_default();
            if known.is_empty() {
                known.clone_from(&entry.value);
            }
        }
        read.entries
            .into_iter()
            .filter(|entry| names::standing(&entry.name.to_ascii_uppercase()) != Standing::Foreign)
            .map(|entry| {
                let origin = Origin::variable(entry.name).at(path, entry.first_line);
                Raw::plain(entry.value, origin)
            })
            .collect()
    }

    /// One text for each name of one source: the upper-case spelling wins over others, and a later one over an
    /// earlier one.
    fn one_a_name(&mut self, texts: Vec<Raw>) -> BTreeMap<String, Raw> {
        let mut chosen: BTreeMap<String, Raw> = BTreeMap::new();
        for Raw { text, origin, .. } in texts {
            let text = Raw::plain(text.trim().to_owned(), origin);
            if text.text.is_empty() {
                continue;
            }
            let name = text.origin.variable.to_ascii_uppercase();
            let Some(before) = chosen.remove(&name) else {
                chosen.insert(name, text);
                continue;
            };
            let later_wins = text.origin.variable == name || before.origin.variable != name;
            let (winner, loser) = if later_wins {
                (text, before)
            } else {
                (before, text)
            };
            if winner.text != loser.text {
                let text = format!(
                    "It is ignored, because {} is the same setting and wins.",
                    winner.origin
                );
                self.warnings.push(Warning {
                    origin: loser.origin,
                    text,
                });
            }
            chosen.insert(name, winner);
        }
        chosen
    }

    /// Takes the names out that no setting has.
    fn warn_of_unknown_names(&mut self) {
        for (name, text) in std::mem::take(&mut self.texts) {
            let Standing::Unknown { nearest } = names::standing(&name) else {
                self.texts.insert(name, text);
                continue;
            };
            let hint =
                nearest.map_or_else(String::new, |nearest| format!(" Did you mean {nearest}?"));
            let text_of_warning = format!("No setting has this name, so it is ignored.{hint}");
            self.warnings.push(Warning {
                origin: text.origin,
                text: text_of_warning,
            });
        }
    }
}
