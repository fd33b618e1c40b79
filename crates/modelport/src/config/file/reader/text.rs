//! From a value to the text that the same setting has as a variable, with its references replaced.

use http::{HeaderName, HeaderValue};

use super::Reader;
use crate::config::fault::Origin;
use crate::config::file::keys::Shape;
use crate::config::file::reference::is_reference;
use crate::config::file::tree::{Node, Value};
use crate::config::value::{Wrong, is_profile_path};

/// The headers that bring a key.
const CREDENTIALS: [&str; 3] = ["authorization", "api-key", "x-api-key"];

impl Reader {
    /// A value as the text that the same setting has as a variable.
    pub(in crate::config::file) fn text(&mut self, node: &Node, shape: Shape) -> Option<String> {
        match shape {
            Shape::Secret => self.secret(node),
            Shape::Secrets => self.joined(node, Self::secret),
            Shape::Texts => self.joined(node, Self::plain),
            Shape::Headers => self.headers(node),
            Shape::Path => Some(self.plain(node)?).map(|text| self.references.path(&text)),
            Shape::Profile => {
                let text = self.plain(node)?;
                Some(if is_profile_path(&text) {
                    self.references.path(&text)
                } else {
                    text
                })
            }
            Shape::Text
            | Shape::Seconds
            | Shape::Whole { .. }
            | Shape::Switch
            | Shape::Bytes
            | Shape::Share
            | Shape::Choice(_) => self.plain(node),
            Shape::Keys
            | Shape::Words(_)
            | Shape::Strings
            | Shape::Table(_)
            | Shape::Tables(_)
            | Shape::Targets(_)
            | Shape::SwitchOr(_) => None,
        }
    }

    /// A single value with its references replaced.
    pub(in crate::config::file) fn plain(&mut self, node: &Node) -> Option<String> {
        match &node.value {
            Value::Text(text) => {
                let text = self.references.text(text);
                self.kept(&node.origin, text)
            }
            Value::Number(number) => Some(number.clone()),
            Value::Switch(switch) => Some(switch.to_string()),
            Value::Date | Value::List(_) | Value::Table(_) => None,
        }
    }

    /// A key with its references replaced.
    pub(in crate::config::file) fn secret(&mut self, node: &Node) -> Option<String> {
        let Value::Text(text) = &node.value else {
            return None;
        };
        if !text.is_empty() && !is_reference(text) {
            self.note_literal(&node.origin);
        }
        let text = self.references.secret(text);
        self.kept(&node.origin, text)
    }

    fn joined(
        &mut self,
        node: &Node,
        one: impl Fn(&mut Self, &Node) -> Option<String>,
    ) -> Option<String> {
        if matches!(node.value, Value::Text(_)) {
            return one(self, node);
        }
        let mut texts = Vec::new();
        for item in node.items() {
            let text = one(self, item)?;
            if text.contains(',') {
                let remedy = "Give each its own place in the list.";
                self.fault(&item.origin, "it holds a comma", remedy);
                return None;
            }
            texts.push(text);
        }
        Some(texts.join(","))
    }

    fn headers(&mut self, node: &Node) -> Option<String> {
        let mut headers = serde_json::Map::new();
        let mut is_sound = true;
        for entry in node.entries() {
            let Some(text) = self.plain(&entry.node) else {
                is_sound = false;
                continue;
            };
            let brings_key = CREDENTIALS
                .iter()
                .any(|name| entry.key.eq_ignore_ascii_case(name));
            if brings_key && matches!(&entry.node.value, Value::Text(text) if !is_reference(text)) {
                self.note_literal(&entry.node.origin);
            }
            let problem = if HeaderName::try_from(&entry.key).is_err() {
                Some("this is not a header name")
            } else if HeaderValue::from_str(&text).is_err() {
                Some("its value holds a character that a header cannot carry")
            } else {
                None
            };
            if let Some(problem) = problem {
                let remedy = "Use names of letters, digits and -, and values on one line.";
                self.fault(&entry.origin, problem, remedy);
                is_sound = false;
            }
            headers.insert(entry.key.clone(), text.into());
        }
        is_sound.then(|| serde_json::Value::Object(headers).to_string())
    }

    /// Notes where a key is written into the file itself.
    fn note_literal(&mut self, origin: &Origin) {
        self.literal.get_or_insert_with(|| origin.clone());
    }

    fn kept(&mut self, origin: &Origin, text: Result<String, Wrong>) -> Option<String> {
        match text {
            Ok(text) => Some(text),
            Err(wrong) => {
                self.fault(origin, wrong.problem, wrong.remedy);
                None
            }
        }
    }
}
