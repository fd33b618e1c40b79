//! What is said about settings: faults, which stop the start, and warnings, which do not. Both name the variable or
//! the key and where it was set; neither ever holds a secret's value.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where a value was set: a variable of the environment, a line of a `.env` file, or a place in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The variable's name as it was written, or the key's path in a configuration file such as
    /// `providers.groq.base_url`; empty when a line holds none.
    pub variable: String,
    /// File and line, counted from 1; `None` for the process's own environment.
    pub line: Option<(PathBuf, usize)>,
    /// The column, counted from 1; only in a configuration file.
    pub column: Option<usize>,
}

impl Origin {
    /// A variable that is set nowhere, or in the process's own environment.
    pub(super) fn variable(name: impl Into<String>) -> Self {
        Self {
            variable: name.into(),
            line: None,
            column: None,
        }
    }

    /// A line of a file.
    pub(super) fn line(file: &Path, line: usize) -> Self {
        Self::variable(String::new()).at(file, line)
    }

    /// The same on a line of a file.
    pub(super) fn at(self, file: &Path, line: usize) -> Self {
        Self {
            line: Some((file.to_owned(), line)),
            ..self
        }
    }

    /// Whether it is in a configuration file.
    pub(super) fn is_of_file(&self) -> bool {
        self.column.is_some()
    }

    /// A key below this one, where that itself is not written.
    pub(super) fn below(&self, key: &str) -> Self {
        Self {
            variable: format!("{}.{key}", self.variable),
            ..self.clone()
        }
    }

    /// It as part of a sentence.
    pub(super) fn in_words(&self) -> String {
        match &self.line {
            Some((file, line)) if self.is_of_file() => {
                format!("{} ({}:{line})", self.variable, file.display())
            }
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some((file, line)), Some(column)) = (&self.line, self.column) {
            // As editors and terminals find a place.
            write!(f, "{}:{line}:{column}", file.display())?;
            return match self.variable.as_str() {
                "" => Ok(()),
                key => write!(f, ": {key}"),
            };
        }
        match &self.line {
            None => f.write_str(&self.variable),
            Some((file, line)) if self.variable.is_empty() => {
                write!(f, "{}:{line}", file.display())
            }
            Some((file, line)) => write!(f, "{} ({}:{line})", self.variable, file.display()),
        }
    }
}

/// One setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What must be mended.
    pub origin: Origin,
    /// What is wrong, as a clause without a final stop; never a secret's value.
    pub problem: String,
    /// What would be right, as whole sentences.
    pub remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}. {}", self.origin, self.problem, self.remedy)
    }
}

/// Every fault of an environment, in the order of the settings; one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Something that works but is likely not what was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The setting it is about.
    pub origin: Origin,
    /// What to know, as whole sentences; never a secret's value.
    pub text: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.text)
    }
}
