//! Where a row stands among the others: by its time, and among those of one moment by its id. Both databases hold their
//! rows in this order, so that a row is found by its place and a list is read on from one.

use std::{fmt, str::FromStr};

use uuid::Uuid;

use crate::accounting::entry::Entry;

/// A row's place. Its text, such as `1764486000123-0193b8c2f5a87c11a3d2c9d0e1f2a3b4`, is what the row is called outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When its request arrived, in milliseconds since 1970.
    pub at_ms: u64,
    /// Its id.
    pub id: Uuid,
}

impl Place {
    /// Before all rows of a moment, in milliseconds since 1970, and of later ones.
    pub fn at(at_ms: u64) -> Self {
        Self {
            at_ms,
            id: Uuid::nil(),
        }
    }

    /// That of a row.
    pub fn of(row: &Entry) -> Self {
        Self {
            at_ms: super::rows::unsigned(row.at_ms),
            id: row.id,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at_ms, self.id.simple())
    }
}

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let (at_ms, id) = text.split_once('-').ok_or(NotAPlace)?;
        Ok(Self {
            at_ms: at_ms.parse().map_err(|_| NotAPlace)?,
            id: id.parse().map_err(|_| NotAPlace)?,
        })
    }
}

/// A text is not that of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPlace;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let place = Place {
            at_ms: 1_764_486_000_123,
            id: Uuid::from_u128(7),
        };
        let text = place.to_string();
        assert_eq!(text, "1764486000123-00000000000000000000000000000007");
        assert_eq!(text.parse(), Ok(place));
        for wrong in ["", "7", "x-7", "7-", "7-x", "-7"] {
            assert_eq!(wrong.parse::<Place>(), Err(NotAPlace), "{wrong}");
        }
    }
}
