//! JSON files that an operator writes: read value by value, so that what is wrong is told with its place, its field and a
//! remedy. It knows no file's meaning.

use std::fmt;

use serde_json::value::RawValue;

use crate::object::{Elements, Object, read_text};

/// The most values of one list that are looked at.
const MAX_VALUES: usize = 10_000;

/// The longest value shown in a fault, in characters.
const MAX_SHOWN: usize = 40;

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFault {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1, in characters.
    pub column: usize,
    /// The way to the value, such as `openai.gpt-4o.max_in`; empty for the document itself.
    pub field: String,
    /// What is wrong, as a clause.
    pub problem: String,
    /// What would be right, as sentences.
    pub remedy: String,
}

impl WrittenFault {
    /// Where it is and what is wrong, as a clause.
    pub fn clause(&self) -> String {
        let Self {
            line,
            column,
            field,
            problem,
            ..
        } = self;
        let blank = if field.is_empty() { "" } else { " " };
        format!("{line}:{column}: {field}{blank}{problem}")
    }
}

impl fmt::Display for WrittenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}", self.clause(), self.remedy)
    }
}

impl std::error::Error for WrittenFault {}

/// One value of a file.
#[derive(Debug, Clone)]
pub(crate) struct Node<'a> {
    document: &'a str,
    raw: &'a RawValue,
    path: String,
}

impl<'a> Node<'a> {
    /// A whole file.
    pub(crate) fn document(text: &'a str) -> Result<Self, WrittenFault> {
        match serde_json::from_str(text) {
            Ok(raw) => Ok(Self {
                document: text,
                raw,
                path: String::new(),
            }),
            Err(error) => Err(WrittenFault {
                line: error.line().max(1),
                column: error.column().max(1),
                field: String::new(),
                problem: "is where the JSON breaks off or goes wrong".to_owned(),
                remedy: "Mend the comma, quote or bracket there or just before.".to_owned(),
            }),
        }
    }

    /// A fault of this value.
    pub(crate) fn fault(
        &self,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> WrittenFault {
        let at = self.raw.get().as_ptr().addr();
        let offset = at.saturating_sub(self.document.as_ptr().addr());
        let before = self.document.get(..offset).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let in_line = before.get(line_start..).unwrap_or_default();
        WrittenFault {
            line: 1 + before.bytes().filter(|byte| *byte == b'\n').count(),
            column: 1 + in_line.chars().count(),
            field: self.path.clone(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    /// As [`Node::fault`], of a value that is not what it should be.
    fn is_no(&self, what: &str, remedy: &str) -> WrittenFault {
        let mut shown: String = self.raw.get().chars().take(MAX_SHOWN).collect();
        if shown.len() < self.raw.get().len() {
            shown.push('…');
        }
        self.fault(format!("is {shown}, not {what}"), remedy)
    }

    /// The members of an object, in their order.
    pub(crate) fn members(&self) -> Result<Vec<(String, Self)>, WrittenFault> {
        let object = Object::read(self.raw.get()).ok_or_else(|| {
            self.is_no("an object", "Write { and } with named values in between.")
        })?;
        let members = object.members().map(|(key, raw)| {
            let path = match self.path.as_str() {
                "" => key.to_owned(),
                path => format!("{path}.{key}"),
            };
            let document = self.document;
            let node = Node {
                document,
                raw,
                path,
            };
            (key.to_owned(), node)
        });
        Ok(members.collect())
    }

    /// A text.
    pub(crate) fn text(&self) -> Result<String, WrittenFault> {
        let text = read_text(self.raw.get());
        text.map(std::borrow::Cow::into_owned)
            .ok_or_else(|| self.is_no("a text", "Put it in double quotes."))
    }

    /// A whole number above zero.
    pub(crate) fn count(&self) -> Result<u64, WrittenFault> {
        let number = self.raw.get().parse().ok().filter(|number| *number > 0);
        number.ok_or_else(|| {
            self.is_no(
                "a whole number above zero",
                "Write the number alone, without quotes.",
            )
        })
    }

    /// `true` or `false`.
    pub(crate) fn switch(&self) -> Result<bool, WrittenFault> {
        match self.raw.get() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.is_no("true or false", "Write true or false without quotes.")),
        }
    }

    /// The values of a list.
    pub(crate) fn values(&self) -> Result<Vec<Self>, WrittenFault> {
        let elements = Elements::read(self.raw.get(), MAX_VALUES)
            .ok_or_else(|| self.is_no("a list", "Write [ and ] with the values in between."))?;
        let values = elements.items.into_iter().map(|raw| Self {
            raw,
            ..self.clone()
        });
        Ok(values.collect())
    }

    /// The value as it is written.
    pub(crate) fn written(&self) -> &'a str {
        self.raw.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_tells_its_place() {
        let text = "{\n  \"é\": {\"n\": 1.5, \"s\": 2, \"l\": [true, {}]}\n}";
        let top = Node::document(text).unwrap().members().unwrap();
        let inner = top[0].1.members().unwrap();
        assert_eq!(
            inner[0].1.count().unwrap_err().to_string(),
            "2:14: é.n is 1.5, not a whole number above zero. Write the number alone, without quotes."
        );
        assert_eq!(
            inner[1].1.text().unwrap_err().to_string(),
            "2:24: é.s is 2, not a text. Put it in double quotes."
        );
        let list = inner[2].1.values().unwrap();
        assert!(list[0].switch().unwrap());
        assert_eq!(list[1].switch().unwrap_err().column, 39);
        assert!(inner[2].1.members().is_err() && top[0].1.values().is_err());
    }

    #[test]
    fn broken_json_tells_where() {
        let fault = Node::document("{\n \"a\": 1,,\n}").unwrap_err();
        assert_eq!((fault.line, fault.column), (2, 9));
        assert!(Node::document("").is_err());
    }
}
