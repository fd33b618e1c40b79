//! What makes requests belong together, as a number that is the same in every replica.

use http::HeaderMap;
use modelport_provider::splice::Ask;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::config::routes::Affinity;

/// The affinity of a request; `None` where it has nothing that shows one.
pub fn of(affinity: &Affinity, headers: &HeaderMap, ask: &Ask, body: &[u8]) -> Option<u64> {
    match affinity {
        Affinity::Header(name) => Some(hash(headers.get(name)?.as_bytes())),
        Affinity::User => Some(hash(field(ask, body, "user")?)),
        Affinity::Conversation => conversation(field(ask, body, "messages")?),
    }
}

fn field<'a>(ask: &Ask, body: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let field = ask.fields().iter().find(|field| field.key(body) == name)?;
    body.get(field.value.clone())
}

/// The beginning of a conversation, up to its first user message: it is in every later request of the same
/// conversation, and what a provider has in its prompt cache.
fn conversation(messages: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Message<'a> {
        #[serde(borrow)]
        role: Option<std::borrow::Cow<'a, str>>,
    }
    let messages: Vec<&RawValue> = serde_json::from_slice(messages).ok()?;
    let mut state = OFFSET;
    for message in messages {
        state = hash_on(state, message.get().as_bytes());
        let read: Option<Message<'_>> = serde_json::from_str(message.get()).ok();
        if read.is_some_and(|message| message.role.as_deref() == Some("user")) {
            break;
        }
    }
    Some(state)
}

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// FNV-1a: stable over builds and machines, which the standard library's hashes do not promise.
pub fn hash(bytes: &[u8]) -> u64 {
    hash_on(OFFSET, bytes)
}

fn hash_on(state: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(state, |state, byte| {
        (state ^ u64::from(*byte)).wrapping_mul(PRIME)
    })
}

#[cfg(test)]
mod tests {
    use modelport_provider::splice::read_ask;

    use super::*;

    fn conversation_of(body: &str) -> Option<u64> {
        let ask = read_ask(body.as_bytes()).unwrap();
        of(
            &Affinity::Conversation,
            &HeaderMap::new(),
            &ask,
            body.as_bytes(),
        )
    }

    #[test]
    fn a_conversation_is_told_by_how_it_begins() {
        let first =
            r#"{"messages":[{"role":"system","content":"s"},{"role":"user","content":"a"}]}"#;
        let later = r#"{"messages":[{"role":"system","content":"s"},{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}]}"#;
        let other =
            r#"{"messages":[{"role":"system","content":"s"},{"role":"user","content":"x"}]}"#;
        assert_eq!(conversation_of(first), conversation_of(later));
        assert_ne!(conversation_of(first), conversation_of(other));
        assert_eq!(conversation_of(r#"{"prompt":"a"}"#), None);
    }

    #[test]
    fn the_hash_is_the_published_one() {
        // From the reference vectors of FNV-1a, 64 bits.
        assert_eq!(hash(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
