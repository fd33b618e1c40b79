//! A body as a short list of pieces that share memory with the original, and the edits that cut it. It knows nothing
//! of JSON.

use std::io::IoSlice;
use std::ops::Range;
use std::slice;

use bytes::{Buf, Bytes};

/// One place of a body that becomes something else. An empty range inserts; an empty replacement removes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes to take out.
    pub range: Range<usize>,
    /// What comes in their place.
    pub replacement: Bytes,
}

/// A body in pieces, in the order in which they are sent.
///
/// As a [`Buf`] it can be the data of an HTTP body, and goes out in one vectored write.
#[derive(Debug, Clone)]
pub struct Spliced {
    pieces: Pieces,
    /// Bytes not yet consumed.
    remaining: usize,
}

/// One edit, by far the usual case, needs no list.
#[derive(Debug, Clone)]
enum Pieces {
    Whole(Bytes),
    Three([Bytes; 3]),
    Many(Vec<Bytes>),
}

/// Makes `edits` in `body`, in the order of their places.
///
/// Edits at the same place come out in the order given. They must lie inside the body and not overlap: one that does
/// not fit is left out.
pub fn apply(body: &Bytes, edits: &[Edit]) -> Spliced {
    match edits {
        [] => Spliced::whole(body.clone()),
        [edit] if fits(edit, 0, body) => Spliced::new(Pieces::Three([
            body.slice(..edit.range.start),
            edit.replacement.clone(),
            body.slice(edit.range.end..),
        ])),
        _ => apply_sorted(body, edits),
    }
}

fn apply_sorted(body: &Bytes, edits: &[Edit]) -> Spliced {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut pieces = Vec::with_capacity(edits.len() * 2 + 1);
    let mut done = 0;
    for edit in edits {
        let fits = fits(edit, done, body);
        debug_assert!(fits, "edit {:?} does not fit", edit.range);
        if fits {
            pieces.push(body.slice(done..edit.range.start));
            pieces.push(edit.replacement.clone());
            done = edit.range.end;
        }
    }
    pieces.push(body.slice(done..));
    Spliced::new(Pieces::Many(pieces))
}

fn fits(edit: &Edit, done: usize, body: &Bytes) -> bool {
    done <= edit.range.start && edit.range.start <= edit.range.end && edit.range.end <= body.len()
}

impl Spliced {
    /// A body that is left as it is.
    pub fn whole(body: Bytes) -> Self {
        Self::new(Pieces::Whole(body))
    }

    fn new(pieces: Pieces) -> Self {
        let mut spliced = Self {
            pieces,
            remaining: 0,
        };
        spliced.remaining = spliced.parts().iter().map(Bytes::len).sum();
        spliced
    }

    /// Length of all pieces together, in bytes.
    pub fn len(&self) -> usize {
        self.remaining
    }

    /// True if nothing is left to send.
    pub fn is_empty(&self) -> bool {
        self.remaining == 0
    }

    /// The pieces; some may be empty.
    pub fn parts(&self) -> &[Bytes] {
        match &self.pieces {
            Pieces::Whole(body) => slice::from_ref(body),
            Pieces::Three(pieces) => pieces,
            Pieces::Many(pieces) => pieces,
        }
    }

    /// The pieces, to keep.
    pub fn into_parts(self) -> Vec<Bytes> {
        match self.pieces {
            Pieces::Whole(body) => vec![body],
            Pieces::Three(pieces) => pieces.into(),
            Pieces::Many(pieces) => pieces,
        }
    }

    /// The body in one piece; copied only where it is in several.
    pub fn into_bytes(self) -> Bytes {
        match self.pieces {
            Pieces::Whole(body) => body,
            Pieces::Three(pieces) => Bytes::from(pieces.concat()),
            Pieces::Many(pieces) => Bytes::from(pieces.concat()),
        }
    }

    fn parts_mut(&mut self) -> &mut [Bytes] {
        match &mut self.pieces {
            Pieces::Whole(body) => slice::from_mut(body),
            Pieces::Three(pieces) => pieces,
            Pieces::Many(pieces) => pieces,
        }
    }
}

impl From<Bytes> for Spliced {
    fn from(body: Bytes) -> Self {
        Self::whole(body)
    }
}

impl Buf for Spliced {
    fn remaining(&self) -> usize {
        self.remaining
    }

    fn chunk(&self) -> &[u8] {
        self.parts()
            .iter()
            .find(|part| !part.is_empty())
            .map_or(&[], |part| part)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let parts = self.parts().iter().filter(|part| !part.is_empty());
        let mut filled = 0;
        for (slice, part) in slices.iter_mut().zip(parts) {
            *slice = IoSlice::new(part);
            filled += 1;
        }
        filled
    }

    fn advance(&mut self, count: usize) {
        assert!(count <= self.remaining, "advanced past the end of a body");
        self.remaining -= count;
        let mut left = count;
        for part in self.parts_mut() {
            let here = left.min(part.len());
            part.advance(here);
            left -= here;
        }
    }
}
