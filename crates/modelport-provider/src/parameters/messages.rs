//! What a provider makes of the members of messages: a role it does not know, a null it refuses, members of another
//! provider's that a client sends back in its history.

use std::ops::Range;

use bytes::Bytes;
use memchr::memmem;

use crate::{
    receipt::{Fate, Receipt},
    scan::{self, Kind, Member},
    splice::{self, Edit},
};

/// What one provider makes of the members of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Messages {
    /// Whether it has the role `developer`.
    pub developer: Developer,
    /// Whether it takes members that are null.
    pub nulls: Nulls,
    /// The members that it takes; empty: all.
    pub known: &'static [&'static str],
    /// Members that it refuses.
    pub refused: &'static [&'static str],
}

/// Whether a provider has the role `developer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Developer {
    /// It has.
    Taken,
    /// It has not: such a message goes out as `system`.
    AsSystem,
}

/// Whether a provider takes members of messages that are null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// It does.
    Taken,
    /// It refuses them: they are left out.
    Refused,
}

const DEVELOPER: &[u8] = b"\"developer\"";
const SYSTEM: &[u8] = b"\"system\"";

impl Messages {
    /// They are sent as they came.
    pub const AS_SENT: Self = Self {
        developer: Developer::Taken,
        nulls: Nulls::Taken,
        known: &[],
        refused: &[],
    };

    /// As sent, but for a role that most servers do not know.
    pub const NO_DEVELOPER: Self = Self {
        developer: Developer::AsSystem,
        ..Self::AS_SENT
    };

    /// The edits that `body`'s messages, which stand at `place`, need.
    pub(super) fn edits(
        &self,
        body: &[u8],
        place: &Range<usize>,
        receipt: &mut Receipt,
    ) -> Vec<Edit> {
        let messages = body.get(place.clone()).unwrap_or_default();
        let mut edits = Vec::new();
        if !self.concerns(messages) {
            return edits;
        }
        // What is not an array is the provider's to refuse.
        let _ = scan::elements(messages, |element, kind| {
            if kind == Kind::Object {
                let place = place.start + element.start..place.start + element.end;
                self.message(body, &place, &mut edits, receipt);
            }
        });
        edits
    }

    /// Whether there may be anything to do. Most requests are passed over here, by one search.
    fn concerns(&self, messages: &[u8]) -> bool {
        !self.known.is_empty()
            || !self.refused.is_empty()
            || (self.nulls == Nulls::Refused && memmem::find(messages, b"null").is_some())
            || (self.developer == Developer::AsSystem
                && memmem::find(messages, DEVELOPER).is_some())
    }

    fn message(
        &self,
        body: &[u8],
        place: &Range<usize>,
        edits: &mut Vec<Edit>,
        receipt: &mut Receipt,
    ) {
        let message = body.get(place.clone()).unwrap_or_default();
        let mut members = Vec::new();
        let mut gone = Vec::new();
        let read = scan::members(message, |member| {
            let value = place.start + member.value.start..place.start + member.value.end;
            let is_developer = member.key == "role" && body.get(value.clone()) == Some(DEVELOPER);
            if is_developer && self.developer == Developer::AsSystem {
                receipt.note("messages[].role", Fate::Mapped("system".to_owned()));
                edits.push(Edit {
                    range: value.clone(),
                    replacement: Bytes::from_static(SYSTEM),
                });
            }
            let leaves = self.leaves_out(&member);
            if leaves {
                receipt.note(&format!("messages[].{}", member.key), Fate::Dropped);
            }
            gone.push(leaves);
            members.push((place.start + member.name.start, value.end));
        });
        if read.is_ok() && gone.contains(&true) {
            edits.extend(splice::removals(&members, &gone));
        }
    }

    fn leaves_out(&self, member: &Member<'_>) -> bool {
        let key = member.key.as_ref();
        let is_unknown = !self.known.is_empty() && !self.known.contains(&key);
        let is_refused = self.refused.contains(&key);
        let is_null = self.nulls == Nulls::Refused && member.kind == Kind::Null;
        is_unknown || is_refused || is_null
    }
}
