//! Tolerant reading of foreign JSON: the members of one object as raw text, each read only when asked for, so that one odd
//! member never spoils its neighbours. It decides nothing about meaning.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The members of one JSON object, borrowed from its text. Of a repeated member the last counts, as in most readers.
#[derive(Debug, Default)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    /// Reads `json` if it is an object.
    pub(crate) fn read(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// Reads the object that `json` begins with, whatever follows it.
    pub(crate) fn first(json: &'a [u8]) -> Option<Self> {
        Self::deserialize(&mut serde_json::Deserializer::from_slice(json)).ok()
    }

    /// A member's text; a null counts as absent.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        let member = self.0.iter().rev().find(|(key, _)| key == name)?;
        (member.1.get() != "null").then_some(member.1)
    }

    /// Whether the member is there at all, null or not.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// A member that is a string.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.raw(name).and_then(|raw| read_text(raw.get()))
    }

    /// A member that is a whole number of zero or more; some servers quote it or write `4096.0`.
    pub(crate) fn unsigned(&self, name: &str) -> Option<u64> {
        self.signed(name)
            .and_then(|number| u64::try_from(number).ok())
    }

    /// A member that is a whole number; quoted and `1.7e9` are accepted.
    pub(crate) fn signed(&self, name: &str) -> Option<i64> {
        let raw = self.raw(name)?.get();
        read_whole(raw).or_else(|| read_whole(&read_text(raw)?))
    }

    /// A member that is `true` or `false`.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.raw(name)?.get() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// A member that is an object.
    pub(crate) fn object(&self, name: &str) -> Option<Object<'a>> {
        self.raw(name).and_then(|raw| Object::read(raw.get()))
    }

    /// A member that is an array, as its elements' texts; at most `most` of them.
    pub(crate) fn array(&self, name: &str, most: usize) -> Option<Elements<'a>> {
        self.raw(name)
            .and_then(|raw| Elements::read(raw.get(), most))
    }

    /// The strings of a member that is an array; other elements are passed over.
    pub(crate) fn words(&self, name: &str) -> Option<Vec<Cow<'a, str>>> {
        let elements = self.array(name, MAX_WORDS)?.items;
        Some(
            elements
                .iter()
                .filter_map(|raw| read_text(raw.get()))
                .collect(),
        )
    }

    /// Every member with its text, in order.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(key, raw)| (key.as_ref(), *raw))
    }

    /// The members whose names are not in `known` and that are not null, as they came.
    pub(crate) fn others(&self, known: &[&str]) -> serde_json::Map<String, serde_json::Value> {
        self.0
            .iter()
            .filter(|(key, raw)| !known.contains(&key.as_ref()) && raw.get() != "null")
            .filter_map(|(key, raw)| {
                let value = serde_json::from_str(raw.get()).ok()?;
                Some((key.clone().into_owned(), value))
            })
            .collect()
    }
}

/// How many strings of one array are looked at.
const MAX_WORDS: usize = 256;

/// The first elements of an array, and how many more there were.
#[derive(Debug, Default)]
pub(crate) struct Elements<'a> {
    pub(crate) items: Vec<&'a RawValue>,
    pub(crate) beyond: usize,
}

impl<'a> Elements<'a> {
    /// Reads `json` if it is an array, keeping at most `most` elements.
    pub(crate) fn read(json: &'a str, most: usize) -> Option<Self> {
        let mut reader = serde_json::Deserializer::from_str(json);
        let elements = reader.deserialize_seq(ElementsVisitor(most)).ok()?;
        reader.end().ok().map(|()| elements)
    }
}

/// A JSON string's text.
pub(crate) fn read_text(json: &str) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str::<Text<'_>>(json)
        .ok()
        .map(|text| text.0)
}

/// A body as text: UTF-8, less a byte order mark and the blank lines that some providers send while one waits.
pub(crate) fn body_text(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?;
    Some(text.strip_prefix('\u{feff}').unwrap_or(text).trim())
}

/// Compact text of any value that serialises; empty if it does not.
pub(crate) fn compact(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn read_whole(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let decimal = crate::price::exact(text)?.normalize();
    (decimal.scale() == 0)
        .then(|| i64::try_from(decimal.mantissa()).ok())
        .flatten()
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        #[derive(Deserialize)]
        struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
        let mut members = Vec::new();
        while let Some((key, raw)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
            members.push((key.0, raw));
        }
        Ok(Object(members))
    }
}

struct ElementsVisitor(usize);

impl<'de> Visitor<'de> for ElementsVisitor {
    type Value = Elements<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Elements<'de>, A::Error> {
        let mut elements = Elements::default();
        while elements.items.len() < self.0 {
            match seq.next_element::<&'de RawValue>()? {
                Some(raw) => elements.items.push(raw),
                None => return Ok(elements),
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            elements.beyond += 1;
        }
        Ok(elements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_one_by_one() {
        let object = Object::read(
            r#"{"a":1,"b":"two","c":null,"d":[1,"x",{}],"e":{"f":true},"a":2,"g":"3","h":4096.0,"i":1.7e9,"j":1.5,"\u006b":7}"#,
        )
        .unwrap();
        assert_eq!(object.unsigned("a"), Some(2));
        assert_eq!(object.text("a"), None);
        assert_eq!(object.text("b").as_deref(), Some("two"));
        assert!(object.raw("c").is_none());
        assert!(object.has("c"));
        assert_eq!(object.words("d").unwrap(), ["x"]);
        assert_eq!(object.array("d", 1).unwrap().beyond, 2);
        assert_eq!(object.object("e").unwrap().flag("f"), Some(true));
        assert_eq!(object.unsigned("g"), Some(3));
        assert_eq!(object.unsigned("h"), Some(4096));
        assert_eq!(object.signed("i"), Some(1_700_000_000));
        assert_eq!(object.signed("j"), None);
        assert_eq!(object.unsigned("k"), Some(7));
        assert_eq!(object.others(&["a", "b", "c", "d", "e"]).len(), 5);
    }

    #[test]
    fn what_follows_the_first_object_is_not_read() {
        let object = Object::first(b"{\"a\":1}, \"b\": [").unwrap();
        assert_eq!(object.unsigned("a"), Some(1));
        assert!(Object::first(b"[{\"a\":1}]").is_none());
    }

    #[test]
    fn what_is_no_object_is_none() {
        for json in ["[]", "1", "", "{", "{\"a\":}", "\"x\""] {
            assert!(Object::read(json).is_none(), "{json}");
        }
    }

    #[test]
    fn marks_and_blank_lines_come_off_a_body() {
        assert_eq!(body_text(b"\xef\xbb\xbf\n\n {} \n"), Some("{}"));
        assert_eq!(body_text(b"\xff"), None);
    }
}
