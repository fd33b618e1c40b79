//! Puts streamed tool calls together. Upstreams number their pieces in different ways, or not at all; the rules and who needs
//! them are in the fact sheet, "Reading a stream" (2026-11-22).

use super::tool_call::{ToolCall, ToolCallFragment};
use crate::object::Object;

/// How many tool calls one answer may have.
pub const MAX_TOOL_CALLS: usize = 256;

/// How long the arguments of one answer's tool calls may be together, in bytes.
pub const MAX_ARGUMENTS: usize = 8 * 1024 * 1024;

/// Collects the tool calls of one choice.
#[derive(Debug, Clone, Default)]
pub struct ToolCallAssembler {
    /// In the order of their first pieces; indexes need not start at 0 and may repeat.
    calls: Vec<ToolCallFragment>,
    bytes: usize,
}

/// Why a piece is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssemblyFault {
    /// [`MAX_TOOL_CALLS`] are there.
    #[error("more than {MAX_TOOL_CALLS} tool calls in one answer")]
    TooMany,
    /// They would be longer than [`MAX_ARGUMENTS`].
    #[error("tool call arguments of more than {MAX_ARGUMENTS} bytes in one answer")]
    TooLong,
}

impl ToolCallAssembler {
    /// One without calls.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one chunk's pieces.
    ///
    /// # Errors
    ///
    /// A piece that goes past a bound is not taken, nor are those after it.
    pub fn push(&mut self, fragments: &[ToolCallFragment]) -> Result<(), AssemblyFault> {
        fragments
            .iter()
            .try_for_each(|fragment| self.take(fragment).map(drop))
    }

    /// Whether there are no calls.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// The calls, in the order in which they began.
    pub fn finish(self) -> Vec<ToolCall> {
        self.calls.into_iter().map(ToolCall::from).collect()
    }

    /// The calls as far as they are known, in the order in which they began.
    pub fn calls(&self) -> &[ToolCallFragment] {
        &self.calls
    }

    /// Adds one piece, and tells the place of the call that it belongs to.
    ///
    /// # Errors
    ///
    /// A piece that goes past a bound is not taken.
    pub fn take(&mut self, fragment: &ToolCallFragment) -> Result<usize, AssemblyFault> {
        let bytes = self.bytes.saturating_add(fragment.arguments.len());
        if bytes > MAX_ARGUMENTS {
            return Err(AssemblyFault::TooLong);
        }
        let begun = self
            .calls
            .iter()
            .rposition(|call| call.index == fragment.index);
        let call = begun.and_then(|place| Some((place, self.calls.get_mut(place)?)));
        let place = match call {
            Some((place, call)) if !begins_another(call, fragment) => {
                extend(call, fragment);
                place
            }
            Some(_) | None => self.begin(fragment)?,
        };
        self.bytes = bytes;
        Ok(place)
    }

    fn begin(&mut self, fragment: &ToolCallFragment) -> Result<usize, AssemblyFault> {
        let place = self.calls.len();
        if place >= MAX_TOOL_CALLS {
            return Err(AssemblyFault::TooMany);
        }
        self.calls.push(fragment.clone());
        Ok(place)
    }
}

/// Gemini's layer sends whole calls one chunk after the other, all without an index: another name with another id begins another
/// call, and so does one without an id after complete arguments. An id alone does not, since some servers make up a new one for
/// every piece; nor does a name alone, since some repeat it.
fn begins_another(call: &ToolCallFragment, fragment: &ToolCallFragment) -> bool {
    if fragment.name.is_none() || call.name.is_none() {
        return false;
    }
    if fragment.id.is_some() && call.id.is_some() {
        return fragment.id != call.id;
    }
    !fragment.arguments.is_empty() && Object::read(&call.arguments).is_some()
}

/// What is known stays: ids and names come once, or empty again on later pieces.
fn extend(call: &mut ToolCallFragment, fragment: &ToolCallFragment) {
    call.arguments.push_str(&fragment.arguments);
    if call.id.is_none() {
        call.id.clone_from(&fragment.id);
    }
    if call.name.is_none() {
        call.name.clone_from(&fragment.name);
    }
    for (name, value) in &fragment.extra {
        call.extra.entry(name).or_insert_with(|| value.clone());
    }
}
