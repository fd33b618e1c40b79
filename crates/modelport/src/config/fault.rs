//! What is said about settings: faults, which stop the start, and warnings, which do not. Both name the variable
//! and where it was set; neither ever holds a secret's value.

use std::fmt;
use std::path::PathBuf;

/// Where a value was set: a variable of the environment, or a line of a `.env` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The variable's name as it was written; empty when a line holds none.
    pub variable: String,
    /// File and line, counted from 1; `None` for the process's own environment.
    pub line: Option<(PathBuf, usize)>,
}

impl Origin {
    /// A variable that is set nowhere, or in the process's own environment.
    pub(super) fn variable(name: impl Into<String>) -> Self {
        Self {
            variable: name.into(),
            line: None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
