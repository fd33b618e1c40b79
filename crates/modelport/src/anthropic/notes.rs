//! Gathers what became of the fields of one request.

use modelport_provider::receipt::{Fate, Receipt};

/// How many fields are told of; a request with more has been told enough.
const MAX_NOTES: usize = 64;

/// The notes of one request; each field is told of once, however often it occurs.
#[derive(Debug, Default)]
pub(super) struct Notes(Receipt);

impl Notes {
    pub(super) fn mapped(&mut self, field: &str, to: &str) {
        self.add(field, Fate::Mapped(to.to_owned()));
    }

    pub(super) fn dropped(&mut self, field: &str) {
        self.add(field, Fate::Dropped);
    }

    pub(super) fn into_receipt(self) -> Receipt {
        self.0
    }

    fn add(&mut self, field: &str, fate: Fate) {
        let noted = self.0.notes();
        let known = noted.iter().any(|note| note.field == field);
        if !known && noted.len() < MAX_NOTES {
            self.0.note(field, fate);
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
        let receipt = notes.into_receipt();
        let notes = receipt.notes();
        assert_eq!(
            (notes[0].field.as_str(), &notes[0].fate),
            ("a", &Fate::Dropped)
        );
        assert_eq!(notes.len(), MAX_NOTES);
    }
}
