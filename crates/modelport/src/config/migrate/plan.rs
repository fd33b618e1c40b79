//! What is to become of each older entry of a `.env` file. It decides; the text is edited elsewhere.

use std::path::PathBuf;

use crate::config::dotenv::{self, Entry};
use crate::config::environment::Environment;
use crate::config::providers::{self, Older};
use crate::config::setting::{
    GENERIC_PREFIX, OLDER_PREFIX, OLLAMA_PREFIX, SHORT_OLLAMA_PREFIX, field,
};

const APART: &str =
    "OPENROUTER_* stays: it is a second provider, named openrouter, since its base URL is another.";
const FAULTY: &str = "OPENROUTER_* stays until the faults that `modelport check` lists are mended.";
const REFERRED: &str =
    "This group stays, since another line refers to one of its names as ${NAME}.";

/// What becomes of one entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It stays as it is.
    Keep,
    /// It stays as it is, for this reason.
    KeepSince(&'static str),
    /// It gets this name.
    Rename(String),
    /// It gets this name, and a line follows it.
    RenameAndAdd(String, String),
    /// It had no effect, for this reason, and becomes a comment.
    Retire(String),
}

/// What holds for all entries of one text.
pub(super) struct Plan {
    environment: Environment,
    older: Older,
    /// Names that another line refers to.
    referred: Vec<String>,
}

impl Plan {
    pub(super) fn new(contents: &str) -> Self {
        let source = (PathBuf::new(), contents.to_owned());
        let mut environment = Environment::read(std::iter::empty(), Some(source));
        let older = providers::older(&mut environment);
        let referred = dotenv::read(contents)
            .entries
            .into_iter()
            .map(|entry| entry.name)
            .filter(|name| contents.contains(&format!("{{{name}}}")))
            .collect();
        Self {
            environment,
            older,
            referred,
        }
    }

    /// What becomes of one entry.
    pub(super) fn change(&self, entry: &Entry) -> Change {
        let name = entry.name.to_ascii_uppercase();
        let older = name
            .strip_prefix(OLDER_PREFIX)
            .filter(|rest| field::GENERIC.contains(rest));
        let short = name
            .strip_prefix(SHORT_OLLAMA_PREFIX)
            .filter(|rest| field::OLLAMA.contains(rest));
        match (older, short) {
            (Some(field), _) => self.older(entry, &name, field),
            (None, Some(field)) => self.short(entry, &name, field),
            (None, None) => Change::Keep,
        }
    }

    fn older(&self, entry: &Entry, name: &str, field: &str) -> Change {
        let (ignored, display_name) = match &self.older {
            Older::Apart => return Change::KeepSince(APART),
            Older::Faulty => return Change::KeepSince(FAULTY),
            Older::Merged { .. } if self.is_referred(OLDER_PREFIX, &field::GENERIC) => {
                return Change::KeepSince(REFERRED);
            }
            Older::Merged { ignored, name } => (ignored, name),
        };
        let target = format!("{GENERIC_PREFIX}{field}");
        if ignored
            .iter()
            .any(|origin| origin.variable.eq_ignore_ascii_case(name))
        {
            return Change::Retire(format!(
                "Ignored, since the {GENERIC_PREFIX}* variables win:"
            ));
        }
        match (self.moved(entry, name, target), display_name) {
            (Change::Rename(target), Some(display_name)) if field == field::BASE_URL => {
                Change::RenameAndAdd(
                    target,
                    format!("{GENERIC_PREFIX}{}={display_name}", field::PROVIDER_NAME),
                )
            }
            (change, _) => change,
        }
    }

    fn short(&self, entry: &Entry, name: &str, field: &str) -> Change {
        if self.is_referred(SHORT_OLLAMA_PREFIX, &field::OLLAMA) {
            return Change::KeepSince(REFERRED);
        }
        self.moved(entry, name, format!("{OLLAMA_PREFIX}{field}"))
    }

    /// A new name for the entry that counts, a comment out of any other.
    fn moved(&self, entry: &Entry, name: &str, target: String) -> Change {
        if self.environment.is_set(&target) {
            return Change::Retire(format!("Ignored, since {target} is set:"));
        }
        let counts = self.environment.origin(name).is_none_or(|origin| {
            let line = origin.line.as_ref().map(|(_, line)| *line);
            line == Some(entry.first_line)
        });
        // An empty value counts for nothing under either name.
        if counts || entry.value.trim().is_empty() {
            Change::Rename(target)
        } else {
            Change::Retire(format!("Ignored, since {name} is set a second time:"))
        }
    }

    fn is_referred(&self, prefix: &str, fields: &[&str]) -> bool {
        self.referred.iter().any(|name| {
            let name = name.to_ascii_uppercase();
            name.strip_prefix(prefix)
                .is_some_and(|rest| fields.contains(&rest))
        })
    }
}
