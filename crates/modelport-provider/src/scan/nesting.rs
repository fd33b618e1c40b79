//! Which arrays and objects are open, in one bit each, so that a scan needs no recursion and no memory that its
//! input could grow.

use super::MAX_DEPTH;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Object,
    Array,
}

/// Which containers are open: one bit each, set for an object.
pub(super) struct Nesting {
    objects: [u64; MAX_DEPTH / 64],
    pub(super) depth: usize,
}

impl Nesting {
    pub(super) fn new() -> Self {
        Self {
            objects: [0; MAX_DEPTH / 64],
            depth: 0,
        }
    }

    /// False if there is no room.
    #[inline]
    pub(super) fn enter(&mut self, container: Container) -> bool {
        let Some(word) = self.objects.get_mut(self.depth / 64) else {
            return false;
        };
        let bit = 1 << (self.depth % 64);
        match container {
            Container::Object => *word |= bit,
            Container::Array => *word &= !bit,
        }
        self.depth += 1;
        true
    }

    #[inline]
    pub(super) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    #[inline]
    pub(super) fn innermost(&self) -> Container {
        let level = self.depth.saturating_sub(1);
        let word = self.objects.get(level / 64).copied().unwrap_or(0);
        if word >> (level % 64) & 1 == 1 {
            Container::Object
        } else {
            Container::Array
        }
    }
}
