//! What became of a request's fields on their way to a provider: the receipt that a caller is shown. A field that it does
//! not name was sent as it came.

use std::fmt;

/// What became of one field that was not simply sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The field, as in `max_tokens`; within messages, as in `messages[].role`.
    pub field: String,
    /// Its fate.
    pub fate: Fate,
}

/// The fate of a field that was not simply sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It went out under this name, or with this value.
    Mapped(String),
    /// It was left out: the provider would have ignored or refused it.
    Dropped,
    /// The provider refused the request because of it.
    Refused,
    /// The caller did not send it, or not so, and it was put in.
    Added,
}

/// The fields of one request that were not simply sent, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt(Vec<Note>);

impl Receipt {
    /// Adds a field's fate, unless that is already there.
    pub fn note(&mut self, field: &str, fate: Fate) {
        let is_known = |note: &Note| note.field == field && note.fate == fate;
        if !self.0.iter().any(is_known) {
            self.0.push(Note {
                field: field.to_owned(),
                fate,
            });
        }
    }

    /// A field went out under another name, or with another value.
    pub(crate) fn mapped(&mut self, field: &str, to: &str) {
        self.note(field, Fate::Mapped(to.to_owned()));
    }

    /// A field was left out.
    pub(crate) fn dropped(&mut self, field: &str) {
        self.note(field, Fate::Dropped);
    }

    /// Forgets a field.
    pub(crate) fn forget(&mut self, field: &str) {
        self.0.retain(|note| note.field != field);
    }

    /// Adds all of another receipt.
    pub fn extend(&mut self, other: &Self) {
        for note in &other.0 {
            self.note(&note.field, note.fate.clone());
        }
    }

    /// Whether everything was sent as it came.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields and their fates, in the order in which they were noted.
    pub fn notes(&self) -> &[Note] {
        &self.0
    }
}

/// As in a header: `max_completion_tokens=mapped:max_tokens, user=dropped`.
impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, Note { field, fate }) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(", ")?;
            }
            match fate {
                Fate::Mapped(to) => write!(f, "{field}=mapped:{to}")?,
                Fate::Dropped => write!(f, "{field}=dropped")?,
                Fate::Refused => write!(f, "{field}=refused")?,
                Fate::Added => write!(f, "{field}=added")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_a_header() {
        let mut receipt = Receipt::default();
        assert!(receipt.is_empty());
        receipt.note("a", Fate::Mapped("b".to_owned()));
        receipt.note("c", Fate::Dropped);
        receipt.note("c", Fate::Dropped);
        let mut more = Receipt::default();
        more.note("c", Fate::Refused);
        receipt.extend(&more);
        assert_eq!(receipt.to_string(), "a=mapped:b, c=dropped, c=refused");
    }
}
