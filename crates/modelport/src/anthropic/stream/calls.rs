//! Tool calls on their way: which one is being written, what of it has been, and which wait.

use modelport_provider::chat::{AssemblyFault, ToolCallAssembler, ToolCallFragment};

/// The calls of one stream. The assembler bounds how many there are and how long.
#[derive(Debug, Default)]
pub(super) struct Calls {
    assembler: ToolCallAssembler,
    /// How long the arguments of each closed call were.
    closed: Vec<usize>,
    /// How many bytes of the current call's arguments have been taken.
    taken: usize,
    nesting: Nesting,
}

/// Why calls cannot be written any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Broken {
    #[error(transparent)]
    Bound(#[from] AssemblyFault),
    #[error("more of a tool call came after the next one had begun")]
    Late,
}

impl Calls {
    pub(super) fn push(&mut self, fragments: &[ToolCallFragment]) -> Result<(), Broken> {
        self.assembler.push(fragments)?;
        let closed = self.assembler.calls().iter().zip(&self.closed);
        for (call, length) in closed {
            let late = call.arguments.get(*length..).unwrap_or_default();
            if !late.trim().is_empty() {
                return Err(Broken::Late);
            }
        }
        Ok(())
    }

    /// The first call that is not closed.
    pub(super) fn current(&self) -> Option<&ToolCallFragment> {
        self.assembler.calls().get(self.closed.len())
    }

    /// The current call's arguments that have not been taken yet, without white space before the first.
    pub(super) fn take_arguments(&mut self) -> &str {
        let call = self.assembler.calls().get(self.closed.len());
        let arguments = call.map_or("", |call| call.arguments.as_str());
        let mut fresh = arguments.get(self.taken..).unwrap_or_default();
        if !self.nesting.begun {
            fresh = fresh.trim_start();
        }
        self.taken = arguments.len();
        self.nesting.follow(fresh);
        fresh
    }

    /// Whether the current call is whole and another waits.
    pub(super) fn may_go_on(&self) -> bool {
        self.nesting.is_whole() && self.assembler.calls().len() > self.closed.len() + 1
    }

    /// Goes on to the next call.
    pub(super) fn close(&mut self) {
        self.closed.push(self.taken);
        self.taken = 0;
        self.nesting = Nesting::default();
    }
}

/// Whether JSON text that comes in pieces is a whole object, without reading any of it twice.
#[derive(Debug, Default)]
struct Nesting {
    depth: usize,
    text: Text,
    begun: bool,
}

/// Whether a place is inside a string.
#[derive(Debug, Default, Clone, Copy)]
enum Text {
    #[default]
    Outside,
    Inside,
    Escaped,
}

impl Nesting {
    fn follow(&mut self, json: &str) {
        self.begun |= !json.is_empty();
        for byte in json.bytes() {
            self.text = match (self.text, byte) {
                (Text::Outside, b'"') | (Text::Escaped, _) => Text::Inside,
                (Text::Inside, b'\\') => Text::Escaped,
                (Text::Inside, b'"') => Text::Outside,
                (Text::Outside, b'{' | b'[') => {
                    self.depth += 1;
                    Text::Outside
                }
                (Text::Outside, b'}' | b']') => {
                    self.depth = self.depth.saturating_sub(1);
                    Text::Outside
                }
                (same, _) => same,
            };
        }
    }

    fn is_whole(&self) -> bool {
        self.begun && self.depth == 0 && matches!(self.text, Text::Outside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_whole(pieces: &[&str]) -> bool {
        let mut nesting = Nesting::default();
        for piece in pieces {
            nesting.follow(piece);
        }
        nesting.is_whole()
    }

    #[test]
    fn an_object_is_whole_when_it_is_closed() {
        assert!(is_whole(&["{}"]));
        assert!(is_whole(&["{\"a\":", "[{}]", "}"]));
        assert!(is_whole(&["{\"a\":\"}\\", "\"}\"}"]));
        assert!(!is_whole(&[""]));
        assert!(!is_whole(&["{"]));
        assert!(!is_whole(&["{\"a\":\"}", "}"]));
        assert!(!is_whole(&["{\"a\":\"\\\"}", "}"]));
        assert!(!is_whole(&["{\"a\":{}"]));
    }
}
