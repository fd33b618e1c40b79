//! What can be wrong with the fields that are read of a request, and how the caller is told.

use crate::scan::{self, Kind};

/// Longest model name that is taken, in bytes.
pub const MAX_MODEL: usize = 256;

/// Why a request is refused before any provider sees it. Always the caller's fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskFault {
    /// The body is not JSON.
    Malformed(scan::Fault),
    /// The body is JSON, but not an object.
    NotAnObject {
        /// What it is.
        found: Kind,
    },
    /// A field that is acted on is given more than once, in whatever spelling.
    Duplicate {
        /// Its name.
        field: &'static str,
    },
    /// A field that is acted on has a value of another type.
    WrongType {
        /// Its name.
        field: &'static str,
        /// What it has to be.
        expected: &'static str,
        /// What it is.
        found: Kind,
    },
    /// The model's name cannot be one.
    Model(ModelProblem),
}

/// What is wrong with a model's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelProblem {
    /// Empty.
    Empty,
    /// Longer than [`MAX_MODEL`] bytes.
    TooLong,
    /// Holds white space.
    Space,
    /// Holds a control character.
    Control,
    /// Holds half of a surrogate pair, which readers take differently.
    NotText,
}

impl AskFault {
    /// The field at fault, if it is one field's.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            AskFault::Malformed(_) | AskFault::NotAnObject { .. } => None,
            AskFault::Duplicate { field } | AskFault::WrongType { field, .. } => Some(field),
            AskFault::Model(_) => Some("model"),
        }
    }

    /// A word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            AskFault::Malformed(_) => "invalid_json",
            AskFault::NotAnObject { .. } => "not_an_object",
            AskFault::Duplicate { .. } => "duplicate_field",
            AskFault::WrongType { .. } => "invalid_type",
            AskFault::Model(_) => "invalid_model",
        }
    }

    /// A message for the caller: what is wrong, and what would be right. `body` is the body that was read.
    pub fn describe(&self, body: &[u8]) -> String {
        match self {
            AskFault::Malformed(fault) => {
                format!(
                    "The request body is not valid JSON: {}.",
                    fault.describe(body)
                )
            }
            AskFault::NotAnObject { found } => {
                format!(
                    "The request body must be a JSON object, but it is {}.",
                    found.describe()
                )
            }
            AskFault::Duplicate { field } => {
                format!("`{field}` is given more than once in the request body; send it once.")
            }
            AskFault::WrongType {
                field,
                expected,
                found,
            } => {
                format!(
                    "`{field}` must be {expected}, but it is {}.",
                    found.describe()
                )
            }
            AskFault::Model(problem) => problem.describe(),
        }
    }
}

impl ModelProblem {
    fn describe(self) -> String {
        let problem = match self {
            ModelProblem::Empty => "`model` is empty",
            ModelProblem::TooLong => {
                return format!("`model` is longer than {MAX_MODEL} bytes; send a model's id.");
            }
            ModelProblem::Space => "`model` contains white space",
            ModelProblem::Control => "`model` contains a control character",
            ModelProblem::NotText => {
                "`model` contains half of a surrogate pair or a replacement character"
            }
        };
        format!("{problem}; send a model's id, or leave the field out for the default model.")
    }
}
