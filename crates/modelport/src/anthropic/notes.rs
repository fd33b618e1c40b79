//! Gathers what became of the fields of one request.

use crate::translation::{Fate, Note};

/// How many fields are told of; a request with more has been told enough.
const MAX_NOTES: usize = 64;

/// The notes of one request; each field is told of once, however often it occurs.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<Note>);

impl Notes {
    pub(super) fn mapped(&mut self, field: &str, to: &str) {
        self.add(field, Fate::Mapped(to.to_owned()));
    }

    pub(super) fn dropped(&mut self, field: &str) {
        self.add(field, Fate::Dropped);
    }

    pub(super) fn into_vec(self) -> Vec<Note> {
        self.0
    }

    fn add(&mut self, field: &str, fate: Fate) {
        let known = self.0.iter().any(|note| note.field == field);
        if !known && self.0.len() < MAX_NOTES {
            let field = field.to_owned();
            self.0.push(Note { field, fate });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_told_of_once_and_not_without_end() {
        let mut notes = Notes::default();
        notes.dropped("a");
        notes.mapped("a", "b");
        for number in 0..1000 {
            notes.dropped(&number.to_string());
        }
        let notes = notes.into_vec();
        assert_eq!(
            (notes[0].field.as_str(), &notes[0].fate),
            ("a", &Fate::Dropped)
        );
        assert_eq!(notes.len(), MAX_NOTES);
    }
}
