//! The text of a key: made at random, shown once, kept as its digest only.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

/// What every key begins with, so that it is known for one wherever it turns up.
const MARK: &str = "mp-";

/// Random characters behind the mark; each is worth almost 6 bits.
const LENGTH: usize = 43;

/// How much of a key is shown for it, mark included.
const SHOWN: usize = 9;

const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A key's digest, by which it is looked up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Of a key. It is as hard to guess as its key is long, so there is nothing to slow a guesser down for.
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }
}

/// Shows as much as tells digests apart.
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, _) = self.0.split_first_chunk().unwrap_or((&[0; 4], &[]));
        write!(f, "Digest({:08x})", u32::from_be_bytes(*first))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (high, low) = self.0.split_at(16);
        let number = |half: &[u8]| half.try_into().map_or(0, u128::from_be_bytes);
        serializer.collect_str(&format_args!("{:032x}{:032x}", number(high), number(low)))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let byte = |place: usize| {
            let pair = text.get(2 * place..2 * place + 2)?;
            u8::from_str_radix(pair, 16).ok()
        };
        let bytes: Option<Vec<u8>> = (0..32).map(byte).collect();
        let bytes = bytes.filter(|_| text.len() == 64);
        bytes
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| de::Error::custom("a digest is not 64 hexadecimal digits"))
    }
}

/// A key that was just made. It is nowhere else.
pub struct NewSecret(String);

impl NewSecret {
    /// Makes one from the system's random numbers.
    ///
    /// # Errors
    ///
    /// When the system has none.
    pub fn new() -> Result<Self, getrandom::Error> {
        Ok(Self(format!("{MARK}{}", random_text(LENGTH)?)))
    }

    /// The key.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is shown for it.
    pub fn prefix(&self) -> String {
        self.0.chars().take(SHOWN).collect()
    }
}

/// Random letters and digits.
///
/// # Errors
///
/// When the system has no random numbers.
pub fn random_text(length: usize) -> Result<String, getrandom::Error> {
    let mut text = String::with_capacity(length);
    let mut bytes = [0; 64];
    while text.len() < length {
        getrandom::fill(&mut bytes)?;
        for byte in bytes {
            // What would make some letters likelier than others is thrown away.
            let letter = LETTERS.get(usize::from(byte & 63));
            if let Some(letter) = letter.filter(|_| text.len() < length) {
                text.push(char::from(*letter));
            }
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_long_random_and_known_for_keys() {
        let (one, other) = (NewSecret::new().unwrap(), NewSecret::new().unwrap());
        assert_ne!(one.expose(), other.expose());
        assert_eq!(one.expose().len(), MARK.len() + LENGTH);
        assert!(one.expose().starts_with(&one.prefix()));
        assert_eq!(one.prefix().len(), SHOWN);
    }

    #[test]
    fn a_digest_is_kept_as_text() {
        let digest = Digest::of("mp-x");
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
        for wrong in ["\"\"", "\"0g\"", "\"é\"", "7"] {
            assert!(serde_json::from_str::<Digest>(wrong).is_err(), "{wrong}");
        }
    }
}
